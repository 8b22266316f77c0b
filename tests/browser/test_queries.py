"""The query editor as one uses it: answers follow the typing, mistakes are found by their place."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.base import Post
from monitoring.ingest import accept
from monitoring.models import Query
from monitoring.selectors import preview
from tests.browser.conftest import Screen
from tests.factories.monitoring import SourceFactory, mention

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEW = "/settings/queries/fjordkaffe/new/"
CHOSEN = "(f => f.value.slice(f.selectionStart, f.selectionEnd))"


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def test_an_answer_follows_the_typing_and_a_mistake_leads_to_its_place(
    screen: Screen, brand: Brand, admin: User
) -> None:
    mention(brand, text="Kold kaffe 😡", published_at=timezone.now() - timedelta(days=1))
    with screen(admin, NEW) as page:
        field, answer = page.locator("#id_expression"), page.locator("#answer")
        field.press_sequentially("kold kaf*")
        expect(answer).to_contain_text("Would have matched 1 mention")
        expect(answer).to_contain_text("Kold kaffe")
        field.press_sequentially(" 😡 lnag:da")
        expect(answer).to_contain_text("There is no field “lnag”")
        expect(answer.locator("mark")).to_have_text("lnag:da")
        expect(field).to_have_value("kold kaf* 😡 lnag:da")
        answer.get_by_role("button", name="Go there").click()
        expect(field).to_be_focused()
        # An emoji before it counts as one character here and as two in the browser.
        assert page.evaluate(f"{CHOSEN}(document.activeElement)") == "lnag:da"
        page.keyboard.press("Delete")
        expect(answer).to_contain_text("Would have matched 1 mention")
        page.get_by_role("button", name="kaffe OR te").click()
        expect(field).to_have_value("kold kaf* 😡 kaffe OR te")
        page.get_by_label("Name*").fill("Kold")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("h1")).to_have_text("What Fjordkaffe listens for")
    assert Query.objects.get().expression == "kold kaf* 😡 kaffe OR te"


def test_counting_them_all_goes_on_by_itself(screen: Screen, brand: Brand, admin: User) -> None:
    now = timezone.now()
    source = SourceFactory.create(brand=brand)
    # More than the first answer and the first step of counting look at.
    count = preview.STEP + 500
    hour = timedelta(hours=1)
    posts = [Post(f"{n}", f"kaffe {n % 4}", published_at=now - hour) for n in range(count)]
    accept(source, posts, now=now)
    with screen(admin, NEW) as page:
        page.locator("#id_expression").press_sequentially('"kaffe 3"')
        expect(page.locator("#answer")).to_contain_text("Would have matched about")
        page.get_by_role("button", name="Count them all").click()
        expect(page.locator("#answer")).to_contain_text("Counted: 2,625 mentions of all 10,500")
