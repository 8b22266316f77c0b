"""Files written so that whoever reads them never sees half of one.

Each is written beside its place, brought to the disk, and renamed over it; packed forms lie beside
it (`.gz`, `.br`). The mark is written last: who sees it changed finds everything else in place.
"""

import gzip
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import brotli

MARK = ".written"
# A signature gains nothing by being packed.
PACKED = {".html", ".css", ".json", ".xml", ".txt", ".pem"}
_LEAST = 256


def write(root: Path, files: Mapping[str, bytes]) -> int:
    """Write those files that differ from what is there; return how many did."""
    written = sum(_write_one(root / path, content) for path, content in files.items())
    if written or not (root / MARK).exists():
        _replace(root / MARK, secrets.token_hex(8).encode())
    return written


def _write_one(place: Path, content: bytes) -> bool:
    if _same(place, content):
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.suffix in PACKED and len(content) >= _LEAST:
        # Packed forms first: a server that looks for them beside the file finds no older one.
        _replace(place.with_name(f"{place.name}.gz"), gzip.compress(content, 9, mtime=0))
        _replace(place.with_name(f"{place.name}.br"), brotli.compress(content))
    _replace(place, content)
    return True


def _same(place: Path, content: bytes) -> bool:
    try:
        return place.read_bytes() == content
    except OSError:
        return False


def _replace(place: Path, content: bytes) -> None:
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
