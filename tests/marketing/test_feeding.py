"""Plans from elsewhere: files, calendar addresses, webhooks."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.models import ConnectedAccount
from core import signatures
from core.errors import Forbidden
from marketing import reading, services
from marketing.enums import FeedKind, Origin, PostState
from marketing.models import Feed, ScheduledPost
from marketing.reading import Fault, Unreadable
from marketing.services import feeding

from .conftest import later

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Copenhagen")
FIELDS = {"name": "Planner", "entry_kind": "POST", "network": "x", "country": ""}


def day(days: int) -> str:
    return f"{timezone.now() + timedelta(days=days):%Y-%m-%d}"


@pytest.fixture
def manager(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def table(*rows: str) -> bytes:
    return "\n".join(["Tidspunkt;Tekst;Konto;Land;Tags;Art", *rows]).encode()


def test_a_table_is_taken_in_and_each_row_that_is_left_out_is_named(
    brand: Brand, account: ConnectedAccount, bob: User
):
    body = table(
        f"{day(2)} 14:00;Kaffe og kage;@fjordkaffe;Danmark;forår, kage;",
        f"{day(3)} 09.30;Nyhedsbrev om høsten;;Danmark;;nyhedsbrev",
        f"{day(3)};;;;;",
        "i morgen;Uden tid;;;;",
        f"{day(3)} 10:00;Ukendt konto;@andre;;;",
        "2020-01-01 10:00;For sent;@fjordkaffe;;;",
        f"{day(4)} 10:00;Ukendt art;;;;film",
    )

    taken = feeding.import_file(brand, body, "plan.csv", by=bob, now=timezone.now())

    faults = [(each.row, each.fault) for each in taken.refused]
    assert faults == [
        (4, Fault.TEXT_MISSING), (5, Fault.TIME_BROKEN),
        (6, Fault.ACCOUNT_UNKNOWN), (7, Fault.TIME_PASSED), (8, Fault.KIND_UNKNOWN),
    ]  # fmt: skip
    own = ScheduledPost.objects.get(account__isnull=False)
    letter = ScheduledPost.objects.get(account=None)
    zone = ZoneInfo(brand.time_zone)
    assert (letter.kind, f"{timezone.localtime(letter.at, zone):%H:%M}") == ("NEWSLETTER", "09:30")
    assert (own.state, own.account, own.tags) == (PostState.QUEUED, account, ["forår", "kage"])
    assert timezone.localtime(own.at, zone).hour == 14


def test_the_same_file_again_changes_nothing(brand: Brand, account: ConnectedAccount, bob: User):
    body = table(f"{day(2)} 14:00;Kaffe og kage;@fjordkaffe;;;", f"{day(2)} 15:00;Andet;;;;")

    first = feeding.import_file(brand, body, "plan.csv", by=bob, now=timezone.now())
    again = feeding.import_file(brand, body, "plan.csv", by=bob, now=timezone.now())

    assert (first.new, again.new, again.known) == (2, 0, 2)
    states = set(ScheduledPost.objects.values_list("state", flat=True))
    assert states == {PostState.QUEUED, PostState.ELSEWHERE}


def test_who_may_not_plan_imports_nothing(brand: Brand, olga: User, charlie: User):
    for stranger in (olga, charlie):
        with pytest.raises(Forbidden):
            feeding.import_file(brand, table(), "plan.csv", by=stranger, now=timezone.now())


def test_a_table_without_a_heading_is_refused_with_what_to_do():
    with pytest.raises(Unreadable, match="first line"):
        reading.from_csv(b"2026-12-01;Hello", ZONE)


def calendar(*events: str) -> bytes:
    inner = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{inner}END:VCALENDAR\r\n".encode()


def event(uid: str, at: datetime, more: str = "") -> str:
    return f"UID:{uid}\r\nSUMMARY:Post {uid}\r\nDTSTART:{at:%Y%m%dT%H%M%SZ}{more}"


def test_a_series_becomes_its_times_each_with_an_id_of_its_own():
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    body = calendar(event("a", now + timedelta(days=1), "\r\nRRULE:FREQ=WEEKLY;COUNT=3"))

    items = reading.from_calendar(body, ZONE, now=now).items

    assert [item.at.day for item in items] == [24, 1, 8]
    assert len({item.outside_id for item in items}) == 3


class Served:
    def __init__(self) -> None:
        self.body, self.status = b"", 200


@pytest.fixture
def served(settings: object) -> Iterator[tuple[str, Served]]:
    state = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    yield f"http://127.0.0.1:{server.server_port}/secret.ics", state
    server.shutdown()
    server.server_close()


def test_a_calendar_is_asked_again_and_what_moved_or_left_follows(
    brand: Brand, manager: User, served: tuple[str, Served]
):
    url, state = served
    feed, _none = feeding.add_feed(
        brand, FeedKind.CALENDAR, FIELDS, by=manager, now=timezone.now(), url=url
    )
    assert url.encode() not in bytes(feed.sealed)
    state.body = calendar(event("a", later(600)), event("b", later(700)))
    assert feeding.poll_next(now=timezone.now())
    state.body = calendar(event("a", later(900)))

    assert feeding.poll_next(now=later(16))

    a, b = (feed.entries.get(outside_id=uid) for uid in "ab")
    assert (a.state, b.state, a.origin) == (PostState.ELSEWHERE, PostState.DROPPED, Origin.CALENDAR)
    assert a.at > later(800)
    state.status = 500
    assert feeding.poll_next(now=later(40))
    feed.refresh_from_db()
    assert "500" in feed.error
    assert feed.entries.get(outside_id="a").state == PostState.ELSEWHERE


def call(client: Client, feed: Feed, secret: str, posts: object, call_id: str = "c1"):
    body = json.dumps({"posts": posts}).encode()
    signed = signatures.sign(secret, call_id=call_id, at=timezone.now(), body=body)
    return client.post(
        reverse("marketing:webhook", args=[feed.public_id]), body,
        content_type="application/json", headers=signed,
    )  # fmt: skip


@pytest.fixture
def hook(brand: Brand, manager: User) -> tuple[Feed, str]:
    return feeding.add_feed(brand, FeedKind.WEBHOOK, FIELDS, by=manager, now=timezone.now())


def test_a_scheduling_tool_pushes_its_plan_signed_and_once(client: Client, hook: tuple[Feed, str]):
    feed, secret = hook
    at = later(60).isoformat()
    posts = [{"id": "7", "text": "Sale", "at": at}, {"id": "8", "text": ""}]

    first = call(client, feed, secret, posts)
    again = call(client, feed, secret, posts)
    forged = call(client, feed, signatures.new_secret(), posts, "c2")

    assert first.status_code == 200
    assert (first.json()["new"], first.json()["errors"][0]["row"]) == (1, 2)
    assert (again.status_code, forged.status_code) == (409, 401)
    gone = call(client, feed, secret, [{"id": "7", "deleted": True}], "c3")
    assert gone.json()["gone"] == 1
    assert feed.entries.get().state == PostState.DROPPED


def test_what_a_tool_plans_during_a_pause_is_put_on_the_checklist(
    client: Client, hook: tuple[Feed, str], press
):
    feed, secret = hook
    pause = press()
    assert not pause.checklist.exists()

    call(client, feed, secret, [{"id": "7", "text": "Sale", "at": later(60).isoformat()}])

    assert [item.post for item in pause.checklist.all()] == [feed.entries.get()]
    services.end(pause.pk, by=pause.owner, now=timezone.now())
