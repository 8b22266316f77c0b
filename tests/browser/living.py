"""A whole desk under `manage.py up` on the test database, and people at their own browsers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import User
from crisisdesk.demo.people import PASSWORD
from incidents.models import Incident
from tests.core.live_rig import _database_url, wait_until
from tests.crisisdesk.installation import Installation

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
# How long something on a page is waited for, in milliseconds.
PATIENCE = 20_000
# More than any of our pages has stops for the Tab key.
MOST_STOPS = 150
_WATCH = """([selector, text]) => {
  const here = () =>
    [...document.querySelectorAll(selector)].some((element) => element.textContent.includes(text));
  window.appeared = 0;
  new MutationObserver((changes, observer) => {
    if (!here()) return;
    window.appeared = Date.now();
    observer.disconnect();
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
  return here();
}"""


@contextmanager
def running(**more: str) -> Iterator[Installation]:
    """The whole product in its ordinary settings, on the database and the broker of the tests."""
    desk = Installation()
    desk.more = {
        "DATABASE_URL": _database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS),
        **more,
    }
    desk.start()
    try:
        wait_until(desk.ready)
        yield desk
    finally:
        desk.end()
        complaints = desk.said if "Traceback" in desk.said else ""
        desk.remove()
    assert not complaints


@dataclass
class Seat:
    """A person at a browser of their own; `said` is what its console complained about."""

    page: Page
    said: list[str] = field(default_factory=list)

    def tab_to(self, target: Locator) -> None:
        """Go there as somebody without a mouse does."""
        target.wait_for()
        for _stop in range(MOST_STOPS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"The Tab key does not reach {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.tab_to(target)
        self.page.keyboard.press(key)

    def type(self, target: Locator, text: str) -> None:
        self.tab_to(target)
        self.page.keyboard.type(text)

    def watch(self, selector: str, text: str = "") -> None:
        """Begin to wait for something that is not on the page yet."""
        assert not self.page.evaluate(_WATCH, [selector, text])

    def appeared_after(self, other: "Seat") -> float:
        """Seconds from the last key or tap at another seat until what is watched for was here."""
        self.page.wait_for_function("() => window.appeared > 0")
        acted = float(other.page.evaluate("Number(sessionStorage.getItem('acted'))"))
        return (float(self.page.evaluate("window.appeared")) - acted) / 1000


@contextmanager
def seat(browser: Browser, desk: Installation, user: User, **context: Any) -> Iterator[Seat]:
    """`user`, signed in by the form with the demo's password."""
    own = browser.new_context(locale=user.language, **context)
    own.set_default_timeout(PATIENCE)
    own.add_init_script(
        "for (const kind of ['keydown', 'pointerdown'])"
        " addEventListener(kind, () => sessionStorage.setItem('acted', Date.now()), true)"
    )
    page = own.new_page()
    found = Seat(page)
    page.on("console", lambda message: found.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: found.said.append(str(error)))
    page.goto(f"http://127.0.0.1:{desk.port}/sign-in/")
    page.locator("[name=username]").fill(user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page.locator("cd-conn [data-state=live]")).to_be_attached()
    try:
        yield found
    finally:
        own.close()
    assert found.said == []


@dataclass
class Team:
    """One crisis and the three who live through it, all in one language."""

    desk: Installation
    lead: Seat
    duty: Seat
    legal: Seat
    language: str
    lived_through: int | None = field(default=None, kw_only=True)

    def words(self, text: str, **figures: object) -> str:
        with translation.override(self.language):
            return gettext(text) % figures if figures else gettext(text)

    def button(self, of: Seat, text: str) -> Locator:
        return of.page.get_by_role("button", name=self.words(text), exact=True)

    def link(self, of: Seat, text: str) -> Locator:
        return of.page.get_by_role("link", name=self.words(text), exact=True)

    def go(self, of: Seat, path: str) -> None:
        of.page.goto(f"http://127.0.0.1:{self.desk.port}{path}")

    @property
    def incident(self) -> Incident:
        """The one that is lived through, as it stands: not the demo's that is over, nor one that
        the crisis, which goes on, brings up once this one is resolved."""
        if self.lived_through is None:
            self.lived_through = Incident.objects.latest("detected_at").pk
        return Incident.objects.get(pk=self.lived_through)


@contextmanager
def seated(
    browser: Browser, lead: User, duty: User, legal: User, **more: str
) -> Iterator[tuple[Installation, Seat, Seat, Seat]]:
    """A desk, two people at it with large screens, and the third, who approves, with a phone."""
    touch = {"has_touch": True, "is_mobile": True}
    with ExitStack() as stack:
        desk = stack.enter_context(running(**more))
        yield (
            desk,
            stack.enter_context(seat(browser, desk, lead, viewport=DESKTOP)),
            stack.enter_context(seat(browser, desk, duty, viewport=DESKTOP)),
            stack.enter_context(seat(browser, desk, legal, viewport=PHONE, **touch)),
        )
