"""The calendar's own posts: planned, changed, moved, dropped, sent again."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import allowed, require
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from marketing.covering import covering
from marketing.enums import CalendarKind, Hold, Origin, PostState
from marketing.models import ScheduledPost
from marketing.networks import carries_marketing

from .outcome import hold, lock_post, move
from .telling import record, refresh

MAX_TEXT = 20_000
MOST_TAGS = 20
# How far ahead a post may be planned: beyond that a year was mistyped.
FARTHEST = timedelta(days=730)
# What a person may still change: nothing of it has left the house.
OPEN = (PostState.QUEUED, PostState.HELD, PostState.FAILED)


@dataclass(frozen=True)
class Planned:
    """What somebody wants to be in the calendar. Without an account another tool sends it."""

    text: str
    at: datetime
    account_id: int | None = None
    kind: str = CalendarKind.POST
    title: str = ""
    network: str = ""
    campaign: str = ""
    country: str = ""
    tags: Collection[str] = field(default_factory=tuple)
    ends_at: datetime | None = None
    is_exempt: bool = False


def tidy(value: str, most: int) -> str:
    """One line, cleaned and cut."""
    return " ".join(clean(value).split())[:most]


def tidy_tags(tags: Collection[str]) -> list[str]:
    """Lower case, without number signs, each once, in their order."""
    each = (tidy(tag, 41).lstrip("#").lower()[:40] for tag in tags)
    return list(dict.fromkeys(tag for tag in each if tag))[:MOST_TAGS]


def values(planned: Planned) -> dict[str, Any]:
    """Return the fields of an entry as they are stored."""
    return {
        "kind": planned.kind,
        "title": tidy(planned.title, 200),
        "text": clean(planned.text).strip(),
        "network": tidy(planned.network, 40).lower(),
        "campaign": tidy(planned.campaign, 120),
        "country": tidy(planned.country, 60),
        "tags": tidy_tags(planned.tags),
        "at": planned.at,
        "ends_at": planned.ends_at,
    }


@transaction.atomic
def plan(
    brand: Brand, planned: Planned, *, by: User, now: datetime, origin: str = Origin.OWN
) -> ScheduledPost:
    """Put a post into the calendar, or show what another tool sends. Held at once under a pause.

    Refused for a time that has passed, an account that cannot publish it or is another brand's.
    """
    require(by, Permission.PLAN_MARKETING, brand)
    account = _account(brand, planned)
    fields = values(planned)
    _check(planned, account, fields, now=now)
    post = ScheduledPost(
        brand=brand,
        account=account,
        origin=origin if account is None or origin == Origin.API else Origin.OWN,
        state=PostState.QUEUED if account else PostState.ELSEWHERE,
        author=by,
        is_exempt=_exempt(brand, planned, by),
        send_at=planned.at if account else None,
        idempotency_key=secrets.token_urlsafe(32),
        created_at=now,
        **fields,
    )
    pause = covering(post) if account else None
    post.save()
    if pause:
        hold(post, Hold.PAUSED, pause)
    record(post, "planned", actor=by)
    return post


def _account(brand: Brand, planned: Planned) -> ConnectedAccount | None:
    if planned.account_id is None:
        return None
    account = ConnectedAccount.objects.filter(pk=planned.account_id, brand=brand).first()
    if account is None:
        raise Refused(_("There is no such account in this brand."))
    if not carries_marketing(account.network):
        raise Refused(_("Nothing can be published through %(account)s.")
                      % {"account": account.name})  # fmt: skip
    return account


def _check(
    planned: Planned, account: ConnectedAccount | None, fields: Mapping[str, Any], *, now: datetime
) -> None:
    if not fields["text"] and not fields["title"]:
        raise Refused(_("Write what is to be sent."))
    if planned.ends_at and planned.ends_at < planned.at:
        raise Refused(_("It ends before it begins."))
    if account is None:
        return
    check_text(fields["text"], account)
    check_time(planned.at, now=now)


def check_text(text: str, account: ConnectedAccount) -> None:
    """Refused where the network would not take it."""
    if not text:
        raise Refused(_("Write what is to be sent."))
    network = NETWORKS.get(account.network)
    most = min(network.max_length if network and network.max_length else MAX_TEXT, MAX_TEXT)
    if len(text) > most:
        raise Refused(
            _("%(network)s takes %(most)d characters; this has %(count)d.")
            % {
                "network": network.label if network else account.network,
                "most": most,
                "count": len(text),
            }
        )


def check_time(at: datetime, *, now: datetime) -> None:
    """Refused for a time that has passed, or lies years ahead."""
    if at <= now:
        raise Refused(_("This time has passed. Nothing is sent afterwards: choose a later one."))
    if at > now + FARTHEST:
        raise Refused(_("This is more than two years ahead. Look at the year."))


def _exempt(brand: Brand, planned: Planned, by: User) -> bool:
    """Whoever may press the pause may say what it leaves alone."""
    if planned.is_exempt and not allowed(by, Permission.PAUSE_MARKETING, brand):
        raise Forbidden(_("Only who may pause marketing may exempt a post from it."))
    return planned.is_exempt


@transaction.atomic
def change(
    post_id: int,
    *,
    by: User,
    now: datetime,
    text: str | None = None,
    at: datetime | None = None,
    **about: Any,
) -> ScheduledPost:
    """Change what has not left: text, time, and what the entry says of itself.

    `about` may hold title, campaign, country and tags. A held post stays held; Conflict for what
    is out or on its way.
    """
    post = lock_post(post_id)
    require(by, Permission.PLAN_MARKETING, post.brand_id)
    _refuse_gone(post)
    fields: dict[str, Any] = _described(about)
    if text is not None and post.account:
        fields["text"] = clean(text).strip()
        check_text(fields["text"], post.account)
    if at is not None and at != post.at:
        check_time(at, now=now)
        fields |= {"at": at, "send_at": at}
    _write(post, fields)
    record(post, "changed", actor=by, changes=sorted(fields))
    return post


def _described(about: Mapping[str, Any]) -> dict[str, Any]:
    most = {"title": 200, "campaign": 120, "country": 60}
    fields: dict[str, Any] = {
        name: tidy(value, most[name]) for name, value in about.items() if name in most
    }
    if "tags" in about:
        fields["tags"] = tidy_tags(about["tags"])
    return fields


def _write(post: ScheduledPost, fields: dict[str, Any]) -> None:
    """A post that failed and got a new time is planned anew; one that a pause covers is held."""
    state = PostState(post.state)
    if state == PostState.FAILED and "at" in fields:
        state = PostState.QUEUED
        fields = fields | {"error": ""}
    move(post, state, **fields)
    pause = covering(post) if post.state == PostState.QUEUED else None
    if pause:
        hold(post, Hold.PAUSED, pause)


def _refuse_gone(post: ScheduledPost) -> None:
    if post.state == PostState.ELSEWHERE:
        raise Conflict(_("Another tool sends this. Change it there."))
    if post.state not in OPEN:
        raise Conflict(_("It is out, on its way, or was dropped."))


@transaction.atomic
def drop(post_id: int, *, by: User, now: datetime) -> ScheduledPost:
    """Take a post out for good; an entry of another tool leaves this calendar alone."""
    post = lock_post(post_id)
    require(by, Permission.PLAN_MARKETING, post.brand_id)
    if post.state not in (*OPEN, PostState.ELSEWHERE):
        raise Conflict(_("It is out, on its way, or was dropped."))
    move(post, PostState.DROPPED, decided_by=by, decided_at=now, error="")
    record(post, "dropped", actor=by)
    refresh(post.brand_id)
    return post


@transaction.atomic
def exempt(post_id: int, is_exempt: bool, *, by: User, now: datetime) -> ScheduledPost:
    """Say whether a pause leaves it alone. What is held already stays held: decide about it."""
    post = lock_post(post_id)
    require(by, Permission.PAUSE_MARKETING, post.brand_id)
    _refuse_gone(post)
    _write(post, {"is_exempt": is_exempt})
    record(post, "exempted" if is_exempt else "not_exempted", actor=by)
    return post
