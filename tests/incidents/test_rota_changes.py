"""Rotas are made, changed, covered and swapped; what has been stays as it was."""

import random
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.enums import Role
from accounts.models import Brand, User
from core.errors import Conflict, Forbidden, Refused
from incidents import rotation, services
from incidents.enums_rota import SwapState, TurnUnit
from incidents.models import Incident
from incidents.models_rota import Absence, Override, Rota, Swap
from incidents.rotation import Hours, Plan
from incidents.selectors import duty
from incidents.services import covers, hand_over, rotas, swaps
from incidents.services.covers import Part
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory
from tests.factories.rota import line_of, plan_of, rota_of

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.fixture
def dora(brand: Brand) -> User:
    user = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


@pytest.fixture
def rota(brand: Brand, alice: User, bob: User) -> Rota:
    """Bob has the week of NOON, alice the next, and so on."""
    return rota_of(brand, line_of(bob, alice))


def told(user: User) -> list[str]:
    kinds = Notice.objects.filter(user=user).order_by("pk").values_list("kind", flat=True)
    return [kind.removeprefix("incidents.") for kind in kinds]


def kept(brand: Brand, *moments: datetime) -> list[list[User]]:
    return [duty.on_call(brand, moment) for moment in moments]


# --- Made and changed ---------------------------------------------------------------------------


def test_a_rota_is_made_and_its_people_are_told(
    brand: Brand, alice: User, bob: User, dora: User
) -> None:
    plan = plan_of(line_of(alice, bob, key=0), fallback=dora.pk)
    made = rotas.save_rota(brand, name=" Weeks ", plan=plan, by=dora, now=NOON)
    assert made.name == "Weeks"
    assert kept(brand, NOON - HOUR, NOON, MONDAY) == [[], [alice], [bob]]
    assert (told(alice), told(bob), told(dora)) == (["duties_changed"], ["duties_changed"], [])


def test_an_edit_holds_from_now_on_and_the_past_is_what_it_was(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    before = [NOON - back * WEEK for back in range(1, 6)]
    was = kept(brand, *before)
    plan = plan_of(line_of(dora, key=1, starts=datetime(2026, 11, 1, 8)))
    rotas.save_rota(brand, rota=rota, name="New", plan=plan, by=dora, now=NOON)
    assert kept(brand, *before) == was
    assert kept(brand, NOON - timedelta(microseconds=1), NOON) == [[bob], [dora]]
    assert told(bob) == ["duties_changed"]


def test_a_plan_that_begins_later_leaves_what_there_is_until_then(
    brand: Brand, rota: Rota, bob: User, dora: User
) -> None:
    plan = plan_of(line_of(dora, starts=datetime(2026, 11, 20, 8)))
    rotas.save_rota(brand, rota=rota, name="New", plan=plan, by=dora, now=NOON)
    assert kept(brand, NOON, NOON + DAY) == [[bob], [dora]]
    again = plan_of(line_of(dora, starts=datetime(2026, 11, 21, 8)))
    rotas.save_rota(brand, rota=rota, name="New", plan=again, by=dora, now=NOON + HOUR)
    assert kept(brand, NOON + DAY, NOON + 2 * DAY) == [[bob], [dora]]
    assert rota.versions.count() == 2


def test_a_newcomer_leaves_the_running_turn_alone(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    plan = plan_of(line_of(dora, alice, bob))
    now = MONDAY + HOUR
    assert kept(brand, now) == [[alice]]
    rotas.save_rota(brand, rota=rota, name="x", plan=plan, by=dora, now=now)
    assert kept(brand, now, now + WEEK, now + 2 * WEEK) == [[alice], [bob], [dora]]


def test_a_line_that_is_new_never_has_the_key_of_one_that_was(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    two = plan_of(line_of(bob, alice), line_of(dora, key=0, name="Second line"))
    rotas.save_rota(brand, rota=rota, name="x", plan=two, by=dora, now=NOON)
    one = plan_of(line_of(bob, alice))
    rotas.save_rota(brand, rota=rota, name="x", plan=one, by=dora, now=NOON + HOUR)
    rotas.save_rota(brand, rota=rota, name="x", plan=two, by=dora, now=NOON + 2 * HOUR)
    plans = rota.versions.order_by("valid_from").values_list("plan", flat=True)
    assert [[line["key"] for line in plan["lines"]] for plan in plans][1:] == [[1, 2], [1], [1, 3]]


@pytest.mark.parametrize("seed", range(3))
def test_no_change_whatever_rewrites_what_has_been(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User, seed: int
) -> None:
    """Edits, covers, absences, swaps and their undoing, in any order: the past stays."""
    chance = random.Random(seed)
    people, now = [alice, bob, dora], NOON
    for _step in range(14):
        now += chance.choice([HOUR, 9 * HOUR, DAY]) + timedelta(minutes=chance.randrange(60))
        moments = [now - chance.random() * (now - NOON + WEEK) for _each in range(6)]
        was = kept(brand, *moments)
        with suppress(Refused):
            anything(chance, rota, people, now)
        assert kept(brand, *moments) == was


def anything(chance: random.Random, rota: Rota, people: list[User], now: datetime) -> None:
    """Do one thing that changes who is on duty."""
    start = now + chance.choice([-2, -1, 0, 1, 2]) * DAY
    one, other = chance.sample(people, 2)
    what = chance.choice(["edit", "cover", "uncover", "away", "back", "swap"])
    if what == "edit":
        turns = chance.sample(people, chance.randint(1, 3))
        first = line_of(
            *turns, every=chance.randint(1, 3), unit=chance.choice([TurnUnit.DAY, TurnUnit.WEEK])
        )
        rotas.save_rota(
            rota.brand, rota=rota, name="x", plan=plan_of(first), by=one, now=now,
            applies_at=chance.choice([None, start]),
        )  # fmt: skip
    elif what == "cover":
        covers.add_override(rota.pk, part(start, 40), user=one, by=other, now=now)
    elif what == "uncover" and (found := rota.overrides.order_by("?").first()):
        covers.remove_override(found.pk, by=one, now=now)
    elif what == "away":
        covers.add_absence(one, starts_at=start, ends_at=start + 2 * DAY, by=one, now=now)
    elif what == "back" and (absence := Absence.objects.order_by("?").first()):
        covers.remove_absence(absence.pk, by=one, now=now)
    elif what == "swap" and (holder := duty.on_call(rota.brand, start)):
        asked = swaps.ask(rota.pk, part(start, 1), by=holder[0], now=now)
        swaps.take(asked.pk, by=next(user for user in people if user != holder[0]), now=now)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"zone": "Europe/Atlantis"}, "no time zone"),
        ({"calendar": "XX"}, "no calendar"),
        ({"lines": ()}, "one to 6 lines"),
        ({"fallback": 0}, "members of the brand"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    brand: Brand, bob: User, dora: User, changed: dict, words: str
) -> None:
    given = {"zone": "UTC", "lines": (line_of(bob, key=0),)} | changed
    with pytest.raises(Refused, match=words):
        rotas.save_rota(brand, name="x", plan=Plan(**given), by=dora, now=NOON)
    assert not Rota.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": " "}, "Give each line a name"),
        ({"people": ()}, "one to 30 people"),
        ({"every": 0}, "a turn can be"),
        ({"every": 13}, "a turn can be 1 to 12"),
        ({"hours": (Hours(frozenset(), 0, 60),)}, "weekdays"),
        ({"hours": (Hours(frozenset({1}), 60, 60),)}, "same time"),
        ({"starts": datetime(1, 1, 1)}, "first day"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(
    brand: Brand, bob: User, dora: User, changed: dict, words: str
) -> None:
    plan = plan_of(line_of(bob, **({"key": 0} | changed)))
    with pytest.raises(Refused, match=words):
        rotas.save_rota(brand, name="x", plan=plan, by=dora, now=NOON)


def test_nobody_from_outside_and_nobody_without_the_right_is_put_into_a_rota(
    brand: Brand, bob: User, charlie: User, dora: User
) -> None:
    observer = UserFactory.create(name="Olga Observer")
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    for user, words in ((charlie, "Choose members"), (observer, "Olga Observer may not")):
        with pytest.raises(Refused, match=words):
            rotas.save_rota(
                brand, name="x", plan=plan_of(line_of(bob, user, key=0)), by=dora, now=NOON
            )


def test_a_rota_that_is_given_up_ends_now_and_is_no_longer_changed(
    brand: Brand, rota: Rota, bob: User, dora: User
) -> None:
    rotas.archive_rota(rota.pk, by=dora, now=NOON)
    assert kept(brand, NOON - HOUR, NOON) == [[bob], []]
    with pytest.raises(Conflict):
        rotas.archive_rota(rota.pk, by=dora, now=NOON)
    plan = plan_of(line_of(bob, key=0))
    assert rotas.save_rota(brand, name=rota.name, plan=plan, by=dora, now=NOON).pk != rota.pk


# --- Covers and absences ------------------------------------------------------------------------


def covered(rota: Rota, user: User, by: User, start: datetime, hours: float = 2) -> Override:
    return covers.add_override(rota.pk, part(start, hours), user=user, by=by, now=NOON)


def test_a_cover_is_told_to_who_gets_it_and_who_is_relieved(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    covered(rota, alice, dora, NOON + HOUR)
    assert kept(brand, NOON, NOON + HOUR, NOON + 3 * HOUR) == [[bob], [alice], [bob]]
    assert (told(alice), told(bob), told(dora)) == (["duty_given"], ["duty_lost"], [])
    notice = Notice.objects.get(user=alice)
    assert notice.params["starts_at"] == (NOON + HOUR).isoformat()


def test_the_past_cannot_be_covered_and_a_cover_that_ran_is_not_undone(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    with pytest.raises(Refused, match="over already"):
        covered(rota, alice, dora, NOON - 3 * HOUR)
    running = covered(rota, alice, dora, NOON - HOUR)
    assert running.starts_at == NOON
    covers.remove_override(running.pk, by=dora, now=NOON + HOUR / 2)
    assert kept(brand, NOON - HOUR, NOON, NOON + HOUR / 2) == [[bob], [alice], [bob]]
    with pytest.raises(Conflict):
        covers.remove_override(running.pk, by=dora, now=NOON + HOUR)
    coming = covered(rota, alice, dora, NOON + DAY)
    covers.remove_override(coming.pk, by=dora, now=NOON)
    assert kept(brand, NOON + DAY) == [[bob]]


def test_who_is_away_covers_nobody(rota: Rota, alice: User, dora: User) -> None:
    covers.add_absence(alice, starts_at=NOON, ends_at=NOON + DAY, by=alice, now=NOON)
    with pytest.raises(Refused, match="away"):
        covered(rota, alice, dora, NOON + 23 * HOUR)
    covered(rota, alice, dora, NOON + DAY)


def test_an_absence_brings_the_next_in_turn_who_is_told(
    brand: Brand, rota: Rota, alice: User, bob: User
) -> None:
    found = covers.add_absence(
        bob, starts_at=NOON - DAY, ends_at=NOON + DAY, reason="Ill", by=bob, now=NOON
    )
    assert kept(brand, NOON - HOUR, NOON, NOON + DAY) == [[bob], [alice], [bob]]
    assert told(alice) == ["duty_given"]
    covers.remove_absence(found.pk, by=bob, now=NOON + HOUR)
    assert kept(brand, NOON, NOON + HOUR) == [[alice], [bob]]
    assert Absence.objects.get().ends_at == NOON + HOUR
    with pytest.raises(Conflict):
        covers.remove_absence(found.pk, by=bob, now=NOON + 2 * HOUR)


# --- Swaps --------------------------------------------------------------------------------------


def part(start: datetime, hours: float = 2) -> Part:
    return Part(1, start, start + hours * HOUR)


def test_nothing_changes_until_somebody_else_takes_it(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    swap = swaps.ask(rota.pk, part(NOON + HOUR), by=bob, now=NOON)
    assert kept(brand, NOON + HOUR) == [[bob]]
    assert (told(alice), told(bob), told(dora)) == (["swap_asked"], [], [])
    with pytest.raises(Refused, match="Somebody else"):
        swaps.take(swap.pk, by=bob, now=NOON)
    swaps.take(swap.pk, by=alice, now=NOON)
    assert kept(brand, NOON, NOON + HOUR, NOON + 3 * HOUR) == [[bob], [alice], [bob]]
    assert (told(alice), told(bob)) == (["swap_asked", "swap_yours"], ["swap_taken"])


def test_a_swap_with_one_person_may_have_a_duty_in_return(
    brand: Brand, rota: Rota, alice: User, bob: User
) -> None:
    back = part(MONDAY + DAY)
    swap = swaps.ask(rota.pk, part(NOON + HOUR), by=bob, asked=alice, back=back, now=NOON)
    swaps.take(swap.pk, by=alice, now=NOON)
    assert kept(brand, NOON + HOUR, MONDAY + DAY, MONDAY + 2 * DAY) == [[alice], [bob], [alice]]


def test_only_who_was_asked_answers_and_a_refusal_is_told(
    brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    swap = swaps.ask(rota.pk, part(NOON + HOUR), by=bob, asked=alice, now=NOON)
    for answer in (swaps.take, swaps.decline):
        with pytest.raises(Forbidden):
            answer(swap.pk, by=dora, now=NOON)
    with pytest.raises(Forbidden):
        swaps.withdraw(swap.pk, by=alice, now=NOON)
    assert swaps.decline(swap.pk, by=alice, now=NOON).state == SwapState.REFUSED
    assert told(bob) == ["swap_declined"]
    with pytest.raises(Conflict):
        swaps.take(swap.pk, by=alice, now=NOON)
    assert kept(brand, NOON + HOUR) == [[bob]]


def test_a_request_is_withdrawn_and_whoever_was_asked_is_told(
    rota: Rota, alice: User, bob: User
) -> None:
    swap = swaps.ask(rota.pk, part(NOON + HOUR), by=bob, now=NOON)
    with pytest.raises(Conflict, match="already"):
        swaps.ask(rota.pk, part(NOON + HOUR), by=bob, now=NOON)
    swaps.withdraw(swap.pk, by=bob, now=NOON)
    assert told(alice) == ["swap_asked", "swap_withdrawn"]
    with pytest.raises(Conflict):
        swaps.take(swap.pk, by=alice, now=NOON)


def test_only_ones_own_duty_is_given_away_and_only_while_it_is_ones_own(
    rota: Rota, alice: User, bob: User, charlie: User, dora: User
) -> None:
    with pytest.raises(Conflict, match="not on duty"):
        swaps.ask(rota.pk, part(NOON + HOUR), by=alice, now=NOON)
    with pytest.raises(Conflict, match="not on duty"):
        swaps.ask(rota.pk, part(NOON + HOUR, hours=24 * 5), by=bob, now=NOON)
    with pytest.raises(Refused, match="members"):
        swaps.ask(rota.pk, part(NOON + HOUR), by=bob, asked=charlie, now=NOON)
    with pytest.raises(Refused, match="not over"):
        swaps.ask(rota.pk, part(NOON - 2 * HOUR), by=bob, now=NOON)
    swap = swaps.ask(rota.pk, part(NOON + HOUR), by=bob, now=NOON)
    covered(rota, dora, dora, NOON + 2 * HOUR)
    with pytest.raises(Conflict, match="Bob Berg is not on duty"):
        swaps.take(swap.pk, by=alice, now=NOON)
    assert Swap.objects.get().is_open


def test_what_is_left_of_a_running_duty_is_taken_and_nothing_once_it_is_over(
    brand: Brand, rota: Rota, alice: User, bob: User
) -> None:
    swap = swaps.ask(rota.pk, part(NOON + HOUR), by=bob, now=NOON)
    with pytest.raises(Conflict, match="over"):
        swaps.take(swap.pk, by=alice, now=NOON + 3 * HOUR)
    swaps.take(swap.pk, by=alice, now=NOON + 2 * HOUR)
    assert kept(brand, NOON + HOUR, NOON + 2 * HOUR) == [[bob], [alice]]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_at_once_one_has_it_and_the_other_is_told(
    brand: Brand, alice: User, bob: User, dora: User
) -> None:
    rota = rota_of(brand, line_of(bob, alice, dora))
    for round_ in range(6):
        start = NOON + (round_ + 1) * HOUR
        swap = swaps.ask(rota.pk, part(start, hours=1), by=bob, now=NOON)
        start_line, outcomes = threading.Barrier(2), {}

        def attempt(user: User, at: threading.Barrier, pk: int, found: dict) -> None:
            at.wait()
            try:
                swaps.take(pk, by=user, now=NOON)
                found[user.pk] = "taken"
            except Conflict:
                found[user.pk] = "late"
            finally:
                connection.close()

        takers = [
            threading.Thread(target=attempt, args=(user, start_line, swap.pk, outcomes))
            for user in (alice, dora)
        ]
        for taker in takers:
            taker.start()
        for taker in takers:
            taker.join()
        assert sorted(outcomes.values()) == ["late", "taken"]
        winner = next(pk for pk, outcome in outcomes.items() if outcome == "taken")
        assert [user.pk for user in duty.on_call(brand, start)] == [winner]
        assert rota.overrides.filter(starts_at=start).count() == 1


# --- Hand-over ----------------------------------------------------------------------------------


def look(rota: Rota, now: datetime) -> None:
    Rota.objects.filter(pk=rota.pk).update(look_at=now)
    assert hand_over.tell_next(now=now)
    assert not hand_over.tell_next(now=now)


def test_who_goes_off_is_asked_for_a_note_and_who_comes_on_is_shown_it(
    rota: Rota, alice: User, bob: User
) -> None:
    look(rota, MONDAY - DAY + timedelta(minutes=1))
    assert told(alice) == ["duty_soon"]
    look(rota, MONDAY - timedelta(minutes=29))
    assert told(bob) == ["note_wanted"]
    hand_over.write_hand_over(
        rota.pk, text="The shop calls at 10.", by=bob, now=MONDAY - timedelta(minutes=5)
    )
    look(rota, MONDAY)
    assert told(alice) == ["duty_soon", "duty_begins_with_note"]
    assert (
        "The shop calls"
        in Notice.objects.get(kind="incidents.duty_begins_with_note").params["note"]
    )
    look(rota, MONDAY + DAY)
    assert told(bob) == ["note_wanted"]


def test_nights_between_days_of_one_turn_ask_for_nothing(
    brand: Brand, alice: User, bob: User
) -> None:
    hours = (Hours(frozenset(range(5)), 480, 1320),)
    rota = rota_of(brand, line_of(bob, alice, hours=hours))
    Rota.objects.update(told_until=NOON - timedelta(hours=20))
    look(rota, NOON + 9 * HOUR)
    look(rota, NOON + 20 * HOUR)
    assert (told(bob), told(alice)) == ([], [])
    look(rota, datetime(2026, 11, 20, 20, 31, tzinfo=UTC))
    assert told(bob) == ["note_wanted"]


def test_an_engine_that_was_away_tells_late_but_once(rota: Rota, alice: User, bob: User) -> None:
    for now in (MONDAY + 2 * HOUR, MONDAY + 2 * HOUR, MONDAY + 3 * HOUR):
        look(rota, now)
    assert told(alice) == ["duty_begins"]
    assert told(bob) == ["note_wanted"]


def test_a_note_written_during_a_duty_is_told_to_who_has_it(
    rota: Rota, alice: User, bob: User
) -> None:
    hand_over.write_hand_over(rota.pk, text="Watch the forum.", by=alice, now=NOON)
    assert told(bob) == ["duty_note"]
    with pytest.raises(Refused):
        hand_over.write_hand_over(rota.pk, text="  ", by=alice, now=NOON)


def test_who_plans_is_told_once_a_week_of_a_gap_in_which_nobody_is_called(
    brand: Brand, alice: User, bob: User, dora: User
) -> None:
    hours = (Hours(frozenset(range(5)), 480, 1320),)
    rota = rota_of(brand, line_of(bob, hours=hours))
    for now in (NOON, NOON + DAY, NOON + 5 * DAY):
        look(rota, now)
    assert told(dora) == ["rota_gap", "rota_gap"]
    assert (told(alice), told(bob)) == ([], [])
    gap = Notice.objects.filter(user=dora).earliest("pk")
    assert gap.params["starts_at"] == datetime(2026, 11, 19, 21, tzinfo=UTC).isoformat()
    Notice.objects.all().delete()
    saved = rota_of(brand, line_of(bob, hours=hours), fallback=alice.pk)
    look(saved, NOON)
    assert told(dora) == []


def test_the_next_look_is_set_to_what_comes(rota: Rota) -> None:
    look(rota, MONDAY - DAY - HOUR)
    rota.refresh_from_db()
    assert rota.look_at == MONDAY - DAY
    look(rota, MONDAY + DAY)
    rota.refresh_from_db()
    assert rota.look_at == MONDAY + DAY + hand_over.LATEST


def test_a_rota_that_cannot_be_read_is_put_off_and_stops_no_other(
    brand: Brand, rota: Rota, alice: User, bob: User
) -> None:
    broken = rota_of(brand, line_of(bob))
    plan = rotation.write(plan_of(line_of(bob, every=0)))
    broken.versions.update(plan=plan)
    Rota.objects.filter(pk=broken.pk).update(look_at=MONDAY - HOUR)
    assert hand_over.tell_next(now=MONDAY)
    broken.refresh_from_db()
    assert broken.look_at == MONDAY + hand_over.RETRY_AFTER


def test_a_change_of_duties_has_the_packs_of_open_incidents_made_anew(
    brand: Brand, other_brand: Brand, rota: Rota, alice: User, bob: User, dora: User
) -> None:
    running = IncidentFactory.create(brand=brand)
    over = IncidentFactory.create(brand=brand, state="RESOLVED")
    elsewhere = IncidentFactory.create(brand=other_brand)

    def due() -> list[bool]:
        for each in (running, over, elsewhere):
            each.refresh_from_db()
        return [each.pack_at is not None for each in (running, over, elsewhere)]

    Incident.objects.update(pack_at=None)
    covered(rota, alice, dora, NOON + DAY)
    assert due() == [True, False, False]
    Incident.objects.update(pack_at=None)
    covers.add_absence(bob, starts_at=NOON, ends_at=NOON + DAY, by=bob, now=NOON)
    assert due() == [True, False, False]
    Incident.objects.update(pack_at=None)
    extra = services.add_shift(
        brand, user=bob, starts_at=NOON + DAY, ends_at=NOON + 2 * DAY, by=dora, now=NOON
    )
    assert due() == [True, False, False]
    Incident.objects.update(pack_at=None)
    services.remove_shift(extra, by=dora, now=NOON)
    assert due() == [True, False, False]
