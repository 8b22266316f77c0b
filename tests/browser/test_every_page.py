"""Every page that the addresses lead to, in light and dark, wide and narrow, English and Danish.

The pages come from the URL resolver: whatever answers with a whole page is walked, so that a new
page is too; one that cannot be reached with what `filled` holds fails the test.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, TimeoutError, expect

from accounts.enums import Role
from accounts.models import Brand, User
from accounts.services import invite
from core.clock import database_now
from incidents import services as incidents
from incidents.models import Incident
from monitoring.models import Mention
from responses.models import Publication
from responses.publishing import publish_due
from tests.browser.axe import violations
from tests.browser.conftest import Screen
from tests.browser.living import DESKTOP, PHONE
from tests.core.live_rig import WebServer
from tests.factories.incidents import DetectionFactory, IncidentFactory
from tests.factories.notifications import tell
from tests.furnished import (  # noqa: F401 - fixtures are found by their module
    account_fixture,
    filled_fixture,
    incident_fixture,
    karen_fixture,
    names,
    post_fixture,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NARROW = {"width": 320, "height": 700}
# What is no page for people: for programs, for developers, a file.
NO_PAGES = {
    *("api/", "kit", "monitoring:webhook", "monitoring:network_webhook"),
    *("marketing:webhook", "marketing:webhook_secret"),
    *("monitoring:import_report", "monitoring:download", "responses:statement_style"),
}
# Ends the session; is nothing to look at.
LEFT_OUT = {"accounts:sign_out"}
# Pages of other people, visited by a test of their own, or gone once they have been used.
ELSEWHERE = {"accounts:sign_in", "accounts:start", "accounts:invitation"}
# Addresses that take a POST for something that the brand has not, so that they find nothing.
# The calendar's secret is guessed.
NOTHING_THERE = {"incidents:tick", "incidents:calendar"}
# A lazy text, a missing value or a template's tag that reached the page.
SLIPS = re.compile(r"\{\{|\{%|<lazy|\bNone\b|\bUndefined\b|&lt;|%\(\w+\)[sd]")
START = {
    "name": "Ida Holm",
    "email": "ida@example.org",
    "password": "correct horse battery",
    "brand": "Havre",
}
# A wall is dark, and speaks as whoever hung it up wanted; so does what the public sees.
OWN_LOOK = re.compile(r"^/wall/|^/i/[^/]+/statement/preview/")
LOOKS = [("light", "en", DESKTOP), ("dark", "da", PHONE)]


@pytest.fixture
def paths(
    filled: dict[str, Any],
    brand: Brand,
    karen: User,
    alice: User,
    signed_in: Callable[[User], Client],
) -> list[str]:
    """The address of every page, and of those states that a page takes by its query."""
    incident = Incident.objects.get()
    return [*_walked(filled, brand, signed_in(karen)), *_states(incident, brand, karen, alice)]


def _walked(filled: dict[str, Any], brand: Brand, client: Client) -> Iterator[str]:
    for name, parts in names(get_resolver().url_patterns, without=NO_PAGES | LEFT_OUT):
        values = filled | {"pk": filled["pk"].get(name, brand.sources.get().pk)}
        path = reverse(name, kwargs={part: values[part] for part in parts})
        response = client.get(path)
        # A file that is saved is no page, whatever is in it.
        saved = response.headers.get("Content-Disposition", "").startswith("attachment")
        whole = response.content.lstrip()[:9].lower() == b"<!doctype" and not saved
        if response.status_code == 200 and whole:
            yield path
        else:
            known = ELSEWHERE | NOTHING_THERE
            assert response.status_code in {200, 204, 302, 405} or name in known, (name, response)


def _states(incident: Incident, brand: Brand, karen: User, alice: User) -> Iterator[str]:
    """The open incident with the desk's reasons, one that is over, notices, and empty lists."""
    now = timezone.now()
    post = Mention.objects.get()
    tell(karen, key="told", brand=brand, now=now)
    Publication.objects.update(publish_at=now)
    publish_due()
    reasons = [
        {"code": "volume", "count": 412, "minutes": 5, "low": 2, "high": 10},
        {"code": "words", "words": ["plastik", "w" * 60]},
    ]
    sample = {"id": post.pk, "published_at": post.published_at.isoformat()}
    DetectionFactory.create(brand=brand, reasons=reasons, samples=[sample])
    incidents.take_up_detections(now)
    over = IncidentFactory.create(brand=brand, detected_at=now - timedelta(hours=3))
    incidents.resolve(over.pk, by=alice, now=now)
    found = incident.reference
    yield from (f"/mentions/many/?mention={post.pk}", f"/mentions/link/?mention={post.pk}")
    yield from (f"/mentions/reply/?mention={post.pk}", "/mentions/many/?q=nothing")
    yield f"/mentions/{post.pk}/triage/?truth=false&kind=misguided"
    yield from ("/?range=24h", "/mentions/?q=plastik&sentiment=negative", "/mentions/?q=nothing")
    yield from ("/incidents/?shown=all", f"/incidents/declare/?mention={post.pk}")
    yield from ("/respond/?show=all", "/approvals/?show=waiting", "/approvals/?show=done")
    yield from (f"/i/{found}/?show=decisions&range=24h", f"/i/{found}/?show=signals")
    editor = f"/settings/queries/{brand.slug}/new/"
    yield from (f"{editor}?misspell=Fjordkaffe", f"{editor}?purpose=topic&word=kaffe")
    yield f"/trends/{brand.slug}/?days=90"
    yield from (f"/i/{over.reference}/", f"/i/{over.reference}/review/", "/cases/?q=nothing")


def settled(page: Page) -> None:
    """Wait for the parts that a page loads by itself."""
    page.wait_for_function(
        "() => !document.querySelector('[hx-trigger^=load] .skeleton, .htmx-request')"
    )


def too_wide(page: Page) -> list[str]:
    found: list[str] = page.evaluate("""() => {
        const root = document.documentElement;
        if (root.scrollWidth <= innerWidth) return [];
        const scrolls = (each) => each && each !== document.body &&
            (getComputedStyle(each).overflowX !== "visible" || scrolls(each.parentElement));
        return [...document.body.querySelectorAll("*")]
            .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
            .filter((each) => !scrolls(each.parentElement))
            .map((each) => `${each.tagName}.${each.getAttribute("class")}`).slice(0, 4);
    }""")
    return found


def faults(page: Page, language: str) -> list[str]:
    """What is wrong with the page as it stands there."""
    settled(page)
    found = violations(page)
    if (said := page.locator("html").get_attribute("lang")) != language:
        found.append(f"says that it is in {said}")
    text = page.locator("body").inner_text()
    found += [
        f"shows {text[each.start() - 20 : each.end() + 20]!r}" for each in SLIPS.finditer(text)
    ]
    if not page.title().strip():
        found.append("has no title")
    return found + [f"is too wide: {each}" for each in too_wide(page)]


def told(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{path}: {each}" for path, found in wrong.items() for each in found)


def seen(page: Page, language: str, size: dict[str, int]) -> list[str]:
    found = faults(page, language)
    if size == PHONE:
        page.set_viewport_size(NARROW)
        # Charts are drawn anew a moment later.
        with suppress(TimeoutError):
            page.wait_for_function(
                "() => document.documentElement.scrollWidth <= innerWidth", timeout=1_000
            )
        found += [f"is too wide at 320: {each}" for each in too_wide(page)]
        page.set_viewport_size(size)
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_every_page_is_sound(
    screen: Screen,
    karen: User,
    paths: list[str],
    theme: str,
    language: str,
    size: dict[str, int],
) -> None:
    wrong = {}
    with screen(karen, "/", theme=theme, language=language, size=size) as page:
        for path in paths:
            page.goto(urljoin(page.url, path))
            if OWN_LOOK.search(path):
                found = seen(page, str(page.locator("html").get_attribute("lang")), size)
            else:
                expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
                found = seen(page, language, size)
            if found:
                wrong[path] = found
    assert not wrong, told(wrong)
    assert len(paths) > 40


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_pages_before_signing_in_are_sound(
    screen: Screen, brand: Brand, alice: User, theme: str, language: str, size: dict[str, int]
) -> None:
    _found, secret = invite(
        brand, email="new@example.org", role=Role.RESPONDER, by=alice, now=database_now()
    )
    paths = ["/sign-in/", reverse("accounts:invitation", args=[secret])]
    wrong = {}
    with screen(None, "/sign-in/", theme=theme, language=language, size=size) as page:
        for path in paths:
            page.goto(urljoin(page.url, path))
            if found := seen(page, language, size):
                wrong[path] = found
    assert not wrong, told(wrong)


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_what_is_not_there_is_said_well(
    browser: Browser,
    site: WebServer,
    alice: User,
    theme: str,
    language: str,
    size: dict[str, int],
) -> None:
    context = browser.new_context(viewport=size, color_scheme=theme, locale=language)
    page = context.new_page()
    for path, status in {"/nowhere/": 404, "/invitation/guessed/": 422}.items():
        answer = page.goto(site.url + path)
        assert answer
        assert answer.status == status
        assert seen(page, language, size) == []
    context.close()


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_first_run_is_sound_up_to_the_first_source(
    browser: Browser, db: None, theme: str, language: str, size: dict[str, int]
) -> None:
    """Nobody is there yet: a server that has not seen anybody leads to /start/."""
    assert not User.objects.exists()
    server = WebServer(settings.REDIS_URL)
    server.start()
    context = browser.new_context(viewport=size, color_scheme=theme, locale=language)
    page = context.new_page()
    page.goto(server.url)
    page.wait_for_url("**/start/")
    assert seen(page, language, size) == []
    for name, value in START.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("main button, main [type=submit]").last.click()
    page.wait_for_url("**/settings/sources/new/**")
    assert seen(page, language, size) == []
    context.close()
    server.stop()
