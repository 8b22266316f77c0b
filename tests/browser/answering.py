"""From a draft to published on Bluesky and Mastodon by three people: every click and its time.

The desk's time is measured; what a person takes to move, type and read is added to it, because a
test does that in no time. Shared by the test with stand-ins here and the one with real servers.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import LazySettings
from django.conf.global_settings import PASSWORD_HASHERS
from playwright.sync_api import Browser, Locator, expect

from accounts.enums import Role
from accounts.models import Brand, User
from connectors import services as accounts
from crisisdesk.demo.people import PASSWORD
from responses import services as responses
from responses.enums import PublicationState
from responses.models import Publication
from responses.services.policies import Wanted
from tests.browser.living import Team, seated
from tests.browser.rooms import begun
from tests.factories.accounts import MembershipFactory, UserFactory

# Seconds by the keystroke-level model (Card, Moran and Newell): to think of what to click, point
# and press; a key of an average typist; a word read with care.
CLICK, KEY, WORD = 1.35 + 1.1 + 0.2, 0.28, 60 / 200
MOST_SECONDS = 180.0
TITLE = "Parti 7"
SAID = {
    "en": "We are sorry. Please do not drink coffee of batch 7: bring it back to any shop and get "
    "your money. We are looking for the cause and tell you more at 14 o'clock. ☕",
    "da": "Vi beklager. Drik ikke kaffe fra parti 7: aflever den i butikken, og få pengene igen. "
    "Vi leder efter årsagen og fortæller mere klokken 14. ☕",
}
STEPS = [{"name": "Jura", "roles": ["APPROVER"]}, {"name": "Ledelsen", "roles": ["LEAD"]}]
# By network: how the brand's account is connected.
Channels = Mapping[str, Mapping[str, str]]


@dataclass
class Hands:
    """What people did from `began` on, all of them together; one acts while the others wait."""

    began: float = field(default_factory=time.monotonic)
    clicks: int = 0
    typed: int = 0
    words: int = 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def tap(self, target: Locator) -> None:
        self.clicks += 1
        target.tap()

    def type(self, target: Locator, text: str) -> None:
        self.click(target)
        self.typed += len(text)
        target.type(text)

    def read(self, text: str) -> None:
        self.words += len(text.split())

    def summary(self) -> tuple[float, str]:
        """Return how long it all took in seconds, and of what that is made."""
        desk = time.monotonic() - self.began
        people = self.clicks * CLICK + self.typed * KEY + self.words * WORD
        return desk + people, (
            f"from draft to published: {desk + people:.0f} s; {desk:.0f} s of the desk with its "
            f"10 to undo, {people:.0f} s of people for {self.clicks} clicks, {self.typed} "
            f"characters typed and {self.words} words read"
        )


@contextmanager
def three_people(
    browser: Browser, brand: Brand, channels: Channels, language: str, settings: LazySettings
) -> Iterator[Team]:
    """A brand with a SEV 1 and an account on each channel, whose texts two people approve."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    chief = member(brand, "Karen Krogh", Role.ADMINISTRATOR, language)
    lead, duty, legal = (
        member(brand, "Alice Andersen", Role.LEAD, language),
        member(brand, "Bob Berg", Role.RESPONDER, language),
        member(brand, "Lone Lov", Role.APPROVER, language),
    )
    for network, values in channels.items():
        accounts.connect(brand, network, name=f"Fjordkaffe: {network}", values=values, by=chief)
    responses.save_policy(brand, Wanted("SEV 1", STEPS, only={"severity": 1}), by=chief)
    incident = begun(brand, lead, duty, title="Plastik i kaffen", minutes=3)
    allowed = "localhost,127.0.0.1"
    with seated(browser, lead, duty, legal, OUTBOUND_ALLOW=allowed) as found:
        yield Team(*found, language, lived_through=incident.pk)


def member(brand: Brand, name: str, role: Role, language: str) -> User:
    user = UserFactory.create(name=name, language=language, password=PASSWORD)
    MembershipFactory.create(user=user, brand=brand, role=role)
    found: User = User.objects.get(pk=user.pk)
    return found


def from_draft_to_published(team: Team, is_there: Callable[[str], bool]) -> str:
    """Bob writes at his desk, Lone approves on her phone, Alice at hers; then it goes by itself.

    The time ends when `is_there(text)` says that the servers show it; return what it came to.
    """
    said = SAID[team.language]
    for waiting in (team.legal, team.lead):
        team.go(waiting, "/approvals/")
    team.go(team.duty, f"/i/{team.incident.reference}/")
    hands = Hands()
    _written(team, hands, said)
    _approved_on_the_phone(team, hands, said)
    _approved_by_the_lead(team, hands, said)
    while not is_there(said):
        assert hands.summary()[0] < 2 * MOST_SECONDS, _states()
        time.sleep(0.2)
    seconds, words = hands.summary()
    assert seconds < MOST_SECONDS, words
    return words


def _written(team: Team, hands: Hands, said: str) -> None:
    page = team.duty.page
    hands.click(page.locator("#tab-drafts"))
    hands.click(team.link(team.duty, "New draft"))
    page.wait_for_url("**/drafts/new/")
    hands.type(page.locator("#title"), TITLE)
    hands.type(page.locator("#text"), said)
    # As it will look in both places.
    previews = page.locator("#previews")
    expect(previews.get_by_text(said)).to_have_count(2)
    hands.click(team.button(team.duty, "Save draft"))
    page.wait_for_url("**/drafts/1/")
    hands.click(team.button(team.duty, "Ask for approval"))
    waits = team.words("Waiting for approval")
    expect(page.locator(".composer-head")).to_contain_text(waits)


def _approved_on_the_phone(team: Team, hands: Hands, said: str) -> None:
    page = team.legal.page
    hands.tap(page.locator(".inbox-item", has_text=TITLE))
    page.wait_for_url("**/approvals/*/1/")
    expect(page.locator(".statement")).to_have_text(said)
    hands.read(said)
    hands.tap(team.button(team.legal, "Approve"))
    expect(team.button(team.legal, "Undo")).to_be_visible()


def _approved_by_the_lead(team: Team, hands: Hands, said: str) -> None:
    """It comes to the list that has been open all the time once the step before is done."""
    page = team.lead.page
    hands.click(page.locator(".inbox-item", has_text=TITLE))
    page.wait_for_url("**/approvals/*/1/")
    expect(page.locator(".statement")).to_have_text(said)
    hands.read(said)
    hands.click(team.button(team.lead, "Approve"))
    expect(team.button(team.lead, "Undo")).to_be_visible()


def it_is_told_and_stands_in_the_room(team: Team, *networks: str) -> None:
    """The writer's composer has both with their links; the room's log says that they went out."""
    page = team.duty.page
    sent = page.locator("#draft-status .publications > li")
    expect(sent).to_have_count(len(networks), timeout=15_000)
    team.go(team.lead, f"/i/{team.incident.reference}/")
    for network in networks:
        text = team.words(
            "“%(title)s” went out through %(account)s.",
            title=TITLE,
            account=f"Fjordkaffe: {network}",
        )
        expect(team.lead.page.locator("#entries")).to_contain_text(text)
    assert _states() == [PublicationState.SENT] * len(networks)
    assert team.incident.responded_at


def _states() -> list[str]:
    return [each.state for each in Publication.objects.all()]
