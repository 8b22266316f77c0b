"""The pages of escalation policies: drawn, edited by buttons, foreseen, kept in versions."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from incidents import selectors, services
from incidents.models import EscalationPolicy, Incident
from incidents.models_escalation import OutgoingWebhook
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import ShiftFactory, on_the_ladder

SignedIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def boss(brand: Brand) -> User:
    user = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


def typed(*steps: dict, do: str = "save", **more: object) -> dict:
    """What a browser sends: each step under a key of its own, in the order of the page."""
    keys = [str(step.get("key") or f"k{number}") for number, step in enumerate(steps)]
    data: dict = {"name": "Nights", "rounds": 2, "is_default": "on", "step": keys, "do": do}
    for key, step in zip(keys, steps, strict=True):
        data |= {f"s-{key}-{name}": value for name, value in step.items() if name != "key"}
    return data | more


def order(page: str) -> list[str]:
    return re.findall(r'name="step" value="(\w+)"', page)


def test_a_policy_is_made_and_read_back_as_a_ladder(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(boss)
    data = typed(
        {"target": "USER", "user": bob.pk, "wait": 5},
        {"target": "ON_CALL", "line": 2, "wait": 3, "times": 2},
        {
            "target": "ROLE", "role": "LEAD", "wait": 10, "from_severity": 2, "start": "22:00",
            "end": "06:00", "days": [4, 5], "zone": "Europe/Copenhagen", "alarms": 3,
            "minutes": 30,
        },
        {"target": "TURN", "people": [boss.pk, bob.pk], "wait": 1},
        {"target": "SEVERITY", "level": 1, "wait": 0},
    )  # fmt: skip
    response = client.post(f"/settings/policies/new/{brand.slug}/", data)
    assert response.status_code == 302
    made = EscalationPolicy.objects.get(brand=brand)
    user, line, role, turn, level = services.copying.copied(made)
    assert (user["target"], user["user"], user["wait"]) == ("USER", bob.pk, 300)
    assert (line["line"], line["times"], line["wait"]) == (2, 2, 180)
    assert role["only"] == {
        "severity": 2,
        "hours": {"from": "22:00", "to": "06:00", "days": [4, 5], "zone": "Europe/Copenhagen"},
        "alarms": {"count": 3, "minutes": 30},
    }
    assert set(turn["people"]) == {boss.pk, bob.pk}
    assert turn["key"]
    assert (level["level"], level["wait"]) == (1, 0)
    page = client.get("/settings/policies/").content.decode()
    assert "Bob Berg" in page
    assert "only 22:00–06:00, Fri, Sat (Europe/Copenhagen)" in page
    assert "only after 3 alarms in 30 minutes" in page
    # What is shown in the form is what is kept.
    again = client.get(f"/settings/policies/{made.pk}/").context["ladder"]
    assert [form.kind for form in again.forms] == ["USER", "ON_CALL", "ROLE", "TURN", "SEVERITY"]
    assert again.forms[2]["start"].value() == "22:00"


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        ("up:c", ["a", "c", "b"]),
        ("down:a", ["b", "a", "c"]),
        ("up:a", ["a", "b", "c"]),
        ("down:c", ["a", "b", "c"]),
        ("remove:b", ["a", "c"]),
        ("up:nobody", ["a", "b", "c"]),
        ("preview", ["a", "b", "c"]),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_steps_are_moved_by_buttons_without_saving_anything(
    brand: Brand, boss: User, signed_in: SignedIn, do: str, expected: list[str], headers: dict
) -> None:
    steps = [{"key": key, "target": "ON_CALL", "wait": 7} for key in "abc"]
    path = f"/settings/policies/new/{brand.slug}/"
    response = signed_in(boss).post(path, typed(*steps, do=do), headers=headers)
    assert response.status_code == 200
    page = response.content.decode()
    assert order(page) == expected
    assert page.count('value="7"') == len(expected)
    assert ("<html" in page) is not bool(headers)
    assert not EscalationPolicy.objects.exists()


def test_a_step_is_added_and_asks_for_what_its_kind_needs(
    brand: Brand, boss: User, signed_in: SignedIn
) -> None:
    path = f"/settings/policies/new/{brand.slug}/"
    client = signed_in(boss)
    added = client.post(path, typed({"target": "ON_CALL"}, do="add"), headers=HTMX)
    assert len(order(added.content.decode())) == 2
    changed = client.post(path, typed({"target": "CREW"}, do=""), headers=HTMX).content.decode()
    assert "Spokesperson" in changed
    assert 'name="s-k0-line"' not in changed


def test_a_step_that_is_not_complete_is_marked_and_nothing_is_saved(
    brand: Brand, boss: User, signed_in: SignedIn
) -> None:
    path = f"/settings/policies/new/{brand.slug}/"
    step = {"target": "ON_CALL", "start": "08:00", "alarms": 2, "zone": "Mars/Phobos"}
    response = signed_in(boss).post(path, typed(step))
    page = response.content.decode()
    assert "Give both times, or none." in page
    assert "Give both numbers, or none." in page
    assert "There is no such time zone." in page
    assert not EscalationPolicy.objects.exists()
    refused = signed_in(boss).post(path, typed({"target": "WAIT", "wait": 5}))
    assert "At least one step must call somebody." in refused.content.decode()


def test_saved_by_script_the_whole_page_goes_on(
    brand: Brand, boss: User, signed_in: SignedIn
) -> None:
    path = f"/settings/policies/new/{brand.slug}/"
    response = signed_in(boss).post(path, typed({"target": "ON_CALL", "wait": 5}), headers=HTMX)
    assert response.headers["HX-Redirect"] == "/settings/policies/"


def test_a_new_policy_begins_with_what_suits_most_teams(
    brand: Brand, boss: User, signed_in: SignedIn
) -> None:
    page = signed_in(boss).get(f"/settings/policies/new/{brand.slug}/")
    kinds = [form.kind for form in page.context["ladder"].forms]
    assert kinds == ["ON_CALL", "ON_CALL", "ROLE", "ROLE", "ON_CALL"]
    listed = signed_in(boss).get("/settings/policies/").content.decode()
    assert "new incidents climb the usual ladder" in listed


def test_without_a_policy_an_incident_climbs_the_usual_ladder(
    brand: Brand, boss: User, alice: User, bob: User
) -> None:
    now = database_now()
    incident = services.open_incident(
        brand, title="x", crisis_type="none", severity=1, severity_reasons=[], origin="PERSON",
        began_at=now, now=now,
    )  # fmt: skip
    assert services.fire_next(now=now)
    # Nobody is on call: the lead is called at once, not everyone.
    assert [call.user for call in incident.calls.all()] == [alice]


def test_what_would_happen_is_told_for_any_time_and_severity(
    brand: Brand, boss: User, alice: User, bob: User, signed_in: SignedIn
) -> None:
    at = datetime.fromisoformat("2026-12-01T02:00+01:00")
    ShiftFactory.create(
        brand=brand, user=bob, starts_at=at.replace(day=1, hour=0), ends_at=at.replace(day=2)
    )
    path = f"/settings/policies/new/{brand.slug}/"
    steps = [
        {"target": "ROLE", "role": "LEAD", "wait": 5, "start": "08:00", "end": "16:00",
         "days": [0, 1, 2, 3, 4], "zone": "Europe/Copenhagen"},
        {"target": "ON_CALL", "wait": 3},
    ]  # fmt: skip
    ask = {"preview-at": "2026-12-01T02:00", "preview-severity": 2, "preview-alarms": 1}
    client = signed_in(boss)
    response = client.post(path, typed(*steps, do="preview", **ask), headers=HTMX)
    first = response.context["moments"][0]
    assert (first.people, first.number) == (["Bob Berg"], 2)
    assert first.passed == ["Step 1 is passed: it is outside its hours"]
    noon = ask | {"preview-at": "2026-12-01T12:00"}
    response = client.post(path, typed(*steps, do="preview", **noon), headers=HTMX)
    assert [each.people for each in response.context["moments"][:2]] == [
        ["Alice Andersen"],
        ["Bob Berg"],
    ]
    assert response.context["moments"][-1].kind == "everyone"
    quiet = [steps[0]]
    ask |= {"preview-severity": 4}
    response = client.post(path, typed(*quiet, do="preview", **ask), headers=HTMX)
    rest, then = response.context["moments"][:2]
    assert (rest.kind, then.people) == ("rest", ["Alice Andersen"])
    assert "Nobody is called" in response.content.decode()
    broken = [{"target": "ON_CALL", "start": "08:00"}]
    response = client.post(path, typed(*broken, do="preview", **ask), headers=HTMX)
    assert "A step is not complete yet." in response.content.decode()


def test_what_is_shown_is_what_the_planner_says(
    brand: Brand, boss: User, alice: User, bob: User, signed_in: SignedIn
) -> None:
    policy = on_the_ladder(brand, bob, alice)
    page = signed_in(boss).get(f"/settings/policies/{policy.pk}/")
    found = selectors.foreseen(
        brand, services.copying.copied(policy), rounds=policy.rounds, policy_id=policy.pk,
        severity=2, at=database_now(),
    )  # fmt: skip
    assert [each.people for each in page.context["moments"]] == [
        [{alice.pk: "Alice Andersen", bob.pk: "Bob Berg", boss.pk: "Dora Dahl"}[pk]
         for pk in each.climb.users] for each in found
    ]  # fmt: skip


def test_versions_tell_what_changed_and_come_back(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(boss)
    client.post(f"/settings/policies/new/{brand.slug}/", typed({"target": "ON_CALL", "wait": 5}))
    made = EscalationPolicy.objects.get()
    changed = typed({"target": "USER", "user": bob.pk, "wait": 5}, name="Days", rounds=3)
    client.post(f"/settings/policies/{made.pk}/", changed)
    page = client.get(f"/settings/policies/{made.pk}/versions/").content.decode()
    for words in ("Version 2", "Dora Dahl", "Renamed from “Nights”", "Rounds: 2, now 3"):
        assert words in page
    assert "Bob Berg" in page
    assert client.post(f"/settings/policies/{made.pk}/versions/1/").status_code == 302
    made.refresh_from_db()
    assert (made.name, made.rounds, made.version) == ("Nights", 2, 3)


def test_a_webhook_is_added_with_its_secret_shown_once(
    brand: Brand, boss: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(boss), f"/settings/policies/webhooks/{brand.slug}/"
    hostile = '"><script>alert(1)</script>'
    page = client.post(path, {"name": hostile, "url": "https://example.org/hook"}).content.decode()
    assert "whsec_" in page
    assert escape(hostile) in page
    assert hostile not in page
    assert "whsec_" not in client.get(path).content.decode()
    hook = OutgoingWebhook.objects.get()
    assert b"whsec" not in bytes(hook.secret)
    assert client.post(f"/settings/policies/webhooks/{hook.pk}/remove/").status_code == 302
    assert not OutgoingWebhook.objects.exists()


def test_only_who_manages_the_brand_may_change_a_policy(
    brand: Brand, boss: User, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    policy = on_the_ladder(brand, bob)
    services.save_policy(
        brand, policy=policy, name="Kept", rounds=1, is_default=True, by=boss,
        steps=[{"target": "USER", "user": bob, "role": "", "wait": 60}],
    )  # fmt: skip
    hook, _secret = services.add_webhook(brand, name="x", url="https://example.org", by=boss)
    drill = services.start_drill(policy, by=boss, now=database_now())
    paths = [
        f"/settings/policies/{policy.pk}/",
        f"/settings/policies/{policy.pk}/versions/1/",
        f"/settings/policies/{policy.pk}/drill/",
        f"/settings/policies/webhooks/{brand.slug}/",
        f"/settings/policies/webhooks/{hook.pk}/remove/",
        f"/settings/policies/drills/{drill.pk}/stop/",
    ]
    assert [signed_in(alice).post(path).status_code for path in paths] == [403] * len(paths)
    assert [signed_in(charlie).post(path).status_code for path in paths] == [404] * len(paths)
    for path in (
        f"/settings/policies/{policy.pk}/versions/",
        f"/settings/policies/drills/{drill.pk}/",
    ):
        assert signed_in(alice).get(path).status_code == 200
        assert signed_in(charlie).get(path).status_code == 404
    policy.refresh_from_db()
    assert (policy.version, OutgoingWebhook.objects.count()) == (1, 1)
    assert Incident.with_drills.get().is_drill
