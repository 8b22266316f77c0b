"""Working through mentions by keys, in a real browser, while somebody else does too."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.enums import Role
from accounts.models import Brand, User
from monitoring.models import Mention
from monitoring.models_triage import MentionState, SavedSearch, StreamJob
from monitoring.services import triage
from monitoring.services.triage import Place
from tests.browser.axe import violations
from tests.browser.conftest import Screen
from tests.browser.living import PHONE
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory
from tests.factories.monitoring import mention

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = "<script>alert(1)</script> \u202e" + "w" * 400


@pytest.fixture
def six(brand: Brand) -> list[Mention]:
    """Newest first, the third with a text that would like to break the page."""
    now = timezone.now()
    return [
        mention(
            brand,
            text=HOSTILE if number == 2 else f"Mention number {number}",
            author=HOSTILE if number == 2 else f"author{number}",
            published_at=now - timedelta(minutes=number),
            reach=1_000 * (number + 1),
        )
        for number in range(6)
    ]


def state(found: Mention) -> MentionState:
    return MentionState.objects.select_related("assignee").get(mention_id=found.pk)


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def ready(page: Page) -> None:
    """Scripts are modules: keys work from when they have been loaded."""
    expect(page.locator(".pick-words")).to_have_text("Nothing is selected")


def test_rows_are_done_one_after_the_other(screen: Screen, bob: User, six: list[Mention]) -> None:
    with screen(bob, "/mentions/") as page:
        ready(page)
        press(page, "j e")
        expect(page.locator(f"#handling-{six[0].pk}")).to_contain_text("Done")
        # The next row has the focus already.
        expect(page.locator(f"[data-id='{six[1].pk}']")).to_be_focused()
        press(page, "a")
        expect(page.locator(f"#handling-{six[1].pk}")).to_contain_text("Bob Berg")
        press(page, "Enter")
        page.wait_for_url(f"**/mentions/{six[1].pk}/")
        press(page, "Escape")
        page.wait_for_url("**/mentions/")
    assert (state(six[0]).state, state(six[1]).state) == ("done", "doing")


def test_a_range_is_ticked_done_at_once_and_taken_back(
    screen: Screen, bob: User, six: list[Mention]
) -> None:
    with screen(bob, "/mentions/") as page:
        ready(page)
        press(page, "j x j j Shift+X")
        expect(page.locator(".pick-words")).to_have_text("3 selected, reach 6,000")
        press(page, "e")
        outcome = page.locator("#many-outcome")
        expect(outcome).to_contain_text("3 mentions changed")
        expect(page.locator(f"#handling-{six[2].pk}")).to_contain_text("Done")
        expect(page.locator(".pick-words")).to_have_text("Nothing is selected")
        assert violations(page) == []
        outcome.get_by_role("button", name="Undo").click()
        expect(outcome).to_contain_text("3 mentions are as they were before.")
        expect(page.locator(f"#handling-{six[2].pk}")).not_to_contain_text("Done")
    assert {state(each).state for each in six[:3]} == {"new"}
    assert StreamJob.objects.get().undone_at


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chart_is_walked_by_keys(
    screen: Screen, bob: User, six: list[Mention], theme: str
) -> None:
    with screen(bob, "/mentions/", theme=theme) as page:
        ready(page)
        press(page, "j t")
        chart = page.locator("#chart-card")
        expect(chart).to_contain_text("Is it true?")
        expect(chart).not_to_contain_text("What kind of post is it?")
        press(page, "n")
        expect(chart).to_contain_text("What kind of post is it?")
        press(page, "4")
        expect(chart).to_contain_text("Set the facts right in the same place")
        assert violations(page, "#chart") == []
        press(page, "Enter")
        expect(page.locator("#chart")).to_be_hidden()
        expect(page.locator(f"#handling-{six[0].pk}")).to_contain_text("Misguided")
    row = state(six[0])
    assert (row.truth, row.kind, row.course, row.assignee) == (
        "false", "misguided", "fix_facts", bob,
    )  # fmt: skip


def test_a_label_takes_two_keys(screen: Screen, bob: User, six: list[Mention]) -> None:
    with screen(bob, "/mentions/") as page:
        ready(page)
        press(page, "j l")
        expect(page.locator("#label")).to_be_visible()
        assert violations(page, "#label") == []
        press(page, "n")
        row = page.locator(f"[data-id='{six[0].pk}']")
        expect(row.locator(".meant")).to_contain_text("Negative")
        expect(row).to_be_focused()
        press(page, "l")
        page.locator("#label-emotion").select_option("anger")
        expect(row).to_contain_text("Anger")
    found = Mention.objects.get(pk=six[0].pk)
    assert (found.corrected_sentiment, found.emotion) == ("negative", "anger")


def test_who_took_it_shows_at_once_and_is_not_overwritten(
    screen: Screen, alice: User, bob: User, six: list[Mention]
) -> None:
    first = six[0]
    place = Place(first.pk, first.brand_id, first.published_at)
    with screen(bob, "/mentions/") as page:
        ready(page)
        triage.set_state(place, "doing", by=alice, now=timezone.now())
        expect(page.locator(f"#handling-{first.pk}")).to_contain_text("Alice Andersen")


def test_the_second_of_two_is_told_who_was_quicker(
    screen: Screen, alice: User, bob: User, six: list[Mention]
) -> None:
    first = six[0]
    place = Place(first.pk, first.brand_id, first.published_at)

    def too_late() -> None:
        with screen(bob, "/mentions/") as page:
            ready(page)
            # As if the frame had not come yet: the page still believes that nobody has it.
            page.route("**/mentions/states/**", lambda route: route.abort("aborted"))
            triage.set_state(place, "doing", by=alice, now=timezone.now())
            press(page, "j e")
            expect(page.locator("#toasts")).to_contain_text("Alice Andersen was quicker")

    # The browser's console tells of the refused request.
    with pytest.raises(AssertionError, match="409"):
        too_late()
    assert state(first).assignee == alice


def test_the_selection_goes_to_an_incident(
    screen: Screen, bob: User, brand: Brand, six: list[Mention]
) -> None:
    incident = IncidentFactory.create(brand=brand)
    with screen(bob, "/mentions/") as page:
        ready(page)
        press(page, "j x j x i")
        page.wait_for_url("**/mentions/link/**")
        expect(page.get_by_role("heading", name="Link 2 mentions")).to_be_visible()
        page.get_by_role("button", name="Link").click()
        page.wait_for_url("**/mentions/jobs/**")
        page.goto(page.url.split("/mentions/")[0] + "/mentions/")
        expect(page.locator(f"[data-id='{six[1].pk}']")).to_contain_text(incident.reference)
    assert incident.linked_mentions.count() == 2


def test_a_view_is_saved_and_its_unread_follows(
    screen: Screen, bob: User, brand: Brand, six: list[Mention]
) -> None:
    with screen(bob, "/mentions/?emotion=anger") as page:
        page.locator("#searches").get_by_role("button", name="Save this view").click()
        name = page.get_by_label("Name")
        name.fill("Ang")
        # Mentions come in, and the list beside it anew, while somebody types.
        with page.expect_response("**/mentions/searches/**"):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('cd:resync'))")
        expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)
        expect(name).to_have_value("Ang")
        name.fill("Angry")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**search=**")
        current = page.locator("#searches [aria-current]")
        expect(current).to_contain_text("Angry")
        # Away from it first: what comes while it is open is read.
        page.goto(page.url.split("?")[0])
        mention(brand, emotion="anger")
        page.reload()
        expect(page.locator("#searches .searches-count")).to_contain_text("1")
        assert violations(page, "#searches") == []
    assert SavedSearch.objects.get().query == "emotion=anger"


def test_on_a_phone_the_bar_comes_with_the_selection(
    screen: Screen, bob: User, brand: Brand, six: list[Mention]
) -> None:
    for number in range(6):
        SavedSearch.objects.create(owner=bob, name=f"Search number {number}", query="emotion=anger")
    mention(brand, emotion="anger")
    with screen(bob, "/mentions/", size=PHONE, theme="dark") as page:
        bar = page.locator("#pick")
        expect(bar).to_be_hidden()
        expect(page.locator("#searches .searches-count")).to_have_count(6)
        page.locator("[data-pick]").first.check()
        expect(bar).to_be_visible()
        assert violations(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide


def test_keys_do_nothing_for_who_may_only_look(
    screen: Screen, six: list[Mention], observer: User
) -> None:
    with screen(observer, "/mentions/") as page:
        expect(page.locator("[data-item]")).to_have_count(6)
        expect(page.locator("#pick")).to_have_count(0)
        press(page, "j e x a")
    assert not MentionState.objects.exists()


@pytest.fixture
def observer(brand: Brand) -> User:
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user
