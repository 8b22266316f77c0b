"""Rotas in the browser: made, read, covered, swapped; who may; calendars by a secret address."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from core.clock import database_now
from incidents import readiness
from incidents.models_rota import Absence, CalendarFeed, HandOver, Override, Rota, Swap
from incidents.selectors import duty
from incidents.services import calendar_feeds, swaps
from incidents.services.covers import Part
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import ShiftFactory, on_the_ladder
from tests.factories.rota import cover, line_of, rota_of

SignedIn = Callable[[User], Client]
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
ON_CALL = "/settings/on-call/"


@pytest.fixture
def boss(brand: Brand) -> User:
    user = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


@pytest.fixture
def rota(brand: Brand, alice: User, bob: User) -> Rota:
    """Bob and alice by weeks, handed over today at midnight; running since a year."""
    today = timezone.now().date()
    started = datetime(today.year, today.month, today.day) - 4 * WEEK
    return rota_of(brand, line_of(bob, alice, starts=started), since=timezone.now() - 52 * WEEK)


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def posted(name: str, *lines: dict, **more: Any) -> dict[str, Any]:
    """What the form of a rota sends."""
    data: dict[str, Any] = {
        "name": name,
        "zone": "Europe/Copenhagen",
        "calendar": "",
        "own_days": "",
    }
    data |= {"form-TOTAL_FORMS": len(lines), "form-INITIAL_FORMS": 0, **more}
    for number, line in enumerate(lines):
        shown = {
            "name": "First line", "every": 1, "unit": "WEEK", "first_day": "2026-11-16",
            "hand_over": "08:00", "holidays": "USUAL", "key": "",
        } | line  # fmt: skip
        data |= {f"form-{number}-{name}": value for name, value in shown.items()}
    return data


def test_a_rota_is_made_read_changed_and_given_up(
    brand: Brand, boss: User, alice: User, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(boss)
    assert "Make a rota" in page(client, ON_CALL)
    assert "First day" in page(client, f"{ON_CALL}rotas/new/{brand.slug}/")
    first = {"person_0": bob.pk, "person_1": alice.pk, "person_2": ""}
    hours = {"days_0": ["0", "1", "2", "3", "4"], "from_0": "08:00", "to_0": "22:00"}
    second = {"name": "Second line", "person_0": boss.pk} | hours
    data = posted("Weeks", first, second, fallback=boss.pk, calendar="DK",
                  own_days="2026-12-24 Juleaften\n\n2026-12-31 Nytårsaften")  # fmt: skip
    response = client.post(f"{ON_CALL}rotas/new/{brand.slug}/", data)
    made = Rota.objects.get()
    assert response["Location"] == f"{ON_CALL}rotas/{made.pk}/"
    plan = made.versions.get().plan
    assert plan["days"] == {"2026-12-24": "Juleaften", "2026-12-31": "Nytårsaften"}
    days = [{"days": [0, 1, 2, 3, 4], "from": "08:00", "to": "22:00"}]
    assert [(line["key"], line["people"], line["hours"]) for line in plan["lines"]] == [
        (1, [bob.pk, alice.pk], []),
        (2, [boss.pk], days),
    ]
    html = page(client, f"{ON_CALL}rotas/{made.pk}/")
    assert "Second line" in html
    assert "Bob Berg" in html

    form = page(client, f"{ON_CALL}rotas/{made.pk}/edit/")
    assert all(shown in form for shown in ("Juleaften", 'value="22:00"'))
    data = posted("Days", first | {"key": 1, "unit": "DAY"}, second | {"key": 2, "DELETE": "on"})
    assert client.post(f"{ON_CALL}rotas/{made.pk}/edit/", data).status_code == 302
    made.refresh_from_db()
    latest = made.versions.order_by("-valid_from")[0].plan
    assert (made.name, [line["unit"] for line in latest["lines"]]) == ("Days", ["DAY"])

    client.post(f"{ON_CALL}rotas/{made.pk}/archive/")
    kept = page(client, f"{ON_CALL}rotas/{made.pk}/")
    assert "was given up" in kept
    assert 'method="post" action="/settings/on-call' not in kept
    assert client.get(f"{ON_CALL}rotas/{made.pk}/edit/").status_code == 404
    assert duty.on_call(brand, database_now()) == []


def test_what_is_wrong_with_a_rota_stands_on_its_form(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(boss), f"{ON_CALL}rotas/new/{brand.slug}/"
    data = posted("x", {"person_0": bob.pk}, own_days="24 December")
    assert "is no date" in client.post(path, data).content.decode()
    data = posted("x", {"person_0": ""})
    assert "one to 30 people" in client.post(path, data).content.decode()
    assert not Rota.objects.exists()


def test_the_week_stands_in_a_table_of_words_with_its_gaps(
    brand: Brand, boss: User, alice: User, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    cover(rota, boss, database_now() + 2 * DAY, 3)
    html = page(signed_in(alice), f"{ON_CALL}rotas/{rota.pk}/?weeks=4")
    assert html.count('<table class="rota"') == 4
    assert "took over" in html
    assert "Somebody is on duty at every moment" in html
    Membership.objects.exclude(user=alice).update(role=Role.OBSERVER)
    Absence.objects.create(
        user=alice, starts_at=database_now() + DAY, ends_at=database_now() + 2 * DAY,
        made_at=database_now(),
    )  # fmt: skip
    html = page(signed_in(alice), f"{ON_CALL}rotas/{rota.pk}/")
    assert "nobody is called" in html
    assert "of the next eight weeks" in html


def test_who_was_on_duty_at_a_time_is_looked_up(
    brand: Brand, bob: User, alice: User, rota: Rota, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    now = database_now()
    found = {}
    for at in (now, now + WEEK, now - WEEK):
        response = client.get(ON_CALL, {"at": at.strftime("%Y-%m-%dT%H:%M")})
        found[at] = [each.user for _brand, each, _until in response.context["current"]]
        assert response.context["asked"]
    assert found[now] != found[now + WEEK]
    assert found[now + WEEK] == found[now - WEEK]
    assert client.get(ON_CALL, {"at": "yesterday"}).context["asked"] is None
    assert client.get(ON_CALL, {"at": "2026-99-01T00:00"}).context["asked"] is None


def test_somebody_takes_a_duty_over_and_gives_it_back(
    brand: Brand, boss: User, alice: User, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    path = f"{ON_CALL}rotas/{rota.pk}/"
    data = {
        "line": 1, "user": alice.pk, "starts_at": "2030-07-01T08:00", "ends_at": "2030-07-01T20:00",
        "note": "Bob is in court",
    }  # fmt: skip
    assert signed_in(alice).post(path, data).status_code == 302
    made = Override.objects.get()
    assert (made.user, made.starts_at) == (alice, datetime(2030, 7, 1, 6, tzinfo=UTC))
    assert "Bob is in court" in page(signed_in(bob), path)
    # Who does not plan puts nobody else on duty, and takes nobody's cover back.
    assert signed_in(bob).post(path, data).status_code == 200
    assert Override.objects.count() == 1
    assert signed_in(bob).post(f"{ON_CALL}covers/{made.pk}/remove/").status_code == 403
    assert signed_in(boss).post(path, data | {"user": bob.pk}).status_code == 302
    signed_in(alice).post(f"{ON_CALL}covers/{made.pk}/remove/")
    assert Override.objects.get().user == bob


def test_a_hand_over_note_is_left_and_shown(
    boss: User, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    signed_in(bob).post(f"{ON_CALL}rotas/{rota.pk}/note/", {"text": "<b>Watch the forum</b>"})
    assert HandOver.objects.get().written_by == bob
    for path in (f"{ON_CALL}rotas/{rota.pk}/", ON_CALL):
        assert "&lt;b&gt;Watch the forum" in page(signed_in(boss), path)


def test_cover_is_asked_for_with_a_return_and_taken_on_the_page(
    brand: Brand, alice: User, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    now = database_now()
    holder = duty.on_call(brand, now)[0]
    other = alice if holder == bob else bob
    client = signed_in(holder)
    assert "Ask for cover" in page(client, f"{ON_CALL}mine/")
    ask = f"{ON_CALL}rotas/{rota.pk}/cover/"
    form = client.get(ask, {"line": 1}).context["form"]
    backs = [value for value, _label in form.fields["back"].choices if value]
    start = (now + HOUR).strftime("%Y-%m-%dT%H:%M")
    end = (now + 2 * HOUR).strftime("%Y-%m-%dT%H:%M")
    data = {"line": 1, "starts_at": start, "ends_at": end, "back": backs[0], "note": "Dentist"}
    assert "one of the person you ask" in client.post(ask, data).content.decode()
    assert client.post(ask, data | {"asked": other.pk}).status_code == 302
    swap = Swap.objects.get()
    assert (swap.asked, swap.note) == (other, "Dentist")
    answer = f"{ON_CALL}swaps/{swap.pk}/"
    assert "Dentist" in page(signed_in(other), f"{ON_CALL}mine/")
    client.post(answer, {"answer": "take"})
    client.post(answer, {"answer": "nonsense"})
    swap.refresh_from_db()
    assert swap.is_open
    signed_in(other).post(answer, {"answer": "take"})
    swap.refresh_from_db()
    assert swap.state == "TAKEN"
    assert {each.user for each in Override.objects.all()} == {alice, bob}


def test_somebody_is_away_for_whole_days_and_comes_back(
    brand: Brand, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    User.objects.filter(pk=bob.pk).update(time_zone="Europe/Copenhagen")
    client = signed_in(bob)
    data = {"first": "2030-07-01", "last": "2030-07-03", "reason": "Holiday"}
    assert client.post(f"{ON_CALL}absences/", data).status_code == 302
    absence = Absence.objects.get()
    assert absence.starts_at == datetime(2030, 6, 30, 22, tzinfo=UTC)
    assert absence.ends_at == datetime(2030, 7, 3, 22, tzinfo=UTC)
    html = client.post(f"{ON_CALL}absences/", data | {"last": "2029-07-03"}).content.decode()
    assert "It ends after it starts." in html
    client.post(f"{ON_CALL}absences/{absence.pk}/remove/")
    assert not Absence.objects.exists()


def test_a_lead_notes_that_somebody_is_away_and_back(
    brand: Brand, alice: User, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    User.objects.filter(pk=bob.pk).update(time_zone="Asia/Tokyo")
    client, address = signed_in(alice), f"{ON_CALL}away/{brand.slug}/"
    data = {"away-person": bob.pk, "away-first": "2030-07-01", "away-last": "2030-07-03"}
    assert client.post(address, data).status_code == 302
    absence = Absence.objects.get()
    assert (absence.user, absence.made_by) == (bob, alice)
    assert absence.starts_at == datetime(2030, 6, 30, 15, tzinfo=UTC)
    assert Notice.objects.get(user=bob).kind == "incidents.absence_noted"
    Absence.objects.update(reason="Secret illness")
    html = page(client, ON_CALL)
    assert "noted by Alice Andersen" in html
    assert "Secret illness" not in html
    assert "Note that somebody is away" not in page(signed_in(bob), ON_CALL)
    refused = client.post(address, data | {"away-last": "2029-07-03"}).content.decode()
    assert "It ends after it starts." in refused
    assert client.post(f"{ON_CALL}absences/{absence.pk}/remove/").status_code == 302
    assert not Absence.objects.exists()
    kinds = set(Notice.objects.filter(user=bob).values_list("kind", flat=True))
    assert kinds == {"incidents.absence_noted", "incidents.absence_ended"}


def test_nobody_is_noted_as_away_in_a_brand_that_is_not_theirs(
    brand: Brand, alice: User, charlie: User, rota: Rota, signed_in: SignedIn
) -> None:
    data = {"away-person": charlie.pk, "away-first": "2030-07-01", "away-last": "2030-07-03"}
    html = signed_in(alice).post(f"{ON_CALL}away/{brand.slug}/", data).content.decode()
    assert "Select a valid choice" in html
    assert not Absence.objects.exists()


def test_only_who_writes_the_plans_notes_absences(
    brand: Brand, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    for path in (f"away/{brand.slug}/", f"away/{brand.slug}x/"):
        assert signed_in(charlie).post(ON_CALL + path).status_code == 404
    assert signed_in(bob).post(f"{ON_CALL}away/{brand.slug}/").status_code == 403


def test_rights_hold_on_every_address(
    brand: Brand, boss: User, alice: User, charlie: User, rota: Rota, signed_in: SignedIn
) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    made = cover(rota, boss, database_now() + DAY, 3)
    now = database_now()
    holder = duty.on_call(brand, now)[0]
    swap = swaps.ask(rota.pk, Part(1, now + HOUR, now + 2 * HOUR), by=holder, now=now)
    absence = Absence.objects.create(
        user=boss, starts_at=now, ends_at=now + WEEK, made_at=now, reason="Secret illness"
    )
    feed, _secret = calendar_feeds.add_feed(boss, rota=rota, now=now)
    managing = [f"rotas/new/{brand.slug}/", f"rotas/{rota.pk}/edit/", f"rotas/{rota.pk}/archive/"]
    working = [f"rotas/{rota.pk}/note/", f"rotas/{rota.pk}/", f"swaps/{swap.pk}/"]
    others = [f"covers/{made.pk}/remove/", f"rotas/{rota.pk}/cover/"]
    personal = [f"absences/{absence.pk}/remove/", f"calendars/{feed.pk}/remove/"]
    for path in managing:
        assert signed_in(alice).post(ON_CALL + path).status_code == 403
    for path in (*managing, *working, others[0]):
        assert signed_in(observer).post(ON_CALL + path).status_code == 403
    for path in (*managing, *working, *others, *personal):
        assert signed_in(charlie).post(ON_CALL + path).status_code == 404
    for path in personal:
        assert signed_in(observer).post(ON_CALL + path).status_code == 404
    assert signed_in(alice).post(ON_CALL + personal[1]).status_code == 404
    assert "Secret illness" not in page(signed_in(alice), f"{ON_CALL}rotas/{rota.pk}/")
    assert Rota.objects.get().archived_at is None
    assert Override.objects.exists()
    assert Absence.objects.exists()
    assert CalendarFeed.objects.exists()


def test_who_is_not_ready_is_warned_of(
    brand: Brand, alice: User, bob: User, rota: Rota, signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = f"{ON_CALL}rotas/{rota.pk}/"
    assert "strip-amber" not in page(signed_in(alice), path)
    monkeypatch.setattr(readiness, "JUDGES", [])

    @readiness.register
    def certified(users: list[User], where: Brand, severity: Any, at: datetime) -> dict:
        assert where == brand
        return {bob.pk: [readiness.Warning("certificate", "Not certified for SEV1")], alice.pk: []}

    found = readiness.warnings([alice, bob], brand, None, database_now())
    assert [each.code for each in found[bob.pk]] == ["certificate"]
    assert alice.pk not in found
    assert "Not certified for SEV1" in page(signed_in(alice), f"{path}?weeks=4")


def test_who_a_ladder_would_call_unready_is_named_where_it_is_drawn(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = on_the_ladder(brand, bob)
    asked: list[Any] = []

    def certified(users: list[User], where: Brand, severity: Any, at: datetime) -> dict:
        asked.append(({user.pk for user in users}, severity))
        return {bob.pk: [readiness.Warning("certificate", "Not certified for SEV2")]}

    monkeypatch.setattr(readiness, "JUDGES", [certified])
    html = page(signed_in(boss), f"/settings/policies/{policy.pk}/")
    assert "Not certified for SEV2" in html
    [(people, severity)] = asked
    assert bob.pk in people
    assert severity == 2


# --- Calendars ----------------------------------------------------------------------------------


def address_of(client: Client, **data: Any) -> str:
    response = client.post(f"{ON_CALL}calendars/", data)
    address: str = response.context["address"]
    assert address in response.content.decode()
    return address.removeprefix("http://testserver")


def read(path: str, **headers: str) -> Any:
    """As a calendar reads it: without a session."""
    return Client().get(path, headers=headers)


def test_a_calendar_of_ones_own_duties_is_read_without_a_session(
    brand: Brand, alice: User, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    now = database_now()
    ShiftFactory.create(brand=brand, user=bob, starts_at=now, ends_at=now + HOUR)
    path = address_of(signed_in(bob))
    response = read(path)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert not response.cookies
    found = icalendar.Calendar.from_ical(response.content)
    assert (found["VERSION"], found["METHOD"]) == ("2.0", "PUBLISH")
    events = list(found.walk("VEVENT"))
    assert len({str(event["UID"]) for event in events}) == len(events)
    for event in events:
        assert event["DTSTART"].dt.utcoffset() == event["DTSTAMP"].dt.utcoffset() == timedelta()
        assert event["DTEND"].dt > event["DTSTART"].dt
        assert "Fjordkaffe" in event["SUMMARY"]
    mine = [event for event in events if "Rota" in event["SUMMARY"]]
    assert len(mine) in range(12, 18)
    assert all(duty.on_call(brand, event["DTSTART"].dt)[0] == bob for event in mine)
    lines = response.content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    again = read(path, if_none_match=response["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_calendar_of_a_rota_names_its_people(
    brand: Brand, alice: User, bob: User, rota: Rota, signed_in: SignedIn
) -> None:
    path = address_of(signed_in(alice), rota=rota.pk)
    summaries = [str(event["SUMMARY"]) for event in
                 icalendar.Calendar.from_ical(read(path).content).walk("VEVENT")]  # fmt: skip
    assert {summary.split(" (")[0] for summary in summaries} == {"Alice Andersen", "Bob Berg"}


@pytest.mark.parametrize("gone", ["removed", "left", "inactive", "guessed"])
def test_an_address_stops_to_work_with_whoever_made_it(
    brand: Brand, bob: User, rota: Rota, signed_in: SignedIn, gone: str
) -> None:
    client = signed_in(bob)
    path = address_of(client, rota=rota.pk)
    assert b"Bob Berg" in read(path).content
    feed = CalendarFeed.objects.get()
    assert feed.digest not in path
    if gone == "removed":
        client.post(f"{ON_CALL}calendars/{feed.pk}/remove/")
    elif gone == "left":
        Membership.objects.filter(user=bob).delete()
    elif gone == "inactive":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    else:
        path = f"/calendar/{feed.digest}.ics"
    assert read(path).status_code == 404


def test_a_page_costs_the_same_with_one_rota_and_with_many(
    brand: Brand, alice: User, bob: User, rota: Rota, signed_in: SignedIn,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    client, counts = signed_in(bob), []
    for more in (0, 5):
        for _each in range(more):
            other = rota_of(brand, line_of(bob, alice))
            HandOver.objects.create(rota=other, written_by=bob, at=database_now(), text="x")
        with django_assert_max_num_queries(30) as counted:
            assert page(client, ON_CALL).count('<table class="rota"') == more + 1
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_pages_cost_the_same_however_long_the_history(
    brand: Brand, bob: User, rota: Rota, signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    client, counts = signed_in(bob), []
    for more in (0, 40):
        for back in range(more):
            cover(rota, bob, database_now() - (back + 2) * DAY, 3)
            HandOver.objects.create(rota=rota, written_by=bob, at=database_now(), text="x")
        with django_assert_max_num_queries(30) as counted:
            client.get(f"{ON_CALL}rotas/{rota.pk}/")
        counts.append(len(counted))
    assert counts[0] == counts[1]
