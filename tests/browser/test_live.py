"""The scripts in a real browser, against the real server, Valkey and database."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Brand, User
from core import live, live_sender, presence
from core.models import LoopBeat
from tests.core.live_rig import OwnValkey, WebServer, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnValkey]:
    server = OwnValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any, valkey: OwnValkey) -> Iterator[WebServer]:
    with django_db_blocker.unblock():
        running = WebServer(valkey.url)
    running.environment["DJANGO_SETTINGS_MODULE"] = "tests.browser.live_site.settings"
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def same_valkey(settings: LazySettings, valkey: OwnValkey, monkeypatch: Any) -> None:
    settings.REDIS_URL = valkey.url
    monkeypatch.setattr(live_sender, "_sender", live_sender.Sender())
    monkeypatch.setattr(presence, "_clients", [])


Open = Callable[..., Any]


@pytest.fixture
def desk(
    browser: Browser, server: WebServer, brand: Brand, signed_in: Callable[[User], Client]
) -> Open:
    """`with desk(user) as page` is that person's browser at the test page, and complains aloud."""

    @contextmanager
    def open_desk(user: User, *, loud: bool = True, **query: str) -> Iterator[Page]:
        context = browser.new_context(locale="en-GB", viewport={"width": 1024, "height": 700})
        context.set_default_timeout(8_000)
        session = signed_in(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        words = "&".join(f"{name}={value}" for name, value in query.items())
        page.goto(f"{server.url}/desk/?room={brand.pk}&{words}")
        yield page
        context.close()
        if loud:
            assert said == []

    return open_desk


def rows(*numbers: int) -> None:
    LoopBeat.objects.bulk_create(
        LoopBeat(name=str(number), beat_at=timezone.now(), every=number) for number in numbers
    )


def is_live(page: Page) -> None:
    expect(page.locator("cd-conn [data-state=live]")).to_be_visible()


def tell(brand: Brand, part: str, **data: Any) -> None:
    live.publish(f"room.{brand.pk}", part, data)


def test_two_pages_follow_a_change_within_a_second(
    desk: Open, alice: User, bob: User, brand: Brand
) -> None:
    with desk(alice) as first, desk(bob) as second:
        for page in (first, second):
            is_live(page)
            expect(page.locator("#total")).to_have_text("0")
        rows(1)
        tell(brand, "timeline")
        for page in (first, second):
            expect(page.locator("#total")).to_have_text("1", timeout=1_000)
        wait_until(lambda: len(presence.present(f"room.{brand.pk}")) == 2)


def test_after_a_cut_the_page_shows_what_happened_meanwhile(
    desk: Open, alice: User, brand: Brand, server: WebServer
) -> None:
    with desk(alice, loud=False) as page:
        is_live(page)
        server.process.kill()
        server.process.wait()
        try:
            expect(page.locator("cd-conn [data-state=live]")).to_be_hidden()
            expect(page.locator("cd-conn [data-state=reconnecting]")).to_contain_text("try")
            expect(page.locator("cd-conn [data-state=offline]")).to_be_visible(timeout=20_000)
            expect(page.locator("[data-offline-strip]")).to_be_visible()
            expect(page.locator("#approve")).to_be_disabled()
            page.locator("#text").fill("Written without a connection")
            rows(1, 2)
            tell(brand, "timeline")
            live_sender.flush()
        finally:
            server.start()
        page.locator("[data-reconnect]").click()
        is_live(page)
        expect(page.locator("#approve")).to_be_enabled()
        expect(page.locator("#total")).to_have_text("2")
        expect(page.locator("#text")).to_have_value("Written without a connection")


def test_a_frame_that_never_came_is_noticed(desk: Open, alice: User, brand: Brand) -> None:
    with desk(alice) as page:
        is_live(page)
        rows(1)
        # Committed and numbered by a process that died before it could tell.
        live.take_numbers(connection, [live.Frame(f"room.{brand.pk}", "timeline", {})])
        expect(page.locator("#total")).to_have_text("1")


def test_a_change_between_rendering_and_connecting_is_noticed(
    desk: Open, alice: User, brand: Brand, server: WebServer
) -> None:
    with desk(alice) as page:
        is_live(page)
        held: list[Any] = []

        def hold(route: Any) -> None:
            held.append(route)

        page.route("**/js/live.js", hold)
        page.reload(wait_until="commit")
        expect(page.locator("#total")).to_have_text("0")
        wait_until(lambda: page.evaluate("1") and held)
        rows(1)
        tell(brand, "timeline")
        live_sender.flush()
        held[0].continue_()
        expect(page.locator("#total")).to_have_text("1")


def test_new_rows_wait_and_nothing_moves_under_the_reader(
    desk: Open, alice: User, brand: Brand
) -> None:
    rows(*range(1, 61))
    with desk(alice) as page:
        is_live(page)
        pill = page.locator("[data-pill]")
        expect(pill).to_be_hidden()
        page.get_by_text("Mention 30", exact=True).scroll_into_view_if_needed()
        before = page.get_by_text("Mention 30", exact=True).bounding_box()
        rows(61, 62, 63)
        tell(brand, "volume", total=63)
        expect(pill).to_have_text("3 new mentions")
        assert page.locator("[data-say]").text_content() == "3 new mentions"
        assert page.get_by_text("Mention 30", exact=True).bounding_box() == before
        assert page.locator("[data-rows] > li").count() == 60
        page.keyboard.press(".")
        expect(pill).to_be_hidden()
        assert page.locator("[data-rows] > li").first.text_content().startswith("Mention 63")
        assert page.evaluate("document.activeElement.textContent") == "Mention 63"
        ids = page.locator("[data-rows] > li").evaluate_all("all => all.map(e => +e.dataset.id)")
        assert ids == list(range(63, 0, -1))


def test_more_than_the_pill_counts_is_said_so(desk: Open, alice: User, brand: Brand) -> None:
    rows(1)
    with desk(alice) as page:
        is_live(page)
        rows(*range(2, 150))
        tell(brand, "volume", total=149)
        expect(page.locator("[data-pill]")).to_have_text("99+ new mentions")


def test_a_clock_goes_by_the_servers_time_and_says_when_it_is_late(desk: Open, alice: User) -> None:
    deadline = timezone.now() + timedelta(seconds=62)
    with desk(alice, deadline=deadline.isoformat().replace("+", "%2B")) as page:
        is_live(page)
        clock, box = page.locator("#due"), page.locator(".clock:has(#due)")
        expect(clock).to_have_text(re.compile("^(01:0[0-2]|00:5[0-9])$"))
        expect(clock).to_have_attribute("role", "timer")
        expect(box).to_have_class(re.compile("clock-red"))
        expect(page.locator("#announcer")).to_have_text("One minute left")
        page.evaluate("document.documentElement.dataset.skew = 100_000")
        expect(clock).to_have_text(re.compile(r"^\+00:(3|4)\d$"))
        expect(box).to_have_class(re.compile("clock-late"))
        expect(box.locator("[data-label]").first).to_have_text("Late by")


def test_typed_text_outlives_a_live_refresh_and_a_reload_and_goes_when_it_is_sent(
    desk: Open, alice: User, brand: Brand
) -> None:
    with desk(alice) as page:
        is_live(page)
        page.locator("#text").press_sequentially("Half a sen")
        rows(1)
        tell(brand, "timeline")
        expect(page.locator("#total")).to_have_text("1")
        page.keyboard.type("tence")
        expect(page.locator("#text")).to_have_value("Half a sentence")
        page.reload()
        expect(page.locator("#text")).to_have_value("Half a sentence")
        page.locator("#send").click()
        expect(page.locator("#toasts")).to_contain_text("Noted.")
        expect(page.locator("#text")).to_have_value("")
        page.reload()
        expect(page.locator("#text")).to_have_value("")


def test_a_failed_request_says_so_and_leaves_the_text(desk: Open, alice: User) -> None:
    with desk(alice, loud=False) as page:
        page.locator("#text").fill("fail")
        page.locator("#send").click()
        toast = page.locator("#toasts .toast-error")
        expect(toast).to_contain_text("What you wrote is still here")
        expect(page.locator("#text")).to_have_value("fail")
        page.wait_for_timeout(6_500)
        expect(toast).to_be_visible()
        toast.locator("[data-dismiss]").click()
        expect(toast).to_be_hidden()


def test_keys_press_what_they_are_printed_on_but_not_while_one_writes(
    desk: Open, alice: User
) -> None:
    with desk(alice) as page:
        is_live(page)
        dialog = page.locator("#dialog")
        page.keyboard.press("c")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type("w?./")
        expect(page.locator("#text")).to_have_value("w?./")
        expect(dialog).to_be_hidden()
        page.locator("h1").click()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("w")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()


def test_keys_can_be_turned_off(desk: Open, alice: User) -> None:
    alice.shortcuts = False
    alice.save()
    with desk(alice) as page:
        is_live(page)
        page.keyboard.press("w")
        page.keyboard.press("?")
        expect(page.locator("dialog[open]")).to_have_count(0)
        page.keyboard.press("Control+k")
        expect(page.locator("#palette")).to_be_visible()


def test_j_and_k_walk_through_a_list(desk: Open, alice: User) -> None:
    rows(1, 2, 3)
    with desk(alice) as page:
        is_live(page)
        for _ in range(3):
            page.keyboard.press("j")
        page.keyboard.press("k")
        expect(page.locator("[data-item]").nth(1)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("#row-2$"))


def test_the_palette_finds_what_the_page_can_do(desk: Open, alice: User) -> None:
    with desk(alice) as page:
        is_live(page)
        page.keyboard.press("Control+k")
        box = page.locator("#palette [role=combobox]")
        expect(box).to_be_focused()
        expect(page.locator("#pi-absent")).to_be_hidden()
        box.fill("nóte write")
        expect(box).to_have_attribute("aria-activedescendant", "pi-write")
        page.keyboard.press("Enter")
        expect(page.locator("#palette")).to_be_hidden()
        expect(page.locator("#dialog")).to_be_visible()


def test_the_chart_is_drawn_follows_and_has_a_table(desk: Open, alice: User, brand: Brand) -> None:
    with desk(alice) as page:
        is_live(page)
        expect(page.locator("cd-volume canvas")).to_be_visible()
        before = page.locator("cd-volume canvas").screenshot()
        tell(brand, "volume", at=1763535600 + 300 * 6, count=90)
        page.wait_for_function("() => document.querySelector('cd-volume').points.at.length === 7")
        page.wait_for_timeout(1_200)
        assert page.locator("cd-volume canvas").screenshot() != before
        page.locator("cd-volume summary").click()
        cells = page.locator("cd-volume tbody tr").first.locator("td")
        expect(cells).to_have_text(["07:30", "90", "5", "21"])


def test_the_theme_is_switched_at_once_and_the_chart_with_it(desk: Open, alice: User) -> None:
    with desk(alice) as page:
        is_live(page)
        root = page.locator("html")
        theme = root.get_attribute("data-bs-theme")
        before = page.locator("cd-volume canvas").screenshot()
        page.locator("[data-theme-toggle]").click()
        expect(root).to_have_attribute("data-bs-theme", "dark" if theme == "light" else "light")
        assert page.locator("cd-volume canvas").screenshot() != before


def test_a_withdrawn_session_is_said_and_the_text_stays(
    desk: Open, alice: User, brand: Brand
) -> None:
    with desk(alice, loud=False) as page:
        is_live(page)
        page.locator("#text").fill("Not lost")
        alice.set_password("another password entirely")
        alice.save()
        expect(page.locator("cd-conn [data-state=offline]")).to_be_visible()
        expect(page.locator("#text")).to_have_value("Not lost")
