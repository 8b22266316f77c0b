"""Secrets at rest: AES-256-GCM, bound to where they are kept, under keys that rotate.

The first of CREDENTIAL_KEYS writes, every one of them reads. `context` names the row and the
purpose ("connectors.account:7"); it is authenticated, so that a sealed value copied to another
row does not open there.
"""

import base64
import binascii
import hashlib
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .env import BadSetting

# Sealed form: version (1 byte), key's mark (4), nonce (12), ciphertext with its tag.
VERSION = b"\x01"
_MARK = slice(1, 5)
_NONCE = slice(5, 17)
_BODY = slice(17, None)


class Unsealable(Exception):
    """The value was sealed under a key that is gone, for another place, or has been changed."""


def seal(data: bytes, *, context: str) -> bytes:
    """Encrypt `data` so that it opens only with the same `context`."""
    mark, key = next(iter(_keys().items()))
    nonce = os.urandom(12)
    return VERSION + mark + nonce + AESGCM(key).encrypt(nonce, data, context.encode())


def unseal(sealed: bytes, *, context: str) -> bytes:
    """Decrypt what `seal` made; raise Unsealable, which says why as far as can be known."""
    sealed = bytes(sealed)  # the driver hands out memoryviews
    if not sealed.startswith(VERSION) or len(sealed) < 33:
        raise Unsealable("This is not a sealed value.")
    key = _keys().get(sealed[_MARK])
    if key is None:
        raise Unsealable("The key it was sealed with is no longer in CREDENTIAL_KEYS.")
    try:
        return AESGCM(key).decrypt(sealed[_NONCE], sealed[_BODY], context.encode())
    except InvalidTag:
        raise Unsealable("It was changed, or sealed for another place.") from None


def decode_key(text: str) -> bytes:
    """Read one of CREDENTIAL_KEYS: 32 bytes in base64, either alphabet."""
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise BadSetting(
            "A key in CREDENTIAL_KEYS is not 32 bytes in base64: openssl rand -base64 32"
        )
    return key


def secrets() -> list[bytes]:
    """Return the secrets that other keys may be derived from, the writing one first."""
    return list(_keys().values())


def _keys() -> dict[bytes, bytes]:
    return _parse(tuple(settings.CREDENTIAL_KEYS), settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _parse(texts: tuple[str, ...], secret_key: str) -> dict[bytes, bytes]:
    """Return keys by mark, the writing one first. Without any, one comes from SECRET_KEY."""
    keys = [decode_key(text) for text in texts] or [_derive(secret_key)]
    return {hashlib.sha256(key).digest()[:4]: key for key in keys}


def _derive(secret_key: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"crisisdesk credentials")
    return kdf.derive(secret_key.encode())
