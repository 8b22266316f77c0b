"""The screens on which people are answered and words are chosen, by the keyboard alone."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Brand, User
from incidents.models import Incident
from responses import services
from responses.enums_engage import RunKind
from responses.models import Draft, Version
from responses.models_engage import Answer, Concern, Conversation
from responses.models_plan import CommunicationPlan
from responses.models_strategy import StrategyDecision
from responses.services.engage import concerns
from tests.browser.axe import violations
from tests.browser.conftest import Screen
from tests.browser.living import Seat
from tests.browser.rooms import live
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory
from tests.responses.engaging import asked

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ANSWER = "Hello {name}, batch 7 is not dangerous, but bring it back."


@pytest.fixture
def incident(brand: Brand, alice: User, bob: User) -> Incident:
    """Two people have asked; an answer to one question has been approved."""
    now = timezone.now()
    found: Incident = IncidentFactory.create(brand=brand, reference="CD-2026-014", lead=alice)
    AccountFactory.create(brand=brand, name="@fjordkaffe", config={"world": "test"})
    first = asked(found, now=now, author="Ida", text="Is batch 7 dangerous?")
    asked(found, now=now, author="Jens", text="Where do I get my money?")
    concern = concerns.add_concern(
        found.pk, "Is batch 7 dangerous?", by=bob, now=now, owner=alice, conversations=[first.pk]
    )
    draft = concerns.write_for(concern.pk, RunKind.ANSWER, text=ANSWER, by=bob, now=now)
    services.submit(draft.pk, by=bob, now=now)
    sha256 = Version.objects.get(draft=draft).sha256
    services.approve(draft.pk, by=alice, sha256=sha256, now=now)
    return found


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


@pytest.mark.timeout(180)
def test_people_are_answered_without_a_mouse(
    incident: Incident, screen: Screen, alice: User
) -> None:
    with screen(alice, f"/i/{incident.reference}/engage/") as page:
        alices = Seat(page)
        live(page)
        a_conversation_is_claimed_and_answered(alices)
        a_question_is_put_on_the_board_and_written_for(alices, incident)


def a_conversation_is_claimed_and_answered(alices: Seat) -> None:
    page = alices.page
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/engage/*/")
    live(page)
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Let others answer")).to_be_visible()
    row = Conversation.objects.get(assignee__isnull=False)
    live(page)
    alices.press(button(page, "Send this"))
    expect(page.locator(".engage-ours")).to_contain_text("batch 7 is not dangerous")
    assert Answer.objects.get().conversation_id == row.pk
    assert violations(page) == []


def a_question_is_put_on_the_board_and_written_for(alices: Seat, incident: Incident) -> None:
    page = alices.page
    alices.press(page.locator(".crumbs a[href$='/engage/']").first)
    page.wait_for_url("**/engage/")
    live(page)
    page.keyboard.press("c")
    page.wait_for_url("**/concerns/")
    live(page)
    page.keyboard.press("n")
    page.keyboard.type("Where do I get my money?")
    page.keyboard.press("Enter")
    card = page.locator("section.concern", has_text="Where do I get my money?")
    expect(card).to_be_visible()
    alices.press(card.locator("summary", has_text="Write it"))
    alices.type(card.locator("textarea"), "Hello {name}, in any shop.")
    assert violations(page) == []
    alices.press(card.get_by_role("button", name="Write it", exact=True))
    expect(page.get_by_text("in any shop").first).to_be_visible()
    assert Concern.objects.filter(incident=incident).count() == 2
    assert Draft.objects.filter(title__contains="money").exists()


@pytest.mark.timeout(180)
def test_the_plan_and_the_posture_are_chosen_without_a_mouse(
    incident: Incident, screen: Screen, alice: User, brand: Brand
) -> None:
    with screen(alice, f"/settings/communication/{brand.slug}/?tab=channels") as page:
        alices = Seat(page)
        a_part_of_the_plan_is_edited(alices, brand)
        a_posture_is_chosen(alices, incident)


def a_part_of_the_plan_is_edited(alices: Seat, brand: Brand) -> None:
    page = alices.page
    alices.type(page.locator(".plan-form input[type=text]").first, "The press")
    alices.press(page.locator(".plan-form").get_by_role("button", name="Save", exact=True))
    expect(page.locator(".plan-form input[type=text]").first).to_have_value("The press")
    assert CommunicationPlan.objects.get(brand=brand).versions.count() == 1
    assert violations(page) == []


def a_posture_is_chosen(alices: Seat, incident: Incident) -> None:
    page = alices.page
    page.goto(page.url.split("/settings/")[0] + f"/i/{incident.reference}/strategy/")
    for name in ("kind", "true", "harm"):
        alices.press(page.locator(f"select[name={name}]"), "ArrowDown")
    alices.press(button(page, "What does it advise?"))
    expect(page.locator("#proposal-title")).to_be_visible()
    alices.press(page.locator("[name=posture]").first, "Space")
    alices.type(page.locator("textarea[name=reason]"), "The board wants it so")
    assert violations(page) == []
    alices.press(button(page, "Decide"))
    expect(page.get_by_text("The board wants it so").first).to_be_visible()
    assert StrategyDecision.objects.get().incident_id == incident.pk
