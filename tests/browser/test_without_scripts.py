"""The main forms without JavaScript: acknowledge, note, draft, approve. Slower, but they work."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from incidents import services
from incidents.models import Incident
from responses.enums import DraftState
from responses.models import Draft
from tests.core.live_rig import WebServer
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import on_the_ladder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def incident(brand: Brand, alice: User, bob: User) -> Incident:
    now = timezone.now()
    on_the_ladder(brand, bob)
    AccountFactory.create(brand=brand, name="@fjordkaffe")
    Membership.objects.filter(user=alice).update(role=Role.APPROVER)
    opened = services.open_incident(
        brand,
        title="Glass in the coffee",
        crisis_type="product_safety",
        severity=2,
        severity_reasons=[],
        origin="PERSON",
        by=alice,
        began_at=now,
        now=now,
    )
    services.fire_next(now=now)
    return opened


@contextmanager
def plain(browser: Browser, site: WebServer, user: User, path: str) -> Iterator[Page]:
    client = Client()
    client.force_login(user)
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
    page = context.new_page()
    page.goto(site.url + path)
    yield page
    context.close()


def test_a_call_is_answered_and_a_reply_approved_without_scripts(
    browser: Browser, site: WebServer, incident: Incident, alice: User, bob: User
) -> None:
    with plain(browser, site, bob, f"/i/{incident.reference}/") as page:
        page.get_by_role("button", name="Acknowledge", exact=True).first.click()
        expect(page.locator("#ladder li.done")).to_contain_text("Bob Berg")
        page.locator("#say").fill("The roastery is told")
        page.locator("#say").press("Enter")
        expect(page.locator("#entries")).to_contain_text("The roastery is told")
        page.locator("#tab-panel-drafts").get_by_role("link", name="Drafts").click()
        page.get_by_role("link", name="New draft").click()
        page.locator("#title").fill("Holding statement")
        page.locator("#text").fill("We are sorry.")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_role("button", name="Ask for approval").click()
        expect(page.locator(".composer-head")).to_contain_text("Waiting for approval")
    with plain(browser, site, alice, "/approvals/") as page:
        page.locator(".inbox-item").click()
        page.get_by_role("button", name="Approve", exact=True).click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
    incident.refresh_from_db()
    assert incident.acknowledged_at
    assert incident.escalate_at is None
    assert Draft.objects.get().state == DraftState.APPROVED
