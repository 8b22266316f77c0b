"""A text that is too long for a network goes out as a thread: approved part by part, out once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Brand, User
from connectors.base import Message
from connectors.models import ConnectedAccount, SimulatedPost
from connectors.outbox import STALE_AFTER
from connectors.registry import NETWORKS
from core.errors import Conflict, Refused
from incidents.enums_record import FactStatus
from incidents.models import Incident
from incidents.models_facts import Fact
from incidents.services import facts
from incidents.services.facts import Claim
from responses import correcting, live_texts, loops, outside, parting, services, splitting, texts
from responses.enums import DraftState
from responses.models import Draft, Publication, Version
from responses.publishing import publish_due
from responses.services.links import Outsider
from tests.connectors.bluesky_server import OWN, Bluesky, bluesky
from tests.connectors.mastodon_server import ME, Account, mastodon, shape, status
from tests.connectors.mastodon_server import connection as account_of
from tests.connectors.worlds import running
from tests.connectors.worlds.x import X
from tests.factories.connectors import AccountFactory

from .conftest import sha
from .test_kills import POST, SENDING, publish_and_die

SignIn = Callable[[User], Client]
LINK = "https://fjordkaffe.example/recall/batch-7-and-what-to-do-with-it"
LONG = (
    "We are sorry. Batch 7 of our coffee may hold metal.\n\n"
    "Please do not drink it. Bring it back to any shop, kl. 10 to kl. 20, and you get your money"
    f" back. All that is known stands on {LINK} and is kept up to date through the night.\n\n"
    "The next word comes at 16."
)


def fits(most: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= most


# Splitting


def test_it_is_parted_at_paragraphs_then_sentences_then_words_and_never_in_a_link():
    parts = splitting.split([LONG], fits(120))

    assert parts == [
        "We are sorry. Batch 7 of our coffee may hold metal. (1/4)",
        "Please do not drink it. Bring it back to any shop, kl. 10 to kl. 20, and you get your"
        " money back. (2/4)",
        f"All that is known stands on {LINK} and is kept up to (3/4)",
        "date through the night.\n\nThe next word comes at 16. (4/4)",
    ]
    assert all(len(part) <= 120 for part in parts)


@pytest.mark.parametrize("most", [75, 90, 130, 200, 300])
def test_no_word_is_lost_and_each_part_fits(most: int):
    parts = splitting.split([LONG], fits(most))

    said = [part.rpartition(" (")[0] for part in parts]
    assert " ".join(said).split() == LONG.split()
    assert max(len(part) for part in parts) <= most
    assert sum(LINK in part for part in parts) == 1


def test_what_fits_is_no_thread_unless_its_writer_parts_it():
    assert splitting.split(splitting.segments("One. Two."), fits(50)) == []
    assert splitting.split(splitting.segments("One. [F3]\n[/]\nTwo."), fits(50)) == [
        "One. (1/2)",
        "Two. (2/2)",
    ]
    assert texts.public("One. [F3]\n[/]\nTwo. [/] Three.") == "One.\n\nTwo. Three."


def test_a_stretch_without_a_space_and_too_many_parts_are_refused_in_words():
    with pytest.raises(Refused, match="no space"):
        splitting.split(["Read " + "x" * 80], fits(40))
    with pytest.raises(Refused, match="at most 25"):
        splitting.split(["word " * 200], fits(30))


# From the draft to the network

pytestmark = pytest.mark.django_db
HEADED = "\n[/]\n".join(["We are sorry.", "Please do not drink batch 7.", "Next word at 16."])
POSTS = ["We are sorry. (1/3)", "Please do not drink batch 7. (2/3)", "Next word at 16. (3/3)"]


@pytest.fixture
def threaded(draft: Draft) -> Draft:
    """The draft, parted by its writer into three."""
    return services.edit_draft(
        draft.pk,
        text=HEADED,
        thread=True,
        base_version=draft.version,
        by=draft.author,
        now=timezone.now(),
    )


@pytest.fixture
def going(threaded: Draft, alice: User) -> list[Publication]:
    """Approved by alice, with the undo window over."""
    services.submit(threaded.pk, by=threaded.author, now=timezone.now())
    services.approve(threaded.pk, by=alice, sha256=sha(threaded), now=timezone.now())
    Publication.objects.update(publish_at=timezone.now())
    return list(Publication.objects.order_by("part"))


def later(seconds: float = 60.0) -> int:
    return publish_due(now=timezone.now() + timedelta(seconds=seconds))


def states() -> list[str]:
    return list(Publication.objects.order_by("part").values_list("state", flat=True))


def chain_of_posts() -> list[tuple[str, str]]:
    """Each post with the text of the one that it answers, in order."""
    rows = SimulatedPost.objects.order_by("pk").select_related("in_reply_to")
    return [(row.text, row.in_reply_to.text if row.in_reply_to else "") for row in rows]


def failing(account: ConnectedAccount, how: str) -> None:
    account.config = {**account.config, "fail": how}
    account.save()


def test_a_thread_is_approved_as_its_parts_and_goes_out_in_order(going: list[Publication]):
    version = going[0].version
    assert version.parts_for(going[0].account_id) == POSTS
    assert version.sha256 == texts.digest(version.text, version.media, version.parts)
    assert "[/]" not in version.text

    later()

    assert chain_of_posts() == list(zip(POSTS, ["", *POSTS], strict=False))
    assert states() == ["SENT"] * 3
    assert Draft.objects.get().state == DraftState.PUBLISHED


def test_what_follows_a_part_that_failed_waits_and_says_so(
    going: list[Publication], signed_in: SignIn, alice: User
):
    later_parts = Publication.objects.filter(part__gt=1)
    failing(going[0].account, "permanent")
    later()
    assert states() == ["FAILED", "QUEUED", "QUEUED"]
    assert not SimulatedPost.objects.exists()
    page = signed_in(alice).get(f"/i/CD-2026-014/drafts/{going[0].version.draft.number}/")
    assert page.content.decode().count("Waits until the part before it is out.") == 2

    failing(going[0].account, "")
    services.retry(going[0].pk, by=alice, now=timezone.now())
    later()

    assert [text for text, _before in chain_of_posts()] == POSTS
    assert not later_parts.exclude(state="SENT").exists()


def test_an_unsure_part_holds_the_rest_until_it_is_settled(going: list[Publication], alice: User):
    failing(going[0].account, "lost")
    later()
    assert states() == ["UNCERTAIN", "QUEUED", "QUEUED"]

    # Somebody has looked, and does not know its number: nothing can answer it.
    services.settle(going[0].pk, "sent", by=alice, now=timezone.now())
    failing(going[0].account, "")
    later()

    assert states() == ["SENT", "FAILED", "QUEUED"]
    assert Publication.objects.get(part=2).error == "part_unplaced"
    assert not SimulatedPost.objects.exists()


def test_an_answer_that_was_lost_is_found_and_the_thread_goes_on(going: list[Publication]):
    failing(going[0].account, "uncertain")

    later()

    assert [text for text, _before in chain_of_posts()] == POSTS
    assert states() == ["SENT"] * 3


def test_giving_a_part_up_gives_up_what_follows(going: list[Publication], alice: User):
    publish_due(now=timezone.now() + timedelta(seconds=60), limit=1)
    assert states() == ["SENT", "QUEUED", "QUEUED"]

    services.withdraw(going[1].pk, by=alice, now=timezone.now())
    later()

    assert states() == ["SENT", "CANCELLED", "CANCELLED"]
    assert SimulatedPost.objects.count() == 1
    assert Draft.objects.get().state == DraftState.PUBLISHED


def test_a_thread_whose_approval_falls_half_way_goes_on_once_approved_anew(
    going: list[Publication], alice: User, bob: User, brand: Brand
):
    publish_due(now=timezone.now() + timedelta(seconds=60), limit=1)
    approval = going[0].version.approvals.get()
    approval.expires_at = timezone.now() - timedelta(seconds=1)
    approval.save()
    later()
    assert states() == ["SENT", "CANCELLED", "CANCELLED"]
    draft = Draft.objects.get()
    assert draft.state == DraftState.SUBMITTED

    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())
    later()

    assert chain_of_posts() == list(zip(POSTS, ["", *POSTS], strict=False))


def test_a_change_half_way_posts_nothing_of_another_version_there(
    going: list[Publication], alice: User
):
    publish_due(now=timezone.now() + timedelta(seconds=60), limit=1)
    draft = going[0].version.draft
    services.edit_draft(
        draft.pk, text="Other words.", base_version=2, by=draft.author, now=timezone.now()
    )

    assert states() == ["SENT", "CANCELLED", "CANCELLED"]
    with pytest.raises(Refused, match="gone out through all"):
        services.submit(draft.pk, by=draft.author, now=timezone.now())


def test_networks_without_threads_get_the_whole_text(
    threaded: Draft, brand: Brand, account: ConnectedAccount
):
    feed = AccountFactory.create(brand=brand, network="linkedin", name="Fjord Kaffe")
    services.set_accounts(
        threaded.pk, account_ids=[account.pk, feed.pk], by=threaded.author, now=timezone.now()
    )

    version = Version.objects.order_by("-number")[0]

    assert version.parts_for(feed.pk) == []
    assert version.parts_for(account.pk) == POSTS


def test_what_cannot_be_parted_can_be_saved_but_not_handed_in(threaded: Draft, brand: Brand):
    sky = AccountFactory.create(brand=brand, network="bluesky", name="@fjord")
    services.edit_draft(
        threaded.pk,
        text="x" * 400,
        base_version=threaded.version,
        account_ids=[sky.pk],
        by=threaded.author,
        now=timezone.now(),
    )

    with pytest.raises(Refused, match="no space"):
        services.submit(threaded.pk, by=threaded.author, now=timezone.now())


# What the database refuses


def refused(constraint: str, sql: str, *values: object) -> None:
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)
    assert caught.value.__cause__.diag.constraint_name == constraint


def test_no_part_leaves_before_the_one_that_it_answers(going: list[Publication]):
    sending = "UPDATE responses_publication SET state = 'SENDING' WHERE part = %s"
    refused("parts_in_order", sending, 2)
    later(60)
    assert states() == ["SENT"] * 3


def test_only_the_approved_parts_can_be_queued_and_none_becomes_another(going: list[Publication]):
    raw = (
        "INSERT INTO responses_publication (version_id, account_id, part, state, sha256,"
        " idempotency_key, reply_to, publish_at, attempts, external_id, url, error, created_at)"
        " VALUES (%s, %s, 4, 'QUEUED', %s, 'raw', '', now(), 0, '', '', '', now())"
    )
    first = going[0]
    refused("approved_bytes_only", raw, first.version_id, first.account_id, first.sha256)
    refused("publication_is_bound", "UPDATE responses_publication SET part = 4 WHERE part = 3")
    refused("version_is_final", "UPDATE responses_version SET parts = ''")


def test_the_digest_is_of_the_parts_too(threaded: Draft):
    other = parting.listed({7: ["Something else. (1/1)"]})
    latest = threaded.versions.get(number=threaded.version)

    for digest, constraint in (
        (latest.sha256, "version_digest"),
        (texts.digest(latest.text, ""), "version_digest"),
    ):
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            Version.objects.create(
                draft=threaded,
                number=9,
                text=latest.text,
                parts=other,
                sha256=digest,
                editor=threaded.author,
                created_at=timezone.now(),
            )
        assert caught.value.__cause__.diag.constraint_name == constraint


# What stands can be changed


def test_a_thread_is_taken_down_whole(going: list[Publication], alice: User, bob: User):
    later()
    draft = services.start_removal(going[1].pk, by=bob, now=timezone.now())
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())
    later(120)

    assert not SimulatedPost.objects.exists()
    assert not Publication.objects.filter(version=going[0].version, gone_at=None).exists()
    draft.refresh_from_db()
    assert draft.state == DraftState.PUBLISHED


def test_a_thread_that_is_still_going_out_is_not_taken_down(going: list[Publication], bob: User):
    publish_due(now=timezone.now() + timedelta(seconds=60), limit=1)

    with pytest.raises(Conflict, match="still on their way"):
        services.start_removal(going[0].pk, by=bob, now=timezone.now())


def test_one_post_of_a_thread_is_edited_by_itself(
    going: list[Publication], alice: User, bob: User, incident: Incident
):
    later()
    draft = services.start_edit(going[1].pk, by=bob, now=timezone.now())
    assert draft.versions.get().text == POSTS[1]
    services.edit_draft(
        draft.pk, text="Not batch 8. (2/3)", base_version=1, by=bob, now=timezone.now()
    )
    services.submit(draft.pk, by=bob, now=timezone.now())
    draft.refresh_from_db()
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())
    later(120)

    stands = [POSTS[0], "Not batch 8. (2/3)", POSTS[2]]
    assert list(SimulatedPost.objects.order_by("pk").values_list("text", flat=True)) == stands
    assert [said.text for said in live_texts.published(incident)] == stands


def test_a_withdrawn_fact_lights_a_thread_up_once(threaded: Draft, alice: User, incident: Incident):
    claim = Claim("Batch 7 is bad", FactStatus.VERIFIED, "Lab")
    fact = facts.add_fact(incident.pk, claim, by=alice, now=timezone.now())
    services.edit_draft(
        threaded.pk,
        text=HEADED.replace("7.", "7. [F1]"),
        base_version=threaded.version,
        by=threaded.author,
        now=timezone.now(),
    )
    services.submit(threaded.pk, by=threaded.author, now=timezone.now())
    threaded.refresh_from_db()
    services.approve(threaded.pk, by=alice, sha256=sha(threaded), now=timezone.now())
    later()
    Fact.objects.filter(pk=fact.pk).update(status=FactStatus.WITHDRAWN)

    [(row, numbers)] = correcting.to_correct(incident.pk)

    assert (row.part, numbers) == (1, [1])


# Kills


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", [(POST, 1, "after"), (SENDING, 2, "after")])
def test_killed_between_two_parts_none_is_out_twice_and_none_unsaid(
    going: list[Publication], point: tuple[str, int, str]
):
    publish_due(now=timezone.now() + timedelta(seconds=1), limit=1)
    assert states() == ["SENT", "QUEUED", "QUEUED"]

    publish_and_die(*point)
    assert SimulatedPost.objects.count() < 3

    for after in (timedelta(), STALE_AFTER, STALE_AFTER + timedelta(seconds=10)):
        publish_due(now=timezone.now() + after)

    assert chain_of_posts() == list(zip(POSTS, ["", *POSTS], strict=False))
    assert states() == ["SENT"] * 3


# Networks


def test_on_bluesky_each_part_answers_the_one_before_from_our_own_server(settings: object):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with bluesky() as served:
        _three_on_bluesky(served)


def _three_on_bluesky(served: Bluesky) -> None:
    publisher = served.publisher()
    first = publisher.publish(Message("One (1/3)", "k1"))
    # What all of Bluesky shows is behind what our own server has.
    served.hidden_authors.add(OWN)
    second = publisher.publish(
        Message("Two (2/3)", "k2", reply_to=first.external_id, continues=True)
    )
    third = publisher.publish(
        Message("Three (3/3)", "k3", reply_to=second.external_id, continues=True)
    )

    reply = served.posts[third.external_id]["reply"]
    assert reply["root"]["uri"] == first.external_id
    assert reply["parent"]["uri"] == second.external_id
    assert not [call for call in served.peer.calls if "getPosts" in call.path]


def test_on_x_a_thread_asks_nobodys_leave(settings: object):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(X()) as world:
        publisher = NETWORKS["x"].publisher(world.connection())
        first = publisher.publish(Message("One (1/2)", "k1"))
        second = publisher.publish(
            Message("Two (2/2)", "k2", reply_to=first.external_id, continues=True)
        )

        assert world.published[second.external_id]["reply_to"] == first.external_id


def test_on_mastodon_a_part_does_not_address_its_own_author(settings: object):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with mastodon() as server:
        own = Account(server, keys=True)
        publisher = NETWORKS["mastodon"].publisher(account_of(server))
        first = publisher.publish(Message("One (1/2)", "k1"))
        before = status(int(first.external_id), "One", account=ME)
        server.answers[f"/api/v1/statuses/{first.external_id}"] = shape(before)
        publisher.publish(Message("Two (2/2)", "k2", reply_to=first.external_id, continues=True))

        said = own.sent[1]
        assert (said["status"], said["in_reply_to_id"]) == ("Two (2/2)", first.external_id)


# A restored copy


def test_a_restored_copy_leaves_the_rest_of_a_thread_to_a_person(going: list[Publication]):
    loops.look_for_what_waited(timezone.now())

    assert states() == ["SENDING", "FAILED", "FAILED"]
    assert {row.error for row in Publication.objects.filter(part__gt=1)} == {"part_of_restored"}


# Pages and API


def test_the_composer_shows_the_parts_while_one_types(
    draft: Draft, account: ConnectedAccount, signed_in: SignIn, bob: User
):
    form = {"text": HEADED, "accounts": account.pk}
    address = f"/i/CD-2026-014/drafts/{draft.number}/preview/"

    whole = signed_in(bob).post(address, form).content.decode()
    parted = signed_in(bob).post(address, {**form, "thread": "on"}).content.decode()

    assert "(1/3)" not in whole
    assert all(post in parted for post in POSTS)
    assert "3 posts" in parted


def test_the_composer_keeps_what_others_ticked(draft: Draft, signed_in: SignIn, bob: User):
    page = f"/i/CD-2026-014/drafts/{draft.number}/"
    form = {"title": "T", "text": HEADED, "base": 1, "was_title": "T", "was_accounts": ""}
    signed_in(bob).post(page, {**form, "thread": "on", "was_thread": ""})
    assert Draft.objects.get().thread

    signed_in(bob).post(page, {**form, "base": 2, "was_thread": ""})

    assert Draft.objects.get().thread


def test_who_approves_reads_every_part_with_and_without_an_account(
    threaded: Draft, signed_in: SignIn, alice: User
):
    services.submit(threaded.pk, by=threaded.author, now=timezone.now())
    page = signed_in(alice).get(f"/approvals/CD-2026-014/{threaded.number}/")
    link = services.ask_outside(
        threaded.pk, Outsider("Carol", "", "", 4), by=alice, now=timezone.now()
    )

    beyond = Client().get(outside.address(link))

    for answer in (page, beyond):
        assert answer.status_code == 200
        assert all(post in answer.content.decode() for post in POSTS)
        assert "Digest of all that goes out" in answer.content.decode()


def test_threads_over_the_api(
    incident: Incident, account: ConnectedAccount, signed_in: SignIn, bob: User, alice: User
):
    caller = signed_in(bob)
    json = {"content_type": "application/json"}
    new = {"incident": incident.reference, "title": "T", "text": HEADED, "accounts": [account.pk]}
    looked = caller.post(
        f"/api/v1/incidents/{incident.reference}/previews/",
        {"text": HEADED, "accounts": [account.pk], "thread": True},
        **json,
    ).json()
    assert [part["text"] for part in looked[0]["parts"]] == POSTS

    made = caller.post("/api/v1/drafts/", {**new, "thread": True}, **json).json()
    assert made["parts"] == [{"account": account.pk, "texts": POSTS}]
    plain = caller.patch(
        f"/api/v1/drafts/{made['id']}/", {"base_version": 1, "thread": False}, **json
    ).json()
    assert (plain["parts"], plain["thread"], plain["version"]) == ([], False, 2)
    caller.patch(f"/api/v1/drafts/{made['id']}/", {"base_version": 2, "thread": True}, **json)
    done = caller.post(f"/api/v1/drafts/{made['id']}/submit/", {}, **json).json()
    services.approve(made["id"], by=alice, sha256=done["sha256"], now=timezone.now())
    later()

    rows = caller.get(f"/api/v1/publications/?draft={made['id']}").json()["results"]
    assert [(row["part"], row["parts"], row["text"], row["state"]) for row in rows[::-1]] == [
        (at, 3, post, "SENT") for at, post in enumerate(POSTS, 1)
    ]
