"""Signed tokens (JWS compact form, RFC 7515) for networks that take one instead of a password."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop as _

from .base import Unauthorized

_FRAME = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)


def sign(claims: Mapping[str, Any], *, key: str, algorithm: str, key_id: str = "") -> str:
    """Return `claims` signed with a private key in PEM; `algorithm` is "ES256" or "RS256".

    Raises Unauthorized where the key is none, or none for this algorithm.
    """
    header = {"alg": algorithm, "typ": "JWT", **({"kid": key_id} if key_id else {})}
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, dict(claims)))
    try:
        signature = _SIGN[algorithm](_pem(key), signed)
    except (ValueError, TypeError, AttributeError) as error:
        raise Unauthorized(
            _("The private key cannot be read. Paste the whole file as you were given it.")
        ) from error
    return (signed + b"." + _encoded(signature)).decode()


def _pem(key: str) -> bytes:
    """Return a key with its lines as they were: a form's field may have made one of them."""
    found = _FRAME.search(key)
    if found is None:
        return key.strip().encode()
    kind, content = found[1], "".join(found[2].split())
    lines = [content[at : at + 64] for at in range(0, len(content), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"]).encode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


# cryptography is imported when a key is used: networks that are not used cost no memory.


def _rs256(key: bytes, signed: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    private: Any = serialization.load_pem_private_key(key, None)
    found: bytes = private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return found


def _es256(key: bytes, signed: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415

    private: Any = serialization.load_pem_private_key(key, None)
    r, s = utils.decode_dss_signature(private.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


_SIGN = {"RS256": _rs256, "ES256": _es256}
