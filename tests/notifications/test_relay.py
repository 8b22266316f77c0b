"""Apprise behind our own door: what is let in, what leaves, what a failure means."""

import json
import time
from urllib.parse import parse_qs

import pytest
from pytest_django.fixtures import Settings

from notifications.carriers import CARRIERS, hint
from notifications.channels import relay
from notifications.channels.base import Letter, TryLater, Undeliverable
from notifications.channels.relay import BadAddress

from .gateway import Gateway

LETTER = Letter(
    reference="delivery-1",
    recipient="",
    subject="SEV1 Fjordkaffe: please acknowledge",
    text="CD-2026-001 Glass",
    url="https://desk.example.org/i/CD-2026-001/",
    answers=(("Acknowledge", "https://desk.example.org/answer/abc/"),),
)
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def test_ntfy_gets_title_text_and_links(gateway: Gateway) -> None:
    assert relay.send(f"ntfy://{gateway.host}/a-long-name", LETTER) == gateway.host
    (call,) = gateway.calls
    said = json.loads(call.body)
    assert (said["topic"], said["title"]) == ("a-long-name", LETTER.subject)
    assert "Acknowledge: https://desk.example.org/answer/abc/" in said["message"]
    assert LETTER.url in said["message"]


def test_a_chats_webhook_and_a_gateway_for_texts(gateway: Gateway) -> None:
    relay.send(f"mmost://{gateway.host}/3ccdd113474722377935511fc85d3dd4", LETTER)
    relay.send(f"json://{gateway.host}/sms/%2B4512345678", LETTER)
    chat, text = gateway.calls
    assert chat.path == "/hooks/3ccdd113474722377935511fc85d3dd4"
    assert LETTER.text in json.loads(chat.body)["text"]
    assert text.path == "/sms/+4512345678"
    assert json.loads(text.body)["title"] == LETTER.subject


def test_a_call_is_spoken_twice_in_the_persons_language(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.twilio import NotifyTwilio

    there = f"http://{gateway.host}/Calls.json"
    monkeypatch.setattr(NotifyTwilio, "notify_call_url", there)
    account = "AC" + "0" * 32
    url = f"twilio://{account}:{'1' * 32}@+15551234567/+4512345678?method=call"
    danish = Letter("r", "", "SEV1 <Fjordkaffe>", "Glas & skår", "", language="da")
    gateway.status = 201
    relay.send(url, danish)
    twiml = parse_qs(gateway.calls[0].body.decode())["Twiml"][0]
    assert twiml.count('<Say language="da-DK">SEV1 &lt;Fjordkaffe&gt;. Glas &amp; skår</Say>') == 2
    assert "basic" in gateway.calls[0].headers["authorization"].lower()


@pytest.mark.parametrize(
    ("status", "failure"),
    [(500, TryLater), (503, TryLater), (429, TryLater), (404, Undeliverable), (403, Undeliverable)],
)
def test_what_the_server_answers_decides_whether_to_try_again(
    gateway: Gateway, status: int, failure: type[Exception]
) -> None:
    gateway.status = status
    with pytest.raises(failure, match=f"answered {status} no such chat"):
        relay.send(f"ntfy://{gateway.host}/topic", LETTER)


def test_who_does_not_answer_is_tried_later_and_in_time(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SECONDS", 0.5)
    gateway.delay = 3
    began = time.monotonic()
    with pytest.raises(TryLater, match="did not answer in time"):
        relay.send(f"json://{gateway.host}/", LETTER)
    assert time.monotonic() - began < 2


def test_addresses_inside_are_not_called(gateway: Gateway, settings: Settings) -> None:
    url = f"json://{gateway.host}/"
    relay.send(url, LETTER)
    assert len(gateway.calls) == 1
    settings.OUTBOUND_ALLOW = ()
    for inside in (url, "ntfy://169.254.169.254/x", "jsons://[::1]/", "gotify://10.0.0.1/token"):
        with pytest.raises(Undeliverable, match="may not be called"):
            relay.send(inside, LETTER)
    assert len(gateway.calls) == 1


def test_a_redirect_leads_nowhere_inside(gateway: Gateway, settings: Settings) -> None:
    """Apprise follows redirects: each hop is judged again."""
    gateway.status, gateway.location = 307, "http://169.254.169.254/latest/meta-data/"
    with pytest.raises(Undeliverable, match=r"169\.254\.169\.254 port 80 may not be called"):
        relay.send(f"json://{gateway.host}/", LETTER)


def test_the_surroundings_proxy_is_not_used(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    relay.send(f"json://{gateway.host}/", LETTER)
    assert len(gateway.calls) == 1


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "mailto://user:word@example.org",
        "syslog://",
        "dbus://",
        "windows://",
        "rsyslog://10.0.0.1",
        "mqtt://example.org/topic",
        "smpp://user:word@example.org/+4512345678",
        "https://example.org/x",
        "json://example.org/?template=/etc/passwd",
        "jsons://example.org/?verify=no",
        "slack://a/b/c?template=file:///etc/passwd",
        "gotify://",
        "no address",
        "",
    ],
)
def test_what_is_not_let_in(url: str) -> None:
    with pytest.raises(BadAddress):
        relay.check(url)


def test_each_schema_exists_and_speaks_nothing_but_http() -> None:
    import inspect
    import sys

    assert relay.check("ntfys://ntfy.sh/x") == "ntfys:ntfy.sh"
    from apprise.manager_plugins import NotificationManager

    manager = NotificationManager()
    for schema in relay.SCHEMAS:
        assert schema in manager, schema
        source = inspect.getsource(sys.modules[manager[schema].__module__])
        for other in ("import socket", "subprocess", "smtplib", "os.system", "http.client"):
            assert other not in source, (schema, other)


def test_who_carries_it_names_no_secret() -> None:
    assert relay.check(SLACK) == "slack"
    assert relay.check("tgram://123456789:abcdefg_hijklmnop/12315544/") == "tgram"
    assert relay.check("gotifys://push.example.org/AbCdEfGh1234567") == "gotifys:push.example.org"


@pytest.mark.parametrize(
    ("name", "typed", "tidied"),
    [
        ("sms", "+45 12 34 56 78", "+4512345678"),
        ("sms", "0045 12345678", "+4512345678"),
        ("sms", "12345678", ""),
        ("sms", "+4512345678/../x?method=call", ""),
        ("telegram", "123456789", "123456789"),
        ("telegram", "1234/5", ""),
        ("ntfy", "https://ntfy.sh/abc", "ntfys://ntfy.sh/abc"),
        ("ntfy", "https://ntfy.sh/", ""),
        ("slack", SLACK, SLACK),
        ("slack", "https://hooks.slack.com.evil.example/services/a/b/c", ""),
        ("teams", "http://x.logic.azure.com/workflows/1", ""),
    ],
)
def test_how_addresses_are_tidied(name: str, typed: str, tidied: str) -> None:
    carrier = CARRIERS[name]
    if not tidied:
        with pytest.raises(BadAddress):
            carrier.tidy(typed)
        return
    assert carrier.tidy(typed) == tidied
    assert typed not in hint(carrier, tidied)
