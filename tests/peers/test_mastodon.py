"""Mastodon through the product: a source that is polled and followed, an account that publishes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Brand, User
from connectors import connections, credentials
from connectors import services as accounts
from connectors.base import Can, Message, Picture, TemporaryError
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS, publisher
from core.words import Words
from monitoring.models import Mention, Source
from monitoring.services import polling
from responses import services as responses
from responses.enums import PublicationState
from responses.models import Publication, Version
from responses.publishing import publish_due
from responses.redrawing import redraw
from tests.factories.incidents import IncidentFactory
from tests.peers import driving
from tests.peers.driving import eventually, poll, texts
from tests.peers.following import following
from tests.peers.servers import cutting
from tests.peers.servers.mastodon import Server
from tests.responses.test_media import picture

MASTODON = NETWORKS["mastodon"]
NAMES = "@fjordkaffe"
_numbers = count(1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback_may_be_called(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture(autouse=True)
def _faults_end(mastodon_server: Server) -> Iterator[None]:
    yield
    mastodon_server.works_again()


@pytest.fixture
def account(brand: Brand, chief: User, mastodon_server: Server) -> ConnectedAccount:
    values = {"server": mastodon_server.url, "token": mastodon_server.new_token("fjordkaffe")}
    made, _secret = accounts.connect(brand, "mastodon", name="@fjordkaffe", values=values, by=chief)
    return made


def source_of(account: ConnectedAccount, **wanted: Any) -> Source:
    return driving.source_of(account, {"mentions": "no", **wanted})


def test_the_connection_is_tested(
    mastodon_server: Server, account: ConnectedAccount, chief: User
) -> None:
    tried = accounts.test(account, by=chief, now=timezone.now())
    assert tried.probe
    assert tried.probe.account == "@fjordkaffe (Testodon)"
    assert Can.STREAM | Can.SEARCH | Can.NOTIFICATIONS | Can.POST in tried.probe.can
    assert any("500" in note for note in tried.probe.notes)


def test_mentions_hashtags_and_words_are_read_once_each(
    mastodon_server: Server, account: ConnectedAccount
) -> None:
    wanted = {"mentions": "yes", "hashtags": ["glasikaffen"], "words": ["genkendelig"]}
    source = poll(source_of(account, **wanted))
    before = set(texts(source))
    mastodon_server.post(f"{NAMES} der er glas i min kaffe")
    mastodon_server.post("Glas! #glasikaffen <b>& mere</b>")
    mastodon_server.post("Et genkendeligt ord", spoiler_text="Advarsel")
    poll(source)
    assert source.error == ""
    assert sorted(set(texts(source)) - before) == [
        "@fjordkaffe der er glas i min kaffe",
        "Advarsel\nEt genkendeligt ord",
        "Glas! #glasikaffen <b>& mere</b>",
    ]
    mention = Mention.objects.get(source_id=source.pk, text__startswith="Glas!")
    assert (mention.network, mention.author) == ("mastodon", "Ann (@ann)")
    assert mention.url.startswith("http")
    for _poll in range(3):
        poll(source)
    assert len(texts(source)) == len(before) + 3


def test_our_own_posts_are_no_mentions(mastodon_server: Server, account: ConnectedAccount) -> None:
    source = source_of(account, hashtags=["egetopslag"])
    mastodon_server.post("Vi beklager #egetopslag", by="fjordkaffe")
    mastodon_server.post("Hvad sker der? #egetopslag")
    poll(source)
    assert texts(source) == ["Hvad sker der? #egetopslag"]


def test_a_storm_between_two_polls_is_read_whole(
    mastodon_server: Server, account: ConnectedAccount
) -> None:
    source = poll(source_of(account, hashtags=["storm"]))
    for number in range(130):
        mastodon_server.post(f"Post {number} #storm")
    poll(source)
    assert len(texts(source)) == 130


def test_a_server_that_asks_for_patience_gets_it(
    mastodon_server: Server, account: ConnectedAccount
) -> None:
    source = poll(source_of(account, words=["tålmodig"]))
    mastodon_server.post("Stadig tålmodig")
    until = datetime.now(UTC) + timedelta(seconds=600)
    mastodon_server.fails("/api/v2/search", 429, X_RateLimit_Reset=until.isoformat())
    poll(source)
    assert "too often" in str(Words.of(source.error))
    assert source.next_poll_at
    assert source.next_poll_at >= until - timedelta(seconds=30)
    poll(source)
    assert texts(source) == [], "the account is left alone, whoever asks"
    polling.poll(source.pk, now=until + timedelta(seconds=30))
    source.refresh_from_db()
    assert texts(source) == ["Stadig tålmodig"]
    assert source.error == ""


def test_a_revoked_token_is_named_and_a_new_one_goes_on_where_it_was(
    mastodon_server: Server, account: ConnectedAccount, chief: User
) -> None:
    source = poll(source_of(account, mentions="yes"))
    before = set(texts(source))
    mastodon_server.revoke(credentials.load(account)["token"])
    mastodon_server.post(f"{NAMES} while nobody listened")
    poll(source)
    assert "revoked" in str(Words.of(source.error))
    assert source.stopped_at
    tried = accounts.test(account, by=chief, now=timezone.now())
    assert tried.unauthorized
    values = {"server": mastodon_server.url, "token": mastodon_server.new_token("fjordkaffe")}
    accounts.change(account.pk, name="@fjordkaffe", values=values, by=chief, now=timezone.now())
    polling.claim_due(now=timezone.now())
    poll(source)
    assert source.error == ""
    assert set(texts(source)) - before == {f"{NAMES} while nobody listened"}


def test_edits_and_deletions_are_found_by_asking(
    mastodon_server: Server, account: ConnectedAccount
) -> None:
    kept = mastodon_server.post("Kept")
    edited = mastodon_server.post("Before")
    deleted = mastodon_server.post("Deleted")
    mastodon_server.edit(edited["id"], "After")
    mastodon_server.delete(deleted["id"])
    assert MASTODON.looker
    looker = MASTODON.looker(connections.of(account), {})
    batch = looker.look_up([kept["id"], edited["id"], deleted["id"]], now=timezone.now())
    assert batch.gone == [deleted["id"]]
    found = {post.external_id: post for post in batch.posts}
    assert found[edited["id"]].text == "After"
    assert found[edited["id"]].edited_at
    assert found[kept["id"]].edited_at is None


@pytest.mark.django_db(transaction=True)
def test_posts_edits_and_deletions_arrive_as_they_happen(
    mastodon_server: Server, account: ConnectedAccount
) -> None:
    source = source_of(account, hashtags=["live"])
    with following():
        eventually(lambda: bool(Source.objects.get(pk=source.pk).cursor))
        began = time.monotonic()
        post = mastodon_server.post("Before #live")
        kept = mastodon_server.post("Kept #live")
        eventually(lambda: texts(source) == ["Before #live", "Kept #live"])
        assert time.monotonic() - began < 10
        mastodon_server.edit(post["id"], "After #live")
        eventually(lambda: texts(source) == ["After #live", "Kept #live"])
        mastodon_server.delete(post["id"])
        eventually(lambda: texts(source) == ["Kept #live"])
    wiped = Mention.objects.get(source_id=source.pk, external_id=post["id"])
    assert (wiped.text, wiped.author, bool(wiped.gone_at)) == ("", "", True)
    assert kept["id"] != post["id"]


@pytest.mark.django_db(transaction=True)
def test_a_follower_that_is_killed_again_and_again_misses_and_doubles_nothing(
    mastodon_server: Server, account: ConnectedAccount
) -> None:
    source = source_of(account, mentions="yes", hashtags=["kill"])
    expected = []
    for life in range(3):
        with following():
            eventually(lambda: bool(Source.objects.get(pk=source.pk).cursor))
            for number in range(20):
                text = f"{NAMES} {life}.{number} #kill"
                expected.append(mastodon_server.post(text)["id"])
            eventually(lambda: f"{NAMES} {life}.5 #kill" in texts(source))  # noqa: B023
        # Killed by SIGKILL in the middle; and what comes while nobody follows:
        expected += [
            mastodon_server.post(f"#kill {life}.{number} alone")["id"] for number in range(5)
        ]
    with following():
        ours = Mention.objects.filter(source_id=source.pk, text__contains="#kill")
        eventually(lambda: ours.count() >= len(expected))
    assert sorted(ours.values_list("external_id", flat=True)) == sorted(expected)


@pytest.fixture
def queued(account: ConnectedAccount, alice: User, bob: User) -> Callable[..., Publication]:
    """Makes a publication that is approved and due, by the services that people use."""

    def make(
        text: str, *, reply_to: dict[str, Any] | None = None, thread: bool = False
    ) -> Publication:
        now = timezone.now()
        incident = IncidentFactory.create(brand=account.brand)
        chosen: dict[str, Any] = {"account_ids": [account.pk], "reply_to": reply_to}
        chosen["thread"] = thread
        draft = responses.create_draft(
            incident.pk, title="Answer", text=text, by=bob, now=now, **chosen
        )
        submitted = responses.submit(draft.pk, by=bob, now=now)
        sha256 = Version.objects.get(draft=draft).sha256
        responses.approve(submitted.pk, by=alice, sha256=sha256, now=now)
        publications = Publication.objects.filter(version__draft=draft)
        publications.update(publish_at=timezone.now())
        return publications.get(part=1)

    return make


def test_an_approved_text_goes_out_as_another_client_sees_it(
    mastodon_server: Server, account: ConnectedAccount, queued: Callable[..., Publication]
) -> None:
    account.config |= {"visibility": "unlisted", "language": "da"}
    account.save()
    publication = queued("Vi beklager. Læs mere på https://fjord.example/glas?a=1&b=2 🙏")
    publish_due()
    publication.refresh_from_db()
    assert publication.state == PublicationState.SENT, publication.error
    seen = mastodon_server.judged()[0]
    assert seen == {
        "id": publication.external_id,
        "text": "Vi beklager. Læs mere på https://fjord.example/glas?a=1&b=2 🙏",
        "visibility": "unlisted",
        "language": "da",
        "in_reply_to": "",
    }
    assert publication.url.endswith(publication.external_id)


def test_an_image_goes_out_with_its_words_and_stays_when_the_text_is_edited(
    mastodon_server: Server, account: ConnectedAccount
) -> None:
    drawn = redraw(picture())
    image = Picture(drawn.data, drawn.media_type, "En rød dåse på en disk", 60, 30)
    message = Message("Se mærket.", "key-of-an-image", since=timezone.now(), images=(image,))
    first = publisher(account).publish(message)
    assert publisher(account).publish(message) == first
    [shown] = mastodon_server.call("GET", f"/api/v1/statuses/{first.external_id}")[
        "media_attachments"
    ]
    assert (shown["type"], shown["description"]) == ("image", "En rød dåse på en disk")
    assert MASTODON.editor
    MASTODON.editor(connections.of(account)).edit(
        first.external_id, replace(message, text="Se det nye mærke.")
    )
    edited = mastodon_server.call("GET", f"/api/v1/statuses/{first.external_id}")
    assert [each["description"] for each in edited["media_attachments"]] == [image.alt]
    assert "nye" in edited["content"]


def test_a_published_text_is_edited_once_the_edit_is_approved(
    mastodon_server: Server,
    account: ConnectedAccount,
    queued: Callable[..., Publication],
    alice: User,
    bob: User,
) -> None:
    publication = queued("Parti 7 kan være farligt.")
    publish_due()
    now = timezone.now()
    draft = responses.start_edit(publication.pk, by=bob, now=now)
    responses.edit_draft(draft.pk, text="Parti 8 er det.", base_version=1, by=bob, now=now)
    responses.submit(draft.pk, by=bob, now=now)
    assert mastodon_server.judged()[0]["text"] == "Parti 7 kan være farligt."
    sha256 = Version.objects.get(draft=draft, number=2).sha256
    responses.approve(draft.pk, by=alice, sha256=sha256, now=now)
    publish_due(now=timezone.now() + timedelta(minutes=1))

    publication.refresh_from_db()
    [seen] = [each for each in mastodon_server.judged() if each["id"] == publication.external_id]
    assert (seen["text"], publication.said) == ("Parti 8 er det.", "Parti 8 er det.")


def test_a_thread_goes_out_in_order_each_part_in_answer_to_the_one_before(
    mastodon_server: Server, account: ConnectedAccount, queued: Callable[..., Publication]
) -> None:
    first = queued("Vi beklager.\n[/]\nDrik ikke parti 7.\n[/]\nVi vender tilbage.", thread=True)
    publish_due(now=timezone.now() + timedelta(minutes=1))

    parts = list(Publication.objects.filter(version=first.version).order_by("part"))
    assert [each.state for each in parts] == [PublicationState.SENT] * 3
    seen = {each["id"]: each for each in mastodon_server.judged()}
    posts = [seen[each.external_id] for each in parts]
    assert [each["text"] for each in posts] == [
        "Vi beklager. (1/3)",
        "Drik ikke parti 7. (2/3)",
        "Vi vender tilbage. (3/3)",
    ]
    assert [each["in_reply_to"] for each in posts] == ["", posts[0]["id"], posts[1]["id"]]


def test_an_answer_reaches_whom_it_answers_and_is_taken_back(
    mastodon_server: Server, account: ConnectedAccount, queued: Callable[..., Publication]
) -> None:
    asked = mastodon_server.post(f"{NAMES} er der glas i min kaffe?")
    publication = queued("Ja. Drik den ikke.", reply_to={"external_id": asked["id"]})
    publish_due()
    publication.refresh_from_db()
    seen = mastodon_server.judged()[0]
    assert (seen["text"], seen["in_reply_to"]) == ("@ann Ja. Drik den ikke.", asked["id"])
    told = mastodon_server.call("GET", "/api/v1/notifications?types[]=mention")
    assert told[0]["status"]["id"] == publication.external_id
    assert MASTODON.retractor
    retractor = MASTODON.retractor(connections.of(account))
    retractor.retract(publication.external_id)
    retractor.retract(publication.external_id)
    assert publication.external_id not in [post["id"] for post in mastodon_server.judged()]


def test_a_lost_answer_is_found_and_a_second_try_makes_one_post(
    mastodon_server: Server, account: ConnectedAccount, queued: Callable[..., Publication]
) -> None:
    with cutting.before(mastodon_server.url) as relay:
        account.config["server"] = relay.url
        account.save()
        publication = queued("Kun en gang.")
        relay.cuts = {"POST /api/v1/statuses"}
        publish_due()
        assert relay.lost == ["POST /api/v1/statuses"]
        publication.refresh_from_db()
        assert publication.state == PublicationState.SENT, "found at once by looking"
        assert _out(mastodon_server) == 1
        # A key that the server has never seen: what saves us is our own look at what is there.
        other = Message("Kun en gang.", "another-key", since=publication.created_at)
        assert publisher(account).publish(other).external_id == publication.external_id
        assert _out(mastodon_server) == 1


def _out(server: Server) -> int:
    return [post["text"] for post in server.judged()].count("Kun en gang.")


def test_what_surely_did_not_leave_is_sent_later(
    mastodon_server: Server, account: ConnectedAccount, queued: Callable[..., Publication]
) -> None:
    publication = queued("Senere.")
    mastodon_server.fails("/api/v1/statuses", 429, Retry_After="1")
    publish_due()
    publication.refresh_from_db()
    assert publication.state == PublicationState.QUEUED
    assert publication.publish_at > timezone.now()
    publish_due(now=publication.publish_at + timedelta(seconds=1))
    publication.refresh_from_db()
    assert publication.state == PublicationState.SENT
    mastodon_server.fails("/api/v1/accounts/verify_credentials", 500)
    with pytest.raises(TemporaryError):
        publisher(account).publish(Message("Never", "never"))
