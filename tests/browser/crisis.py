"""The demo's crisis, and three of its people at their browsers: what tests of the whole share."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import expect

from core.clock import database_now
from crisisdesk.demo import load
from crisisdesk.demo.people import BRANDS
from responses.enums import PublicationState
from responses.models import Publication
from tests.browser.living import Team
from tests.responses.servers import Behaviour


@dataclass
class Loop(Team):
    """The demo's crisis; `receiver` is what the brand's webhook calls."""

    receiver: Behaviour
    delays: list[float] = field(default_factory=list)


def the_alarm_comes_by_itself(loop: Loop) -> None:
    loop.go(loop.legal, "/approvals/")
    loop.go(loop.lead, "/")
    expect(loop.lead.page.locator("#incidents .empty")).to_be_visible()
    loop.lead.page.evaluate("window.sameDocument = true")
    load.play_crisis(database_now(), speed=10)
    expect(loop.lead.page.locator("#incidents .incident")).to_be_visible(timeout=60_000)
    assert loop.lead.page.evaluate("window.sameDocument")
    loop.lead.page.locator("#incidents .btn").click()
    loop.lead.page.wait_for_url("**/i/CD-*/")
    assert f"/i/{loop.incident.reference}/" in loop.lead.page.url


def a_reply_is_drafted(loop: Loop, title: str, text: str) -> None:
    """Written and handed in for all accounts but the brand's second, by keys alone."""
    page = loop.duty.page
    # The tab of the drafts is beside the first one; the second time the browser remembers it.
    loop.duty.tab_to(page.locator(".tab-group-say [role=tab][aria-selected=true]"))
    if page.locator("#tab-drafts").get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowRight")
    loop.duty.press(loop.link(loop.duty, "New draft"))
    page.wait_for_url("**/drafts/new/")
    loop.duty.type(page.locator("#title"), title)
    # All accounts are ticked at first: all but one stay.
    loop.duty.press(page.get_by_role("checkbox", name=BRANDS[0].accounts[1][0]), "Space")
    loop.duty.type(page.locator("#text"), text)
    loop.duty.press(loop.button(loop.duty, "Save draft"))
    page.wait_for_url(re.compile(r"/drafts/\d+/$"))
    loop.duty.press(loop.button(loop.duty, "Ask for approval"))
    expect(page.locator(".composer-head")).to_contain_text(str(loop.words("Waiting for approval")))


def it_is_approved_in_two_taps(loop: Loop, title: str) -> None:
    """The list that was open all the time has the draft; one tap reads it, one approves it."""
    page = loop.legal.page
    page.locator(".inbox-item", has_text=title).tap()
    expect(page.locator(".statement")).to_be_visible()
    loop.button(loop.legal, "Approve").tap()
    expect(loop.button(loop.legal, "Undo")).to_be_visible()


def it_is_approved_by_keys(loop: Loop, title: str, text: str) -> None:
    page = loop.legal.page
    expect(page.locator(".inbox-item", has_text=title)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".statement")).to_have_text(text)
    # Keys work from when the scripts do.
    expect(page.locator("cd-conn [data-state=live]")).to_be_attached()
    page.keyboard.press("a")
    expect(loop.button(loop.legal, "Undo")).to_be_visible()


def it_goes_out(loop: Loop, title: str, *accounts: str) -> None:
    """After the time to undo it is out through each account, and the room knows."""
    page = loop.lead.page
    for account in accounts:
        sent = loop.words("“%(title)s” went out through %(account)s.", title=title, account=account)
        expect(page.locator("#entries")).to_contain_text(sent, timeout=25_000)
    expect(page.locator("#head .clock-green")).to_contain_text(loop.words("First response"))
    ours = Publication.objects.filter(version__draft__incident=loop.incident)
    assert [each.state for each in ours] == [PublicationState.SENT] * len(accounts)
    assert loop.incident.responded_at
