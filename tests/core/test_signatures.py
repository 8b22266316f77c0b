from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from core.signatures import BadSignature, new_secret, sign, verify

NOW = datetime(2026, 11, 23, 14, 0, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"text": "øl"}'.encode()


def check(headers: dict[str, str], *, body: bytes = BODY, known: list[str] | None = None) -> None:
    verify(
        known or [SECRET],
        call_id=headers.get("webhook-id", ""),
        timestamp=headers.get("webhook-timestamp", ""),
        signature=headers.get("webhook-signature", ""),
        body=body,
        now=NOW,
    )


def test_what_we_sign_we_accept() -> None:
    check(sign(SECRET, call_id="msg_1", at=NOW, body=BODY))


def test_another_implementation_accepts_what_we_sign_and_we_what_it_signs() -> None:
    at = datetime.now(UTC)
    other = Webhook(SECRET)
    other.verify(BODY, sign(SECRET, call_id="msg_1", at=at, body=BODY), json_parse=False)
    ours = sign(SECRET, call_id="msg_1", at=NOW, body=BODY)
    assert other.sign("msg_1", NOW, BODY.decode()) == ours["webhook-signature"]
    with pytest.raises(WebhookVerificationError):
        other.verify(BODY + b" ", sign(SECRET, call_id="msg_1", at=at, body=BODY))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-signature": "v1"},
        {"webhook-signature": ""},
        {"webhook-id": ""},
        {"webhook-id": "m" * 201},
        {"webhook-id": "msg_1\n"},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "９９９"},
        {"webhook-timestamp": "9" * 400},
    ],
)
def test_anything_changed_is_refused(change: dict[str, str]) -> None:
    headers = sign(SECRET, call_id="msg_1", at=NOW, body=BODY)
    check(headers)
    with pytest.raises(BadSignature):
        check(headers | change)


def test_another_body_or_secret_or_version_is_refused() -> None:
    headers = sign(SECRET, call_id="msg_1", at=NOW, body=BODY)
    with pytest.raises(BadSignature):
        check(headers, body=BODY + b" ")
    with pytest.raises(BadSignature):
        check(headers, known=[new_secret()])
    with pytest.raises(BadSignature):
        check(headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,")})


@pytest.mark.parametrize("off", [-301, 301])
def test_five_minutes_off_is_too_much(off: int) -> None:
    late = sign(SECRET, call_id="msg_1", at=NOW + timedelta(seconds=off), body=BODY)
    with pytest.raises(BadSignature, match="five minutes"):
        check(late)
    just = NOW + timedelta(seconds=off - off // abs(off))
    check(sign(SECRET, call_id="msg_1", at=just, body=BODY))


def test_either_of_two_secrets_fits_during_rotation() -> None:
    old, new = new_secret(), new_secret()
    check(sign(old, call_id="a", at=NOW, body=BODY), known=[new, old])
    both = sign(old, call_id="a", at=NOW, body=BODY)
    theirs = sign(new, call_id="a", at=NOW, body=BODY)["webhook-signature"]
    check(both | {"webhook-signature": "v1,AAAA " + theirs}, known=[new])
