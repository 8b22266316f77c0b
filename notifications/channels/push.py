"""Web push: encrypted for one browser (RFC 8291), signed with our key (RFC 8292).

The push service of the browser's maker carries it and cannot read it.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils.translation import gettext as _

from core import http

from .base import Gone, Letter, TryLater, Undeliverable

SECONDS = 10
# A push service keeps a message for a device that is off; a page that old helps nobody.
KEPT = timedelta(hours=1)
MAX_PLAINTEXT = 3000
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_TOKEN_HOURS = 12
_RECORD = 4096
_MAX_ENDPOINT = 1000


class BadSubscription(Exception):
    """What the browser sent is not a subscription."""


def check(subscription: Mapping[str, Any]) -> dict[str, str]:
    """Return endpoint, p256dh and auth of what a browser sent. Raises BadSubscription."""
    try:
        keys = subscription["keys"]
        found = {
            "endpoint": str(subscription["endpoint"]),
            "p256dh": str(keys["p256dh"]),
            "auth": str(keys["auth"]),
        }
        http.parse(found["endpoint"])
        _point(found["p256dh"])
        fit = len(_bytes(found["auth"])) == 16 and len(found["endpoint"]) <= _MAX_ENDPOINT
    except (KeyError, TypeError, ValueError, InvalidKey, http.HttpError) as error:
        raise BadSubscription from error
    if not fit:
        raise BadSubscription
    return found


def provider(endpoint: str) -> str:
    return f"push:{urlsplit(endpoint).hostname}"[:100]


def send(subscription: Mapping[str, str], letter: Letter) -> str:
    """Push to one browser and return the place that was called. Gone, Undeliverable, TryLater."""
    endpoint = subscription["endpoint"]
    parts = urlsplit(endpoint)
    place = f"{parts.hostname}:{parts.port or 443}"
    body = encrypt(payload(letter), p256dh=subscription["p256dh"], auth=subscription["auth"])
    try:
        answer = http.fetch(
            endpoint, method="POST", headers=_headers(endpoint, letter), body=body, timeout=SECONDS
        )
    except http.Blocked as error:
        raise Undeliverable(str(error), place=place) from error
    except http.HttpError as error:
        raise TryLater(str(error), place=place) from error
    if not 200 <= answer.status < 300:
        raise _failure(answer.status, place)
    return place


def _failure(status: int, place: str) -> Undeliverable | TryLater:
    words = _("The push service answered %(status)d.") % {"status": status}
    if status in {404, 410}:
        return Gone(words, place=place)
    if status >= 500 or status in {408, 425, 429}:
        return TryLater(words, place=place)
    return Undeliverable(words, place=place)


def payload(letter: Letter) -> bytes:
    """What the service worker shows, in words that are ready: a script has no language.

    By default nothing in it says what it is about: it stands on a lock screen.
    """
    shown: dict[str, Any] = {
        "title": letter.brief or letter.subject,
        "body": "" if letter.brief else letter.text,
        "url": letter.url,
        "tag": letter.reference,
        "urgent": letter.urgent,
        "actions": [{"title": str(words), "url": url} for words, url in letter.answers[:2]],
    }
    said = json.dumps(shown, ensure_ascii=False).encode()
    if len(said) > MAX_PLAINTEXT:
        shown["body"] = shown["body"][:200]
        said = json.dumps(shown, ensure_ascii=False).encode()
    return said


def _headers(endpoint: str, letter: Letter) -> dict[str, str]:
    topic = base64.urlsafe_b64encode(hashlib.sha256(letter.reference.encode()).digest())
    return {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(int(KEPT.total_seconds())),
        "Urgency": "high" if letter.urgent else "normal",
        # A message sent again takes the place of the first.
        "Topic": topic.decode()[:32],
        "Authorization": authorization(endpoint, now=datetime.now(UTC)),
    }


def encrypt(
    plain: bytes,
    *,
    p256dh: str,
    auth: str,
    salt: bytes | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Encrypt for one browser, one record of aes128gcm; salt and key are new for each message."""
    salt = salt or os.urandom(16)
    key = key or ec.generate_private_key(_CURVE)
    theirs, ours = _bytes(p256dh), _public(key)
    shared = key.exchange(ec.ECDH(), _point(p256dh))
    secret = _derived(shared, _bytes(auth), b"WebPush: info\x00" + theirs + ours, 32)
    content_key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    sealed = AESGCM(content_key).encrypt(nonce, plain + b"\x02", None)
    return salt + _RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours + sealed


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def authorization(endpoint: str, *, now: datetime) -> str:
    """The header by which the push service knows who sends (VAPID)."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + timedelta(hours=_TOKEN_HOURS)).timestamp()),
        "sub": settings.PUBLIC_URL if settings.SECURE else "mailto:crisisdesk@localhost",
    }
    head = _b64(json.dumps({"typ": "JWT", "alg": "ES256"}).encode())
    signed = f"{head}.{_b64(json.dumps(claims).encode())}"
    der = _key().sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    signature = _b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={public_key()}"


def public_key() -> str:
    """Our public key as browsers want it: the uncompressed point in base64url."""
    return _b64(_public(_key()))


def _key() -> ec.EllipticCurvePrivateKey:
    return _private(settings.VAPID_KEY)


@lru_cache(maxsize=2)
def _private(text: str) -> ec.EllipticCurvePrivateKey:
    """Any 32 bytes name a key: brought into the curve's range."""
    number = int.from_bytes(_bytes(text), "big") % (_ORDER - 1) + 1
    return ec.derive_private_key(number, _CURVE)


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _point(text: str) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, _bytes(text))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Read base64 in either alphabet, with or without its padding."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error as error:
        raise ValueError(text[:20]) from error
