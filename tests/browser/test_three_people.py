"""A lead, a responder and an approver each do their part, from the alarm to resolved."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from crisisdesk.demo.people import BRANDS, DUTY, LEAD, LEGAL
from incidents.enums import EntryKind, IncidentRole, PlanKind, PlanState, State
from incidents.enums_record import FactStatus, PromiseState
from incidents.models_plan import PlanVersion
from tests.browser.axe import violations
from tests.browser.crisis import (
    Loop,
    a_reply_is_drafted,
    it_goes_out,
    it_is_approved_by_keys,
    it_is_approved_in_two_taps,
    the_alarm_comes_by_itself,
)
from tests.browser.living import Seat
from tests.core.live_rig import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TITLE = "Stop riding"
SAID = "Please do not ride a Duo with a D24 frame. Bring it to a shop."


@pytest.mark.timeout(400)
@pytest.mark.parametrize("loop", ["en", "da"], indirect=True)
def test_three_people_bring_a_crisis_from_the_alarm_to_its_end(loop: Loop) -> None:
    the_alarm_comes_by_itself(loop)
    who_was_called_answers_from_their_overview(loop)
    the_severity_is_changed_with_a_reason(loop)
    it_runs_on_the_plan_for_such_a_case(loop)
    roles_are_given(loop)
    a_fact_is_entered_by_one_and_verified_by_another(loop)
    the_approver_does_a_task(loop)
    a_decision_is_written_down(loop)
    the_head_is_written(loop)
    a_text_is_written_approved_and_published(loop)
    a_promise_is_kept(loop)
    the_state_changes_with_a_reason(loop)
    it_is_resolved(loop)
    the_record_holds_all_of_it(loop)


def tab(of: Seat, name: str) -> None:
    of.page.locator(f"#tab-{name}").click()


def seat_of(loop: Loop, role: IncidentRole) -> Locator:
    """The lead's row of a role."""
    row = loop.lead.page.locator("#slot-roles li.seat")
    return row.filter(has=loop.lead.page.locator(f"[name=role][value={role.value}]"))


def who_was_called_answers_from_their_overview(loop: Loop) -> None:
    wait_until(loop.incident.calls.exists)
    page = loop.duty.page
    loop.go(loop.duty, "/")
    calling = loop.words("Acknowledge: %(title)s", title="")
    page.locator("#waiting").get_by_role("link", name=calling).first.click()
    page.wait_for_url("**/i/CD-*/")
    loop.button(loop.duty, "Acknowledge").first.click()
    expect(loop.button(loop.duty, "Acknowledge")).to_have_count(0)
    expect(loop.lead.page.locator("#ladder li.done")).to_contain_text(DUTY.name)
    expect(loop.button(loop.lead, "Acknowledge")).to_have_count(0)


def roles_are_given(loop: Loop) -> None:
    """The strip says who is missing; the head of communications takes the lead, and gives roles."""
    blocking = loop.duty.page.locator("#blocking")
    expect(blocking).to_contain_text(loop.words("There is no communications lead."))
    loop.lead.page.locator("#blocking a[href='#slot-roles']").click()
    for role, person in (("LEAD", LEAD), ("COMMS", DUTY), ("LEGAL", LEGAL)):
        row = seat_of(loop, IncidentRole(role))
        row.locator("summary").click()
        row.locator(f"#note-{role}").fill(f"For you: {role}")
        row.locator("select").select_option(label=person.name)
        row.locator(".btn-primary").click()
        expect(row.locator("b").first).to_have_text(person.name)
    expect(loop.duty.page.locator("#head")).to_contain_text(LEAD.name)
    expect(blocking).not_to_contain_text(loop.words("There is no communications lead."))


def a_fact_is_entered_by_one_and_verified_by_another(loop: Loop) -> None:
    for one in (loop.duty, loop.lead):
        tab(one, "facts")
    duty, lead = loop.duty.page, loop.lead.page
    duty.fill("#fact-text", "The weld of frame D24 breaks")
    duty.fill("#fact-source", "The workshop")
    duty.click("#facts .panel-form button")
    lead.locator("#fact-1 summary").click()
    lead.fill("#fact-why-1", "Seen in three frames")
    lead.click("#fact-1 button[value=VERIFIED]")
    expect(duty.locator("#fact-1.fact-green")).to_be_attached()


def the_approver_does_a_task(loop: Loop) -> None:
    """Given by the lead in the room, ticked on a phone."""
    say = loop.lead.page.locator("#say")
    say.fill("/task @YasminKaya Read the liability clause")
    say.press("Enter")
    expect(say).to_have_value("")
    loop.go(loop.legal, f"/i/{loop.incident.reference}/")
    line = loop.legal.page.locator("#task-list li", has_text="liability clause")
    line.locator(".task-line button").tap()
    expect(line.locator("[name=open]")).to_be_attached()
    done = loop.duty.page.locator("#task-list li.task-done")
    expect(done).to_contain_text("Read the liability clause")
    loop.go(loop.legal, "/approvals/")


def a_decision_is_written_down(loop: Loop) -> None:
    tab(loop.lead, "decisions")
    page = loop.lead.page
    page.fill("#decision-text", "We stop the sale of the Duo [F1]")
    page.fill("#decision-reason", "Somebody could fall")
    page.fill("#decision-rejected", "To wait for the laboratory")
    page.locator("#decision-owner").select_option(label=DUTY.name)
    page.click("#decisions .panel-form button")
    expect(loop.duty.page.locator("#entries .entry-decision")).to_contain_text("We stop the sale")


def the_head_is_written(loop: Loop) -> None:
    """Three parts are written; what we know is the fact that was verified."""
    tab(loop.duty, "situation")
    tab(loop.lead, "situation")
    parts = {"happened": "A frame broke in Aarhus", "effect": "One fell", "doing": "We call back"}
    for part, text in parts.items():
        edit = loop.duty.page.locator(f"#situation-edit-{part}")
        edit.locator("summary").click()
        edit.locator("textarea").fill(text)
        edit.locator("button").click()
        expect(loop.lead.page.locator("#situation")).to_contain_text(text)
    expect(loop.lead.page.locator("#situation .known")).to_contain_text("The weld of frame D24")


def a_text_is_written_approved_and_published(loop: Loop) -> None:
    tab(loop.duty, "drafts")
    a_reply_is_drafted(loop, TITLE, SAID)
    if loop.language == "en":
        it_is_approved_in_two_taps(loop, TITLE)
    else:
        it_is_approved_by_keys(loop, TITLE, SAID)
    it_goes_out(loop, TITLE, BRANDS[0].accounts[0][0])


def a_promise_is_kept(loop: Loop) -> None:
    loop.go(loop.duty, f"/i/{loop.incident.reference}/")
    tab(loop.duty, "promises")
    page = loop.duty.page
    page.fill("#promise-text", "The next word")
    zone = ZoneInfo(loop.incident.brand.time_zone)
    soon = timezone.localtime(timezone.now() + timedelta(hours=2), zone)
    page.fill("#promise-due", f"{soon:%H:%M}")
    page.locator("#promises .panel-form button").click()
    page.locator("#promise-1 summary").click()
    page.click("#promise-1 button[value=KEPT]")
    expect(page.locator("#promises .settled")).to_be_attached()


def the_severity_is_changed_with_a_reason(loop: Loop) -> None:
    """Raised; or lowered, where the alarm has heard enough by then to call it the highest."""
    page = loop.lead.page
    wanted = 1 if loop.incident.severity > 1 else 2
    loop.button(loop.lead, "Actions").click()
    page.select_option("#new-severity", str(wanted))
    page.fill("#severity-reason", "Children ride in it")
    page.click("#actions form:has(#new-severity) button")
    expect(loop.duty.page.locator(f"#head .severity-{wanted}")).to_be_visible()


def it_runs_on_the_plan_for_such_a_case(loop: Loop) -> None:
    """Chosen by hand: whether the alarm knew the kind depends on what was said by then."""
    version = PlanVersion.objects.get(
        plan__brand=loop.incident.brand,
        plan__kind=PlanKind.PRODUCT_SAFETY,
        state=PlanState.PUBLISHED,
    )
    plan = loop.incident.plan
    if plan and plan["kind"] == PlanKind.PRODUCT_SAFETY:
        return
    tab(loop.lead, "plan")
    page = loop.lead.page
    page.locator("#slot-plan details:has(#adopt-plan) summary").click()
    page.select_option("#adopt-plan", str(version.pk))
    page.click("#slot-plan form:has(#adopt-plan) button")
    expect(loop.duty.page.locator("#task-list li").first).to_be_attached()


def the_state_changes_with_a_reason(loop: Loop) -> None:
    page = loop.lead.page
    loop.button(loop.lead, "Actions").click()
    page.fill("#state-reason", "All shops have answered")
    page.click("#actions button[value=MONITORING]")
    here = loop.duty.page.locator("#head [data-state=MONITORING][aria-current]")
    expect(here).to_be_attached()


def it_is_resolved(loop: Loop) -> None:
    page = loop.lead.page
    loop.button(loop.lead, "Actions").click()
    page.select_option("#end-statement", "UPDATED")
    page.select_option("#end-posts", "RESUMED")
    page.locator("#end-review").select_option(label=LEAD.name)
    loop.button(loop.lead, "Resolve").click()
    page.wait_for_url("**/review/")
    assert violations(page) == []
    expect(loop.duty.page.locator("#head .clock-green").first).to_be_visible()
    expect(loop.duty.page.locator("#blocking section")).to_have_count(0)


def the_record_holds_all_of_it(loop: Loop) -> None:
    incident = loop.incident
    assert incident.state == State.RESOLVED
    assert str(incident.lead) == LEAD.name
    fact = incident.facts.get()
    assert (fact.status, str(fact.owner)) == (FactStatus.VERIFIED, DUTY.name)
    assert incident.promises.get().state == PromiseState.KEPT
    decision = incident.decisions.get()
    assert str(decision.owner) == DUTY.name
    roles = {row.role: row.user.name for row in incident.holdings.filter(until=None)}
    assert {**roles, "COMMS": DUTY.name, "LEGAL": LEGAL.name, "LEAD": LEAD.name} == roles
    kinds = [EntryKind.ACKNOWLEDGED, EntryKind.DECISION, EntryKind.SEVERITY, EntryKind.STATE]
    assert {*kinds} <= set(incident.entries.values_list("kind", flat=True))
