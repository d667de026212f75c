"""An OpenSSH server on a high port of the loopback, with keys of its own, and the client for it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType

import pytest

from tests.viewer.conftest import wait_until

SSHD = "/usr/sbin/sshd"
_SETTINGS = """
ListenAddress 127.0.0.1
Port {port}
HostKey {base}/host
AuthorizedKeysFile {base}/user.pub
PidFile {base}/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
AllowTcpForwarding yes
"""


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def accepts(port: int) -> bool:
    """Tell whether somebody listens on a port of the loopback."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


class SshServer:
    """The server; use it in a ``with`` block. Without the programs, or where it cannot start, the test is skipped.

    Args:
        base: an empty folder for keys and settings.

    Attributes:
        port: where it listens.
    """

    def __init__(self, base: Path) -> None:
        if not os.access(SSHD, os.X_OK) or shutil.which("ssh") is None:
            pytest.skip(f"there is no {SSHD} or no ssh: apt-get install openssh-server openssh-client")
        self._base, self.port = base, free_port()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(base / name)], check=True)
        (base / "settings").write_text(_SETTINGS.format(port=self.port, base=base), encoding="utf-8")
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # of the system's service; without it root's sshd refuses to start

    def __enter__(self) -> SshServer:
        with (self._base / "log").open("wb") as log:
            command = [SSHD, "-D", "-e", "-f", str(self._base / "settings")]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(lambda: self._is_up(), "sshd listens")
        except BaseException:
            self._process.kill()
            raise
        return self

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            pytest.skip(f"sshd does not start here: {(self._base / 'log').read_text(encoding='utf-8').strip()}")
        return accepts(self.port)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def command(self, *options: str) -> list[str]:
        """Return the command line of a client, with options before the host; what is to be run may follow."""
        settings = {
            "IdentityFile": str(self._base / "user"),
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": str(self._base / "known"),
            "BatchMode": "yes",
            "LogLevel": "ERROR",
            "ExitOnForwardFailure": "yes",
        }
        told = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "none", *told, "-p", str(self.port), *options, f"{getpass.getuser()}@127.0.0.1"]
