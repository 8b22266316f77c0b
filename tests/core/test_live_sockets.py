"""The socket, over a real server, a real Valkey and real connections."""

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from accounts.models import Brand, Membership, User
from core import live, live_sender, presence
from core.consumers import MAX_GROUPS
from tests.core.live_rig import OwnValkey, Page, WebServer, page, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[[User], Client]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnValkey]:
    server = OwnValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any, valkey: OwnValkey) -> Iterator[WebServer]:
    with django_db_blocker.unblock():
        running = WebServer(valkey.url)
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def same_valkey(settings: LazySettings, valkey: OwnValkey, monkeypatch: Any) -> None:
    """What the test itself tells goes through the server's Valkey."""
    settings.REDIS_URL = valkey.url
    monkeypatch.setattr(live_sender, "_sender", live_sender.Sender())
    monkeypatch.setattr(presence, "_clients", [])


@pytest.fixture
def key(signed_in: SignIn) -> Callable[[User], str]:
    return lambda user: signed_in(user).cookies["sessionid"].value


Key = Callable[[User], str]


def room(brand: Brand) -> str:
    return f"room.{brand.pk}"


def closing(page: Page, *, within: float = 5.0) -> int:
    """Listen until the server closes; return its code."""
    end = time.monotonic() + within
    while True:
        try:
            page.line.recv(timeout=max(0.01, end - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0


def test_a_member_hears_what_is_told_in_order(
    server: WebServer, alice: User, brand: Brand, key: Key
) -> None:
    with page(server, key(alice)) as desk:
        hello = desk.join(room(brand))
        assert hello["numbers"] == {room(brand): 0, f"user.{alice.pk}": 0}
        assert (hello["refused"], hello["stale"]) == ([], False)
        for entry in range(1, 31):
            live.publish(room(brand), "timeline", {"entry": entry})
        assert desk.numbers(until=30) == list(range(1, 31))


def test_a_stranger_and_an_unknown_group_are_refused_alike(
    server: WebServer, alice: User, charlie: User, brand: Brand, key: Key
) -> None:
    with page(server, key(alice)) as member, page(server, key(charlie)) as stranger:
        assert member.join(room(brand))["refused"] == []
        hello = stranger.join(room(brand), "room.987654", "nothing.1", f"user.{alice.pk}")
        assert hello["refused"] == [room(brand), "room.987654", "nothing.1", f"user.{alice.pk}"]
        assert set(hello["numbers"]) == {f"user.{charlie.pk}"}
        live.publish(room(brand), "timeline")
        live.publish(f"user.{alice.pk}", "notices")
        assert member.next("timeline")["n"] == 1
        live.publish(f"user.{charlie.pk}", "notices")
        assert stranger.next("timeline", "notices")["g"] == f"user.{charlie.pk}"


@pytest.mark.parametrize("session", ["", "no-such-session"])
def test_who_is_not_signed_in_is_sent_away(server: WebServer, session: str) -> None:
    with page(server, session) as visitor:
        assert closing(visitor) == 4401


def test_a_deactivated_person_is_sent_away(server: WebServer, alice: User, key: Key) -> None:
    session = key(alice)
    alice.is_active = False
    alice.save()
    with page(server, session) as visitor:
        assert closing(visitor) == 4401


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
        "null",
        None,
    ],
)
def test_a_page_from_elsewhere_may_not_connect(
    server: WebServer, alice: User, key: Key, origin: str | None
) -> None:
    session = key(alice)
    foreign = origin.format(port=server.port) if origin else None
    with pytest.raises(InvalidStatus) as refused, page(server, session, origin=foreign):
        pass
    assert refused.value.response.status_code == 403
    with page(server, session) as own:
        assert own.join()["refused"] == []


def test_the_public_address_may_connect_whatever_name_the_proxy_uses(
    server: WebServer, alice: User, key: Key
) -> None:
    with page(server, key(alice), origin="http://desk.example.org") as desk:
        assert desk.join()["part"] == "hello"


def test_no_other_path_takes_a_socket(server: WebServer) -> None:
    address = server.url.replace("http", "ws") + "/ws/other/"
    with pytest.raises(InvalidStatus) as refused, connect(address, origin=server.url):  # type: ignore[call-overload]
        pass
    assert refused.value.response.status_code == 403


def test_a_withdrawn_membership_ends_the_socket_at_the_next_check(
    server: WebServer, alice: User, bob: User, brand: Brand, key: Key
) -> None:
    with page(server, key(alice)) as kept, page(server, key(bob)) as withdrawn:
        kept.join(room(brand))
        assert withdrawn.join(room(brand))["refused"] == []
        Membership.objects.filter(user=bob).delete()
        assert closing(withdrawn, within=3) == 4403
        live.publish(room(brand), "timeline")
        assert kept.next("timeline")["n"] == 1


def test_a_membership_frame_has_the_rights_checked_at_once(
    alice: User, brand: Brand, key: Key, valkey: OwnValkey
) -> None:
    server = WebServer(valkey.url)
    server.environment["LIVE_RECHECK_SECONDS"] = "600"
    server.start()
    try:
        with page(server, key(alice)) as desk:
            desk.join(room(brand))
            Membership.objects.filter(user=alice).delete()
            live.publish(f"user.{alice.pk}", "membership")
            assert closing(desk, within=3) == 4403
    finally:
        server.stop()


def test_signing_out_ends_the_socket(server: WebServer, alice: User, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    with page(server, browser.cookies["sessionid"].value) as desk:
        desk.join()
        browser.logout()
        assert closing(desk, within=3) == 4401


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("not json", 4400),
        ("[]", 4400),
        ('{"join": "room.1"}', 4400),
        ('{"join": ["room.1; DROP"]}', 4400),
        ('{"join": [7]}', 4400),
        (json.dumps({"join": [f"room.{pk}" for pk in range(1, MAX_GROUPS + 2)]}), 4400),
        ('{"join": [], "since": "2026-13-45T00:00:00Z"}', 4400),
        ("[" * 20_000, 4400),
        (b"\x00\x01", 4400),
        ('{"join": []' + " " * 70_000 + "}", 1009),
    ],
)
def test_what_is_not_understood_ends_the_socket(
    server: WebServer, alice: User, key: Key, said: str | bytes, code: int
) -> None:
    with page(server, key(alice)) as desk:
        desk.line.send(said)
        assert closing(desk) == code


def test_a_page_that_does_not_stop_talking_is_cut_off(
    server: WebServer, alice: User, key: Key
) -> None:
    with page(server, key(alice)) as desk:
        for _ in range(21):
            desk.line.send('{"join": []}')
        assert closing(desk) == 4429


def test_a_page_opened_before_a_change_and_connected_after_it_is_told_so(
    server: WebServer, alice: User, brand: Brand, key: Key
) -> None:
    before = timezone.now()
    live.publish(room(brand), "timeline")
    after = timezone.now() + timedelta(seconds=5)
    with page(server, key(alice)) as desk:
        assert desk.join(room(brand), since=before.isoformat())["stale"] is True
        assert desk.join(room(brand), since=after.isoformat())["stale"] is False


def test_a_beat_shows_the_number_of_a_frame_that_was_never_sent(
    server: WebServer, alice: User, brand: Brand, key: Key
) -> None:
    with page(server, key(alice)) as desk:
        desk.join(room(brand))
        live.publish(room(brand), "timeline")
        assert desk.next("timeline")["n"] == 1
        live.take_numbers(connection, [live.Frame(room(brand), "timeline", {})])
        wait_until(lambda: desk.next("beat") == {"g": room(brand), "n": 2, "part": "beat"})


def test_a_stalled_page_takes_nothing_from_the_others_and_is_told_to_start_over(
    server: WebServer, alice: User, bob: User, brand: Brand, key: Key, valkey: OwnValkey
) -> None:
    channel = live_sender.channel_prefix() + room(brand)
    frames, padding = 3000, "x" * 4096
    slow = _slow_line(server)
    with (
        page(server, key(alice)) as well,
        page(server, key(bob), sock=slow, max_queue=1, close_timeout=0.5) as stalled,
    ):
        well.join(room(brand))
        stalled.join(room(brand))
        with valkey.client() as client:
            for number in range(1, frames + 1):
                frame = {"g": room(brand), "n": number, "part": "timeline", "data": {"x": padding}}
                client.publish(channel, json.dumps(frame))
                if number % 20 == 0:
                    assert well.numbers(until=number) == list(range(number - 19, number + 1))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        last = _numbers_until_resync(stalled)
        assert 0 < last < frames
        assert stalled.next("timeline")["n"] > last + 1


def test_a_burst_reaches_every_page_that_reads(
    server: WebServer, alice: User, brand: Brand, key: Key, valkey: OwnValkey
) -> None:
    channel = live_sender.channel_prefix() + room(brand)
    with page(server, key(alice)) as desk, valkey.client() as client:
        desk.join(room(brand))
        pipeline = client.pipeline(transaction=False)
        for number in range(1, 501):
            frame = {"g": room(brand), "n": number, "part": "timeline", "data": {}}
            pipeline.publish(channel, json.dumps(frame))
        pipeline.execute()
        assert desk.numbers(until=500) == list(range(1, 501))


def _slow_line(server: WebServer) -> socket.socket:
    """A connection that takes in next to nothing before its page reads it."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", server.port))
    return line


def _numbers_until_resync(page: Page) -> int:
    """Read on; return the last number before the order to start over."""
    last = 0
    while (frame := page.next("timeline", "resync"))["part"] == "timeline":
        assert frame["n"] == last + 1
        last = frame["n"]
    return last


def test_redis_killed_and_back(
    server: WebServer, alice: User, brand: Brand, key: Key, valkey: OwnValkey
) -> None:
    with page(server, key(alice)) as desk:
        desk.join(room(brand))
        live.publish(room(brand), "timeline")
        assert desk.next("timeline")["n"] == 1
        valkey.kill()
        try:
            live.publish(room(brand), "timeline")
            wait_until(lambda: desk.next("beat", "timeline")["n"] == 2, 5)
            with page(server, key(alice)) as late:
                assert late.join(room(brand))["numbers"][room(brand)] == 2
        finally:
            valkey.start()
        time.sleep(live_sender.PAUSE_SECONDS)

        def arrives() -> bool:
            live.publish(room(brand), "head")
            return desk.next("head", "beat", seconds=3)["part"] == "head"

        wait_until(arrives, 10)


def test_a_silent_redis_is_given_up_and_beats_carry_the_page(
    server: WebServer, alice: User, brand: Brand, key: Key, valkey: OwnValkey
) -> None:
    with page(server, key(alice)) as desk:
        desk.join(room(brand))
        assert valkey.process
        valkey.process.send_signal(signal.SIGSTOP)
        try:
            started = time.monotonic()
            live.publish(room(brand), "timeline")
            assert time.monotonic() - started < 0.5
            wait_until(lambda: desk.next("beat")["n"] == 1, 5)
        finally:
            valkey.process.send_signal(signal.SIGCONT)


def test_who_is_here_is_known_until_the_last_tab_is_closed(
    server: WebServer, alice: User, bob: User, brand: Brand, key: Key
) -> None:
    name = room(brand)
    with page(server, key(alice)) as desk:
        desk.join(name, present=[name])
        wait_until(lambda: presence.present(name) == [alice.pk])
        with page(server, key(bob)) as first, page(server, key(bob)) as second:
            first.join(name, present=[name])
            assert desk.next("presence")["n"] is None
            second.join(name, present=[name])
            wait_until(lambda: presence.present(name) == sorted([alice.pk, bob.pk]))
            first.line.close()
            time.sleep(0.5)
            assert bob.pk in presence.present(name)
        wait_until(lambda: presence.present(name) == [alice.pk])
    wait_until(lambda: presence.present(name) == [])


def test_nobody_is_present_where_they_may_not_be(
    server: WebServer, charlie: User, brand: Brand, key: Key
) -> None:
    with page(server, key(charlie)) as desk:
        hello = desk.join(room(brand), present=[room(brand)])
        assert hello["refused"] == [room(brand)]
        time.sleep(0.3)
        assert presence.present(room(brand)) == []


def test_pages_and_static_files_are_served_on_the_same_port(server: WebServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(b"GET /static/js/live.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    assert Path("static/js/live.js").exists()
