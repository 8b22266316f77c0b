"""What a page of fifty mentions costs the server, against the plainest program for that page.

The limit is one function: the same questions to the same database over bare psycopg, formatted by
f-strings and html.escape; the page's unchanging parts are one constant string. Ours is the whole
application as its server calls it: middleware, session, person, rights, view, templates.
"""

import functools
import html
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .figures import Measured, figure, median_of_rounds

ADDRESS = "/mentions/"
ROWS = 50
MENTIONS = 3_000
ROUNDS, REQUESTS = 11, 40
_LIST, _END = '<ol class="rows posts mention-list" data-rows data-list>', "</ol>"
_ENDS = (
    " <again>. Never more with @you & yours! https://example.org/a?b=1&c=2",
    " igen 😡 #øv, <b>hvornår</b> kører der noget? Åh \"nej\" & 'nå'",
    " :-)",
)
_MENTIONS = """
SELECT m.id, m.brand_id, m.network, m.author, m.title, m.text, m.lang, m.published_at, m.reach,
    coalesce(nullif(m.corrected_sentiment, ''), m.sentiment), m.crisis_type, s.version
FROM monitoring_mention AS m LEFT JOIN monitoring_mentionstate AS s ON s.mention_id = m.id
WHERE m.brand_id = ANY(%s) ORDER BY m.published_at DESC, m.id DESC LIMIT 51
"""
_LINKED = """
SELECT l.mention_id, i.reference FROM incidents_linkedmention AS l
JOIN incidents_incident AS i ON i.id = l.incident_id WHERE l.mention_id = ANY(%s)
"""


@figure("page of 50 mentions, processor time", unit="CPU ms", must="<= 6", issue=2)
def page() -> Measured:
    """Processor time of the web process alone: what the database does is the same for both."""
    session = _desk()
    plain = Plain(session, _whole(session)())
    _check_alike(plain.page(), _whole(session)())
    return median_of_rounds(
        lambda: _milliseconds(_whole(session)),
        lambda: _milliseconds(plain.page),
        rounds=ROUNDS,
    )


def _milliseconds(make: Callable[[], str]) -> float:
    make()
    before = time.process_time()
    for _request in range(REQUESTS):
        make()
    return (time.process_time() - before) / REQUESTS * 1000


def _whole(session: str) -> Callable[[], str]:
    """Return what asks the application for the page, as a WSGI server does."""

    def get() -> str:
        status: list[str] = []
        response = _application()(_environ(session), lambda line, *_rest: status.append(line))
        try:
            body = b"".join(response)
        finally:
            response.close()
        assert status == ["200 OK"], status
        return body.decode()

    return get


@functools.cache
def _application() -> Any:
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    call_command("collectstatic", interactive=False, verbosity=0)
    return get_wsgi_application()


def _environ(session: str) -> dict[str, Any]:
    from wsgiref.util import setup_testing_defaults

    environ: dict[str, Any] = {
        "PATH_INFO": ADDRESS,
        "HTTP_HOST": "localhost",
        "HTTP_COOKIE": f"sessionid={session}; csrftoken={'c' * 32}",
        "HTTP_ACCEPT_LANGUAGE": "en",
    }
    setup_testing_defaults(environ)
    return environ


class Plain:
    """The limit. `shell` is a page of ours, of which it keeps what is not data."""

    def __init__(self, session: str, shell: str) -> None:
        import psycopg
        from django.db import connection

        self.session = session
        self.line = psycopg.connect(**_parameters(connection), autocommit=True)
        head, _list, rest = shell.partition(_LIST)
        _rows, _end, tail = rest.partition(_END)
        self.head, self.tail = head + _LIST, _END + tail

    def page(self) -> str:
        user, name, email, zone, roles, brands, incidents, drafts = self._shell()
        here = ZoneInfo(zone)
        today = datetime.now(here).date()
        rows = self.line.execute(_MENTIONS, [list(roles)]).fetchall()
        linked = dict(self.line.execute(_LINKED, [[row[0] for row in rows]]).fetchall())
        items = "".join(
            [_row(row, brands, here, today, linked.get(row[0], "")) for row in rows[:ROWS]]
        )
        choices = "".join([f'<option value="{pk}">{html.escape(b)}' for pk, b in brands.items()])
        last = rows[ROWS]
        return (
            f"{self.head}{items}{self.tail}{choices}<b>{html.escape(name)}</b>{html.escape(email)}"
            f'<i>{incidents}</i><i>{drafts}</i>{user}<a href="?before={last[7]:%s}-{last[0]}">'
        )

    def _shell(self) -> tuple[Any, ...]:
        """Who asks, what they may see, and what the navigation counts."""
        from django.core import signing

        ask = self.line.execute
        data = ask(
            "SELECT session_data FROM django_session"
            " WHERE session_key = %s AND expire_date > now()",
            [self.session],
        ).fetchone()
        assert data
        key = "django.contrib.sessions.SessionStore"
        user = int(signing.loads(data[0], salt=key)["_auth_user_id"])
        person = ask(
            "SELECT name, email, time_zone FROM accounts_user WHERE id = %s AND is_active", [user]
        ).fetchone()
        assert person
        member = "SELECT brand_id, role FROM accounts_membership WHERE user_id = %s"
        roles = dict(ask(member, [user]).fetchall())
        names = "SELECT id, name FROM accounts_brand WHERE id = ANY(%s) ORDER BY name"
        brands = dict(ask(names, [list(roles)]).fetchall())
        counts = ask(
            "SELECT (SELECT count(*) FROM incidents_incident WHERE brand_id = ANY(%s)"
            " AND state <> 'RESOLVED' AND severity <= 2),"
            " (SELECT count(*) FROM responses_draft AS d"
            " JOIN incidents_incident AS i ON i.id = d.incident_id WHERE d.state = 'SUBMITTED'"
            " AND i.brand_id = ANY(%s) AND d.author_id <> %s)",
            [list(roles), list(roles), user],
        ).fetchone()
        assert counts
        return user, *person, roles, brands, *counts


def _row(
    row: tuple[Any, ...], brands: dict[int, str], zone: ZoneInfo, today: Any, incident: str
) -> str:
    pk, brand, network, author, title, text, lang, at, reach, meant, kind, version = row
    here = at.astimezone(zone)
    shown = f"{here:%H:%M}" if here.date() == today else f"{here:%-d %b %H:%M}"
    said = html.escape(f"{title} - {text}" if title else text)
    return (
        f'<li class="mention" data-id="{pk}" data-item><input class="form-check-input pick"'
        f' type="checkbox" data-pick name="mention" form="pick" value="{pk}" data-reach="{reach}"'
        f' aria-label="Select the mention by {html.escape(author)}"><span class="network">'
        f'<span title="{network}">'
        f'<svg class="icon s14" aria-hidden="true"><use href="/static/icons.svg#{network}"/></svg>'
        f'<span class="visually-hidden">{network}</span></span></span><div class="grow">'
        f'<div class="line"><a class="strong trunc" href="/mentions/{pk}/" data-open>'
        f'{html.escape(author)}</a><span class="muted meta trunc wide-only">'
        f'{html.escape(brands[brand])}</span><span class="end line gap-12"><a class="meant"'
        f' href="/mentions/{pk}/" title="Correct the sentiment" hx-get="/mentions/{pk}/correct/"'
        f' hx-swap="outerHTML"><span class="sentiment sentiment-{meant}"><svg viewBox="0 0 9 9"'
        f' aria-hidden="true"><path d="M0 1h9L4.5 9z"/></svg><span class="sentiment-word">{meant}'
        f'</span></span></a><b class="reach" title="Reach">{reach:,}</b><span class="muted meta">'
        f'<time datetime="{here.isoformat(timespec="seconds")}"'
        f' title="{here:%A %-d %B %Y, %H:%M %Z}">{shown}</time></span></span></div>'
        f'<p class="post-text" lang="{lang}">{said}</p>'
        f'{incident}<span class="pill pill-outline">{kind}</span><span class="handling"'
        f' id="handling-{pk}" data-handling="{pk}" data-version="{version or 0}"></span></div></li>'
    )


def _parameters(connection: Any) -> dict[str, Any]:
    settings = connection.settings_dict
    found = {
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "host": settings["HOST"],
        "port": settings["PORT"],
    }
    return {name: value for name, value in found.items() if value}


def _check_alike(plain: str, ours: str) -> None:
    """Both pages show the same mentions, in the same order, escaped."""
    for made in (plain, ours):
        assert made.count("data-item") == ROWS, made.count("data-item")
        assert "<again>" not in made
    assert _ids(plain) == _ids(ours)


def _ids(made: str) -> list[str]:
    return [part.split('"')[0] for part in made.split('<li class="mention" data-id="')[1:]]


def _desk() -> str:
    """Six brands with three thousand mentions and a person of them all; return their session."""
    from django.test import Client

    from accounts.enums import Role
    from core.clock import database_now
    from monitoring.partitions import ensure_months
    from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
    from tests.factories.monitoring import SourceFactory

    now = database_now()
    brands = BrandFactory.create_batch(6)
    user = UserFactory.create(language="en")
    for brand in brands:
        MembershipFactory.create(user=user, brand=brand, role=Role.LEAD)
    ensure_months({(now.year, now.month)}, now=now)
    _mentions([SourceFactory.create(brand=brand) for brand in brands], now)
    client = Client()
    client.force_login(user)
    return str(client.session.session_key)


def _unlike(number: int) -> str:
    """Words that make each text one of its own: near-duplicates would be shown as one row."""
    drawn = random.Random(number)
    return " ".join("".join(drawn.choices("abdeiklmnorstu", k=6)) for _word in range(12))


def _mentions(sources: list[Any], now: datetime) -> None:
    from connectors.base import Post
    from monitoring import ingest

    networks = ("x", "facebook", "instagram", "tiktok", "news")
    for place, source in enumerate(sources):
        posts = [
            Post(
                external_id=str(number),
                text=_unlike(number) + _ENDS[number % 3],
                author=f"Someone <{number * 7919 % 977}>",
                url=f"https://example.org/{number}",
                published_at=now - timedelta(seconds=20 * number + place),
                reach=number * 104729 % 20_000,
                network=networks[number % 5],
                lang="da" if number % 3 == 1 else "en",
            )
            for number in range(MENTIONS // len(sources))
        ]
        ingest.accept(source, posts, now=now)
