"""What is signed, byte by byte, and how anybody can check it.

A document is JSON by RFC 8785 (JCS): keys in order, no white space, UTF-8. Since it holds nothing
but strings, integers and null, Python's own `json` writes exactly that. The signature is Ed25519
over these bytes. `previous` is the SHA-256 of the document before it: who has the newest one can
tell that none before it was changed, left out or put in.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION = 1
# Of a document that lists images, too: each by the digest of its bytes.
WITH_IMAGES = 2
# What a document holds, and of which kinds; the address is of the statement.
FIELDS: dict[str, tuple[type, ...]] = {
    "about": (int, type(None)),
    "brand": (str,),
    "form": (str,),
    "key": (str,),
    "language": (str,),
    "next_update_at": (str, type(None)),
    "number": (int,),
    "previous": (str, type(None)),
    "published_at": (str,),
    "reason": (str,),
    "statement": (str,),
    "text": (str,),
    "version": (int,),
}
IMAGE: dict[str, type] = {
    "alt": str,
    "height": int,
    "media_type": str,
    "sha256": str,
    "width": int,
}
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Unproven(Exception):
    """It is not what was signed, or not by this key. The words say which."""


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def moment(at: datetime | None) -> str | None:
    """A time as it stands in a document: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read(data: bytes) -> dict[str, Any]:
    """Return the document in these bytes. Raises Unproven unless they are one, canonical."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise Unproven("This is no JSON.") from None
    if not isinstance(document, dict) or set(document) - {"images"} != set(FIELDS):
        raise Unproven("This is not an entry of a statement.")
    for name, kinds in FIELDS.items():
        if not isinstance(document[name], kinds) or isinstance(document[name], bool):
            raise Unproven(f"Its {name} cannot be.")
    if "images" in document and not _lists_images(document["images"]):
        raise Unproven("Its images cannot be.")
    if canonical(document) != data:
        raise Unproven("It was written anew: these are not the bytes that were signed.")
    return document


def _lists_images(images: Any) -> bool:
    return isinstance(images, list) and all(
        isinstance(each, dict)
        and set(each) == set(IMAGE)
        and all(type(each[name]) is kind for name, kind in IMAGE.items())
        and is_digest(each["sha256"])
        for each in images
    )


# Keys


def make_key() -> tuple[bytes, str]:
    """Return a new key: its 32 private bytes, and the public half as PEM."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw(), _pem(key.public_key())


def _pem(key: Ed25519PublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def fingerprint(pem: str) -> str:
    """SHA-256 of the key's DER form, as `openssl pkey -pubin -outform DER | sha256sum` gives it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return digest(_public(pem).public_bytes(serialization.Encoding.DER, form))


def _public(pem: str) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError:
        raise Unproven("This is no public key.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Unproven("The key is not an Ed25519 key.")
    return key


def sign(private: bytes, data: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(private).sign(data)


def verify(data: bytes, signature: bytes, pem: str) -> dict[str, Any]:
    """Return the document if `pem` signed exactly these bytes. Raises Unproven."""
    try:
        _public(pem).verify(signature, data)
    except InvalidSignature:
        raise Unproven("The signature does not fit this text: one of them was changed.") from None
    document = read(data)
    if document["key"] != fingerprint(pem):
        raise Unproven("It names another key than the one that signed it.")
    return document


def follows(later: Mapping[str, Any], earlier: bytes) -> None:
    """Raises Unproven unless `earlier` are the bytes that `later` says came before it."""
    before = read(earlier)
    same = before["statement"] == later["statement"]
    if not same or before["number"] != later["number"] - 1 or later["previous"] != digest(earlier):
        raise Unproven(f"Entry {later['number']} does not follow from the one before it.")


def is_digest(text: str) -> bool:
    return bool(_DIGEST.fullmatch(text))
