"""Secrets that an installation makes for itself: once, under var/, readable by its owner only."""

import base64
import contextlib
import os
import secrets
from pathlib import Path

from core.env import BadSetting


def kept(path: Path, *, length: int = 48) -> str:
    """Return the secret in `path` (base64); make one of `length` bytes first if there is none.

    Of several processes that start at once, one makes it and all return the same.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return _made(path, length)
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error}. Start as the same user.") from error


def _made(path: Path, length: int) -> str:
    half = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.touch(mode=0o600)
        half.write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(length)))
        with contextlib.suppress(FileExistsError):
            # Unlike a rename, a link never replaces what another process has just made.
            path.hardlink_to(half)
        half.unlink()
    except OSError as error:
        raise BadSetting(
            f"No secret can be kept in {path}: {error}. Set SECRET_KEY and CREDENTIAL_KEYS."
        ) from error
    return path.read_text(encoding="ascii").strip()
