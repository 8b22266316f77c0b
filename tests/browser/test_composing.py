"""Two people at one composer, in real browsers: nothing that anybody typed is lost."""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Brand, User
from responses import services
from responses.models import Draft, Version
from responses.models_composing import Unsaved
from tests.browser.axe import violations
from tests.browser.conftest import Screen
from tests.browser.living import PHONE
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = "We are sorry. Do not eat batch 7.\n\nNext update at 14."


@pytest.fixture
def draft(brand: Brand, bob: User) -> Draft:
    incident = IncidentFactory.create(brand=brand, reference="CD-2026-014")
    account = AccountFactory.create(brand=brand, name="@fjordkaffe", config={"world": "test"})
    return services.create_draft(
        incident.pk, title="T", text=TEXT, by=bob, account_ids=[account.pk], now=timezone.now()
    )


def address(draft: Draft) -> str:
    return f"/i/CD-2026-014/drafts/{draft.number}/"


def change(page: Page, old: str, new: str) -> None:
    field = page.locator("#text")
    field.fill(field.input_value().replace(old, new))


def latest(draft: Draft) -> str:
    return Version.objects.filter(draft=draft).latest("number").text


def picture(page: Page, name: str) -> None:
    """For whoever looks: PICTURES=folder."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.timeout(180)
def test_two_people_write_and_save_and_reload_without_losing_a_word(
    draft: Draft, screen: Screen, alice: User, bob: User
) -> None:
    with (
        screen(alice, address(draft)) as alices,
        screen(bob, address(draft), theme="dark", language="da", size=PHONE) as bobs,
    ):
        change(bobs, "sorry", "very sorry")
        expect(alices.locator("#writers")).to_contain_text("Bob Berg has been writing here")
        change(alices, "batch 7", "batch 7 or 8")
        alices.locator("button[name=save]").click()
        expect(bobs.locator("#draft-status .strip")).to_contain_text("2")

        bobs.on("dialog", lambda dialog: dialog.accept())
        bobs.reload()
        expect(bobs.locator("#text")).to_have_value(TEXT.replace("sorry", "very sorry"))
        expect(bobs.locator("[data-restored]")).to_be_visible()
        expect(bobs.locator("input[name=base]")).to_have_value("1")
        picture(bobs, "restored")
        assert violations(bobs) == []

        bobs.locator("button[name=save]").click()
        bobs.wait_for_url("**/drafts/1/")
        both = TEXT.replace("sorry", "very sorry").replace("batch 7", "batch 7 or 8")
        expect(bobs.locator("#text")).to_have_value(both)
        expect(bobs.locator("[data-restored]")).to_be_hidden()
        assert latest(draft) == both
        assert not Unsaved.objects.exists()

        picture(alices, "saved")


@pytest.mark.timeout(120)
def test_where_both_changed_the_same_sentence_a_person_chooses(
    draft: Draft, screen: Screen, alice: User, bob: User
) -> None:
    with screen(bob, address(draft), size=PHONE) as own:
        # A conflict is an error to the browser's console, which a screen listens to.
        page = own.context.new_page()
        page.goto(own.url)
        text = TEXT.replace("at 14", "at 15")
        services.edit_draft(draft.pk, text=text, base_version=1, by=alice, now=timezone.now())
        change(page, "at 14", "at 16")
        page.locator("button[name=save]").click()

        clash = page.locator(".clash")
        expect(clash).to_contain_text("Next update at 15.")
        picture(page, "clash")
        assert violations(page) == []
        clash.locator("[data-use=both]").click()
        page.locator("button[name=save]").click()
        page.wait_for_url("**/drafts/1/")
        assert latest(draft).endswith("Next update at 15. Next update at 16.")


@pytest.mark.timeout(120)
def test_what_is_typed_offline_is_there_after_a_crash(
    draft: Draft, screen: Screen, bob: User
) -> None:
    with screen(bob, address(draft)) as page:
        # Whatever the page asks of the desk goes unheard, without a word on the console.
        page.route("**/keep/", lambda route: route.fulfill(status=204))
        change(page, "sorry", "truly sorry")
        expect(page.locator("#text-kept")).not_to_be_empty()
        assert not Unsaved.objects.exists()
        # A tab that died says no farewell: another one opens.
        again = page.context.new_page()
        again.goto(page.url)

        expect(again.locator("#text")).to_have_value(TEXT.replace("sorry", "truly sorry"))
        again.locator("[data-throw]").click()
        expect(again.locator("#text")).to_have_value(TEXT)
        again.reload()
        expect(again.locator("[data-restored]")).to_be_hidden()
