"""Images in the composer, in a real browser: attached, described, looked at, and read aloud."""

from io import BytesIO

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from accounts.models import Brand, User
from responses import services
from responses.models import Draft, Version
from tests.browser.axe import violations
from tests.browser.conftest import Screen
from tests.browser.living import PHONE
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(brand: Brand, bob: User) -> Draft:
    incident = IncidentFactory.create(brand=brand, reference="CD-2026-014")
    account = AccountFactory.create(brand=brand, network="bluesky", name="@brand.example")
    return services.create_draft(
        incident.pk, title="T", text="Sorry.", by=bob, account_ids=[account.pk], now=timezone.now()
    )


def picture(colour: str) -> dict[str, object]:
    out = BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, "JPEG")
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


@pytest.mark.timeout(180)
def test_images_are_attached_described_previewed_and_approved_on_a_phone(
    draft: Draft, screen: Screen, alice: User, bob: User
) -> None:
    with screen(bob, f"/i/CD-2026-014/drafts/{draft.number}/") as page:
        # The panels beside the composer are there, once each.
        expect(page.locator("#check-title")).to_have_count(1, timeout=15_000)
        page.get_by_label("Attach images").set_input_files([picture("red"), picture("blue")])
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_label("Alt text of image 1").fill("A red can")
        page.get_by_label("Alt text of image 2").fill("A blue can")
        # What is typed stands in the preview before it is saved.
        expect(page.locator("#previews").get_by_alt_text("A blue can")).to_be_visible()
        expect(page.locator(".preview-image img").first).to_have_js_property("naturalWidth", 300)
        assert violations(page) == []
        page.get_by_role("button", name="Ask for approval").click()
        expect(page.get_by_text("Waits for").first).to_be_visible()

    version = Version.objects.filter(draft=draft).first()
    assert [image.alt for image in version.images] == ["A red can", "A blue can"]
    where = f"/approvals/CD-2026-014/{draft.number}/"
    with screen(alice, where, theme="dark", size=PHONE) as page:
        expect(page.locator(".images figcaption").nth(1)).to_contain_text("A blue can")
        assert violations(page) == []
