"""What no snapshot holds, whatever ignore files say: runs, version control, environments, caches, secrets."""

from __future__ import annotations

import fnmatch
import json
import os
import re
from collections.abc import Iterable

from runlogging.folder import RUN_MANIFEST

ROOT_FOLDERS = frozenset((".store", ".models", ".envs", ".index", ".work", ".slots", ".trash", ".merging"))
"""The folders of ours in a root."""

_MAX_MANIFEST_BYTES = 1 << 24
_FOLDERS = {
    **dict.fromkeys((".git", ".hg", ".svn"), "version control"),
    **dict.fromkeys(
        (
            "__pycache__",
            ".mypy_cache",
            ".pytest_cache",
            ".ruff_cache",
            ".ipynb_checkpoints",
            ".tox",
            ".nox",
            "node_modules",
        ),
        "a cache",
    ),
    **dict.fromkeys((".ssh", ".gnupg", ".aws", ".azure", ".kube"), "secrets"),
}
_FILES = {".git": "version control", ".DS_Store": "a cache", "Thumbs.db": "a cache"}
_SECRETS = re.compile(
    "|".join(
        fnmatch.translate(pattern)
        for pattern in (
            ".env",
            ".env.*",
            "*.pem",
            "*.key",
            "*.p12",
            "*.pfx",
            "*.ppk",
            "*.jks",
            "*.kdbx",
            "id_rsa*",
            "id_dsa*",
            "id_ecdsa*",
            "id_ed25519*",
            ".netrc",
            "_netrc",
            ".pypirc",
            ".pgpass",
            ".htpasswd",
            ".git-credentials",
            "credentials",
            "credentials*.json",
            "client_secret*.json",
            "service_account*.json",
            "secrets.toml",
            "secrets.json",
            "secrets.y*ml",
        )
    ),
    re.IGNORECASE,
)
# https://bford.info/cachedir: the file counts only with this signature.
_CACHE_TAG, _CACHE_SIGNATURE = "CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55"
_STORED = re.compile(r"[0-9a-f]{64}\.zip")


def folder_reason(name: str) -> str | None:
    """Return why a folder of this name stays out, or None."""
    return _FOLDERS.get(name)


def file_reason(name: str) -> str | None:
    """Return why a file of this name stays out, or None."""
    return _FILES.get(name)


def is_secret(name: str) -> bool:
    """Tell whether files of this name hold secrets."""
    return _SECRETS.match(name) is not None


def content_reason(path: str, names: Iterable[str], folders: Iterable[str]) -> str | None:
    """Return why a folder stays out because of what is in it, or None.

    Args:
        path: the folder.
        names: what is in it.
        folders: the folders among it.
    """
    there = set(names)
    if "pyvenv.cfg" in there or "conda-meta" in there:
        return "a virtual environment"
    if _CACHE_TAG in there and _is_cache_tag(f"{path}/{_CACHE_TAG}"):
        return "a cache"
    return "a folder of runs" if is_root(path, folders) else None


def is_root(path: str, folders: Iterable[str]) -> bool:
    """Tell whether a folder holds experiments, or models or snapshots of ours."""
    names = set(folders)
    if ".store" in names and any(_STORED.fullmatch(name) for name in _names(f"{path}/.store")):
        return True
    if ".models" in names and any(
        _is_file(f"{version}/model.json") for model in _folders_in(f"{path}/.models") for version in _folders_in(model)
    ):
        return True
    return any(holds_runs(f"{path}/{name}") for name in names)


def holds_runs(path: str) -> bool:
    """Tell whether a folder is an experiment."""
    return any(is_run(folder) for folder in _folders_in(path))


def is_run(path: str) -> bool:
    """Tell whether a folder is a run: its ``run.json`` is a manifest of ours."""
    manifest_path = f"{path}/{RUN_MANIFEST}"
    if not _is_file(manifest_path):  # opening a named pipe would wait for ever
        return False
    try:
        with open(manifest_path, "rb") as file:
            manifest = json.loads(file.read(_MAX_MANIFEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and {"format", "id", "experiment", "status"} <= manifest.keys()


def _is_cache_tag(path: str) -> bool:
    if not _is_file(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(_CACHE_SIGNATURE)) == _CACHE_SIGNATURE
    except OSError:
        return False


def _is_file(path: str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  (many of them)


def _names(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208  (many of them)
    except OSError:
        return []


def _folders_in(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
