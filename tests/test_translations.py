"""Every word that people read is in the Danish catalogue, and every page speaks it throughout.

The texts are collected as makemessages does it, by Django's `templatize` and Babel's reader of
Python, so that no gettext binary is needed.
"""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils.translation.template import templatize

from accounts.models import Brand, User
from tests.furnished import (  # noqa: F401 - fixtures are found by their module
    account_fixture,
    filled_fixture,
    incident_fixture,
    karen_fixture,
    names,
    post_fixture,
)

ROOT = Path(settings.BASE_DIR)
ROOMS = (
    *("accounts", "connectors", "core", "crisisdesk", "incidents", "monitoring"),
    *("notifications", "responses", "marketing", "reviews", "training", "drills", "templates"),
)
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# %(name)s, %(count)d, %% and {name}.
PLACE = re.compile(r"%\(\w+\)0?\d*[sd]|%%|\{[\w.]+\}")
TAG = re.compile(r"<[^>]+>")
QUOTED = re.compile(r"“[^”]*”|\b[A-Z]{2,}\b")
Key = tuple[str | None, str | tuple[str, ...]]


def catalogue() -> Catalog:
    with Path(ROOT, "locale/da/LC_MESSAGES/django.po").open("rb") as source:
        return read_po(source, abort_invalid=True)


CATALOGUE = catalogue()
MESSAGES: list[Message] = [each for each in CATALOGUE if each.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def code(source: Path) -> bytes:
    """A template's texts as calls in one bracket, where Python minds no indentation."""
    text = source.read_text(encoding="utf-8")
    return (f"(\n{templatize(text)}\n)" if source.suffix == ".html" else text).encode()


def extracted() -> Iterator[tuple[Key, str]]:
    """Yield each text that the code and the templates mark for translation, and its file."""
    sources = (path for room in ROOMS for path in sorted(Path(ROOT, room).rglob("*")))
    for source in (path for path in sources if path.suffix in (".py", ".html")):
        found = extract("python", BytesIO(code(source)), KEYWORDS, options={"encoding": "utf-8"})
        for _line, text, _comments, context in found:
            key = text if isinstance(text, str) else tuple(text)
            yield (context, key), str(source.relative_to(ROOT))


def key(message: Message) -> Key:
    return message.context, message.id if isinstance(message.id, str) else tuple(message.id)


def test_the_catalogue_holds_exactly_the_texts_of_the_code() -> None:
    used = dict(extracted())
    known = {key(message) for message in MESSAGES}
    assert len(used) > 900
    assert {text: file for text, file in used.items() if text not in known} == {}
    assert known - used.keys() == set()


def test_nothing_is_untranslated_or_uncertain() -> None:
    assert [each.id for each in MESSAGES if not all(forms(each.string))] == []
    assert [each.id for each in MESSAGES if each.fuzzy] == []
    assert not CATALOGUE.fuzzy
    assert CATALOGUE.num_plurals == 2


@pytest.mark.parametrize("plural", [False, True])
def test_a_translation_keeps_the_places(plural: bool) -> None:
    """One form of a plural may leave its number out: "1 new mention"."""
    for message in (each for each in MESSAGES if isinstance(each.id, str) != plural):
        wanted = [sorted(PLACE.findall(text)) for text in forms(message.id)]
        for number, text in enumerate(forms(message.string)):
            assert sorted(PLACE.findall(text)) in (wanted[number], wanted[-1]), message.id


def test_a_translation_ends_as_its_text_does() -> None:
    """A full stop, colon or space that is lost shows when texts stand beside each other."""
    ends = re.compile(r"[.:?…,\s]*$")
    for message in MESSAGES:
        for english, danish in zip(forms(message.id), forms(message.string), strict=True):
            # "No." is "Nr."; "t." is short for hours.
            if not danish.endswith(" t."):
                assert ends.search(english)[0] == ends.search(danish)[0], english  # type: ignore[index]


def test_danish_is_written_the_danish_way() -> None:
    for text in (TAG.sub("", text) for message in MESSAGES for text in forms(message.string)):
        assert not re.search(r"[a-zæøå,] (De|Dem|Deres)\b|[Vv]enligst", text), text
        assert not re.search(r"[\"“]\s|\s[.,:?](\s|$)|!|  ", text), text


# --- The pages ----------------------------------------------------------------------------------

WORDS = re.compile(r"[a-zæøå]{2,}")
# Names, the same in every language.
NAMES = {"Hacker News", "Mention"}
ZONES = {zone.replace("_", " ") for zone in available_timezones()} | available_timezones()
# As Danes call them: some in English. A part of a country follows its name.
COUNTRIES = set(Locale("da").territories.values())
# A fact as it is stored: RESPONDING, EMAIL_HOST, a digest, image/png.
CODE = re.compile(r"\b[A-Z_]{3,}\b|\b[0-9a-f]{64}\b|\bimage/[a-z]+\b")
WORDING = re.compile(r"[A-ZÆØÅ0-9{]\S* \S|[A-ZÆØÅ][a-zæøå]+$")
# Keys and units.
KEYS = {"enter", "shift", "ctrl", "esc", "bytes"}
# Read by the parser as text, said by nobody.
SILENT = {"script", "style", "code", "svg", "noscript"}
SPOKEN = {"aria-label", "title", "placeholder", "alt"}


def words(text: str) -> set[str]:
    """The words of a text, without its placeholders, what it quotes, and words in capitals: names
    of buttons elsewhere and the operators of queries are the same in every language."""
    return set(WORDS.findall(PLACE.sub(" ", QUOTED.sub(" ", text)).lower()))


def english_only() -> set[str]:
    """The words of the English texts that no Danish text uses."""
    english = {word for each in MESSAGES for text in forms(each.id) for word in words(text)}
    danish = {word for each in MESSAGES for text in forms(each.string) for word in words(text)}
    return english - danish - KEYS


def spoken(attrs: list[tuple[str, str | None]]) -> list[str]:
    """What is read out, and the words that scripts put on the page: data-* with a space in it."""
    given = [(name, value or "") for name, value in attrs]
    scripts = [value for name, value in given if name.startswith("data-") and WORDING.match(value)]
    return [value for name, value in given if name in SPOKEN] + scripts


class Reader(HTMLParser):
    """Collects what a page says: its text and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.hidden = 0
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        foreign = tag != "html" and given.get("lang", "da") != "da"
        self.said += spoken(attrs)
        if tag in VOID:
            return
        quiet = tag in SILENT or foreign or "kbd" in (given.get("class") or "").split()
        self.open.append((tag, quiet))
        self.hidden += quiet

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += spoken(attrs)

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _quiet in self.open):
            name, quiet = self.open.pop()
            self.hidden -= quiet
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self.hidden and data.strip():
            self.said.append(data.strip())


# Closed by nobody, so that nothing is inside.
VOID = {"input", "img", "br", "hr", "meta", "link", "use", "path", "rect", "circle"}


def said(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    mine = (text for text in reader.said if text not in ZONES | NAMES and "@" not in text)
    mine = (text for text in mine if text.partition(":")[0] not in COUNTRIES)
    return [CODE.sub("", text) for text in mine]


# The interface for programs speaks English in its description; a picture book for developers.
NO_PAGES = {
    *("api/", "kit", "monitoring:webhook", "monitoring:network_webhook"),
    *("marketing:webhook", "marketing:webhook_secret"),
}
# Ends the session; takes a file; is a script.
LEFT_OUT = {
    *("accounts:sign_out", "monitoring:import_report", "monitoring:download"),
    "notifications:worker",
}


def test_every_page_speaks_danish_throughout(
    filled: dict[str, Any], brand: Brand, karen: User, signed_in: Callable[[User], Client]
) -> None:
    client, foreign = signed_in(karen), english_only()
    assert {"the", "and", "incident", "approve", "settings"} <= foreign
    shown, slips = set(), {}
    for name, parts in names(get_resolver().url_patterns, without=NO_PAGES):
        if name in LEFT_OUT:
            continue
        # The rest that has an id belongs to the one source, or changes things and takes no GET.
        values = filled | {"pk": filled["pk"].get(name, brand.sources.get().pk)}
        response = client.get(reverse(name, kwargs={part: values[part] for part in parts}))
        assert response.status_code < 500, name
        if not response.headers.get("Content-Type", "").startswith("text/"):
            continue
        page = response.content.decode()
        shown |= {name} if response.status_code == 200 else set()
        slips |= {(name, text): found for text in said(page) if (found := words(text) & foreign)}
    assert slips == {}
    assert len(shown) >= 30
    assert {"overview", "incidents:incident", "responses:draft", "monitoring:mention"} <= shown
