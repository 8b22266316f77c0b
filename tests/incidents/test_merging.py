"""Two incidents become one and two again, one is split, and no call is lost by it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from core.errors import Conflict, Refused
from incidents import selectors, services
from incidents.enums import Closing, EntryKind, Severity, State, Tie
from incidents.models import Call, Incident, Signal, Task
from incidents.models_ties import IncidentLink, Merge
from incidents.selectors.ties import merged_in, related
from incidents.services import Part
from notifications.models import Notice
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
from tests.factories.incidents import (
    NOON,
    DetectionFactory,
    IncidentFactory,
    TaskFactory,
    on_the_ladder,
)
from tests.incidents.test_races import at_once, drain

SignedIn = Callable[[User], Client]
LATER = NOON + timedelta(hours=1)


def running(brand: Brand, **fields: object) -> Incident:
    """Somebody is at it."""
    usual = {"state": State.RESPONDING, "acknowledged_at": NOON}
    made: Incident = IncidentFactory.create(brand=brand, **usual | fields)
    return made


def called_for(brand: Brand, **fields: object) -> Incident:
    """Nobody has answered, and the next call is due."""
    ladder = [{"target": "ROLE", "user": None, "role": Role.RESPONDER, "wait": 300}]
    made: Incident = IncidentFactory.create(
        brand=brand, ladder=ladder, ladder_rounds=1, escalate_at=NOON, **fields
    )
    return made


def join(source: Incident, target: Incident, by: User) -> Incident:
    services.merge(source.pk, target.pk, by=by, reason="Samme sag", now=NOON)
    source.refresh_from_db()
    target.refresh_from_db()
    return target


def test_what_hangs_on_the_one_hangs_on_the_other(brand: Brand, alice: User) -> None:
    source, target = running(brand), running(brand)
    task = TaskFactory.create(incident=source)
    signal = Signal.objects.create(incident=source, detection=DetectionFactory.create(brand=brand))
    for incident, mentions in ((source, (7, 8)), (target, (8,))):
        for pk in mentions:
            what = {"id": pk, "published_at": NOON, "author": "x"}
            services.link_mention(incident.pk, what, by=alice, now=NOON)
    join(source, target, alice)
    assert (source.state, source.closed_as) == (State.RESOLVED, Closing.MERGED)
    assert source.merged_into == target
    assert Task.objects.get(pk=task.pk).incident == target
    assert Signal.objects.get(pk=signal.pk).incident == target
    assert set(target.linked_mentions.values_list("mention_id", flat=True)) == {7, 8}
    assert target.entries.latest("number").params["reference"] == source.reference
    assert [merge.source for merge in merged_in(target)] == [source]


def test_the_graver_severity_and_the_earlier_beginning_stand(brand: Brand, alice: User) -> None:
    source = running(brand, severity=Severity.SEV1, began_at=NOON - timedelta(hours=5))
    target = join(source, running(brand, severity=Severity.SEV3), alice)
    assert (target.severity, target.began_at) == (Severity.SEV1, NOON - timedelta(hours=5))


def test_a_merged_incident_is_no_case_and_its_room_leads_on(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    source, target = running(brand), running(brand, given_title="Glas i kaffen")
    join(source, target, alice)
    client = signed_in(alice)
    assert client.get(f"/i/{source.reference}/")["Location"] == f"/i/{target.reference}/"
    stays = client.get(f"/i/{source.reference}/?stay=1")
    assert stays.status_code == 200
    assert target.reference in stays.content.decode()
    assert source.given_title not in client.get("/cases/").content.decode()
    panel = client.get(f"/i/{target.reference}/related/").content.decode()
    assert source.reference in panel


def test_drafts_of_the_merged_one_are_reached_from_the_other(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    from responses import services as responses

    source, target = running(brand), running(brand)
    draft = responses.create_draft(source.pk, title="Beklager", text="Hej", by=alice, now=NOON)
    join(source, target, alice)
    panel = signed_in(alice).get(reverse("responses:panel", args=[target.reference]))
    assert "Beklager" in panel.content.decode()
    responses.drop(draft.pk, by=alice, now=LATER)
    assert target.entries.latest("number").kind == EntryKind.DRAFT


def test_what_is_written_to_the_merged_one_lands_in_the_other(brand: Brand, alice: User) -> None:
    source, target = running(brand), running(brand)
    join(source, target, alice)
    assert services.add_note(source.pk, by=alice, text="Hej", now=LATER).incident == target
    assert services.add_task(source.pk, title="Ring", by=alice, now=LATER).incident == target
    services.mark_responded(source.pk, at=LATER)
    target.refresh_from_db()
    assert target.responded_at == LATER


@pytest.mark.parametrize("state", [State.RESPONDING, State.DETECTED])
def test_two_that_are_called_for_are_called_for_once_and_one_that_is_answered_stays_so(
    brand: Brand, alice: User, bob: User, state: str
) -> None:
    source = called_for(brand)
    target = called_for(brand) if state == State.DETECTED else running(brand)
    Incident.objects.filter(pk=target.pk, state=State.DETECTED).update(escalate_at=LATER)
    join(source, target, alice)
    assert source.escalate_at is None
    assert target.escalate_at == (NOON if state == State.DETECTED else None)
    assert services.fire_next(now=NOON) == (state == State.DETECTED)


def test_merging_into_a_suspicion_makes_it_an_incident(brand: Brand, alice: User) -> None:
    waiting = {"state": State.TRIAGE, "triage_until": LATER}
    target = join(called_for(brand), IncidentFactory.create(brand=brand, **waiting), alice)
    assert (target.state, target.triage_until) == (State.DETECTED, None)
    assert target.escalate_at is not None
    answered = running(brand, lead=alice)
    target = join(answered, IncidentFactory.create(brand=brand, **waiting), alice)
    assert (target.state, target.acknowledged_by) == (State.ACKNOWLEDGED, alice)


def test_whoever_answers_the_merged_one_answers_the_other(
    brand: Brand, alice: User, bob: User
) -> None:
    source, target = called_for(brand), called_for(brand)
    join(source, target, alice)
    done = services.acknowledge(source.pk, by=bob, now=LATER)
    assert (done.pk, done.acknowledged_by, done.escalate_at) == (target.pk, bob, None)


def test_those_who_were_called_learn_where_it_goes_on(brand: Brand, alice: User, bob: User) -> None:
    source, target = called_for(brand), running(brand)
    Call.objects.create(incident=source, rung=0, user=bob, due_at=NOON, fired_at=NOON)
    join(source, target, alice)
    notice = Notice.objects.get(user=bob, kind="incidents.merged")
    assert notice.url == f"/i/{target.reference}/"


def test_a_new_signal_goes_to_where_the_incident_goes_on(brand: Brand, alice: User) -> None:
    source, target = running(brand), running(brand)
    first = DetectionFactory.create(brand=brand, handled_at=NOON)
    Signal.objects.create(incident=source, detection=first)
    join(source, target, alice)
    services.take_up(DetectionFactory.create(brand=brand, group=first).pk, now=NOON)
    assert target.signals.count() == 2


@pytest.mark.parametrize(
    "wrong",
    ["brand", "privacy", "itself", "resolved", "merged"],
)
def test_what_does_not_fit_is_not_merged(
    brand: Brand, other_brand: Brand, alice: User, wrong: str
) -> None:
    source = running(brand)
    target = running(other_brand if wrong == "brand" else brand)
    if wrong == "privacy":
        services.make_private(target.pk, people=[], by=alice, reason="Jura", now=NOON)
    elif wrong == "itself":
        target = source
    elif wrong == "resolved":
        services.resolve(target.pk, by=alice, now=NOON)
    elif wrong == "merged":
        join(target, running(brand), alice)
    with pytest.raises(Refused):
        join(source, target, alice)
    assert Merge.objects.filter(source=source).count() == 0


def test_private_ones_have_the_members_of_both(brand: Brand, alice: User, bob: User) -> None:
    source, target = running(brand), running(brand)
    services.make_private(source.pk, people=[bob], by=alice, reason="Jura", now=NOON)
    services.make_private(target.pk, people=[], by=alice, reason="Jura", now=NOON)
    assert set(selectors.insiders(join(source, target, alice))) == {alice, bob}


# Taking it back


def test_taken_back_everything_hangs_where_it_hung(brand: Brand, alice: User) -> None:
    source, target = running(brand), running(brand)
    task, own = TaskFactory.create(incident=source), TaskFactory.create(incident=target)
    join(source, target, alice)
    services.unmerge(source.pk, by=alice, reason="To sager", now=LATER)
    source.refresh_from_db()
    assert (source.state, source.closed_as, source.merged_into) == (State.RESPONDING, "", None)
    assert (list(source.tasks.all()), list(target.tasks.all())) == ([task], [own])
    with pytest.raises(Conflict):
        services.unmerge(source.pk, by=alice, reason="Igen", now=LATER)
    join(source, target, alice)


def test_what_was_called_for_is_called_for_again(brand: Brand, alice: User, bob: User) -> None:
    source, target = called_for(brand), running(brand)
    join(source, target, alice)
    assert not services.fire_next(now=LATER)
    services.unmerge(source.pk, by=alice, reason="To sager", now=LATER)
    assert services.fire_next(now=LATER)
    assert Call.objects.filter(incident=source).exists()


def test_after_a_day_it_stays(brand: Brand, alice: User) -> None:
    source = running(brand)
    join(source, running(brand), alice)
    with pytest.raises(Conflict, match="for a day"):
        services.unmerge(source.pk, by=alice, reason="Nej", now=NOON + timedelta(hours=25))


def test_a_chain_leads_to_its_end_and_is_taken_back_from_there(brand: Brand, alice: User) -> None:
    first, second, third = running(brand), running(brand), running(brand)
    task = TaskFactory.create(incident=first)
    join(first, second, alice)
    join(second, third, alice)
    first.refresh_from_db()
    assert first.merged_into == third
    assert Task.objects.get(pk=task.pk).incident == third
    with pytest.raises(Conflict, match="merged since"):
        services.unmerge(first.pk, by=alice, reason="Nej", now=LATER)
    services.unmerge(second.pk, by=alice, reason="Nej", now=LATER)
    first.refresh_from_db()
    assert first.merged_into == second
    services.unmerge(first.pk, by=alice, reason="Nej", now=LATER)
    assert Task.objects.get(pk=task.pk).incident == first


# Splitting and linking


def test_a_part_leaves_with_its_mentions_tasks_and_a_copy_of_its_entries(
    brand: Brand, alice: User
) -> None:
    incident = running(brand)
    for pk in (7, 8):
        what = {"id": pk, "published_at": NOON, "author": "x"}
        services.link_mention(incident.pk, what, by=alice, now=NOON)
    note = services.add_note(incident.pk, by=alice, text="En anden sag", now=NOON)
    task = TaskFactory.create(incident=incident)
    part = Part("Det andet", 3, entries=[note.number], mentions=[7], tasks=[task.pk])
    made = services.split(incident.pk, part, by=alice, reason="To sager", now=LATER)
    assert (made.title, made.state, made.lead) == ("Det andet", State.ACKNOWLEDGED, alice)
    assert list(made.linked_mentions.values_list("mention_id", flat=True)) == [7]
    assert list(incident.linked_mentions.values_list("mention_id", flat=True)) == [8]
    assert list(made.tasks.all()) == [task]
    copied = made.entries.get(kind=EntryKind.NOTE)
    assert (copied.text, copied.at, copied.actor) == ("En anden sag", NOON, alice)
    assert copied.params["split_from"] == f"{incident.reference}#{note.number}"
    assert incident.entries.filter(kind=EntryKind.NOTE).count() == 1
    assert IncidentLink.objects.get().tie == Tie.SPLIT
    assert not services.fire_next(now=LATER)


def test_a_part_can_have_its_own_people_called(brand: Brand, alice: User, bob: User) -> None:
    on_the_ladder(brand, bob)
    incident = running(brand)
    note = services.add_note(incident.pk, by=alice, text="Et", now=NOON)
    part = Part("Det andet", 2, entries=[note.number])
    services.split(incident.pk, part, by=alice, reason="To", call=True, now=LATER)
    assert services.fire_next(now=LATER)
    assert Call.objects.get().user == bob


def test_what_leaves_a_private_incident_is_private_to_the_same(
    brand: Brand, alice: User, bob: User
) -> None:
    incident = running(brand)
    services.make_private(incident.pk, people=[bob], by=alice, reason="Jura", now=NOON)
    note = services.add_note(incident.pk, by=alice, text="Et", now=NOON)
    part = Part("Det andet", 2, entries=[note.number])
    made = services.split(incident.pk, part, by=alice, reason="To", now=LATER)
    assert set(selectors.insiders(made)) == {alice, bob}


def test_nothing_is_not_split_off(brand: Brand, alice: User) -> None:
    with pytest.raises(Refused, match="Choose what"):
        services.split(running(brand).pk, Part("Intet", 2), by=alice, reason="x", now=NOON)


def test_links_are_told_from_both_sides_to_those_who_see_both(
    brand: Brand, alice: User, bob: User
) -> None:
    incident, other = running(brand), running(brand)
    services.tie(incident.pk, other.pk, Tie.CAUSED, by=alice, now=NOON)
    services.tie(incident.pk, other.pk, Tie.CAUSED, by=alice, now=NOON)
    (here,), (there,) = related(incident, user=bob), related(other, user=bob)
    assert (here.incident, here.outward, there.incident, there.outward) == (
        other,
        True,
        incident,
        False,
    )
    services.make_private(other.pk, people=[], by=alice, reason="Jura", now=NOON)
    assert related(incident, user=bob) == []
    assert len(related(incident, user=alice)) == 1
    services.untie(here.link, by=alice, now=NOON)
    assert related(incident, user=alice) == []


def test_a_timeline_that_others_read_does_not_name_a_private_incident(
    brand: Brand, alice: User
) -> None:
    incident, other = running(brand), running(brand)
    services.make_private(other.pk, people=[], by=alice, reason="Jura", now=NOON)
    services.tie(incident.pk, other.pk, Tie.RELATED, by=alice, now=NOON)
    assert not incident.entries.exists()
    assert other.entries.latest("number").params["reference"] == incident.reference


# Pages and API


def test_it_is_merged_linked_and_split_on_its_page(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    incident, other = running(brand), running(brand)
    client, address = signed_in(alice), f"/i/{incident.reference}/related/"
    client.post(address, {"do": "tie", "other": other.reference, "tie": "RELATED"})
    assert other.reference in client.get(address).content.decode()
    note = services.add_note(incident.pk, by=alice, text="En anden", now=NOON)
    wanted = {"title": "Ny", "severity": "3", "reason": "To", "entry": note.number}
    assert "En anden" in client.get(f"/i/{incident.reference}/split/").content.decode()
    made = client.post(f"/i/{incident.reference}/split/", wanted)["Location"]
    assert made.startswith("/i/CD-")
    moved = client.post(address, {"do": "merge", "other": other.reference, "reason": "Samme"})
    assert moved["Location"] == f"/i/{other.reference}/"
    client.post(address, {"do": "unmerge", "reason": "Nej"})
    incident.refresh_from_db()
    assert incident.merged_into is None


def test_it_is_merged_linked_and_split_over_the_api(
    brand: Brand, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    incident, other = running(brand), running(brand)
    client, path = signed_in(alice), f"/api/v1/incidents/{incident.reference}/"

    def post(where: str, body: dict) -> tuple[int, dict]:
        answer = client.post(f"{path}{where}/", body, "application/json")
        return answer.status_code, answer.json() if answer.content else {}

    assert post("links", {"other": other.reference, "tie": "CAUSED"})[0] == 201
    (link,) = client.get(f"{path}links/").json()
    assert (link["incident"], link["tie"], link["outward"]) == (other.reference, "CAUSED", True)
    assert client.delete(f"{path}links/{link['id']}/").status_code == 204
    note = services.add_note(incident.pk, by=alice, text="En anden", now=database_now())
    body = {"title": "Ny", "severity": 3, "reason": "To", "entries": [note.number]}
    assert post("split", body)[0] == 201
    assert post("merge", {"into": "CD-1999-001", "reason": "Samme"})[0] == 404
    assert post("merge", {"into": other.reference, "reason": "Samme"})[1]["merged_into"] == (
        other.reference
    )
    assert post("unmerge", {"reason": "Nej"})[1]["merged_into"] is None
    stranger = signed_in(charlie)
    answer = stranger.post(f"{path}merge/", {"into": other.reference}, "application/json")
    assert answer.status_code == 404


# Races


def merging(source: Incident, target: Incident, user: User) -> Callable[[], Merge]:
    return lambda: services.merge(source.pk, target.pk, by=user, reason="Samme", now=database_now())


def answering(incident: Incident, user: User) -> Callable[[], Incident]:
    return lambda: services.acknowledge(incident.pk, by=user, now=database_now())


@pytest.fixture
def team() -> tuple[Brand, User]:
    brand = BrandFactory.create()
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.RESPONDER)
    return brand, user


@pytest.mark.django_db(transaction=True)
def test_merging_while_engines_call_loses_no_call_and_makes_none_twice(
    team: tuple[Brand, User],
) -> None:
    brand, user = team
    for _turn in range(8):
        source, target = called_for(brand), called_for(brand)
        at_once(
            drain,
            drain,
            merging(source, target, user),
        )
        drain()
        target.refresh_from_db()
        source.refresh_from_db()
        assert source.merged_into == target
        # Somebody is called for the one that stands, and will be again.
        # The earlier of both times counts: it may be called a rung sooner, never later.
        rungs = list(Call.objects.filter(incident=target).values_list("rung", flat=True))
        assert rungs in ([0], [0, 1])
        assert target.escalate_at is not None
        assert source.escalate_at is None
        assert Call.objects.filter(incident=source).count() <= 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_races_with_merging_is_never_lost(team: tuple[Brand, User]) -> None:
    brand, user = team
    for _turn in range(8):
        source, target = called_for(brand), called_for(brand)
        merged, answered = at_once(
            merging(source, target, user),
            answering(target, user),
        )
        assert isinstance(merged, Merge)
        assert isinstance(answered, Incident)
        target.refresh_from_db()
        assert target.acknowledged_by == user
        assert target.escalate_at is None
        assert drain() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_that_merge_crosswise_one_is_too_late(team: tuple[Brand, User]) -> None:
    brand, user = team
    for _turn in range(5):
        one, other = running(brand), running(brand)
        results = at_once(
            merging(one, other, user),
            merging(other, one, user),
        )
        assert sorted(type(each).__name__ for each in results) == ["Conflict", "Merge"]
        assert Incident.objects.filter(pk__in=(one.pk, other.pk)).running().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_signal_that_comes_while_merging_opens_no_third(team: tuple[Brand, User]) -> None:
    brand, user = team
    source, target = running(brand), running(brand)
    news = DetectionFactory.create(brand=brand)
    at_once(
        merging(source, target, user),
        lambda: services.take_up(news.pk, now=database_now()),
    )
    assert Signal.objects.get().incident == target
    assert Incident.objects.count() == 2
