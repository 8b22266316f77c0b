"""A real Chromium against the real server on the test database.

`site` is the running server, `browser` Chromium, and `with screen(user, path) as page` a page of
that person, which afterwards complains about errors in the console. These tests commit what they
write: mark them `django_db(transaction=True)`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.conf.global_settings import PASSWORD_HASHERS
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.models import User
from connectors.models import SimulatedPost
from core.clock import database_now
from crisisdesk.demo import load
from crisisdesk.demo.people import DUTY, LEAD, LEGAL
from tests.browser.crisis import Loop
from tests.browser.living import DESKTOP, PATIENCE, seated
from tests.core.live_rig import WebServer
from tests.responses.servers import Behaviour, webhook_server

Screen = Callable[..., AbstractContextManager[Page]]

# What must happen within a second is measured where it is said. Elsewhere a machine that is busy
# with tests beside this one may take its time.
expect.set_options(timeout=PATIENCE)


def chromium() -> str | None:
    """The system's Chromium; None lets Playwright look for its own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread, where Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield found
        found.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[WebServer]:
    with django_db_blocker.unblock():
        server = WebServer(settings.REDIS_URL)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def screen(
    browser: Browser, site: WebServer, signed_in: Callable[[User], Client]
) -> Iterator[Screen]:
    """`screen(user, path, theme="dark", language="da", size=PHONE)`; `user` None is signed out."""

    @contextmanager
    def open_screen(  # what a person may choose
        user: User | None,
        path: str,
        *,
        theme: str = "light",
        language: str = "en",
        size: dict[str, int] | None = None,
    ) -> Iterator[Page]:
        context = browser.new_context(
            viewport=size or DESKTOP,  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
            locale=language,
        )
        context.set_default_timeout(PATIENCE)
        if user:
            User.objects.filter(pk=user.pk).update(theme=theme.upper(), language=language)
            user.refresh_from_db()
            session = signed_in(user).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        try:
            page.goto(site.url + path)
            yield page
        finally:
            context.close()
        assert said == []

    return open_screen


@pytest.fixture
def receiver() -> Iterator[Behaviour]:
    with webhook_server(Behaviour()) as behaviour:
        yield behaviour


@pytest.fixture
def loop(
    request: pytest.FixtureRequest,
    browser: Browser,
    receiver: Behaviour,
    transactional_db: None,
    settings: LazySettings,
) -> Iterator[Loop]:
    """The demo organisation, its desk running, and three of its people signed in.

    Parametrised indirectly by their language.
    """
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    load.load(now=database_now(), crisis_in=timedelta(days=1))
    SimulatedPost.objects.filter(appears_at__gt=database_now() + timedelta(hours=1)).delete()
    people = User.objects.filter(email__in=[LEAD.email, DUTY.email, LEGAL.email])
    people.update(language=request.param)
    lead, duty, legal = (people.get(email=each.email) for each in (LEAD, DUTY, LEGAL))
    with seated(browser, lead, duty, legal, OUTBOUND_ALLOW="127.0.0.1") as found:
        yield Loop(*found, request.param, receiver)
