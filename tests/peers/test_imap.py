"""A mailbox through the product: polled, waited at, killed, locked out, renumbered, emptied."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.utils import timezone

from accounts.models import Brand, User
from connectors import connections
from connectors import services as accounts
from connectors.base import Batch, Can, Connection, ReadError
from connectors.imap import stream as stream_module
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core import gate
from core.words import Words
from monitoring.models import Mention, Source
from monitoring.services import polling
from responses import services as responses
from responses.enums import PublicationState
from responses.models import Publication, Version
from responses.publishing import look_for, publish_due
from responses.selectors import usable_accounts
from tests.connectors.test_mail import HOSTILE
from tests.connectors.test_mail_answers import Taker, smtp
from tests.factories.incidents import IncidentFactory
from tests.peer import Answer, Call
from tests.peers import driving
from tests.peers.driving import eventually, poll, texts
from tests.peers.following import following
from tests.peers.servers.dovecot import Server

IMAP = NETWORKS["imap"]
_numbers = count(1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback_may_be_called(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture(autouse=True)
def _an_empty_mailbox(mail_server: Server) -> Iterator[None]:
    yield
    with mail_server.box() as box:
        for _flags, _mark, name in box.list_folders():
            if name != "INBOX":
                box.delete_folder(name)
        box.select_folder("INBOX")
        box.delete_messages(box.search())
        box.expunge()


def values(server: Server, password: str = "brand-password") -> dict[str, Any]:
    host = {"host": "127.0.0.1", "port": server.port, "security": "plain"}
    return {**host, "user": "brand", "password": password}


@pytest.fixture
def account(brand: Brand, chief: User, mail_server: Server) -> ConnectedAccount:
    made, _secret = accounts.connect(
        brand, "imap", name="kontakt@", values=values(mail_server), by=chief
    )
    return made


def source_of(account: ConnectedAccount, **wanted: Any) -> Source:
    return driving.source_of(account, wanted)


def a_mail(number: object, text: str = "", **headers: str) -> bytes:
    told = {"From": "Ida <ida@example.org>", "Subject": f"Klage {number}", **headers}
    lines = [f"Message-ID: <{number}@mail.example>", *(f"{k}: {v}" for k, v in told.items())]
    head = "\r\n".join(line for line in lines if not line.endswith(": "))
    return f"{head}\r\n\r\n{text or f'Der er glas i kaffe {number}'}".encode()


def test_the_connection_is_tested(
    mail_server: Server, account: ConnectedAccount, chief: User
) -> None:
    mail_server.deliver(a_mail(1))
    tried = accounts.test(account, by=chief, now=timezone.now())
    assert tried.probe
    assert tried.probe.account == "brand"
    assert Can.STREAM in tried.probe.can
    assert any("INBOX" in note for note in tried.probe.notes)
    assert IMAP.prober
    probe = IMAP.prober(connections.of(account), {"folder": "INBOX"}).probe(now=timezone.now())
    assert probe.sample == ["Klage 1"]


def test_mails_are_read_once_and_stay_unread(
    mail_server: Server, account: ConnectedAccount
) -> None:
    mail_server.deliver(a_mail(1), a_mail(2))
    source = poll(source_of(account))
    assert source.error == ""
    assert texts(source) == ["Der er glas i kaffe 1", "Der er glas i kaffe 2"]
    mention = Mention.objects.get(source_id=source.pk, text__endswith="1")
    assert (mention.network, mention.title, mention.author) == ("mail", "Klage 1", "Ida")
    assert mention.author_id == "ida@example.org"
    mail_server.deliver(a_mail(3))
    for _poll in range(3):
        poll(source)
    assert len(texts(source)) == 3
    with mail_server.box() as box:
        box.select_folder("INBOX", readonly=True)
        assert len(box.search("UNSEEN")) == 3


def test_a_source_reads_its_folder_and_whom_it_is_set_to(
    mail_server: Server, account: ConnectedAccount
) -> None:
    with mail_server.box() as box:
        box.create_folder("Klager & ros")
        for sender in ("alerts@tool.example", "ida@example.org"):
            made = a_mail(sender, From=sender, Subject="Alert: Fjordkaffe")
            box.append("Klager & ros", made)
    mail_server.deliver(a_mail("elsewhere"))
    source = poll(source_of(account, folder="Klager & ros", **{"from": ["tool.example"]}))
    assert texts(source) == ["Der er glas i kaffe alerts@tool.example"]


def test_the_last_mail_is_not_read_for_ever(mail_server: Server, account: ConnectedAccount) -> None:
    """A search for "what comes after n" always names the last mail, however old it is."""
    mail_server.deliver(a_mail(1))
    source = poll(source_of(account))
    cursor = source.cursor
    assert IMAP.reader
    reader = IMAP.reader(connections.of(account), {})
    assert reader.fetch(cursor, now=timezone.now()).posts == []


def test_only_the_beginning_of_a_large_mail_is_asked_for(
    mail_server: Server, account: ConnectedAccount
) -> None:
    mail_server.deliver(a_mail(1, "words " + "x" * 3_000_000))
    source = poll(source_of(account))
    assert len(texts(source)[0]) == 20_000
    assert source.error == ""


def test_a_wrong_password_is_named_and_a_new_one_goes_on_where_it_was(
    mail_server: Server, account: ConnectedAccount, chief: User, request: pytest.FixtureRequest
) -> None:
    source = poll(source_of(account))
    request.addfinalizer(partial(mail_server.password, "brand", "brand-password"))
    mail_server.password("brand", "changed")
    mail_server.deliver(a_mail(1))
    poll(source)
    assert "user name or password" in str(Words.of(source.error))
    assert source.stopped_at, "asking again and again would lock the mailbox"
    assert accounts.test(account, by=chief, now=timezone.now()).unauthorized
    fresh = values(mail_server, "changed")
    accounts.change(account.pk, name="kontakt@", values=fresh, by=chief, now=timezone.now())
    polling.claim_due(now=timezone.now())
    poll(source)
    assert texts(source) == ["Der er glas i kaffe 1"]
    assert source.error == ""


def test_a_server_that_takes_access_tokens_only_gets_fresh_ones(
    mail_server: Server, brand: Brand, chief: User
) -> None:
    good = {"first"}

    def introspect(call: Call) -> Answer:
        asked = dict(parse_qsl(call.path.partition("?")[2]))
        known = asked["token"] in good
        said = {"active": "true" if known else "false", "username": "brand"}
        return Answer(json.dumps(said).encode(), headers={"Content-Type": "application/json"})

    def give(call: Call) -> Answer:
        asked = dict(parse_qsl(call.body.decode()))
        given.append((asked["grant_type"], asked["scope"], asked["client_secret"]))
        [token] = good
        said = {"access_token": token, "expires_in": 3600}
        return Answer(json.dumps(said).encode(), headers={"Content-Type": "application/json"})

    given: list[tuple[str, str, str]] = []
    identity = mail_server.identity
    identity.answers |= {"/introspect": introspect, "/token": give}
    oauth = {
        "token_url": identity.url + "/token",
        "client_id": "desk",
        "client_secret": "shh",
        "scope": "mail",
        "password": "",
    }
    made, _secret = accounts.connect(
        brand, "imap", name="oauth@", values={**values(mail_server), **oauth}, by=chief
    )
    mail_server.deliver(a_mail(1))
    source = poll(source_of(made))
    assert source.error == ""
    poll(source)
    assert given == [("client_credentials", "mail", "shh")], "one token serves until it ends"
    # It ends before its time: the server refuses it, and a new one goes on.
    good = {"second"}
    mail_server.deliver(a_mail(2))
    poll(source)
    assert source.error == ""
    assert len(texts(source)) == 2
    assert len(given) == 2
    # And when the provider gives none any more, somebody is asked.
    good = {"third"}
    identity.answers["/token"] = Answer(b'{"error": "invalid_client"}', 400)
    poll(source)
    assert source.stopped_at


def answer(mention: Mention, account: ConnectedAccount, alice: User, bob: User) -> Publication:
    """An approved and due answer to a mention, by the services that people use."""
    now = timezone.now()
    incident = IncidentFactory.create(brand=account.brand)
    draft = responses.create_draft(
        incident.pk,
        title="Answer",
        text="Det beklager vi.",
        by=bob,
        now=now,
        account_ids=[account.pk],
        reply_to={"id": mention.pk, "external_id": mention.external_id},
    )
    responses.submit(draft.pk, by=bob, now=now)
    sha256 = Version.objects.get(draft=draft).sha256
    responses.approve(draft.pk, by=alice, sha256=sha256, now=now)
    found = Publication.objects.filter(version__draft=draft)
    found.update(publish_at=timezone.now())
    return found.get()


@pytest.fixture
def answering(mail_server: Server, brand: Brand, chief: User) -> Iterator[tuple[Taker, Any]]:
    """A mailbox with an outgoing server, which keeps what it takes."""
    taker = Taker()
    with smtp(taker, password=b"brand-password") as outgoing:
        way_out = {
            "smtp_host": outgoing.host,
            "smtp_port": outgoing.port,
            "smtp_security": "plain",
            "sender": "kontakt@fjord.example",
        }
        given = {**values(mail_server), **way_out}
        made, _secret = accounts.connect(brand, "imap", name="a@", values=given, by=chief)
        yield taker, made


def test_a_complaint_is_answered_once_and_kept_among_the_sent_mails(
    mail_server: Server, answering: tuple[Taker, ConnectedAccount], alice: User, bob: User
) -> None:
    taker, account = answering
    mail_server.deliver(a_mail(1), a_mail(1, "another with the same Message-ID"))
    poll(source := source_of(account))
    mention = Mention.objects.get(source_id=source.pk, text="Der er glas i kaffe 1")
    publication = answer(mention, account, alice, bob)
    with mail_server.box() as box:
        box.create_folder("Sent")
        publish_due()
        publication.refresh_from_db()
        assert publication.state == PublicationState.SENT, publication.error
        box.select_folder("Sent", readonly=True)
        assert len(box.search()) == 1
    told = message_from_bytes(taker.taken[0], policy=policy.default)
    assert told["To"] == "ida@example.org"
    assert told["In-Reply-To"] == "<1@mail.example>"
    assert told["Subject"] == "Re: Klage 1"
    assert told.get_content().strip() == "Det beklager vi."


def test_a_mail_whose_answer_was_lost_is_never_sent_again_but_found(
    mail_server: Server, answering: tuple[Taker, ConnectedAccount], alice: User, bob: User
) -> None:
    taker, account = answering
    mail_server.deliver(a_mail(1))
    poll(source := source_of(account))
    taker.hangs_up = True
    publication = answer(Mention.objects.get(source_id=source.pk), account, alice, bob)
    publish_due()
    publication.refresh_from_db()
    assert publication.state == PublicationState.UNCERTAIN
    publish_due(now=timezone.now() + timedelta(minutes=10))
    assert len(taker.taken) == 1
    # It turns up among the sent mails, where many providers put it themselves.
    with mail_server.box() as box:
        box.create_folder("Sent")
        box.append("Sent", taker.taken[0])
    look_for(publication.pk)
    publication.refresh_from_db()
    assert publication.state == PublicationState.SENT


def test_a_mailbox_without_a_way_out_is_not_offered(
    answering: tuple[Taker, ConnectedAccount], account: ConnectedAccount
) -> None:
    offered = usable_accounts(account.brand_id)
    assert answering[1] in offered
    assert account not in offered


def test_a_folder_that_is_gone_is_named(mail_server: Server, account: ConnectedAccount) -> None:
    with mail_server.box() as box:
        box.create_folder("Klager")
        box.append("Klager", a_mail(1))
        source = poll(source_of(account, folder="Klager"))
        assert len(texts(source)) == 1
        box.delete_folder("Klager")
    poll(source)
    assert "Klager" in str(Words.of(source.error))
    with mail_server.box() as box:  # made again: its numbers begin anew, nothing is read twice
        box.create_folder("Klager")
        box.append("Klager", a_mail(1))
        box.append("Klager", a_mail(2))
    poll(source)
    assert source.error == ""
    assert texts(source) == ["Der er glas i kaffe 1", "Der er glas i kaffe 2"]


def test_a_server_that_numbers_its_mails_anew_doubles_and_loses_nothing(
    mail_server: Server, account: ConnectedAccount
) -> None:
    mail_server.deliver(*(a_mail(n) for n in range(5)))
    source = poll(source_of(account))
    before = source.cursor["validity"]
    mail_server.deliver(a_mail(5))
    mail_server.renumber()
    poll(source)
    assert source.cursor["validity"] != before
    assert len(texts(source)) == 6


def test_deleted_mails_are_gone_where_the_source_is_set_to_follow(
    mail_server: Server, account: ConnectedAccount
) -> None:
    # The same mail twice: it is gone when the last of them is.
    mail_server.deliver(a_mail(1), a_mail(2), a_mail(2), a_mail(3))
    assert IMAP.reader
    keeps = IMAP.reader(connections.of(account), {})
    follows = IMAP.reader(connections.of(account), {"deleted": "follow"})
    kept = keeps.fetch({}, now=timezone.now())
    followed = follows.fetch({}, now=timezone.now())
    ids = sorted({post.external_id for post in followed.posts})
    assert len(ids) == 3
    with mail_server.box() as box:
        box.select_folder("INBOX")
        uids = box.search()
        box.delete_messages([uids[0], uids[1]])
        box.expunge()
    followed = follows.fetch(followed.cursor, now=timezone.now())
    assert followed.gone == ids[:1]
    assert keeps.fetch(kept.cursor, now=timezone.now()).gone == []
    with mail_server.box() as box:
        box.select_folder("INBOX")
        box.delete_messages(box.search())
        box.expunge()
    assert follows.fetch(followed.cursor, now=timezone.now()).gone == ids[1:]


def test_five_hundred_hostile_mails_stop_nothing(
    mail_server: Server, account: ConnectedAccount
) -> None:
    kinds = list(HOSTILE.values())
    hostile = [kinds[n % len(kinds)] + f"\r\nX-Number: {n}".encode() for n in range(500)]
    mail_server.deliver(*(b"X-Hostile: yes\r\n" + raw for raw in hostile))
    mail_server.deliver(a_mail("good"))
    source = source_of(account)
    began = time.process_time()
    poll(source)
    took = time.process_time() - began
    assert source.error == ""
    assert "Der er glas i kaffe good" in texts(source)
    assert took < 120, f"{took:.0f} s for 500 mails"


def first(batches: Iterator[Batch], wanted: Callable[[Batch], bool]) -> Batch:
    return next(batch for batch in batches if wanted(batch))


def test_idle_brings_a_mail_within_a_second_or_two(
    mail_server: Server, account: ConnectedAccount
) -> None:
    assert IMAP.streamer
    ends = time.monotonic() + 40
    streamer = IMAP.streamer(connections.of(account), {"deleted": "follow"})
    batches = streamer.stream({}, stop=lambda: time.monotonic() > ends)
    next(batches)
    for number in range(3):
        began = time.monotonic()
        mail_server.deliver(a_mail(number))
        batch = first(batches, lambda each: bool(each.posts))
        assert batch.posts[0].title == f"Klage {number}"
        assert time.monotonic() - began < 5
    with mail_server.box() as box:
        box.select_folder("INBOX")
        box.delete_messages(box.search())
        box.expunge()
    assert len(first(batches, lambda each: bool(each.gone)).gone) > 0
    batches.close()  # type: ignore[attr-defined]


def test_waiting_gives_signs_of_life_and_renews_itself(
    mail_server: Server, account: ConnectedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "BEAT", 0.5)
    monkeypatch.setattr(stream_module, "LOOK", 0.2)
    monkeypatch.setattr(stream_module, "IDLE", 1.5)
    assert IMAP.streamer
    ends = time.monotonic() + 6
    batches = IMAP.streamer(connections.of(account), {}).stream(
        {}, stop=lambda: time.monotonic() > ends
    )
    assert len(list(batches)) > 6


@pytest.mark.django_db(transaction=True)
def test_a_deleted_mail_loses_its_text_here_where_the_source_is_set_to_follow(
    mail_server: Server, account: ConnectedAccount
) -> None:
    source = source_of(account, deleted="follow")
    with following():
        eventually(lambda: bool(Source.objects.get(pk=source.pk).cursor))
        mail_server.deliver(a_mail(1), a_mail(2))
        eventually(lambda: len(texts(source)) == 2)
        with mail_server.box() as box:
            box.select_folder("INBOX")
            box.delete_messages(box.search()[:1])
            box.expunge()
        eventually(lambda: len(texts(source)) == 1)
    wiped = Mention.objects.get(source_id=source.pk, gone_at__isnull=False)
    assert (wiped.text, wiped.author, wiped.title) == ("", "", "")


@pytest.mark.django_db(transaction=True)
def test_a_follower_that_is_killed_again_and_again_misses_and_doubles_nothing(
    mail_server: Server, account: ConnectedAccount
) -> None:
    source = source_of(account)
    for life in range(3):
        with following():
            eventually(lambda: bool(Source.objects.get(pk=source.pk).cursor))
            mail_server.deliver(*(a_mail(f"{life}.{n}") for n in range(20)))
            eventually(lambda: f"Der er glas i kaffe {life}.3" in texts(source))  # noqa: B023
        mail_server.deliver(*(a_mail(f"{life}.{n}") for n in range(20, 25)))
    with following():
        eventually(lambda: len(texts(source)) >= 75)
    assert texts(source) == sorted(
        f"Der er glas i kaffe {life}.{n}" for life in range(3) for n in range(25)
    )


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_lines_trust_only_who_is_vouched_for(
    mail_server: Server, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = mail_server.tls_port if security == "tls" else mail_server.port
    config = {"host": "localhost", "port": port, "security": security, "user": "brand"}
    secrets = {"password": "brand-password"}
    assert IMAP.reader
    mail_server.deliver(a_mail(1))
    gate.context.cache_clear()
    with pytest.raises(ReadError, match="certificate"):
        IMAP.reader(Connection(config, secrets), {}).fetch({}, now=timezone.now())
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.authority))
    gate.context.cache_clear()
    try:
        batch = IMAP.reader(Connection(config, secrets), {}).fetch({}, now=timezone.now())
        assert [post.title for post in batch.posts] == ["Klage 1"]
        elsewhere = {**config, "host": "127.0.0.1"}  # not the name in the certificate
        with pytest.raises(ReadError):
            IMAP.reader(Connection(elsewhere, secrets), {}).fetch({}, now=timezone.now())
    finally:
        gate.context.cache_clear()


def test_a_password_goes_in_the_clear_to_no_host_that_is_not_named(
    mail_server: Server, account: ConnectedAccount, settings: Any
) -> None:
    settings.OUTBOUND_ALLOW = []
    assert IMAP.reader
    with pytest.raises(ReadError, match="may not be called"):
        IMAP.reader(connections.of(account), {}).fetch({}, now=timezone.now())


def test_mails_from_long_ago_are_left_where_they_are(
    mail_server: Server, account: ConnectedAccount
) -> None:
    with mail_server.box() as box:
        box.append("INBOX", a_mail("old"), msg_time=timezone.now() - timedelta(days=30))
    mail_server.deliver(a_mail("new"))
    assert texts(poll(source_of(account))) == ["Der er glas i kaffe new"]
