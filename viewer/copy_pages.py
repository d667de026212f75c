"""Copy the viewer's pages into the package: ``python viewer/copy_pages.py``.

``viewer/src`` becomes ``src/runlogging/viewer/static`` byte for byte; what lies there and has no source goes. The files
of ``vendor.json`` are kept where their SHA-256 is right, else they are taken from the npm registry (``npm pack``) and
checked. ``--vendor FOLDER`` takes them from a folder that holds the unpacked package, without a network.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "src"
STATIC = HERE.parent / "src" / "runlogging" / "viewer" / "static"
VENDOR = "vendor"


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder: relative name with slashes to content; what starts with a dot is left out."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if not f"/{name}".count("/.")}


def copy_pages(source: Path, static: Path) -> list[str]:
    """Make the files below ``static`` those below ``source``, besides the vendored ones; return what changed."""
    wanted = files_below(source)
    there = {name: data for name, data in files_below(static).items() if not name.startswith(f"{VENDOR}/")}
    changed = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    for name in changed:
        path = static / name
        if name not in wanted:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wanted[name])
    return changed


def is_vendored(static: Path, facts: dict[str, Any]) -> bool:
    """Tell whether all vendored files are there with their right content."""
    paths = {static / VENDOR / name: file["sha256"] for name, file in facts["files"].items()}
    return all(path.is_file() and _sha256(path.read_bytes()) == digest for path, digest in paths.items())


def vendor(static: Path, facts: dict[str, Any], package: Path) -> None:
    """Copy the vendored files from an unpacked package.

    Raises:
        SystemExit: a file has another content than ``vendor.json`` says.
    """
    for name, file in facts["files"].items():
        data = (package / file["from"]).read_bytes()
        if _sha256(data) != file["sha256"]:
            raise SystemExit(f"{package / file['from']} is not the file that vendor.json names; nothing was copied.")
        (static / VENDOR).mkdir(parents=True, exist_ok=True)
        (static / VENDOR / name).write_bytes(data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _fetched(facts: dict[str, Any], folder: Path) -> Path:
    """Return the package of the npm registry, unpacked into a folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed to fetch uPlot; or name an unpacked package: --vendor FOLDER")
    named = f"{facts['package']}@{facts['version']}"
    subprocess.run([npm, "pack", "--silent", named], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / "package"


def main() -> None:
    """Copy, and say what changed."""
    parser = argparse.ArgumentParser(description="Copy the viewer's pages into the package.")
    parser.add_argument("--vendor", type=Path, metavar="FOLDER", help="an unpacked package of uPlot; no network")
    options = parser.parse_args()
    facts = json.loads((HERE / "vendor.json").read_text(encoding="utf-8"))
    changed = copy_pages(SOURCE, STATIC)
    if options.vendor is not None:
        vendor(STATIC, facts, options.vendor)
    elif not is_vendored(STATIC, facts):
        with tempfile.TemporaryDirectory() as folder:
            vendor(STATIC, facts, _fetched(facts, Path(folder)))
    sys.stdout.write("".join(f"{name}\n" for name in changed) or "nothing to copy\n")


if __name__ == "__main__":
    main()
