"""Bluesky through the product: sources polled and followed, an account that publishes."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from accounts.models import Brand, User
from connectors import credentials
from connectors import services as accounts
from connectors.base import Can, Connection, CursorLost, Message, Picture, Receipt
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS, publisher
from monitoring.models import Mention, Source
from monitoring.services import polling, sources
from responses import services as responses
from responses.enums import PublicationState
from responses.models import Publication, Version
from responses.publishing import publish_due
from responses.redrawing import redraw
from tests.factories.incidents import IncidentFactory
from tests.peers import driving
from tests.peers.driving import eventually, poll, texts
from tests.peers.following import following
from tests.peers.servers import atproto, cutting
from tests.responses.test_media import picture

BLUESKY = NETWORKS["bluesky"]
POSTS = "app.bsky.feed.post"
pytestmark = pytest.mark.django_db
_names = count(1)


@pytest.fixture(autouse=True)
def _loopback_may_be_called(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["localhost", "127.0.0.1"]


@pytest.fixture
def word() -> str:
    """A word that nobody used before: the network lives as long as the run."""
    return f"kaffe{next(_names)}x{int(time.time()) % 100_000}"


@pytest.fixture
def ann(bluesky_network: atproto.Network) -> atproto.Person:
    return bluesky_network.person("ann")


@pytest.fixture
def desk(bluesky_network: atproto.Network) -> atproto.Person:
    """The account that the product is connected to."""
    return bluesky_network.person("fjordkaffe")


@pytest.fixture
def account(
    brand: Brand, chief: User, bluesky_network: atproto.Network, desk: atproto.Person
) -> ConnectedAccount:
    values = {
        "handle": "@" + desk.handle,
        "app_password": desk.app_password(f"desk {next(_names)}"),
        "service": bluesky_network.pds,
    }
    made, _secret = accounts.connect(
        brand, "bluesky", name=f"desk {next(_names)}", values=values, by=chief
    )
    return made


def source_of(account: ConnectedAccount, **wanted: Any) -> Source:
    return driving.source_of(account, sources.configure("bluesky", wanted))


# The connection


def test_the_connection_is_tested(account: ConnectedAccount, chief: User) -> None:
    tried = accounts.test(account, by=chief, now=timezone.now())
    assert tried.probe
    assert tried.probe.account == "@fjordkaffe.test"
    assert Can.SEARCH | Can.STREAM | Can.POST in tried.probe.can


def test_a_wrong_password_is_named(account: ConnectedAccount, chief: User) -> None:
    credentials.store(account, {"app_password": "aaaa-bbbb-cccc-dddd"})
    tried = accounts.test(account, by=chief, now=timezone.now())
    assert tried.unauthorized
    assert "new app password" in str(tried.error)


# Search and notifications


def test_a_search_is_read_once_and_whole(
    bluesky_network: atproto.Network, ann: atproto.Person, account: ConnectedAccount, word: str
) -> None:
    began = datetime.now(UTC)
    for number in range(130):
        claimed = (began - timedelta(seconds=200 - number)).isoformat()
        ann.post(f"{word} number {number}", createdAt=claimed)
    bluesky_network.settle()
    source = poll(source_of(account, what="search", words=[word]))
    assert source.error == ""
    assert len(texts(source)) == 130
    mention = Mention.objects.filter(source_id=source.pk).earliest("published_at")
    assert (mention.network, mention.author, mention.author_id) == ("bluesky", "ann.test", ann.did)
    assert mention.url.startswith("https://bsky.app/profile/ann.test/post/")
    ann.post(f"{word}, one more")
    bluesky_network.settle()
    for _poll in range(3):
        poll(source)
    assert len(texts(source)) == 131


def test_what_lies_about_its_time_its_links_or_its_characters_is_kept_fit_to_show(
    bluesky_network: atproto.Network, ann: atproto.Person, account: ConnectedAccount, word: str
) -> None:
    facet = {
        "index": {"byteStart": 3, "byteEnd": 900},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "javascript:alert(1)"}],
    }
    ann.post(f"{word} link", facets=[facet])
    ann.post(f"{word} future", createdAt="2031-01-01T00:00:00Z")
    ann.post(f"{word} long ago", createdAt="1985-10-26T01:21:00Z")
    bluesky_network.settle()
    source = poll(source_of(account, what="search", words=[word], days=90))
    # What is dated back to before the first day wanted is for the stream alone.
    assert texts(source) == [f"{word} future", f"{word} link"]
    for mention in Mention.objects.filter(source_id=source.pk):
        assert mention.published_at <= timezone.now()
        assert "javascript" not in mention.url


def test_mentions_answers_and_quotes_of_the_account_are_read(
    bluesky_network: atproto.Network,
    ann: atproto.Person,
    desk: atproto.Person,
    account: ConnectedAccount,
    word: str,
) -> None:
    source = poll(source_of(account, what="notifications"))
    before = texts(source)
    ours = desk.post(f"We are open {word}")
    ann.mention(f"@fjordkaffe.test bad {word}", desk)
    ann.post(f"answer {word}", reply={"root": ours, "parent": ours})
    ann.post(f"quote {word}", embed={"$type": "app.bsky.embed.record", "record": ours})
    like = {"$type": "app.bsky.feed.like", "subject": ours, "createdAt": "2026-11-23T09:00:00Z"}
    record = {"repo": ann.did, "collection": "app.bsky.feed.like", "record": like}
    ann.call("com.atproto.repo.createRecord", record)
    bluesky_network.settle()
    poll(source)
    fresh = [text for text in texts(source) if text not in before]
    assert fresh == [f"@fjordkaffe.test bad {word}", f"answer {word}", f"quote {word}"]
    answer = Mention.objects.get(source_id=source.pk, text=f"answer {word}")
    assert answer.parent_id == ours["uri"]
    poll(source)
    assert len(texts(source)) == len(before) + 3


# Tokens and limits


def expired(token: str) -> str:
    """The same token, ended an hour ago and signed by the server's own secret."""
    head, claims, _signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    said |= {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}
    body = f"{head}.{_encoded(json.dumps(said).encode())}"
    signature = hmac.new(atproto.JWT_SECRET.encode(), body.encode(), hashlib.sha256).digest()
    return f"{body}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def session_of(account: ConnectedAccount) -> dict[str, str]:
    account.refresh_from_db()
    session: dict[str, str] = credentials.load(account)["session"]
    return session


def end_session(account: ConnectedAccount) -> str:
    """Keep an access token that has ended in place of the good one; return it."""
    account.refresh_from_db()
    kept = credentials.load(account)
    dead = expired(kept["session"]["access"])
    credentials.store(account, {**kept, "session": {**kept["session"], "access": dead}})
    return dead


def test_a_token_that_ended_is_renewed_and_nothing_is_missed(
    bluesky_network: atproto.Network, ann: atproto.Person, account: ConnectedAccount, word: str
) -> None:
    source = poll(source_of(account, what="search", words=[word]))
    dead = end_session(account)
    ann.post(f"{word} after the end")
    bluesky_network.settle()
    poll(source)
    assert (texts(source), source.error) == ([f"{word} after the end"], "")
    assert session_of(account)["access"] != dead


def test_a_session_that_is_closed_is_opened_again_by_the_app_password(
    bluesky_network: atproto.Network, ann: atproto.Person, account: ConnectedAccount, word: str
) -> None:
    source = poll(source_of(account, what="search", words=[word]))
    first = session_of(account)
    refresh = ("Bearer", first["refresh"])
    atproto.call(bluesky_network.pds, "com.atproto.server.deleteSession", {}, auth=refresh)
    end_session(account)
    ann.post(f"{word} after the end")
    bluesky_network.settle()
    poll(source)
    assert (texts(source), source.error) == ([f"{word} after the end"], "")
    assert session_of(account)["refresh"] != first["refresh"]


def test_a_revoked_app_password_stops_the_source_and_a_new_one_goes_on(
    bluesky_network: atproto.Network,
    ann: atproto.Person,
    desk: atproto.Person,
    account: ConnectedAccount,
    chief: User,
    word: str,
) -> None:
    source = poll(source_of(account, what="search", words=[word]))
    for each in desk.call("com.atproto.server.listAppPasswords")["passwords"]:
        desk.call("com.atproto.server.revokeAppPassword", {"name": each["name"]})
    end_session(account)
    ann.post(f"{word} while nobody listened")
    bluesky_network.settle()
    poll(source)
    assert "new app password" in source.error
    assert source.stopped_at
    values = {**account.config, "app_password": desk.app_password(f"new {next(_names)}")}
    now = timezone.now()
    accounts.change(account.pk, name=account.name, values=values, by=chief, now=now)
    polling.claim_due(now=timezone.now())
    poll(source)
    assert (texts(source), source.error) == ([f"{word} while nobody listened"], "")


def test_a_server_that_rations_is_waited_for_as_long_as_it_says(
    tmp_path: Path, brand: Brand, chief: User
) -> None:
    """Its own limiter: signing in is allowed thirty times in five minutes."""
    with atproto.pds_alone(tmp_path, rateLimitsEnabled=True) as network:
        desk = network.person("fjordkaffe")
        values = {"handle": desk.handle, "app_password": "wrong", "service": network.pds}
        account, _secret = accounts.connect(
            brand, "bluesky", name="rationed", values=values, by=chief
        )
        for _attempt in range(40):
            tried = accounts.test(account, by=chief, now=timezone.now())
            if not tried.unauthorized:
                break
        assert "too often" in str(tried.error)
        source = source_of(account, what="notifications")
        poll(source)
        assert "too often" in source.error
        assert source.next_poll_at
        assert timedelta(seconds=10) < source.next_poll_at - timezone.now() <= timedelta(minutes=6)


# The stream


def follow(bluesky_network: atproto.Network, account: ConnectedAccount, *words: str) -> Source:
    return source_of(
        account, what="stream", words=list(words), stream=bluesky_network.firehose, days=0
    )


def heard(source: Source) -> bool:
    """Whether a follower has connected: it gives a sign of life then."""
    return Source.objects.get(pk=source.pk).succeeded_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_follower_that_is_killed_again_and_again_misses_and_doubles_nothing(
    bluesky_network: atproto.Network, ann: atproto.Person, account: ConnectedAccount, word: str
) -> None:
    source = follow(bluesky_network, account, word)
    expected = []
    for life in range(3):
        with following(allow="localhost"):
            eventually(lambda: heard(source))
            expected += [ann.post(f"{word} {life}.{n}")["uri"] for n in range(20)]
            eventually(lambda: f"{word} {life}.5" in texts(source))  # noqa: B023
        # Killed by SIGKILL in the middle; and what comes while nobody follows:
        expected += [ann.post(f"{word} {life}.{n} alone")["uri"] for n in range(5)]
    mentions = Mention.objects.filter(source_id=source.pk)
    with following(allow="localhost"):
        eventually(lambda: mentions.count() >= len(expected))
        time.sleep(1.5)
    assert sorted(mentions.values_list("external_id", flat=True)) == sorted(expected)


@pytest.mark.django_db(transaction=True)
def test_edits_deletions_and_accounts_that_leave_are_followed(
    bluesky_network: atproto.Network, account: ConnectedAccount, word: str
) -> None:
    source = follow(bluesky_network, account, word)
    eve = bluesky_network.person(f"eve{next(_names)}")
    with following(allow="localhost"):
        eventually(lambda: heard(source))
        first, second, third = (eve.post(f"{word} {name}") for name in ("one", "two", "three"))
        eve.post(f"{word} NUL \0 inside")
        whole = [f"{word} NUL  inside", f"{word} one", f"{word} three", f"{word} two"]
        eventually(lambda: texts(source) == whole)
        eve.edit(first["uri"], f"{word} one, edited")
        eve.edit(second["uri"], "of something else now")
        eve.delete(third["uri"])
        left = [f"{word} NUL  inside", f"{word} one, edited"]
        eventually(lambda: texts(source) == left)
        eve.call("com.atproto.server.deactivateAccount", {})
        eventually(lambda: texts(source) == [])
        eve.call("com.atproto.server.activateAccount", {})
        eventually(lambda: texts(source) == left)
        bluesky_network.take_down(eve, applied=True)
        eventually(lambda: texts(source) == [])
        bluesky_network.take_down(eve, applied=False)
        eventually(lambda: texts(source) == left)
    assert Mention.objects.get(external_id=third["uri"]).text == ""


@pytest.mark.django_db(transaction=True)
def test_a_place_that_the_server_does_not_know_is_a_gap_that_is_searched(
    bluesky_network: atproto.Network, ann: atproto.Person, account: ConnectedAccount, word: str
) -> None:
    source = follow(bluesky_network, account, word)
    missed = ann.post(f"{word} missed", createdAt=datetime.now(UTC).isoformat())
    bluesky_network.settle()
    heard_last = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    Source.objects.filter(pk=source.pk).update(cursor={"seq": 10**12, "at": heard_last})
    with following(allow="localhost"):
        eventually(lambda: f"{word} missed" in texts(source))
        ann.post(f"{word} live")
        eventually(lambda: texts(source) == [f"{word} live", f"{word} missed"])
        # Until something happens on the stream, nobody can say where it stands.
        ann.post("of something else")
        eventually(lambda: 0 < Source.objects.get(pk=source.pk).cursor.get("seq", 0) < 10**12)
    assert missed["uri"] in Mention.objects.values_list("external_id", flat=True)


def test_a_server_that_no_longer_goes_back_so_far_is_a_gap(tmp_path: Path) -> None:
    with atproto.pds_alone(tmp_path, repoBackfillLimitMs=500) as network:
        ann = network.person("ann")
        ann.post("long ago")
        time.sleep(1)
        ann.post("just now")
        wanted = {"what": "stream", "stream": network.firehose, "match": True}
        assert BLUESKY.streamer
        lost = BLUESKY.streamer(Connection({}), wanted)
        with pytest.raises(CursorLost, match="missing"):
            next(lost.stream({"seq": 1, "at": "2026-11-01T00:00:00Z"}, stop=lambda: False))
        # Whoever asks for all there is gets what there is.
        whole = BLUESKY.streamer(Connection({}), wanted)
        assert next(whole.stream({"seq": 0}, stop=lambda: False)).posts[-1].text == "just now"


# Look-ups


def test_what_became_of_posts_is_found_out_by_asking(
    bluesky_network: atproto.Network, account: ConnectedAccount, word: str
) -> None:
    zoe = bluesky_network.person(f"zoe{next(_names)}")
    gus = bluesky_network.person(f"gus{next(_names)}")
    stays, goes, edited = (zoe.post(f"{word} {name}")["uri"] for name in ("a", "b", "c"))
    away = gus.post(f"{word} away")["uri"]
    zoe.delete(goes)
    zoe.edit(edited, f"{word} edited")
    gus.call("com.atproto.server.deactivateAccount", {})
    bluesky_network.settle()
    assert BLUESKY.looker
    from connectors import connections

    looker = BLUESKY.looker(connections.of(account), {})
    batch = looker.look_up([stays, goes, edited, away], now=timezone.now())
    assert {post.external_id: post.text for post in batch.posts} == {
        stays: f"{word} a",
        edited: f"{word} edited",
    }
    assert (batch.gone, batch.authors_gone) == ([goes], [gus.did])


# Publishing


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


def test_a_thread_goes_out_in_order_each_part_in_answer_to_the_one_before(
    desk: atproto.Person, queued: Callable[..., Publication]
) -> None:
    first = queued("Vi beklager.\n[/]\nDrik ikke parti 7.\n[/]\nVi vender tilbage.", thread=True)
    publish_due(now=timezone.now() + timedelta(minutes=1))

    parts = list(Publication.objects.filter(version=first.version).order_by("part"))
    assert [each.state for each in parts] == [PublicationState.SENT] * 3
    posts = {each["uri"]: each["value"] for each in desk.posts()}
    one, two, three = (posts[each.external_id] for each in parts)
    assert (one["text"], three["text"]) == ("Vi beklager. (1/3)", "Vi vender tilbage. (3/3)")
    assert two["reply"]["parent"]["uri"] == three["reply"]["root"]["uri"] == parts[0].external_id
    assert three["reply"]["parent"]["uri"] == parts[1].external_id


def out(desk: atproto.Person, text: str) -> list[dict[str, Any]]:
    """Return the account's posts with this text, as its server keeps them."""
    return [post for post in desk.posts() if post["value"]["text"] == text]


def test_an_approved_text_goes_out_with_its_links(
    desk: atproto.Person, queued: Callable[..., Publication], word: str
) -> None:
    text = f"Vi beklager {word} 🥐. Læs https://fjord.example/glas?a=1 #kaffe @ann.test"
    publication = queued(text)
    publish_due()
    publication.refresh_from_db()
    assert publication.state == PublicationState.SENT, publication.error
    [record] = out(desk, text)
    assert record["uri"] == publication.external_id
    facets = [facet["features"][0] for facet in record["value"]["facets"]]
    assert facets[0]["uri"] == "https://fjord.example/glas?a=1"
    assert publication.url.startswith("https://bsky.app/profile/fjordkaffe.test/post/")


def test_an_approved_image_goes_out_with_its_words(
    bluesky_network: atproto.Network,
    desk: atproto.Person,
    account: ConnectedAccount,
    word: str,
) -> None:
    drawn = [redraw(picture(colour=colour)) for colour in ("red", "blue")]
    images = tuple(
        Picture(each.data, each.media_type, f"{word} nr. {number}", each.width, each.height)
        for number, each in enumerate(drawn, 1)
    )
    message = Message(f"Se mærket {word}.", f"cd-{word}", since=timezone.now(), images=images)
    first = publisher(account).publish(message)
    assert publisher(account).publish(message) == first
    [record] = out(desk, f"Se mærket {word}.")
    shown = record["value"]["embed"]["images"]
    assert [each["alt"] for each in shown] == [f"{word} nr. 1", f"{word} nr. 2"]
    assert shown[0]["aspectRatio"] == {"width": 60, "height": 30}
    kept = [(each["image"]["mimeType"], each["image"]["size"]) for each in shown]
    assert kept == [("image/jpeg", len(each.data)) for each in drawn]
    # Others see it too, as the network's own view tells it.
    bluesky_network.settle()
    thread = desk.call("app.bsky.feed.getPostThread", uri=first.external_id)["thread"]
    seen = thread["post"]["embed"]
    assert seen["$type"] == "app.bsky.embed.images#view"
    assert [each["alt"] for each in seen["images"]] == [f"{word} nr. 1", f"{word} nr. 2"]


def test_an_answer_stands_in_its_thread_and_is_taken_back(
    bluesky_network: atproto.Network,
    ann: atproto.Person,
    desk: atproto.Person,
    account: ConnectedAccount,
    queued: Callable[..., Publication],
    word: str,
) -> None:
    root = ann.post(f"{word} er der glas i min kaffe?")
    asked = ann.post(f"{word} nogen?", reply={"root": root, "parent": root})
    bluesky_network.settle()
    publication = queued(f"Ja, {word}. Drik den ikke.", reply_to={"external_id": asked["uri"]})
    publish_due()
    publication.refresh_from_db()
    assert publication.state == PublicationState.SENT, publication.error
    [record] = out(desk, f"Ja, {word}. Drik den ikke.")
    assert record["value"]["reply"] == {"root": root, "parent": asked}
    bluesky_network.settle()
    thread = ann.call("app.bsky.feed.getPostThread", uri=root["uri"])["thread"]
    [nested] = thread["replies"][0]["replies"]
    assert nested["post"]["uri"] == publication.external_id
    assert BLUESKY.retractor
    from connectors import connections

    retractor = BLUESKY.retractor(connections.of(account))
    retractor.retract(publication.external_id)
    retractor.retract(publication.external_id)
    assert out(desk, f"Ja, {word}. Drik den ikke.") == []


def test_a_lost_answer_is_found_and_a_second_try_makes_one_post(
    bluesky_network: atproto.Network,
    desk: atproto.Person,
    account: ConnectedAccount,
    queued: Callable[..., Publication],
    word: str,
) -> None:
    with cutting.before(bluesky_network.pds.replace("localhost", "127.0.0.1")) as relay:
        account.config["service"] = relay.url
        account.save()
        publication = queued(f"Kun en gang {word}.")
        relay.cuts = {"POST /xrpc/com.atproto.repo.createRecord"}
        publish_due()
        assert relay.lost == ["POST /xrpc/com.atproto.repo.createRecord"]
        publication.refresh_from_db()
        assert publication.state == PublicationState.SENT, "found at once by looking"
        again = Message(
            f"Kun en gang {word}.", publication.idempotency_key, since=publication.created_at
        )
        assert publisher(account).publish(again).external_id == publication.external_id
    assert len(out(desk, f"Kun en gang {word}.")) == 1


@pytest.mark.django_db(transaction=True)
def test_six_at_once_make_one_post(
    desk: atproto.Person, account: ConnectedAccount, word: str
) -> None:
    message = Message(f"Samtidig {word}.", f"cd-race-{word}", since=timezone.now())
    publisher(account).find(message)
    together, receipts = threading.Barrier(6), list[Receipt]()

    def publish() -> None:
        mine = publisher(ConnectedAccount.objects.get(pk=account.pk))
        together.wait()
        receipts.append(mine.publish(message))
        database.close()

    threads = [threading.Thread(target=publish) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 6
    assert len(set(receipts)) == 1
    assert len(out(desk, f"Samtidig {word}.")) == 1


def test_what_the_server_refuses_is_said_and_not_repeated(
    bluesky_network: atproto.Network, account: ConnectedAccount, word: str
) -> None:
    """Lengths as the server counts them: what we let through it takes, too."""
    longest = f"{word} " + "👩‍👩‍👧‍👦" * ((3000 - len(word) - 1) // 25)
    message = Message(longest, f"cd-long-{word}", since=timezone.now())
    assert publisher(account).publish(message).external_id
