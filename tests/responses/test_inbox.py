"""The inbox: what comes in and goes, whose it is, deadlines that hand on."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden, Refused
from incidents.enums import State
from incidents.models import Incident
from monitoring.enums import Sentiment
from monitoring.models import Mention
from monitoring.models_triage import MentionState
from notifications.models import Notice
from responses import people, selectors_engage, services
from responses.enums import PublicationState
from responses.enums_engage import CameBy, ConversationState
from responses.models import Publication
from responses.models_engage import Conversation, ConversationMessage, EngageSettings
from responses.publishing import publish_due
from responses.services.approving import UNDO_WINDOW
from responses.services.engage import due, intake, leaving, settings, working
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory, ShiftFactory
from tests.factories.monitoring import SourceFactory, mention
from tests.threads import together

from .conftest import sha
from .engaging import asked, linked

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now


def out(incident: Incident, account: ConnectedAccount, bob: User, alice: User, **more: Any):
    """Something of ours that is out."""
    made = services.create_draft(
        incident.pk, title="T", text="Sorry.", by=bob, account_ids=[account.pk], now=NOW(), **more
    )
    services.submit(made.pk, by=bob, now=NOW())
    services.approve(made.pk, by=alice, sha256=sha(made), now=NOW())
    publish_due(now=NOW() + UNDO_WINDOW)
    return Publication.objects.get(version__draft=made, state=PublicationState.SENT)


@pytest.fixture
def ours(incident: Incident, account: ConnectedAccount, bob: User, alice: User) -> Publication:
    return out(incident, account, bob, alice)


# What comes in


def test_what_is_linked_comes_in_once_an_author_and_thread(incident: Incident):
    first = linked(incident, author="ida", parent_id="thread-1")
    linked(incident, author="ida", parent_id="thread-1")
    linked(incident, author="ida", parent_id="thread-2")
    linked(incident, author="jens", parent_id="thread-1")
    intake.take_in(now=NOW())
    intake.take_in(now=NOW())
    assert Conversation.objects.count() == 3
    both = Conversation.objects.get(messages__mention_id=first.pk)
    assert (both.messages_count, both.messages.count()) == (2, 2)
    assert both.came_by == CameBy.LINKED
    assert both.due_at is not None


def test_nobodys_name_or_words_are_kept(incident: Incident):
    row = asked(incident, now=NOW(), author="ida", author_id="did:plc:ida", text="My child is ill")
    kept = str(Conversation.objects.filter(pk=row.pk).values().get())
    assert "ida" not in kept
    assert "child" not in kept


def test_a_newspaper_is_not_answered(incident: Incident):
    paper = SourceFactory.create(brand=incident.brand, kind="feed")
    linked(incident, source_id=paper.pk)
    intake.take_in(now=NOW())
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("state", [State.RESOLVED])
def test_nothing_comes_into_what_is_over(incident: Incident, state: State):
    linked(incident)
    Incident.objects.update(state=state)
    intake.take_in(now=NOW())
    assert not Conversation.objects.exists()


def test_what_answers_us_comes_in_by_itself(incident: Incident, ours: Publication):
    post = mention(incident.brand, network="simulator", parent_id=ours.external_id)
    mention(incident.brand, network="simulator", parent_id="somebody-elses")
    intake.take_in(now=NOW())
    row = Conversation.objects.get()
    assert (row.mention_id, row.came_by) == (post.pk, CameBy.REPLY)


def test_what_arrives_late_with_a_smaller_number_is_found(incident: Incident, ours: Publication):
    """Numbers are given before the commit: a slow one may come in behind a quick one."""
    late = mention(incident.brand, parent_id=ours.external_id, author="late")
    Mention.objects.filter(pk=late.pk).update(parent_id="")
    mention(incident.brand, parent_id=ours.external_id, author="quick")
    intake.take_in(now=NOW())
    assert Conversation.objects.count() == 1
    Mention.objects.filter(pk=late.pk).update(parent_id=ours.external_id)
    intake.take_in(now=NOW())
    assert Conversation.objects.count() == 2


def test_what_answers_another_brand_stays_out(
    incident: Incident, ours: Publication, other_brand: Brand
):
    mention(other_brand, parent_id=ours.external_id)
    IncidentFactory.create(brand=other_brand, reference="CD-2026-099")
    intake.take_in(now=NOW())
    assert not Conversation.objects.exists()


def test_what_triage_wants_answered_comes_into_the_latest_open_incident(
    incident: Incident, brand: Brand
):
    post = mention(brand)
    values = {"brand": brand, "mention_id": post.pk, "published_at": post.published_at}
    row = MentionState.objects.create(**values, state="doing", course="monitor", at=NOW())
    intake.take_in(now=NOW())
    assert not Conversation.objects.exists()
    row.course = "answer"
    row.save()
    private = IncidentFactory.create(brand=brand, is_private=True, reference="CD-2026-098")
    intake.take_in(now=NOW())
    assert Conversation.objects.get().incident == incident
    assert Conversation.objects.get().incident != private


def test_our_own_posts_are_no_conversation(incident: Incident, ours: Publication):
    linked(incident, external_id=ours.external_id)
    linked(incident, external_id="theirs")
    intake.take_in(now=NOW())
    assert Conversation.objects.count() == 1


def test_they_write_again_and_it_is_our_turn_anew(incident: Incident):
    row = asked(incident, now=NOW(), author="ida", external_id="a")
    leaving.answered(row.pk, at=NOW())
    row.refresh_from_db()
    assert (row.state, row.due_at) == (ConversationState.WAITING, None)
    post = mention(
        incident.brand, network="simulator", source_id=7, author="ida", parent_id="a",
        published_at=NOW() + timedelta(seconds=1),
    )  # fmt: skip
    intake.take_in(now=NOW())
    row.refresh_from_db()
    assert (row.state, row.mention_id) == (ConversationState.OPEN, post.pk)
    # The next reply has the next reply's time.
    assert row.due_at - row.due_since == timedelta(minutes=120)


def test_who_is_left_alone_stays_so_when_they_write_again(incident: Incident, bob: User):
    row = asked(incident, now=NOW(), author="troll", external_id="a")
    to = working.Move(ConversationState.IGNORED, "Lives off it")
    working.move(incident.pk, [row.pk], to, by=bob, now=NOW())
    mention(
        incident.brand, source_id=7, author="troll", parent_id="a",
        published_at=NOW() + timedelta(seconds=1),
    )  # fmt: skip
    intake.take_in(now=NOW())
    row.refresh_from_db()
    assert (row.state, row.messages_count, row.due_at) == (ConversationState.IGNORED, 2, None)


@pytest.mark.django_db(transaction=True)
def test_two_engines_take_in_the_same_once(incident: Incident):
    for n in range(30):
        linked(incident, author=f"a{n % 10}", parent_id="t")
    together(*[partial(intake.take_in, now=NOW())] * 4)
    assert Conversation.objects.count() == 10
    assert ConversationMessage.objects.count() == 30
    assert {row.messages_count for row in Conversation.objects.all()} == {3}


# What goes


def test_what_was_taken_away_leaves_the_inbox_at_once(
    incident: Incident, bob: User, signed_in: SignIn
):
    row = asked(incident, now=NOW(), author="ida", text="My secret words")
    page = f"/i/{incident.reference}/engage/"
    assert "My secret words" in signed_in(bob).get(page).text
    Mention.objects.update(gone_at=NOW(), text="", author="")
    assert signed_in(bob).get(f"{page}{row.pk}/").status_code == 404
    assert '<li class="engage-row' not in signed_in(bob).get(page).text
    assert leaving.let_go(now=NOW()) == 1
    row.refresh_from_db()
    assert (row.due_at, row.gone_at is None) == (None, False)
    assert leaving.let_go(now=NOW()) == 0


def test_of_several_messages_the_latest_that_stands_is_shown(incident: Incident):
    first = linked(incident, author="ida", parent_id="t")
    last = linked(incident, author="ida", parent_id="t")
    intake.take_in(now=NOW())
    Mention.objects.filter(pk=last.pk).update(gone_at=NOW())
    leaving.let_go(now=NOW())
    row = Conversation.objects.get()
    assert (row.mention_id, row.messages_count, row.gone_at) == (first.pk, 1, None)


# Whose it is


def test_a_claim_keeps_others_off_until_it_ends(incident: Incident, alice: User, bob: User):
    row = asked(incident, now=NOW())
    claimed = working.claim(row.pk, by=bob, now=NOW())
    assert (claimed.assignee, claimed.claimed_by) == (bob, bob)
    with pytest.raises(Conflict, match="Bob Berg is answering this right now"):
        working.claim(row.pk, by=alice, now=NOW())
    with pytest.raises(Conflict, match="Bob Berg"):
        working.assign(incident.pk, [row.pk], alice, by=alice, now=NOW())
    later = NOW() + working.CLAIM + timedelta(seconds=1)
    assert working.claim(row.pk, by=alice, now=later).claimed_by == alice
    # Whose it is stays: to answer once is not to own.
    assert Conversation.objects.get().assignee == bob


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_claim_at_once_one_has_it(incident: Incident, brand: Brand):
    row = asked(incident, now=NOW())
    crowd = [UserFactory.create() for _ in range(10)]
    for each in crowd:
        MembershipFactory.create(user=each, brand=brand, role=Role.RESPONDER)
    claims = [partial(working.claim, row.pk, by=each, now=NOW()) for each in crowd]
    outcomes = together(*claims, bearing=Conflict)
    won = [
        user.pk for user, out in zip(crowd, outcomes, strict=True) if isinstance(out, Conversation)
    ]
    assert won == [Conversation.objects.get().claimed_by_id]


def test_who_may_not_answer_changes_nothing(
    incident: Incident, olga: User, charlie: User, signed_in: SignIn
):
    row = asked(incident, now=NOW())
    with pytest.raises(Forbidden):
        working.claim(row.pk, by=olga, now=NOW())
    page = f"/i/{incident.reference}/engage/"
    assert signed_in(olga).get(page).status_code == 200
    for address in (page, f"{page}{row.pk}/"):
        assert signed_in(olga).post(address, {"do": "claim"}).status_code == 403
        assert signed_in(charlie).get(address).status_code == 404
        assert signed_in(charlie).post(address, {"do": "claim"}).status_code == 404
    row.refresh_from_db()
    assert row.claimed_by is None


def test_a_private_incidents_inbox_is_its_members_alone(
    incident: Incident, bob: User, signed_in: SignIn
):
    row = asked(incident, now=NOW())
    Incident.objects.update(is_private=True)
    assert signed_in(bob).get(f"/i/{incident.reference}/engage/{row.pk}/").status_code == 404


def test_it_is_given_only_to_who_sees_and_answers(
    incident: Incident, bob: User, olga: User, charlie: User
):
    row = asked(incident, now=NOW())
    for person in (olga, charlie):
        with pytest.raises(Refused, match="cannot answer"):
            working.assign(incident.pk, [row.pk], person, by=bob, now=NOW())


def test_many_are_done_at_once_but_not_what_others_have_in_hand(
    incident: Incident, alice: User, bob: User
):
    rows = [asked(incident, now=NOW(), author=f"p{n}") for n in range(4)]
    strange = asked(IncidentFactory.create(reference="CD-2026-077"), now=NOW())
    working.claim(rows[0].pk, by=alice, now=NOW())
    ids = [*(row.pk for row in rows), strange.pk]
    to = working.Move(ConversationState.SOLVED)
    assert working.move(incident.pk, ids, to, by=bob, now=NOW()) == working.Outcome(3, 2)
    states = list(Conversation.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["OPEN", "SOLVED", "SOLVED", "SOLVED", "OPEN"]


def test_leaving_somebody_alone_needs_a_reason(incident: Incident, bob: User):
    row = asked(incident, now=NOW())
    with pytest.raises(Refused, match="Say why"):
        working.move(
            incident.pk, [row.pk], working.Move(ConversationState.IGNORED, " "), by=bob, now=NOW()
        )


def test_what_changed_since_it_was_shown_is_not_overwritten(
    incident: Incident, alice: User, bob: User
):
    row = asked(incident, now=NOW())
    seen = row.version
    working.assign(incident.pk, [row.pk], alice, by=alice, now=NOW())
    to = working.Move(ConversationState.SOLVED, seen=seen)
    with pytest.raises(Conflict, match="Look again"):
        working.move(incident.pk, [row.pk], to, by=bob, now=NOW())


# Deadlines


def test_the_sooner_of_severity_and_network_counts(brand: Brand):
    kept = EngageSettings(brand=brand, networks={"x": [15, 0]})
    assert due.period(kept, 2, "x", first=True) == timedelta(minutes=15)
    assert due.period(kept, 2, "x", first=False) == timedelta(minutes=120)
    assert due.period(kept, 2, "bluesky", first=True) == timedelta(minutes=60)
    kept.times["2"] = [0, 0]
    assert due.period(kept, 2, "bluesky", first=True) is None


@pytest.fixture
def rota(brand: Brand, alice: User, bob: User) -> list[User]:
    now = NOW()
    for user in (alice, bob):
        ShiftFactory.create(
            brand=brand, user=user, starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=9),
        )  # fmt: skip
    return [alice, bob]


def test_what_nobody_answers_in_time_goes_to_the_next(
    incident: Incident, rota: list[User], alice: User, bob: User
):
    row = asked(incident, now=NOW())
    working.assign(incident.pk, [row.pk], alice, by=alice, now=NOW())
    assert due.act_on_due(now=row.due_at - timedelta(seconds=1)) == 0
    assert due.act_on_due(now=row.due_at) == 1
    again = Conversation.objects.get()
    assert (again.assignee, again.late_at) == (bob, row.due_at)
    assert again.due_at > row.due_at
    kinds = set(Notice.objects.values_list("user__name", "kind"))
    assert kinds == {
        ("Alice Andersen", "responses.replies_gone"),
        ("Bob Berg", "responses.replies_yours"),
    }
    # Round and round, and late since the first time.
    due.act_on_due(now=again.due_at)
    assert Conversation.objects.get().assignee == alice
    assert Conversation.objects.get().late_at == row.due_at


def test_with_nobody_else_on_duty_it_is_nobodys_and_somebody_hears_of_it(
    incident: Incident, alice: User
):
    row = asked(incident, now=NOW())
    working.assign(incident.pk, [row.pk], alice, by=alice, now=NOW())
    due.act_on_due(now=row.due_at)
    assert Conversation.objects.get().assignee is None
    assert Notice.objects.filter(kind="responses.replies_gone", user=alice).exists()


@pytest.mark.parametrize("state", [ConversationState.SOLVED, ConversationState.IGNORED])
def test_solved_stops_the_clock_and_taking_up_again_starts_it(
    incident: Incident, bob: User, state: ConversationState
):
    row = asked(incident, now=NOW())
    until = row.due_at
    working.move(incident.pk, [row.pk], working.Move(state, "why"), by=bob, now=NOW())
    assert due.act_on_due(now=until + timedelta(days=1)) == 0
    assert not Notice.objects.exists()
    working.move(incident.pk, [row.pk], working.Move(ConversationState.OPEN), by=bob, now=NOW())
    assert Conversation.objects.get().due_at > until


def test_nothing_is_taken_out_of_the_hands_of_who_is_writing(
    incident: Incident, rota: list[User], alice: User
):
    row = asked(incident, now=NOW())
    working.claim(row.pk, by=alice, now=row.due_at - timedelta(minutes=1))
    due.act_on_due(now=row.due_at)
    again = Conversation.objects.get()
    assert (again.assignee, again.due_at) == (alice, again.claimed_until)
    due.act_on_due(now=again.due_at + timedelta(seconds=1))
    assert Conversation.objects.get().assignee != alice


def test_deadlines_end_with_their_incident(incident: Incident, rota: list[User]):
    row = asked(incident, now=NOW())
    Incident.objects.update(state=State.RESOLVED)
    due.act_on_due(now=row.due_at)
    again = Conversation.objects.get()
    assert (again.due_at, again.assignee) == (None, None)
    assert not Notice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_engines_hand_on_once_and_solving_races_with_it(
    incident: Incident, rota: list[User], bob: User
):
    rows = [asked(incident, now=NOW(), author=f"p{n}") for n in range(20)]
    at = max(row.due_at or NOW() for row in rows)
    half = [row.pk for row in rows[:10]]
    hand_on = partial(due.act_on_due, now=at)
    solving = working.Move(ConversationState.SOLVED)
    together(hand_on, hand_on, partial(working.move, incident.pk, half, solving, by=bob, now=at))
    due.act_on_due(now=at)
    solved = Conversation.objects.filter(state=ConversationState.SOLVED)
    assert solved.count() == 10
    assert not solved.exclude(due_at=None).exists()
    left = Conversation.objects.exclude(state=ConversationState.SOLVED)
    # Each was handed on exactly once: its version counts the changes.
    assert {row.version for row in left} == {2}


def test_one_incident_that_breaks_stops_no_other(
    incident: Incident, rota: list[User], monkeypatch: pytest.MonkeyPatch
):
    other = IncidentFactory.create(brand=incident.brand, reference="CD-2026-055")
    first, second = asked(incident, now=NOW()), asked(other, now=NOW())
    real = due.on_the_rota

    def broken(which: Incident, **more: object) -> list[int]:
        if which.pk == incident.pk:
            raise RuntimeError("broken")
        return real(which, **more)

    monkeypatch.setattr(due, "on_the_rota", broken)
    at = max(first.due_at or NOW(), second.due_at or NOW())
    due.act_on_due(now=at)
    assert Conversation.objects.get(incident=other).assignee is not None
    assert Conversation.objects.get(incident=incident).due_at == at + due.AGAIN


def test_times_are_the_administrators(brand: Brand, bob: User, signed_in: SignIn):
    with pytest.raises(Forbidden):
        settings.save_settings(brand, times={}, networks={}, paces={}, by=bob)
    boss = UserFactory.create()
    MembershipFactory.create(user=boss, brand=brand, role=Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="bears at most"):
        settings.save_settings(brand, times={}, networks={}, paces={"x": 201}, by=boss)
    settings.save_settings(
        brand, times={"1": [5, 10]}, networks={"x": [1, 0]}, paces={"x": 50}, by=boss
    )
    assert due.settings_of(brand.pk).paces == {"x": 50}
    page = signed_in(boss).get("/settings/answers/")
    assert 'value="5"' in page.text
    fields = {
        each.html_name: each.value() or 0
        for _name, _label, form in (*page.context["levels"], *page.context["places"])
        for each in form
    }
    done = signed_in(boss).post(f"/settings/answers/{brand.slug}/", fields | {"s1-first": 7})
    assert done.status_code == 302
    assert due.settings_of(brand.pk).times["1"] == [7, 10]
    assert signed_in(bob).post(f"/settings/answers/{brand.slug}/", fields).status_code == 403


# Pages


def test_the_inbox_asks_as_little_for_many_as_for_few(
    incident: Incident, bob: User, signed_in: SignIn
):
    client, page = signed_in(bob), f"/i/{incident.reference}/engage/"
    asked(incident, now=NOW(), author="first")
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(page)
    for n in range(60):
        linked(incident, author=f"p{n}")
    intake.take_in(now=NOW())
    with CaptureQueriesContext(connection) as many:
        answer = client.get(page)
    assert len(many) == len(few) <= 30
    assert answer.text.count("engage-row") == selectors_engage.PAGE
    older = client.get(page + answer.context["older"])
    assert older.text.count("engage-row") == 61 - selectors_engage.PAGE


def test_filters_narrow_it(incident: Incident, alice: User, bob: User):
    mine = asked(incident, now=NOW(), author="a", lang="da", sentiment=Sentiment.NEGATIVE)
    other = asked(incident, now=NOW(), author="b", lang="en", network="x")
    working.assign(incident.pk, [mine.pk], bob, by=bob, now=NOW())
    Conversation.objects.filter(pk=other.pk).update(late_at=NOW())

    def found(**wanted: object) -> list[int]:
        page = selectors_engage.page(incident, selectors_engage.Wanted(**wanted), user=bob)
        return [row.pk for row in page.rows]

    assert found(view="mine") == [mine.pk]
    assert found(view="free") == [other.pk]
    assert found(view="late") == [other.pk]
    assert found(network="x") == [other.pk]
    assert found(language="da", sentiment="negative") == [mine.pk]
    assert found(state="SOLVED") == []


def test_hostile_words_are_only_words(incident: Incident, bob: User, signed_in: SignIn):
    row = asked(
        incident, now=NOW(), author="<script>alert(1)</script>", text='"><img src=x onerror=1>',
        url="javascript:alert(1)",
    )  # fmt: skip
    client = signed_in(bob)
    for page in ("", f"{row.pk}/"):
        text = client.get(f"/i/{incident.reference}/engage/{page}").text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "javascript:" not in text
        assert "&lt;img src=x" in text


@pytest.mark.parametrize(
    "query", ["?after=0", "?after=abc", "?view=x", "?state=NO", "?after=9999999"]
)
def test_strange_questions_are_answered(
    incident: Incident, bob: User, signed_in: SignIn, query: str
):
    asked(incident, now=NOW())
    assert signed_in(bob).get(f"/i/{incident.reference}/engage/?{query}").status_code == 200


def test_the_figures_in_words(incident: Incident, bob: User, signed_in: SignIn):
    first = asked(incident, now=NOW(), author="a", published_at=NOW() - timedelta(minutes=10))
    asked(incident, now=NOW(), author="b")
    troll = asked(incident, now=NOW(), author="c")
    leaving.answered(first.pk, at=first.first_at + timedelta(minutes=12))
    to = working.Move(ConversationState.IGNORED, "Troll")
    working.move(incident.pk, [troll.pk], to, by=bob, now=NOW())
    found = selectors_engage.figures(incident)
    assert (found.total, found.asked, found.answered, found.ignored) == (3, 2, 1, 1)
    assert (found.share, found.median) == (0.5, 720)
    client, base = signed_in(bob), f"/i/{incident.reference}/engage/"
    assert "1 of 2" in client.get(f"{base}panel/").text
    words = "50% of those who wanted an answer got one; half of them within 12 min."
    assert words in client.get(f"{base}figures/").text


def test_an_answer_by_a_draft_is_heard_of(
    incident: Incident, account: ConnectedAccount, bob: User, alice: User
):
    row = asked(incident, now=NOW())
    made = out(incident, account, bob, alice, reply_to={"id": row.mention_id})
    assert leaving.note_replies(now=NOW()) == 1
    again = Conversation.objects.get()
    assert (again.state, again.first_reply_at) == (ConversationState.WAITING, made.sent_at)
    assert leaving.note_replies(now=NOW()) == 0


# Names


@pytest.mark.parametrize(
    ("author", "network", "name"),
    [
        ("nordlysfar", "x", "nordlysfar"),
        ("Jens Ærø-Hansen", "facebook", "Jens Ærø-Hansen"),
        ("@ida", "simulator", "@ida"),
        ("alice.bsky.social", "bluesky", "@alice.bsky.social"),
        ("Ida (@ida@mastodon.social)", "mastodon", "@ida@mastodon.social"),
        ("evil.com", "x", ""),
        ("Buy at http://evil", "x", ""),
        ("Ida @everyone", "x", ""),
        ("<b>", "x", ""),
        ("{name}", "x", ""),
        ("did:plc:abc", "bluesky", ""),
        ("\u202egnihton", "x", ""),
        ("a" * 101, "x", ""),
        ("", "x", ""),
    ],
)
def test_only_names_are_repeated_in_public(author: str, network: str, name: str):
    assert people.called(author, network) == name
