"""Crisis plans: begun from a ready one, written on, published, compared, reviewed; and by whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.enums import Role
from accounts.models import Brand, User
from core.errors import Conflict, Refused
from incidents import plan_diff
from incidents.enums import PlanKind, PlanState
from incidents.forms_plans import FORMS, TasksForm
from incidents.models import EscalationPolicy
from incidents.models_plan import CrewCare, CrisisPlan, PlanVersion
from incidents.selectors import plans as selectors
from incidents.services import plans
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, PolicyFactory
from tests.factories.plans import TASKS, content, published

SignedIn = Callable[[User], Client]
BREACH = plans.Wanted(PlanKind.DATA_BREACH, "da")


@pytest.fixture
def plan(brand: Brand, alice: User) -> CrisisPlan:
    return plans.create_plan(brand, BREACH, by=alice, now=NOON)


def draft(plan: CrisisPlan) -> PlanVersion:
    return plan.versions.get(state=PlanState.DRAFT)


def save(plan: CrisisPlan, section: str, by: User, **values: Any) -> PlanVersion:
    base = plans.digest(selectors.latest(plan).content, section)
    whole = {
        name: selectors.latest(plan).content[name] for name in plans.plan_shape.SECTIONS[section]
    }
    return plans.save_section(plan.pk, section, whole | values, base=base, by=by, now=NOON)


def posted(plan: CrisisPlan, tab: str, **changed: Any) -> dict[str, Any]:
    """What a browser sends for a tab as it is shown, with some fields changed."""
    content = selectors.latest(plan).content
    form = FORMS[tab](initial=FORMS[tab].initial_of(content), brand=plan.brand)
    sent: dict[str, Any] = {"base": plans.digest(content, tab)}
    parts = [form.management_form, *form] if isinstance(form, TasksForm) else [form]
    for part in parts:
        for name in part.fields:
            value = part[name].value()
            if value is not None and value is not False:
                sent[part.add_prefix(name)] = value
    return sent | changed


def test_a_ready_plan_becomes_a_draft_in_the_chosen_language(plan: CrisisPlan, alice: User) -> None:
    assert (plan.name, plan.owner) == ("Databrud", alice)
    assert draft(plan).content["tasks"][0]["title"].startswith("Notér, hvornår")


def test_a_brand_has_one_plan_a_kind_but_many_of_its_own(
    plan: CrisisPlan, brand: Brand, alice: User
) -> None:
    with pytest.raises(Conflict):
        plans.create_plan(brand, BREACH, by=alice, now=NOON)
    for name in ("Strike", "Flood"):
        plans.create_plan(brand, plans.Wanted(PlanKind.OWN, "en", name), by=alice, now=NOON)
    with pytest.raises(Refused, match="name"):
        plans.create_plan(brand, plans.Wanted(PlanKind.OWN, "en", " "), by=alice, now=NOON)
    plans.retire_plan(plan.pk, by=alice, now=NOON)
    plans.create_plan(brand, BREACH, by=alice, now=NOON)
    assert selectors.visible(alice).count() == 3


def test_publishing_keeps_versions_and_tells_what_changed(plan: CrisisPlan, alice: User) -> None:
    first = plans.publish(plan.pk, by=alice, now=NOON)
    with pytest.raises(Refused, match="no draft"):
        plans.publish(plan.pk, by=alice, now=NOON)
    tasks = [dict(each) for each in first.content["tasks"]]
    tasks[0]["due"] = 600
    tasks[1]["from"] = 2
    save(plan, "tasks", alice, tasks=[*tasks[:-1], {"title": "Ring til DPO", "due": 120}])
    second = plans.publish(plan.pk, note="Øvelsen", by=alice, now=NOON)
    first.refresh_from_db()
    assert (first.number, second.number) == (1, 2)
    assert first.content["tasks"][0]["due"] == 900
    with translation.override("en"):
        found = plan_diff.differences(first.content, second.content)
    assert "Task added: “Ring til DPO”." in found
    assert f"Task taken out: “{tasks[-1]['title']}”." in found
    assert f"Task “{tasks[0]['title']}”: due after 10 min instead of 15 min." in found
    assert f"Task “{tasks[1]['title']}”: from SEV2." in found
    assert len(found) == 4


def test_every_part_of_a_plan_shows_in_the_differences() -> None:
    before = content()
    matrix = before["matrix"] | {"reach": [5, 10], "levels": {"1": 8, "2": 4, "3": 2}, "floor": 2}
    times = before["times"] | {"1": {"acknowledge": 60, "respond": 600, "update": None}}
    after = content(
        about="Anders", matrix=matrix, times=times, roles=before["roles"][1:], policy=7,
        messages=["One"], never=["Two"], channels=[{"name": "Letter", "note": ""}],
        care={"limit": 3600, "grace": 60},
    )  # fmt: skip
    with translation.override("en"):
        found = plan_diff.differences(before, after)
    for words in (
        "When the plan applies is described anew.",
        "Reach, 1 of 2: from 5 instead of 250,000.",
        "SEV1 from 8 points instead of 6.",
        "Never less grave than SEV2 instead of SEV4.",
        "Role taken out: Incident lead.",
        "Key message added: “One”",
        "“Do not say” added: “Two”",
        "Channels, in this order: Letter.",
        "SEV1: update every – instead of 1 h.",
        "Another escalation policy.",
        "Hand-over after 1 h in a role.",
    ):
        assert words in found
    assert plan_diff.differences(before, before) == []


def test_two_who_write_on_the_same_section_meet_and_on_others_do_not(
    plan: CrisisPlan, alice: User, bob: User
) -> None:
    base = plans.digest(draft(plan).content, "messages")
    save(plan, "severity", bob, about="Bobs")
    said = {"messages": ["Alices"], "never": [], "channels": []}
    plans.save_section(plan.pk, "messages", said, base=base, by=alice, now=NOON)
    with pytest.raises(Conflict, match="Alice Andersen has changed this"):
        plans.save_section(
            plan.pk, "messages", said | {"messages": ["Bobs"]}, base=base, by=bob, now=NOON
        )
    assert draft(plan).content["messages"] == ["Alices"]
    assert draft(plan).content["about"] == "Bobs"


def test_the_page_shows_both_texts_after_a_conflict_and_loses_nothing(
    plan: CrisisPlan, alice: User, bob: User, brand: Brand, signed_in: SignedIn
) -> None:
    brand.memberships.filter(user=bob).update(role=Role.LEAD)
    path = f"/plans/{plan.pk}/?tab=messages"
    mine = posted(plan, "messages", messages="Mit budskab\nOgså mit")
    theirs = posted(plan, "messages", messages="Bobs budskab")
    assert signed_in(bob).post(path, theirs).status_code == 302
    client = signed_in(alice)
    met = client.post(path, mine)
    page = met.content.decode()
    assert met.status_code == 409
    assert "Bobs budskab" in page
    assert "Mit budskab\nOgså mit" in page
    again = mine | {"base": met.context["base"]}
    assert client.post(path, again).status_code == 302
    assert draft(plan).content["messages"] == ["Mit budskab", "Også mit"]


@pytest.mark.parametrize("tab", FORMS)
def test_each_tab_is_saved_as_it_is_shown(
    plan: CrisisPlan, alice: User, signed_in: SignedIn, tab: str
) -> None:
    before = draft(plan).content
    response = signed_in(alice).post(f"/plans/{plan.pk}/?tab={tab}", posted(plan, tab))
    assert response.status_code == 302
    assert draft(plan).content == before


def test_an_error_keeps_what_was_written(
    plan: CrisisPlan, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    wrong = posted(plan, "escalation", respond_1="snart")
    response = client.post(f"/plans/{plan.pk}/?tab=escalation", wrong)
    assert response.status_code == 422
    assert "snart" in response.content.decode()
    lower = posted(plan, "severity", reach_1=500, reach_2=10, about="Mine ord")
    response = client.post(f"/plans/{plan.pk}/?tab=severity", lower)
    assert response.status_code == 422
    assert "The threshold for two points" in response.content.decode()
    assert "Mine ord" in response.content.decode()


def test_tasks_are_added_ordered_and_taken_out_on_the_page(
    plan: CrisisPlan, alice: User, signed_in: SignedIn
) -> None:
    sent = posted(plan, "tasks")
    count = len(draft(plan).content["tasks"])
    sent |= {f"form-{count}-title": "Ny opgave", f"form-{count}-due": "2 t"}
    sent |= {f"form-{count}-since": 2, f"form-{count}-ORDER": 0, "form-0-DELETE": "on"}
    assert signed_in(alice).post(f"/plans/{plan.pk}/?tab=tasks", sent).status_code == 302
    tasks = draft(plan).content["tasks"]
    assert (tasks[0]["title"], tasks[0]["due"], tasks[0]["from"]) == ("Ny opgave", 7200, 2)
    assert len(tasks) == count
    assert "known" not in [task["key"] for task in tasks]
    assert tasks[1]["key"] == "data_breach.contain"


def test_a_plan_for_nobody_is_not_published(plan: CrisisPlan, alice: User) -> None:
    save(plan, "tasks", alice, tasks=[])
    with pytest.raises(Refused, match="at least one role and one task"):
        plans.publish(plan.pk, by=alice, now=NOON)


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("tasks", {"tasks": [{"title": "x", "due": 5}]}, "between one minute and a year"),
        ("tasks", {"tasks": [{"title": "x", "key": "a"}, {"title": "y", "key": "a"}]}, "same key"),
        ("tasks", {"tasks": [{"title": "x", "role": "KING"}]}, "not whole"),
        ("roles", {"roles": [{"role": "LEAD", "from": 4}] * 2}, "twice"),
        ("escalation", {"policy": 123456}, "no such escalation policy"),
        ("messages", {"messages": ["x" * 301]}, "300 characters"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    plan: CrisisPlan, alice: User, section: str, values: dict, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        save(plan, section, alice, **values)


def test_another_brands_policy_is_not_chosen(
    plan: CrisisPlan, other_brand: Brand, alice: User
) -> None:
    foreign: EscalationPolicy = PolicyFactory.create(brand=other_brand)
    with pytest.raises(Refused):
        save(plan, "escalation", alice, policy=foreign.pk)


def test_a_draft_is_thrown_away_but_not_the_first(plan: CrisisPlan, alice: User) -> None:
    with pytest.raises(Refused):
        plans.discard_draft(plan.pk, by=alice)
    plans.publish(plan.pk, by=alice, now=NOON)
    save(plan, "severity", alice, about="Other")
    plans.discard_draft(plan.pk, by=alice)
    assert not plan.versions.filter(state=PlanState.DRAFT).exists()


def test_a_plan_that_nobody_read_for_a_year_is_stale(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    old = published(brand).plan
    later = NOON + timedelta(days=366)
    assert not selectors.is_stale(old, now=NOON + timedelta(days=364))
    assert selectors.is_stale(old, now=later)
    plans.mark_reviewed(old.pk, by=alice, now=later)
    old.refresh_from_db()
    assert not selectors.is_stale(old, now=later)
    assert old.reviewed_by == alice
    CrisisPlan.objects.update(reviewed_at=NOON - timedelta(days=800))
    assert "pill-amber" in signed_in(alice).get("/plans/").content.decode()


def test_the_pages_lead_from_the_ready_plan_to_the_published_one(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    assert "Ready plans" in client.get("/plans/").content.decode()
    shown = client.get(f"/plans/new/{brand.slug}/?kind=rumour").content.decode()
    assert "Make sure that it is false" in shown
    made = client.post(f"/plans/new/{brand.slug}/", {"kind": "rumour", "language": "en"})
    plan = CrisisPlan.objects.get(kind="rumour")
    assert made["Location"] == f"/plans/{plan.pk}/"
    twice = client.post(f"/plans/new/{brand.slug}/", {"kind": "rumour", "language": "en"})
    assert "has a plan for this kind" in twice.content.decode()
    client.post(f"/plans/{plan.pk}/publish/", {"note": "First"})
    client.post(f"/plans/{plan.pk}/?tab=severity", posted(plan, "severity", about="New words"))
    client.post(f"/plans/{plan.pk}/publish/", {"note": "Clearer"})
    history = client.get(f"/plans/{plan.pk}/history/?a=1&b=2").content.decode()
    assert "Clearer" in history
    assert "When the plan applies is described anew." in history
    client.post(f"/plans/{plan.pk}/name/", {"name": "Rumours", "owner": alice.pk})
    client.post(f"/plans/{plan.pk}/review/")
    plan.refresh_from_db()
    assert (plan.name, plan.reviewed_by) == ("Rumours", alice)
    client.post(f"/plans/care/{brand.slug}/", {"fjordkaffe-limit": "6 h", "fjordkaffe-grace": "20"})
    care = CrewCare.objects.get()
    assert (care.limit_seconds, care.grace_seconds) == (21600, 1200)
    client.post(f"/plans/{plan.pk}/retire/")
    assert "Rumours" not in client.get("/plans/").content.decode()


def test_who_may_not_write_reads_and_strangers_see_nothing(
    plan: CrisisPlan, brand: Brand, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    ole = UserFactory.create(name="Ole Olsen")
    MembershipFactory.create(user=ole, brand=brand, role=Role.OBSERVER)
    for user in (bob, ole):
        for tab in FORMS:
            page = signed_in(user).get(f"/plans/{plan.pk}/?tab={tab}")
            assert page.status_code == 200
            assert b'name="base"' not in page.content
    posts = ["publish", "discard", "review", "name", "retire"]
    paths = [f"/plans/{plan.pk}/{each}/" for each in posts]
    paths += [f"/plans/{plan.pk}/?tab=tasks", f"/plans/new/{brand.slug}/"]
    paths += [f"/plans/care/{brand.slug}/"]
    assert {signed_in(bob).post(path).status_code for path in paths} == {403}
    assert {signed_in(charlie).post(path).status_code for path in paths} == {404}
    assert signed_in(charlie).get(f"/plans/{plan.pk}/").status_code == 404
    assert "Databrud" not in signed_in(charlie).get("/plans/").content.decode()
    assert draft(plan).number == 1


def test_hostile_text_stays_text(plan: CrisisPlan, alice: User, signed_in: SignedIn) -> None:
    bad = "<script>alert(1)</script>\x00"
    save(plan, "messages", alice, messages=[bad], never=[bad])
    save(plan, "tasks", alice, tasks=[dict(TASKS[0], title=bad, detail=bad)])
    client = signed_in(alice)
    for tab in FORMS:
        assert b"<script>alert" not in client.get(f"/plans/{plan.pk}/?tab={tab}").content
