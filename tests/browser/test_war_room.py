"""The war room and its neighbours in a real browser: shared, readable, kept while one types."""

import re
import time

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from accounts.models import Brand, User
from incidents import services
from incidents.models import Incident
from tests.browser.conftest import Screen
from tests.browser.rooms import begun, live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# A second, and room for a machine that is busy with other tests.
SOON = 3.0
NARROW = {"width": 320, "height": 700}


@pytest.fixture
def incident(brand: Brand, alice: User, bob: User) -> Incident:
    """Opened three minutes ago, one call made, long words in it, and a past to draw."""
    now = timezone.now()
    title = "Plastic fragments reported in the oat porridge of every kind"
    opened = begun(brand, alice, bob, title=title, minutes=3)
    services.add_note(opened.pk, by=bob, text="W" * 120, now=now)
    services.add_task(opened.pk, title="Call the laboratory" * 4, owner=bob, by=alice, now=now)
    return opened


def test_two_people_see_each_others_changes_at_once(
    incident: Incident, alice: User, bob: User, screen: Screen
) -> None:
    path = f"/i/{incident.reference}/"
    with screen(alice, path) as hers, screen(bob, path) as his:
        live(hers)
        live(his)
        his.fill("#say", "half a thought")
        hers.fill("#say", "/decision We withdraw the batch")
        began = time.monotonic()
        hers.press("#say", "Enter")
        expect(his.locator("#entries")).to_contain_text("We withdraw the batch")
        assert time.monotonic() - began < SOON
        expect(hers.locator("#say")).to_have_value("")
        expect(his.locator("#say")).to_have_value("half a thought")
        began = time.monotonic()
        hers.click("#blocking button.btn-primary")
        expect(his.locator("#head [aria-current]")).to_contain_text("Acknowledged")
        assert time.monotonic() - began < SOON
        expect(his.locator("#blocking section")).to_have_count(0)
        expect(hers.locator("#blocking section")).to_have_count(0)


def test_tasks_are_added_ticked_and_keep_their_form(
    incident: Incident, alice: User, screen: Screen
) -> None:
    with screen(alice, f"/i/{incident.reference}/") as page:
        page.fill("#task-title", "Brief customer care")
        page.click("#tasks .panel-form button")
        expect(page.locator("#task-list li")).to_have_count(2)
        page.click("#task-list li:has-text('Brief') button")
        expect(page.locator("#task-list li.task-done")).to_have_count(1)
        expect(page.locator("#tasks .panel-form")).to_have_count(1)
        expect(page.locator("#task-title")).to_have_value("")


def test_the_chart_follows_its_range_and_the_log_its_filter(
    incident: Incident, alice: User, screen: Screen
) -> None:
    with screen(alice, f"/i/{incident.reference}/") as page:
        expect(page.locator("#volume canvas")).to_be_visible()
        points = "document.querySelector('cd-volume').points.at.length"
        before = page.evaluate(points)
        page.click("#volume .segmented a:nth-child(1)")
        # What is predicted changes with every look: the chosen range tells that it was drawn anew.
        expect(page.locator("#volume .segmented a:nth-child(1)")).to_have_attribute(
            "aria-current", "true"
        )
        assert page.evaluate(points) < before
        expect(page.locator("#volume canvas")).to_be_visible()
        page.click("#timeline .segmented a:nth-child(3)")
        expect(page.locator("#entries li")).to_have_count(1)
        expect(page.locator("#timeline [aria-current]")).to_have_text("Notes")


def test_a_late_refresh_does_not_undo_the_range_that_was_chosen_meanwhile(
    incident: Incident, alice: User, screen: Screen
) -> None:
    with screen(alice, f"/i/{incident.reference}/") as page:
        expect(page.locator("#volume canvas")).to_be_visible()
        chosen = page.locator("#volume .segmented a:nth-child(1)")
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route(re.compile("part=volume&range=4h"), hold)
        with page.expect_request(re.compile("part=volume&range=4h")):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('cd:resync'))")
        chosen.click()
        expect(chosen).to_have_attribute("aria-current", "true")
        with page.expect_response(re.compile("part=volume&range=1h")):
            held[0].continue_()
        page.wait_for_load_state("networkidle")
        expect(chosen).to_have_attribute("aria-current", "true")


def test_the_severity_is_changed_from_the_actions(
    incident: Incident, alice: User, screen: Screen
) -> None:
    with screen(alice, f"/i/{incident.reference}/") as page:
        page.click("#head button[popovertarget]")
        page.select_option("#new-severity", "3")
        page.fill("#severity-reason", "A known joke")
        page.click("#actions form:has(#new-severity) button")
        expect(page.locator("#head .severity-3")).to_be_visible()
        expect(page.locator("#entries")).to_contain_text("A known joke")
