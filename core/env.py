"""Readers for configuration in the environment. A bad value is refused loudly, never guessed at."""

import os
from pathlib import Path


class BadSetting(ValueError):
    """A setting in the environment has a value that cannot be used; the text says what to write."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def secret(name: str, default: str = "") -> str:
    """Read NAME, or the file that NAME_FILE points to (as container secrets are mounted)."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE points to {path}, which cannot be read: {error}") from error


def boolean(name: str, *, default: bool) -> bool:
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    values = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    try:
        return values[raw.strip().lower()]
    except KeyError:
        raise BadSetting(f"{name} is {raw!r}: write 1 or 0.") from None


def integer(name: str, *, default: int, least: int = 0) -> int:
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    try:
        value = int(raw)
    except ValueError:
        raise BadSetting(f"{name} is {raw!r}: write a whole number.") from None
    if value < least:
        raise BadSetting(f"{name} is {value}: write {least} or more.")
    return value


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma-separated list; empty items are dropped."""
    raw = os.environ.get(name)
    if raw is None:
        return list(default)
    return [item.strip() for item in raw.split(",") if item.strip()]
