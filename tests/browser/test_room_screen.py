"""The war room as a screen: all of it at 1440 by 900, worked by keys, and on a phone."""

import os

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Brand, User
from incidents import services
from incidents.models import Incident, TimelineEntry
from tests.browser.axe import violations
from tests.browser.conftest import Screen
from tests.browser.living import DESKTOP, PHONE
from tests.browser.rooms import begun, live
from tests.factories.monitoring import mention

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("ROOM_PICTURES", "")
BACK = 120


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.wait_for_timeout(800)
        page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.fixture
def incident(brand: Brand, alice: User, bob: User) -> Incident:
    """A full one: a past, posts, calls, tasks, facts, decisions, pins and a long log."""
    now = timezone.now()
    for number in range(12):
        mention(brand, text=f"Plastic in my porridge, number {number}", reach=1000 * number)
    title = "Plastic fragments reported in the oat porridge of every kind, from all the shops"
    opened = begun(brand, alice, bob, title=title, minutes=20)
    for number in range(BACK):
        services.add_note(opened.pk, by=bob, text=f"Queue is at {number}.", now=now)
    for number in range(12):
        services.add_task(
            opened.pk, title=f"Call laboratory {number}", owner=bob, by=alice, now=now
        )
    services.write_line(opened, "/fact Batch L24 is concerned | the lab", by=alice, now=now)
    decision = services.add_decision(
        opened.pk, by=alice, text="We withdraw batch L24-118, @bob informs the shops [F1].", now=now
    )
    services.pin_entry(opened.pk, decision.number, by=alice, now=now)
    return opened


def height(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_full_room_is_one_screen_without_scrolling(
    incident: Incident, alice: User, screen: Screen, theme: str, language: str
) -> None:
    path = f"/i/{incident.reference}/"
    with screen(alice, path, theme=theme, language=language, size=DESKTOP) as page:
        live(page)
        expect(page.locator("#slot-drafts .skeleton")).to_have_count(0)
        picture(page, f"desk-{theme}-{language}")
        assert height(page) <= DESKTOP["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]
        # Each column is in sight to its foot, and what is longer scrolls in itself.
        for place in ("#volume", "#timeline", ".tab-group-say", ".tab-group-work"):
            box = page.locator(place).bounding_box()
            assert box
            assert box["y"] + box["height"] <= DESKTOP["height"]
            assert box["height"] > 120
        assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_the_room_comes_in_the_order_of_need(
    incident: Incident, alice: User, screen: Screen, theme: str
) -> None:
    with screen(alice, f"/i/{incident.reference}/", theme=theme, size=PHONE) as page:
        live(page)
        picture(page, f"phone-{theme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        places = ["#head", "#blocking", ".tab-group-say", "#volume", ".tab-group-work", "#timeline"]
        tops = [page.locator(place).bounding_box()["y"] for place in places]  # type: ignore[index]
        assert tops == sorted(tops)
        page.click(".war-tabs a:has-text('Tasks')")
        expect(page.locator("#tasks")).to_be_in_viewport()
        expect(page.locator(".war-tabs")).to_be_in_viewport()
        assert violations(page) == []


def test_tabs_go_by_keys_are_counted_and_remembered(
    incident: Incident, alice: User, screen: Screen
) -> None:
    with screen(alice, f"/i/{incident.reference}/") as page:
        live(page)
        tasks, ladder = page.locator("#tab-tasks"), page.locator("#ladder")
        expect(tasks.locator(".tab-count")).to_have_text("12")
        expect(ladder).to_be_hidden()
        tasks.focus()
        page.keyboard.press("End")
        page.keyboard.press("Home")
        page.locator("#tab-ladder").click()
        expect(ladder).to_be_visible()
        page.reload()
        expect(ladder).to_be_visible()
        expect(page.locator("#tab-ladder")).to_have_attribute("aria-selected", "true")


def test_commands_and_people_are_completed_by_keys(
    incident: Incident, alice: User, screen: Screen
) -> None:
    with screen(alice, f"/i/{incident.reference}/") as page:
        live(page)
        page.locator("#head h1").click()
        page.keyboard.press("t")
        expect(page.locator("#say")).to_have_value("/task ")
        page.keyboard.press("Control+A")
        page.keyboard.type("/ta")
        expect(page.locator("#say-options [role=option]:visible")).to_have_count(1)
        expect(page.locator("#say")).to_have_attribute("aria-activedescendant", "say-task")
        picture(page, "options")
        page.keyboard.press("Enter")
        expect(page.locator("#say")).to_have_value("/task ")
        page.keyboard.type("@bo")
        expect(page.locator("#say-options [role=option]:visible")).to_have_count(1)
        page.keyboard.press("Tab")
        expect(page.locator("#say")).to_have_value("/task @BobBerg ")
        assert violations(page, ".say-box") == []
        page.keyboard.type("23:30 Ring the shops")
        page.keyboard.press("Enter")
        expect(page.locator("#task-list")).to_contain_text("Ring the shops")
        expect(page.locator("#say")).to_have_value("")
        page.locator("#head h1").click()
        page.keyboard.press("s")
        expect(page.locator("#new-severity")).to_be_focused()


def test_a_link_opens_a_line_far_back_and_it_is_corrected_with_a_trace(
    incident: Incident, alice: User, screen: Screen
) -> None:
    with screen(alice, f"/i/{incident.reference}/#entry-12") as page:
        live(page)
        line = page.locator("#entry-12")
        expect(line).to_be_in_viewport()
        expect(line).to_be_focused()
        line.locator(".entry-open").click()
        expect(page.locator("#entry-sheet dialog")).to_be_visible()
        picture(page, "entry")
        assert violations(page, "dialog[open]") == []
        page.fill("#entry-text", "Queue was at 99.")
        page.click("dialog[open] form:has(#entry-text) button")
        expect(page.locator("#entry-sheet dialog")).to_have_count(0)
        expect(line).to_contain_text("Corrected by")
        line.locator("a:has-text('Corrected by')").click()
        expect(page.locator(".entry-here")).to_contain_text("Queue was at 99.")
        assert TimelineEntry.objects.filter(corrects__number=12).count() == 1


def test_the_others_see_who_writes_and_who_is_away(
    incident: Incident, alice: User, bob: User, screen: Screen
) -> None:
    path = f"/i/{incident.reference}/"
    with screen(alice, path) as hers, screen(bob, path) as his:
        live(hers)
        live(his)
        expect(hers.locator("#presence [data-person]")).to_have_count(2)
        his.locator("#say").press_sequentially("I am on my")
        expect(hers.locator("#typing")).to_have_text("Bob Berg is writing")
        expect(his.locator("#typing")).to_have_text("")
        expect(hers.locator("#typing")).to_have_text("", timeout=9_000)
        his.evaluate("document.querySelector('[data-idle]').dataset.idleAfter = '1'")
        expect(hers.locator("#presence .seat-idle")).to_have_count(1, timeout=9_000)
        his.evaluate("document.querySelector('[data-idle]').dataset.idleAfter = '100000'")
        his.mouse.move(50, 60)
        his.mouse.move(80, 90)
        expect(hers.locator("#presence .seat-idle")).to_have_count(0)
