"""The screens of the look in a real browser: readable, within the window, and usable by keys."""

from datetime import timedelta
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Brand, User
from core.live import publish
from incidents.models import Incident
from incidents.services import add_note
from monitoring.models import Mention, MentionCount, Step
from responses.services import create_draft, submit
from tests.browser.axe import violations
from tests.browser.conftest import Screen
from tests.browser.living import DESKTOP, PHONE
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory, ShiftFactory, TaskFactory
from tests.factories.monitoring import SourceFactory, mention

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = (DESKTOP, {"width": 1024, "height": 768}, PHONE, {"width": 320, "height": 700})


@pytest.fixture
def busy(brand: Brand, alice: User, bob: User) -> Mention:
    """A brand in trouble: mentions with long words and markup, a rise, an incident, people."""
    now = timezone.now()
    source = SourceFactory.create(brand=brand)
    texts = ["<b onclick=alert(1)>" + "Wwwwwwwwww" * 30, "Plastik i grøden igen", "🔥 " * 50]
    found = [
        mention(
            brand,
            text=text,
            source_id=source.pk,
            author="averyveryverylongnamewithoutanybreakinit" * (number % 2 + 1),
            reach=10**number,
            crisis_type="product_safety" if number % 2 else "none",
            sentiment=("negative", "neutral", "positive")[number % 3],
            published_at=now - timedelta(minutes=number),
        )
        for number, text in enumerate(texts * 3)
    ]
    for ago in range(1, 40):
        Step.objects.create(
            brand=brand, starts_at=now - timedelta(minutes=5 * ago), total=6, negative=4,
            positive=1, reach=10, expected_low=3, expected_high=9, score=0,
        )  # fmt: skip
    MentionCount.objects.create(
        brand=brand, minute=now, network="x", crisis_type="none", total=60, negative=40
    )
    incident = IncidentFactory.create(
        brand=brand,
        severity=1,
        given_title="Plastic fragments reported in the oat porridge of every kind",
        detected_at=now - timedelta(minutes=50),
        respond_by=now + timedelta(minutes=5),
        lead=alice,
    )
    TaskFactory.create(incident=incident, owner=alice, due_at=now + timedelta(minutes=20))
    ShiftFactory.create(
        brand=brand, user=bob, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=9)
    )
    return found[0]


@pytest.fixture
def quiet(brand: Brand, alice: User) -> None:
    """A brand that nobody has said anything about."""


def too_wide(page: Page) -> list[str]:
    """The elements that stick out when the page can be scrolled sideways."""
    found: list[str] = page.evaluate("""() => {
        const root = document.documentElement;
        if (root.scrollWidth <= innerWidth) return [];
        return [...document.body.querySelectorAll("*")]
            .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
            .map((each) => `${each.tagName}.${each.getAttribute("class")}`).slice(0, 8);
    }""")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_full_screens_are_accessible_and_fit(
    screen: Screen, alice: User, busy: Mention, theme: str
) -> None:
    with screen(alice, "/", theme=theme) as page:
        for path in ("/", "/mentions/", "/mentions/?q=plastik&sentiment=neutral"):
            page.goto(urljoin(page.url, path))
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            for size in SIZES:
                page.set_viewport_size(size)  # type: ignore[arg-type]
                assert too_wide(page) == []
                assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "da"])
def test_empty_screens_are_accessible_and_fit(
    screen: Screen, alice: User, quiet: None, language: str
) -> None:
    for path in ("/", "/mentions/", "/search/?q=nothing"):
        with screen(alice, path, language=language, size=PHONE) as page:
            assert violations(page) == []
            assert too_wide(page) == []


def test_a_mention_and_its_correction_by_keys(screen: Screen, alice: User, busy: Mention) -> None:
    with screen(alice, f"/mentions/{busy.pk}/") as page:
        assert violations(page) == []
        page.get_by_role("button", name="Positive").press("Enter")
        expect(page.get_by_role("button", name="Positive")).to_have_attribute(
            "aria-pressed", "true"
        )
        expect(page.get_by_text("corrected by a person")).to_be_visible()


def test_correcting_in_the_stream_keeps_the_place(
    screen: Screen, alice: User, busy: Mention
) -> None:
    with screen(alice, "/mentions/") as page:
        row = page.locator(f"[data-id='{busy.pk}']")
        row.locator(".meant").click()
        row.get_by_role("button", name="Neutral").click()
        expect(row.locator(".meant")).to_contain_text("Neutral")
    assert Mention.objects.get(pk=busy.pk).corrected_sentiment == "neutral"


def test_the_palette_opens_by_key_finds_and_goes(
    screen: Screen, alice: User, busy: Mention
) -> None:
    with screen(alice, "/") as page:
        page.keyboard.press("Control+k")
        expect(page.locator("#palette")).to_be_visible()
        assert violations(page, "#palette") == []
        page.keyboard.type("fjord")
        expect(page.locator("#palette-found .palette-item")).to_have_count(2)
        assert violations(page, "#palette") == []
        page.keyboard.type("kaffe")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/mentions/?brand=*")


def test_shortcuts_are_listed_and_work(screen: Screen, alice: User, busy: Mention) -> None:
    with screen(alice, "/") as page:
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()
        assert violations(page, "#shortcuts") == []
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        page.keyboard.press("m")
        page.wait_for_url("**/mentions/")


def test_new_mentions_wait_behind_the_pill(
    screen: Screen, alice: User, busy: Mention, brand: Brand
) -> None:
    with screen(alice, "/mentions/") as page:
        expect(page.locator("cd-conn [data-state=live]")).to_be_visible()
        rows = page.locator("[data-id]")
        before = rows.count()
        mention(brand, text="Said just now")
        publish(f"brand.{brand.pk}", "volume", {"total": 1})
        expect(page.locator("[data-pill]")).to_contain_text("1 new mention")
        assert rows.count() == before
        page.keyboard.press(".")
        expect(rows.first).to_contain_text("Said just now")
        assert violations(page) == []


def test_the_overview_follows_an_incident_without_a_reload(
    screen: Screen, alice: User, busy: Mention, brand: Brand
) -> None:
    with screen(alice, "/") as page:
        expect(page.locator("cd-conn [data-state=live]")).to_be_visible()
        IncidentFactory.create(brand=brand, given_title="A second thing", severity=4)
        publish(f"brand.{brand.pk}", "incidents")
        expect(page.locator("#incidents")).to_contain_text("A second thing", timeout=2_000)
        assert violations(page) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [("/approvals/", "Sorry"), ("/respond/", "Sorry"), ("/incidents/", "A second thing")],
)
def test_a_list_follows_what_comes_without_a_reload(
    screen: Screen, alice: User, bob: User, brand: Brand, path: str, text: str
) -> None:
    with screen(alice, path, size=PHONE) as page:
        expect(page.locator("cd-conn [data-state=live]")).to_be_attached()
        incident = IncidentFactory.create(brand=brand, given_title="A second thing")
        account = AccountFactory.create(brand=brand)
        now = timezone.now()
        draft = create_draft(
            incident.pk, title="Sorry", text="Sorry.", by=bob, account_ids=[account.pk], now=now
        )
        submit(draft.pk, by=bob, now=now)
        publish(f"brand.{brand.pk}", "incidents")
        expect(page.locator("main")).to_contain_text(text, timeout=3_000)


def test_a_refresh_leaves_the_row_in_focus_and_what_was_opened(
    screen: Screen, alice: User, busy: Mention, brand: Brand
) -> None:
    with screen(alice, "/") as page:
        expect(page.locator("cd-conn [data-state=live]")).to_be_visible()
        page.keyboard.press("j")
        IncidentFactory.create(brand=brand, given_title="A second thing", severity=4)
        publish(f"brand.{brand.pk}", "incidents")
        expect(page.locator("#incidents")).to_contain_text("A second thing")
        page.keyboard.press("Enter")
        page.wait_for_url("**/i/CD-*/")
        page.locator("#volume summary").click()
        expect(page.locator("cd-conn [data-state=live]")).to_be_visible()
        incident = Incident.objects.get(severity=1)
        with page.expect_response("**part=volume**"):
            add_note(incident.pk, by=alice, text="Look", now=timezone.now())
        expect(page.locator("#entries")).to_contain_text("Look")
        expect(page.locator("#volume table")).to_be_visible()


def test_the_theme_switch_is_kept_with_the_person(screen: Screen, alice: User, quiet: None) -> None:
    with screen(alice, "/", theme="light") as page:
        with page.expect_response("**/theme/"):
            page.locator("[data-theme-toggle]").click()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_for_everyone_are_accessible(screen: Screen, alice: User, theme: str) -> None:
    with screen(None, "/sign-in/", theme=theme, size=PHONE) as page:
        assert violations(page) == []
        assert too_wide(page) == []
