"""The chart, and what people decide about mentions: one at a time, two at once, many, and back."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Forbidden, Refused
from monitoring import chart
from monitoring.chart import Course, PostKind, Truth
from monitoring.enums import JobState
from monitoring.models import Mention
from monitoring.models_triage import MentionChange, MentionState, StreamJob
from monitoring.selectors import Filters
from monitoring.services import many, triage
from monitoring.services.triage import Place
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.monitoring import mention

NOW = timezone.now()
SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


def place(found: Mention) -> Place:
    return Place(found.pk, found.brand_id, found.published_at)


# ---- the chart ----


@pytest.mark.parametrize("truth", Truth)
@pytest.mark.parametrize("kind", PostKind)
def test_the_chart_has_advice_for_every_pair(truth: Truth, kind: PostKind) -> None:
    advice = chart.advise(truth, kind)
    assert advice.course in Course
    assert str(advice.why)


def test_what_is_true_is_never_corrected_and_what_is_unknown_never_denied() -> None:
    for kind in PostKind:
        assert chart.advise(Truth.TRUE, kind).course != Course.FIX_FACTS
        assert chart.advise(Truth.UNKNOWN, kind).course != Course.FIX_FACTS
    assert chart.advise(Truth.FALSE, PostKind.MISGUIDED).course == Course.FIX_FACTS


@pytest.mark.parametrize(
    ("kind", "course"),
    [
        (PostKind.TROLL, Course.MONITOR),
        (PostKind.RAGER, Course.MONITOR),
        (PostKind.MISGUIDED, Course.FIX_FACTS),
        (PostKind.UNHAPPY, Course.RESTORE),
    ],
)
def test_where_nothing_in_it_is_true_the_air_forces_own_answers_stand(
    kind: PostKind, course: Course
) -> None:
    assert chart.advise(Truth.FALSE, kind).course == course


# ---- one mention ----


def test_who_begins_with_a_mention_has_it_and_history_tells(alice: User, brand: Brand) -> None:
    found = mention(brand)
    triage.set_state(place(found), "doing", by=alice, now=NOW, seen=0)
    row = MentionState.objects.get()
    assert (row.state, row.assignee, row.by, row.version) == ("doing", alice, alice, 1)
    change = MentionChange.objects.get()
    assert (change.before, change.after["state"]) == (
        {"state": "new", "assignee_id": None},
        "doing",
    )
    entry = AuditEntry.objects.get(action="mention.triaged")
    assert (entry.actor_id, entry.brand_id, entry.subject) == (alice.pk, brand.pk, str(found.pk))


def test_the_second_of_two_is_told_of_the_first(alice: User, bob: User, brand: Brand) -> None:
    found = mention(brand)
    triage.set_state(place(found), "doing", by=bob, now=NOW, seen=0)
    with pytest.raises(Conflict, match="Bob Berg was quicker"):
        triage.set_state(place(found), "done", by=alice, now=NOW, seen=0)
    assert MentionState.objects.get().assignee == bob
    triage.set_state(place(found), "done", by=alice, now=NOW, seen=1)
    assert MentionState.objects.get().state == "done"


def test_the_same_wish_twice_is_no_conflict_and_no_second_change(
    alice: User, bob: User, brand: Brand
) -> None:
    found = mention(brand)
    triage.set_state(place(found), "done", by=bob, now=NOW, seen=0)
    triage.set_state(place(found), "done", by=alice, now=NOW, seen=0)
    assert MentionChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_the_same_moment_one_has_it(
    alice: User, bob: User, brand: Brand
) -> None:
    found = mention(brand)
    barrier = threading.Barrier(2)
    told: dict[str, str] = {}

    def take(person: User) -> None:
        barrier.wait()
        try:
            triage.set_state(place(found), "doing", by=person, now=NOW, seen=0)
        except Conflict as conflict:
            told[str(person)] = str(conflict)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(person,)) for person in (alice, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = MentionState.objects.select_related("assignee").get()
    loser = bob if row.assignee == alice else alice
    assert list(told) == [str(loser)]
    assert str(row.assignee) in told[str(loser)]
    assert row.version == 1


def test_the_charts_outcome_is_kept_and_moves_the_mention(alice: User, brand: Brand) -> None:
    found = mention(brand)
    answers = {"truth": "false", "kind": "misguided", "course": "fix_facts", "note": "See FAQ\0"}
    row = triage.decide(place(found), answers, by=alice, now=NOW, seen=0)
    assert (row.state, row.truth, row.kind, row.course) == (
        "doing", "false", "misguided", "fix_facts",
    )  # fmt: skip
    assert (row.note, row.assignee_id) == ("See FAQ", alice.pk)
    with pytest.raises(Refused, match="every question"):
        triage.decide(place(found), {**answers, "truth": ""}, by=alice, now=NOW)


def test_whoever_is_given_a_mention_is_told_unless_they_took_it(
    alice: User, bob: User, brand: Brand
) -> None:
    found = mention(brand)
    triage.assign(place(found), bob, by=alice, now=NOW)
    assert Notice.objects.get().user == bob
    triage.assign(place(found), alice, by=alice, now=NOW)
    assert Notice.objects.count() == 1
    assert MentionState.objects.get().assignee == alice


def test_a_mention_goes_only_to_people_who_may_work_on_it(
    alice: User, charlie: User, brand: Brand
) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    for person in (charlie, observer):
        with pytest.raises(Refused, match="may not work"):
            triage.assign(place(mention(brand)), person, by=alice, now=NOW)


# ---- many ----


@pytest.fixture
def five(brand: Brand) -> list[Mention]:
    return [mention(brand) for _ in range(5)]


def test_many_are_changed_at_once_and_taken_back_where_nobody_came_between(
    alice: User, bob: User, five: list[Mention]
) -> None:
    triage.set_state(place(five[0]), "done", by=bob, now=NOW)
    job = many.do_now("state", {"state": "done"}, [m.pk for m in five], by=alice, now=NOW)
    assert (job.done, job.skipped, job.state) == (4, 1, JobState.DONE)
    triage.set_state(place(five[1]), "answered", by=bob, now=NOW)
    outcome = many.undo(job, by=alice, now=NOW)
    assert (outcome.changed, outcome.left) == (3, 1)
    states = [MentionState.objects.get(mention_id=m.pk).state for m in five]
    assert states == ["done", "answered", "new", "new", "new"]
    again = many.undo(job, by=alice, now=NOW)
    assert again.changed == 0
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "mentions.changed",
        "mentions.undone",
    }


def test_what_one_may_not_work_on_is_left_and_a_stranger_does_nothing(
    alice: User, charlie: User, brand: Brand, other_brand: Brand, five: list[Mention]
) -> None:
    foreign = mention(other_brand)
    ids = [m.pk for m in [*five, foreign]]
    job = many.do_now("state", {"state": "done"}, ids, by=alice, now=NOW)
    assert (job.done, job.skipped) == (5, 1)
    assert not MentionState.objects.filter(mention_id=foreign.pk).exists()
    with pytest.raises(Forbidden):
        many.do_now("state", {"state": "new"}, [m.pk for m in five], by=charlie, now=NOW)
    with pytest.raises(Refused):
        many.undo(job, by=charlie, now=NOW)


def test_all_that_match_are_done_by_a_worker_without_what_comes_meanwhile(
    alice: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "CHUNK", 7)
    for number in range(20):
        mention(brand, network="reddit" if number % 2 else "x")
    now = timezone.now()
    job = many.start(
        "state", {"state": "done"}, Filters(networks=("x",)), query="network=x", by=alice, now=now
    )
    assert (job.total, job.state) == (10, JobState.QUEUED)
    late = mention(brand, network="x")
    many.run(job.pk, clock=timezone.now)
    job.refresh_from_db()
    assert (job.state, job.done, job.error) == (JobState.DONE, 10, "")
    handled = set(MentionState.objects.values_list("mention_id", flat=True))
    assert late.pk not in handled
    assert len(handled) == 10


def test_a_killed_worker_is_followed_by_one_that_goes_on_where_it_was(
    alice: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "CHUNK", 4)
    for _ in range(10):
        mention(brand)
    job = many.start("state", {"state": "done"}, Filters(), query="", by=alice, now=timezone.now())
    claimed = many.claim(job.pk, now=timezone.now())
    assert claimed
    many._piece(claimed, now=timezone.now())
    # It is silent from here on. Nobody takes it over before its lease is out.
    many.run(job.pk, clock=timezone.now)
    job.refresh_from_db()
    assert (job.done, job.state) == (4, JobState.RUNNING)
    many.run(job.pk, clock=lambda: timezone.now() + 2 * many.LEASE)
    job.refresh_from_db()
    assert (job.done, job.state) == (10, JobState.DONE)
    assert MentionChange.objects.count() == 10


def test_a_person_who_lost_the_right_meanwhile_changes_nothing(
    alice: User, brand: Brand, five: list[Mention]
) -> None:
    job = many.start("state", {"state": "done"}, Filters(), query="", by=alice, now=timezone.now())
    alice.memberships.update(role=Role.OBSERVER)
    many.run(job.pk, clock=timezone.now)
    job.refresh_from_db()
    assert (job.done, job.skipped) == (0, 5)
    assert not MentionState.objects.exists()


def test_too_many_are_refused_with_the_number(
    alice: User, five: list[Mention], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST", 4)
    with pytest.raises(Refused, match="more than 4"):
        many.start("state", {"state": "done"}, Filters(), query="", by=alice, now=timezone.now())
    assert not StreamJob.objects.exists()


def test_labels_of_many_are_corrected(alice: User, five: list[Mention]) -> None:
    params = {"field": "sentiment", "value": "negative"}
    job = many.do_now("label", params, [m.pk for m in five], by=alice, now=NOW)
    assert job.done == 5
    assert set(Mention.objects.values_list("corrected_sentiment", flat=True)) == {"negative"}


# ---- the pages ----


def test_a_responder_sets_a_state_and_gets_the_rows_part(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    found = mention(brand)
    address = reverse("monitoring:set_state", args=[found.pk])
    answer = signed_in(bob).post(address, {"state": "doing", "version": "0"}, headers=HTMX)
    html = answer.content.decode()
    assert f'id="handling-{found.pk}"' in html
    assert 'data-version="1"' in html
    assert "Bob Berg" in html


def test_a_conflict_is_told_as_a_toast_and_the_rows_are_fetched(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    found = mention(brand)
    triage.set_state(place(found), "doing", by=alice, now=NOW)
    address = reverse("monitoring:set_state", args=[found.pk])
    answer = signed_in(bob).post(address, {"state": "done", "version": "0"}, headers=HTMX)
    assert answer.status_code == 409
    assert "Alice Andersen was quicker" in answer.content.decode()
    assert "cd:triage" in answer["HX-Trigger"]


@pytest.mark.parametrize("name", ["set_state", "chart", "not_about"])
def test_an_observer_may_not_triage_and_a_stranger_may_not_know(
    signed_in: SignIn, charlie: User, brand: Brand, name: str
) -> None:
    found = mention(brand)
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    address = reverse(f"monitoring:{name}", args=[found.pk])
    values = {"state": "done", "truth": "true", "kind": "troll", "course": "leave"}
    assert signed_in(observer).post(address, values).status_code == 403
    assert signed_in(charlie).post(address, values).status_code == 404
    assert not MentionState.objects.exists()


def test_the_states_of_rows_are_told_to_members_only(
    signed_in: SignIn, alice: User, charlie: User, brand: Brand
) -> None:
    found = mention(brand)
    triage.set_state(place(found), "done", by=alice, now=NOW)
    address = f"{reverse('monitoring:states')}?id={found.pk}&id=x&id=99"
    assert f"handling-{found.pk}" in signed_in(alice).get(address).content.decode()
    assert signed_in(charlie).get(address).content == b""


def test_the_chart_is_walked_without_scripts(signed_in: SignIn, bob: User, brand: Brand) -> None:
    found = mention(brand, text="They poison <b>children</b>")
    client, address = signed_in(bob), reverse("monitoring:chart", args=[found.pk])
    first = client.get(address).content.decode()
    assert "Is it true?" in first
    assert "What kind of post is it?" not in first
    assert "They poison &lt;b&gt;" in first
    last = client.get(address + "?truth=false&kind=misguided").content.decode()
    assert "Set the facts right in the same place" in last
    values = {"truth": "false", "kind": "misguided", "course": "fix_facts", "version": "0"}
    assert client.post(address, values).status_code == 302
    assert MentionState.objects.get().course == "fix_facts"


def test_the_page_for_many_states_the_numbers_first(
    signed_in: SignIn, alice: User, five: list[Mention]
) -> None:
    client, address = signed_in(alice), reverse("monitoring:many")
    ids = "&".join(f"mention={m.pk}" for m in five)
    assert "5 mentions" in client.get(f"{address}?{ids}").content.decode()
    assert "5 mentions" in client.get(f"{address}?network=x").content.decode()
    values: dict[str, Any] = {"kind": "state", "state": "done", "mention": [m.pk for m in five]}
    answer = client.post(address, values, headers=HTMX).content.decode()
    assert "5 mentions changed" in answer
    job = StreamJob.objects.get()
    page = client.get(reverse("monitoring:job", args=[job.pk])).content.decode()
    assert "Take it back" in page
    client.post(reverse("monitoring:job_undo", args=[job.pk]))
    assert set(MentionState.objects.values_list("state", flat=True)) == {"new"}


def test_without_a_selection_nothing_is_meant_rather_than_everything(
    signed_in: SignIn, alice: User, five: list[Mention]
) -> None:
    answer = signed_in(alice).get(reverse("monitoring:many") + "?ticked=1")
    assert answer["Location"] == reverse("monitoring:mentions")


def test_whoever_may_only_look_is_offered_nothing(
    signed_in: SignIn, brand: Brand, five: list[Mention]
) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    html = signed_in(observer).get(reverse("monitoring:many")).content.decode()
    assert "5 mentions" in html
    assert '<form class="many-form' not in html
    values = {"kind": "state", "state": "done", "query": ""}
    signed_in(observer).post(reverse("monitoring:many"), values)
    assert not StreamJob.objects.exists()


def test_somebody_elses_job_is_not_there(
    signed_in: SignIn, alice: User, bob: User, five: list[Mention]
) -> None:
    job = many.do_now("state", {"state": "done"}, [five[0].pk], by=alice, now=NOW)
    for name in ("job", "job_undo", "download"):
        address = reverse(f"monitoring:{name}", args=[job.pk])
        answer = signed_in(bob).post(address) if name == "job_undo" else signed_in(bob).get(address)
        assert answer.status_code == 404
    assert signed_in(alice).get(reverse("monitoring:job", args=[job.pk])).status_code == 200
