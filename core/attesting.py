"""Files that prove where they come from: an Ed25519 signature at their end.

`attest(body)` appends one comment line to an HTML file; `examine(file)` says whether it is ours and
unchanged. The keys come from CREDENTIAL_KEYS as those of core.crypto do: the first signs, all of
them are recognised, so that files signed before a rotation still hold.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import crypto

_LINE = re.compile(rb"<!-- crisisdesk-signature v1 ([0-9a-f]{16}) ([A-Za-z0-9+/=]{88}) -->\n?")


@dataclass(frozen=True)
class Verdict:
    """`is_signed`: it carries a signature; `is_ours`: by a key of this desk, over these bytes."""

    is_signed: bool
    is_ours: bool
    key: str = ""


def attest(body: bytes) -> bytes:
    """Return the file with its signature as the last line."""
    key = next(iter(_keys().values()))
    signature = base64.b64encode(key.sign(body)).decode()
    return body + f"<!-- crisisdesk-signature v1 {_name(key)} {signature} -->\n".encode()


def examine(file: bytes) -> Verdict:
    """Return what can be said of a file that somebody holds; never raises."""
    lines = list(_LINE.finditer(file))
    # Nothing may follow the signature: it would not be covered.
    if not lines or lines[-1].end() != len(file):
        return Verdict(is_signed=bool(lines), is_ours=False)
    name = lines[-1][1].decode()
    key = _keys().get(name)
    if key is None:
        return Verdict(is_signed=True, is_ours=False, key=name)
    try:
        signature = base64.b64decode(lines[-1][2], validate=True)
        key.public_key().verify(signature, file[: lines[-1].start()])
    except (InvalidSignature, binascii.Error):
        return Verdict(is_signed=True, is_ours=False, key=name)
    return Verdict(is_signed=True, is_ours=True, key=name)


def _keys() -> dict[str, Ed25519PrivateKey]:
    """Return the signing keys by name, the one that signs first."""
    made = [_made(secret) for secret in crypto.secrets()]
    return {_name(key): key for key in made}


def _made(secret: bytes) -> Ed25519PrivateKey:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"crisisdesk signatures")
    return Ed25519PrivateKey.from_private_bytes(kdf.derive(secret))


def _name(key: Ed25519PrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return public[:8].hex()
