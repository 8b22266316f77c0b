"""Secrets that people carry in links and headers. Only their digests are stored."""

import hashlib
import secrets

# 32 random bytes: nothing to guess, so a plain digest is enough and one index look-up finds it.
_BYTES = 32


def new() -> str:
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
