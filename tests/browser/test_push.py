"""Web push in a real browser: the policy lets the worker run, and what it shows.

A browser's push service is on the internet; what it would hand over is handed over by the
browser's own tools instead.
"""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.models import User
from tests.browser.conftest import Screen
from tests.browser.living import PHONE
from tests.core.live_rig import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BRIEF = {
    "title": "You are being called. Open CrisisDesk.",
    "body": "",
    "url": "https://elsewhere.example/",
    "tag": "delivery-1",
    "urgent": True,
    "actions": [{"title": "Acknowledge", "url": "/answer/x/"}],
}
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  const found = await registration.getNotifications();
  return found.map((each) => [each.title, each.body, each.tag, each.data.url]);
}"""


def push(page: Page, site: WebServer, what: dict[str, Any]) -> None:
    """Hand the page's worker a push, as the push service would."""
    tools = page.context.new_cdp_session(page)
    known: list[str] = []

    def note(event: dict[str, Any]) -> None:
        known.extend(each["registrationId"] for each in event["registrations"])

    tools.on("ServiceWorker.workerRegistrationUpdated", note)
    tools.send("ServiceWorker.enable")
    page.wait_for_timeout(500)
    message = {"origin": site.url, "registrationId": known[-1], "data": json.dumps(what)}
    tools.send("ServiceWorker.deliverPushMessage", message)
    page.wait_for_timeout(500)


def test_the_worker_runs_under_the_policy_and_shows_what_it_is_told(
    alice: User, screen: Screen, site: WebServer
) -> None:
    with screen(alice, "/settings/notices/") as page:
        page.context.grant_permissions(["notifications"], origin=site.url)
        scope = page.evaluate(
            "navigator.serviceWorker.register('/push-worker.js').then((each) => each.scope)"
        )
        assert scope == f"{site.url}/"
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        push(page, site, BRIEF)
        shown = page.evaluate(SHOWN)
        assert [each[:3] for each in shown] == [[BRIEF["title"], "", "delivery-1"]]


def test_push_is_offered_by_a_button_and_never_asked_for_by_itself(
    alice: User, screen: Screen
) -> None:
    for size in (None, PHONE):
        with screen(alice, "/settings/notices/", size=size) as page:
            assert page.evaluate("Notification.permission") in {"default", "denied"}
            page.wait_for_selector("cd-push [data-when]:not([hidden])")
            assert (
                page.evaluate("navigator.serviceWorker.getRegistrations().then((a) => a.length)")
                == 0
            )
