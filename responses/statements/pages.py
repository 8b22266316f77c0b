"""What is on each page of a site: the files of a statement, of the site itself, and of its keys.

Each function returns {path below the root: content}. Nothing here reads the clock or writes.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from notifications.channels.email import configured
from responses.models_statement import (
    Statement,
    StatementEntry,
    StatementImage,
    StatementKey,
    StatementSite,
)
from responses.placing import Placed

from . import addresses, colours, documents
from .reading import News, Telling, headline, telling

Files = dict[str, bytes]
MOST_IN_FEED = 50


@cache
def _sheet() -> str:
    return (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def policy() -> str:
    """What the public pages may load and where their form may go: as meta and as header."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        f" form-action {settings.PUBLIC_URL}"
    )


@contextmanager
def told_in(site: StatementSite, language: str) -> Iterator[None]:
    """Words in the page's language, times as the brand's clocks show them."""
    with translation.override(language), timezone.override(ZoneInfo(site.brand.time_zone)):
        yield


@dataclass(frozen=True)
class Page:
    """A page of a site in one language, before it is rendered."""

    site: StatementSite
    language: str
    template: str
    title: str
    address: str
    summary: str = ""
    feeds: str = ""
    more: dict[str, Any] | None = None

    def html(self, **more: Any) -> str:
        context = {
            "site": self.site,
            "title": self.title,
            "summary": self.summary or self.title,
            "address": addresses.of_language(self.address, self.language, self.site.languages),
            "languages": self._languages(),
            "feeds": self.feeds,
            "style": f"/s/{self.site.slug}/{style(self.site)[0]}",
            "policy": policy(),
            "home": addresses.of_language(
                addresses.site(self.site), self.language, self.site.languages
            ),
            "keys": addresses.site(self.site) + "keys/",
            **(self.more or {}),
            **more,
        }
        return render_to_string(self.template, context)

    def _languages(self) -> list[dict[str, str]]:
        names = {"en": "English", "da": "Dansk"}
        return [
            {
                "code": code,
                "name": names.get(code, code),
                "url": addresses.of_language(self.address, code, self.site.languages),
            }
            for code in self.site.languages
        ]


def style(site: StatementSite) -> tuple[str, bytes]:
    """The sheet with the brand's colours; its name changes with its content."""
    light, dark = colours.readable(site.colour)
    sheet = f":root{{--accent:{light};--accent-dark:{dark}}}\n{_sheet()}".encode()
    return f"style.{sha256(sheet).hexdigest()[:12]}.css", sheet


def _path(address: str) -> str:
    """Where the file of an address lies below the root."""
    return address.removeprefix(f"{settings.STATEMENT_URL}/") + "index.html"


# A statement


@dataclass
class Shown:
    """A statement with its chain, read once for all its pages."""

    statement: Statement
    entries: Sequence[StatementEntry]

    @property
    def site(self) -> StatementSite:
        return self.statement.site

    @cached_property
    def address(self) -> str:
        return addresses.statement(self.statement)

    def told(self, language: str) -> Telling:
        return telling(self.entries, language)

    def title(self, told: Telling) -> str:
        """The newest headline, in the active language where nobody wrote one."""
        return told.title or _("Statement by %(brand)s") % {"brand": self.site.brand.name}

    def page(self, language: str) -> Page:
        """The statement as it stands; expects to be called within `told_in`."""
        told = self.told(language)
        address = addresses.of_language(self.address, language, self.site.languages)
        return Page(
            self.site,
            language,
            "statements/statement.html",
            self.title(told),
            self.address,
            told.summary,
            feeds=address,
            more={
                "telling": told,
                "statement": self.statement,
                "base": self.address,
                "pictures": pictures(self.address),
                "subscribe": self._subscribe() if self.site.has_mail and configured() else "",
            },
        )

    def _subscribe(self) -> str:
        names = [self.site.slug, self.statement.slug]
        return settings.PUBLIC_URL + reverse("responses:statement_subscribe", args=names)


def pictures(statement: str) -> str:
    """Where the images of the statement at this address lie."""
    return f"{statement}images/"


def of_images(shown: Shown, images: Sequence[StatementImage]) -> Files:
    """The images that its entries show, each under the digest of its bytes."""
    folder = _path(pictures(shown.address)).removesuffix("index.html")
    named = {each.sha256: each.file for entry in shown.entries for each in entry.images}
    return {f"{folder}{named[row.sha256]}": bytes(row.data) for row in images}


def of_statement(shown: Shown) -> Files:
    """Every file of one statement: its page and feeds in each language, its entries."""
    files: Files = {}
    for language in shown.site.languages:
        with told_in(shown.site, language):
            page = shown.page(language)
            where = addresses.of_language(shown.address, language, shown.site.languages)
            files[_path(where)] = page.html().encode()
            files |= _feeds(where, page.title, language, _items(shown, shown.told(language)))
    for entry in shown.entries:
        files |= _of_entry(shown, entry)
    return files


def _of_entry(shown: Shown, entry: StatementEntry) -> Files:
    """An entry at its permanent address: a page, the signed bytes, the signature."""
    address = addresses.entry(shown.statement, entry.number)
    with told_in(shown.site, entry.language):
        page = Page(
            shown.site,
            entry.language,
            "statements/entry.html",
            headline(entry.text) or shown.title(shown.told(entry.language)),
            address,
        )
        html = page.html(
            # At one address, in one language: as it was signed.
            languages=[],
            address=address,
            entry=entry,
            base=shown.address,
            pictures=pictures(shown.address),
            laters=[each for each in shown.entries if _overrules(each, entry)],
            signature=base64.b64encode(bytes(entry.signature)).decode(),
            previous=json.loads(entry.document)["previous"],
        )
    folder = _path(address).removesuffix("index.html")
    return {
        f"{folder}index.html": html.encode(),
        f"{folder}entry.json": entry.document.encode(),
        f"{folder}entry.sig": bytes(entry.signature),
    }


def _overrules(later: StatementEntry, entry: StatementEntry) -> bool:
    overruling = later.form in ("CORRECTION", "WITHDRAWAL")
    return overruling and later.about_id == entry.pk


# Feeds


@dataclass(frozen=True)
class Item:
    """One piece of news in a feed; its id is the permanent address of its first wording."""

    url: str
    title: str
    text: str
    published: datetime
    updated: datetime
    language: str
    # Addresses of what it shows, and of which kinds.
    images: Sequence[tuple[str, str]] = ()


def _items(shown: Shown, told: Telling) -> list[Item]:
    return [_item(shown, told, each) for each in told.news[:MOST_IN_FEED]]


def _item(shown: Shown, told: Telling, news: News) -> Item:
    text = news.now.entry.text
    if news.withdrawal:
        text = "\n\n".join((_("Withdrawn. It no longer holds."), news.withdrawal.text)).strip()
    return Item(
        addresses.entry(shown.statement, news.root.number),
        news.now.headline or shown.title(told),
        text,
        news.root.published_at,
        news.updated_at,
        news.now.entry.language,
        [] if news.withdrawal else _addressed(shown, news.now.entry.images),
    )


def _addressed(shown: Shown, images: Sequence[Placed]) -> list[tuple[str, str]]:
    return [(pictures(shown.address) + each.file, each.media_type) for each in images]


def _feeds(where: str, title: str, language: str, items: list[Item]) -> Files:
    """Atom and JSON Feed 1.1 of a page, beside it."""
    folder = _path(where).removesuffix("index.html")
    return {
        f"{folder}atom.xml": _atom(where, title, language, items),
        f"{folder}feed.json": _json_feed(where, title, language, items),
    }


def _atom(where: str, title: str, language: str, items: list[Item]) -> bytes:
    feed = Atom1Feed(title, where, "", language=language, feed_url=f"{where}atom.xml")
    for item in items:
        feed.add_item(
            item.title,
            item.url,
            item.text,
            unique_id=item.url,
            pubdate=item.published,
            updateddate=item.updated,
        )
    made: str = feed.writeString("utf-8")
    return made.encode()


def _json_feed(where: str, title: str, language: str, items: list[Item]) -> bytes:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": where,
        "feed_url": f"{where}feed.json",
        "language": language,
        "items": [
            {
                "id": item.url,
                "url": item.url,
                "title": item.title,
                "content_text": item.text,
                "date_published": documents.moment(item.published),
                "date_modified": documents.moment(item.updated),
                "language": item.language,
                "attachments": [
                    {"url": url, "mime_type": media_type} for url, media_type in item.images
                ],
            }
            for item in items
        ],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


# The site itself


def of_site(site: StatementSite, shown: Sequence[Shown], keys: Sequence[StatementKey]) -> Files:
    """The list of statements with its feeds, the keys, and the sheet."""
    name, sheet = style(site)
    files: Files = {f"s/{site.slug}/{name}": sheet}
    for language in site.languages:
        with told_in(site, language):
            files |= _listed(site, shown, language)
            files |= _keys_page(site, keys, language)
    return files | _keys(site, keys)


def _listed(site: StatementSite, shown: Sequence[Shown], language: str) -> Files:
    address = addresses.site(site)
    where = addresses.of_language(address, language, site.languages)
    title = _("Statements by %(brand)s") % {"brand": site.brand.name}
    page = Page(site, language, "statements/site.html", title, address, feeds=where)
    items: list[Item] = []
    rows = []
    for each in shown:
        told = each.told(language)
        rows.append(_row(each, told, language))
        items += _items(each, told)
    items.sort(key=lambda item: item.updated, reverse=True)
    html = page.html(rows=rows).encode()
    return {_path(where): html} | _feeds(where, title, language, items[:MOST_IN_FEED])


def _row(shown: Shown, told: Telling, language: str) -> dict[str, Any]:
    return {
        "url": addresses.of_language(shown.address, language, shown.site.languages),
        "title": shown.title(told),
        "updated_at": told.updated_at,
        "closed_at": shown.statement.closed_at,
    }


def _keys_page(site: StatementSite, keys: Sequence[StatementKey], language: str) -> Files:
    address = addresses.site(site) + "keys/"
    page = Page(site, language, "statements/keys.html", _("How to check our statements"), address)
    where = addresses.of_language(address, language, site.languages)
    return {_path(where): page.html(all_keys=keys).encode()}


def _keys(site: StatementSite, keys: Sequence[StatementKey]) -> Files:
    folder = f"s/{site.slug}/keys/"
    listed = [
        {
            "fingerprint": key.fingerprint,
            "from": documents.moment(key.created_at),
            "until": documents.moment(key.retired_at),
            "pem": key.public_pem,
        }
        for key in keys
    ]
    files = {f"{folder}{key.fingerprint}.pem": key.public_pem.encode() for key in keys}
    return files | {f"{folder}keys.json": json.dumps({"keys": listed}, indent=1).encode()}


def of_root() -> Files:
    """What is there whatever the sites: what is missing, and what robots may read."""
    lines = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            lines.append((code, _("There is no such page. Statements keep their addresses.")))
    return {
        "404.html": render_to_string("statements/missing.html", {"lines": lines}).encode(),
        "robots.txt": b"User-agent: *\nAllow: /\n",
    }
