"""Web push, read as a browser would read it."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django.fixtures import Settings

from notifications.channels import push
from notifications.channels.base import Gone, Letter, TryLater, Undeliverable

from .gateway import Gateway

CURVE = ec.SECP256R1()
LETTER = Letter(
    reference="delivery-1-abc",
    recipient="",
    subject="SEV1 Fjordkaffe: please acknowledge",
    text="CD-2026-001 Glas i kaffen",
    url="https://desk.example.org/i/CD-2026-001/",
    answers=(("Acknowledge", "https://desk.example.org/answer/x/"),),
    urgent=True,
)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """The other side: written from RFC 8188 and 8291, with nothing of ours."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(CURVE)
        self.auth = b"0123456789abcdef"
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.point = point
        self.subscription = {"endpoint": endpoint, "p256dh": b64(point), "auth": b64(self.auth)}

    def read(self, body: bytes) -> dict:
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs)
        )
        secret = self._hkdf(shared, self.auth, b"WebPush: info\0" + self.point + theirs, 32)
        content = self._hkdf(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = self._hkdf(secret, salt, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(content).decrypt(nonce, sealed, None)
        assert plain.endswith(b"\x02")
        found: dict = json.loads(plain[:-1])
        return found

    @staticmethod
    def _hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def test_the_example_of_the_standard_comes_out() -> None:
    """RFC 8291, section 5."""
    private = int.from_bytes(unb64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    body = push.encrypt(
        b"When I grow up, I want to be a watermelon",
        p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNto"
        "IAiw4",
        auth="BTBZMqHH6r4Tts7J_aSIgg",
        salt=unb64("DGv6ra1nlYgDCS1FRnbzlw"),
        key=ec.derive_private_key(private, CURVE),
    )
    assert b64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6"
        "TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulc"
        "y4a-fN"
    )


def test_the_browser_reads_it_and_the_push_service_cannot(gateway: Gateway) -> None:
    gateway.status = 201
    browser = Browser(f"http://{gateway.host}/push/abc")
    assert push.send(browser.subscription, LETTER) == gateway.host
    (call,) = gateway.calls
    assert b"Fjordkaffe" not in call.body
    assert browser.read(call.body) == {
        "title": "SEV1 Fjordkaffe: please acknowledge",
        "body": "CD-2026-001 Glas i kaffen",
        "url": "https://desk.example.org/i/CD-2026-001/",
        "tag": "delivery-1-abc",
        "urgent": True,
        "actions": [{"title": "Acknowledge", "url": "https://desk.example.org/answer/x/"}],
    }
    assert call.headers["content-encoding"] == "aes128gcm"
    assert call.headers["urgency"] == "high"
    assert int(call.headers["ttl"]) == 3600
    assert len(call.headers["topic"]) <= 32


def test_on_a_lock_screen_it_says_nothing_of_the_matter(gateway: Gateway) -> None:
    browser = Browser(f"http://{gateway.host}/push/abc")
    brief = Letter(**(vars(LETTER) | {"brief": "You are being called. Open CrisisDesk."}))
    push.send(browser.subscription, brief)
    said = browser.read(gateway.calls[0].body)
    assert (said["title"], said["body"]) == ("You are being called. Open CrisisDesk.", "")
    assert "Fjordkaffe" not in json.dumps(said)


def test_the_push_service_knows_who_sends(gateway: Gateway, settings: Settings) -> None:
    browser = Browser(f"http://{gateway.host}/push/abc")
    push.send(browser.subscription, LETTER)
    scheme, _, rest = gateway.calls[0].headers["authorization"].partition(" ")
    given = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = given["t"].split(".")
    assert (scheme, given["k"]) == ("vapid", push.public_key())
    raw = unb64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, unb64(given["k"]))
    point.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    said = json.loads(unb64(claims))
    assert said["aud"] == f"http://{gateway.host}"
    assert 0 < said["exp"] - datetime.now(UTC).timestamp() <= 24 * 3600


@pytest.mark.parametrize(
    ("status", "failure"),
    [(404, Gone), (410, Gone), (429, TryLater), (500, TryLater), (403, Undeliverable)],
)
def test_what_the_push_service_answers(
    gateway: Gateway, status: int, failure: type[Exception]
) -> None:
    gateway.status = status
    with pytest.raises(failure):
        push.send(Browser(f"http://{gateway.host}/push/abc").subscription, LETTER)


def test_no_push_goes_inside(gateway: Gateway, settings: Settings) -> None:
    settings.OUTBOUND_ALLOW = ()
    with pytest.raises(Undeliverable, match="may not be called"):
        push.send(Browser(f"http://{gateway.host}/push/abc").subscription, LETTER)
    assert gateway.calls == []


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "javascript:alert(1)"},
        {"endpoint": "https://push.example/" + "x" * 2000},
        {"keys": {"p256dh": "AAAA", "auth": b64(b"0" * 16)}},
        {"keys": {"p256dh": b64(b"\x04" + b"\x01" * 64), "auth": b64(b"0" * 16)}},
        {"keys": None},
        {"endpoint": None},
    ],
)
def test_what_is_no_subscription(changed: dict) -> None:
    good = Browser("https://push.example/x").subscription
    sent = {"endpoint": good["endpoint"], "keys": {"p256dh": good["p256dh"], "auth": good["auth"]}}
    assert push.check(sent) == good
    with pytest.raises(push.BadSubscription):
        push.check(sent | changed)


def test_any_32_bytes_are_a_key(settings: Settings) -> None:
    for key in (b"\xff" * 32, b"\x00" * 32):
        settings.VAPID_KEY = b64(key)
        assert len(unb64(push.public_key())) == 65
