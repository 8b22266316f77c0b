import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Brand, User
from core.signatures import new_secret, sign
from monitoring.enums import SourceKind
from monitoring.models import InboundCall, Mention, SeenMention, Source
from monitoring.services import inbound, sources
from tests.factories.monitoring import SourceFactory

GOOD = {"external_id": "1", "text": "The coffee tastes of plastic"}


class Sender:
    """Signs and sends as a platform would; a new id each time unless told."""

    def __init__(self, source: Source, secret: str) -> None:
        self.source = source
        self.secret = secret
        self.client = Client(enforce_csrf_checks=True)
        self.sent = 0

    def __call__(self, document: Any, *, call_id: str = "", **changes: str) -> Any:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.sent += 1
        headers = sign(
            self.secret, call_id=call_id or f"msg_{self.sent}", at=datetime.now(UTC), body=body
        )
        return self.client.post(
            f"/hooks/{self.source.public_id}/",
            body,
            content_type="application/json",
            headers=headers | {name.replace("_", "-"): value for name, value in changes.items()},
        )


@pytest.fixture
def send(brand: Brand, alice: User) -> Sender:
    made = sources.create_source(
        brand, kind=SourceKind.WEBHOOK, name="Hook", config={}, by=None, now=datetime.now(UTC)
    )
    return Sender(made.source, made.secret)


def mentions(count: int) -> dict[str, Any]:
    return {"mentions": [GOOD | {"external_id": str(n)} for n in range(count)]}


def test_a_signed_call_is_stored_and_counted(send: Sender) -> None:
    answer = send(
        {
            "mentions": [
                {
                    "external_id": "7", "text": "Øv", "title": "T", "author": "Åse", "lang": "da",
                    "url": "https://x.example/7", "published_at": "2026-01-02T03:04:05Z",
                    "reach": 1200, "network": "X", "ignored": {"deep": [1]},
                }
            ]
        }
    )  # fmt: skip
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 1, "known": 0, "unmatched": 0, "refused": 0, "errors": [], "changed": [],
    }  # fmt: skip
    mention = Mention.objects.get()
    assert (mention.external_id, mention.text, mention.network) == ("7", "Øv", "x")
    assert mention.published_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (mention.reach, mention.author, mention.lang) == (1200, "Åse", "da")


def test_a_thousand_mentions_are_taken_and_one_more_is_not(send: Sender) -> None:
    assert send(mentions(1000)).json()["accepted"] == 1000
    assert send(mentions(1001)).status_code == 422
    assert Mention.objects.count() == 1000


def test_the_same_mentions_again_are_known(send: Sender) -> None:
    assert send(mentions(3)).json()["accepted"] == 3
    again = send(mentions(4)).json()
    assert (again["accepted"], again["known"]) == (1, 3)


def test_a_replayed_call_is_refused(send: Sender) -> None:
    assert send(mentions(1), call_id="msg_x").status_code == 200
    again = send(mentions(2), call_id="msg_x")
    assert again.status_code == 409
    assert "already been accepted" in again.json()["detail"]
    assert Mention.objects.count() == 1


def test_a_call_that_was_refused_may_be_sent_again_under_its_id(send: Sender) -> None:
    assert send({"mentions": [{"text": " "}]}, call_id="msg_x").status_code == 422
    assert not InboundCall.objects.exists()
    assert send(mentions(1), call_id="msg_x").status_code == 200


def test_bad_rows_are_named_by_row_and_field_and_the_good_ones_kept(send: Sender) -> None:
    rows = [
        GOOD,
        "not an object",
        {"text": 7},
        {"text": "x", "reach": "many"},
        {"text": "x", "published_at": "soon"},
        {"text": "\u200b"},
        {"text": "late", "published_at": "2099-01-01T00:00:00Z"},
        {"external_id": "i" * 501, "text": "x"},
        {"text": "y", "reach": True},
        {"text": "z", "url": "javascript:alert(1)"},
    ]
    answer = send({"mentions": rows})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (3, 7)
    assert [(e["row"], e["field"]) for e in told["errors"]] == [
        (1, ""), (2, "text"), (3, "reach"), (4, "published_at"), (5, "text"),
        (7, "external_id"), (8, "reach"),
    ]  # fmt: skip
    assert all(error["message"] for error in told["errors"])
    assert [(e["row"], e["field"]) for e in told["changed"]] == [(6, "published_at"), (9, "url")]


def test_a_call_of_nothing_usable_is_refused_whole(send: Sender) -> None:
    answer = send({"mentions": [{"text": ""}, {"text": None, "title": []}]})
    assert answer.status_code == 422
    assert [(e["row"], e["field"]) for e in answer.json()["errors"]] == [(0, "text"), (1, "title")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"mentions": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, 400),
        (b'{"mentions": [{"text": "a\\u0000b"}]}', 400),
        (b'{"mentions": [{"text": "\\ud800"}]}', 400),
        (b'{"mentions": [{"text": "a", "reach": NaN}]}', 400),
        (b'{"mentions": [{"text": "a", "reach": 1e999}]}', 400),
        (b'{"mentions": [{"text": "a", "reach": ' + b"9" * 5000 + b"}]}", 400),
        (b'{"mentions": [{"text": "a", "reach": -1}]}', 422),
        (b'{"mentions": [{"text": "a", "reach": 1.5}]}', 422),
        (b'{"mentions": {}}', 422),
        (b'{"mentions": []}', 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"mentions"', 422),
        (b"{}", 422),
    ],
)
def test_poison_is_refused_and_never_an_error_of_ours(
    send: Sender, body: bytes, status: int
) -> None:
    answer = send(body)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert not Mention.objects.exists()
    assert not InboundCall.objects.exists()


def test_a_body_over_the_limit_is_refused_with_words(send: Sender, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert send(mentions(1)).status_code == 200
    answer = send(mentions(100))
    assert answer.status_code == 413
    assert "several calls" in answer.json()["detail"]


def test_a_wrong_signature_is_refused_and_nothing_kept(send: Sender) -> None:
    assert send(mentions(1)).status_code == 200
    stranger = Sender(send.source, new_secret())
    assert stranger(mentions(2), call_id="s1").status_code == 401
    assert send(mentions(2), webhook_signature="").status_code == 401
    assert send(mentions(2), webhook_id="other").status_code == 401
    late = str(int((datetime.now(UTC) - timedelta(minutes=6)).timestamp()))
    assert send(mentions(2), webhook_timestamp=late).status_code == 401
    assert Mention.objects.count() == 1


def test_an_unknown_or_other_source_is_not_found(send: Sender, brand: Brand) -> None:
    feed = SourceFactory.create(brand=brand, kind=SourceKind.FEED)
    feed.refresh_from_db()
    assert Sender(feed, send.secret)(mentions(1)).status_code == 404
    assert send.client.post("/hooks/00000000-0000-4000-8000-000000000000/").status_code == 404
    assert send.client.get(f"/hooks/{send.source.public_id}/").status_code == 405


def test_a_paused_source_says_so(send: Sender) -> None:
    Source.objects.update(is_active=False)
    answer = send(mentions(1))
    assert answer.status_code == 403
    assert "paused" in answer.json()["detail"]


def test_both_secrets_are_good_for_a_day_after_a_rotation(send: Sender, alice: User) -> None:
    now = datetime.now(UTC)
    new = Sender(send.source, sources.rotate_secret(send.source, by=alice, now=now))
    new.sent = 100
    assert send(mentions(1)).status_code == new(mentions(2)).status_code == 200
    source = Source.objects.get()
    assert sources.secrets(source, now=now + timedelta(hours=25)) == [new.secret]
    newest = sources.rotate_secret(source, by=alice, now=now)
    assert sources.secrets(Source.objects.get(), now=now) == [newest, new.secret]
    assert send(mentions(3)).status_code == 401


def test_old_ids_are_forgotten_only_when_they_can_no_longer_be_replayed(send: Sender) -> None:
    assert send(mentions(1)).status_code == 200
    at = InboundCall.objects.get().at
    assert inbound.forget_old_calls(now=at + timedelta(seconds=600)) == 0
    assert inbound.forget_old_calls(now=at + timedelta(seconds=661)) == 1


def test_a_call_that_fails_in_the_middle_keeps_neither_its_id_nor_its_rows(
    send: Sender, django_capture_on_commit_callbacks: Callable
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE monitoring_mentioncount ADD CONSTRAINT sabotage CHECK (total < 2)"
        )
    send.client.raise_request_exception = False
    assert send(mentions(5), call_id="msg_x").status_code == 500
    assert not Mention.objects.exists()
    assert not InboundCall.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitoring_mentioncount DROP CONSTRAINT sabotage")
    assert send(mentions(5), call_id="msg_x").json()["accepted"] == 5


@pytest.mark.django_db(transaction=True)
def test_sixteen_senders_of_one_call_are_accepted_once(brand: Brand) -> None:
    made = sources.create_source(
        brand, kind=SourceKind.WEBHOOK, name="Hook", config={}, by=None, now=datetime.now(UTC)
    )
    statuses: list[int] = []
    errors: list[Exception] = []
    ready = Barrier(16)

    def deliver() -> None:
        sender = Sender(made.source, made.secret)
        ready.wait()
        try:
            statuses.append(sender(mentions(20), call_id="msg_x").status_code)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=deliver) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(statuses) == [200] + [409] * 15
    stored = Mention.objects.filter(source_id=made.source.pk)
    assert stored.count() == SeenMention.objects.count() == 20
