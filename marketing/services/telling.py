"""How a change is told: timeline, notices, audit trail, live pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts import audit
from accounts.models import User
from accounts.selectors import members
from core import live
from incidents.enums import EntryKind
from incidents.services import write_entry
from marketing.models import Pause, ScheduledPost
from notifications.models import Urgency
from notifications.services import notify


def refresh(brand_id: int) -> None:
    """Have every open calendar of the brand fetch itself again."""
    live.publish(f"brand.{brand_id}", "calendar")


def refresh_banners(brand_id: int) -> None:
    """Have every open page of everybody in the brand look whether marketing is paused."""
    for user_id in members(brand_id).values_list("pk", flat=True):
        live.publish(f"user.{user_id}", "pause")


def record(post: ScheduledPost, code: str, *, actor: User | None = None, **facts: Any) -> None:
    """Write what was done with a post to the audit trail, and refresh the calendars."""
    audit.record(
        f"scheduled.{code}",
        actor=actor,
        brand=post.brand_id,
        subject=str(post)[:120],
        **({"account": post.account.name} if post.account else {}),
        **facts,
    )
    refresh(post.brand_id)


def record_pause(
    pause: Pause, code: str, *, actor: User | None, now: datetime, **facts: Any
) -> None:
    """Write what was done with a pause to its incident's timeline and the audit trail."""
    if pause.incident_id:
        params = {"code": f"pause_{code}", "reason": pause.reason, **facts}
        write_entry(pause.incident_id, EntryKind.PUBLICATION, actor=actor, params=params, now=now)
    audit.record(
        f"pause.{code}", actor=actor, brand=pause.brand_id, subject=f"#{pause.pk}", **facts
    )
    refresh(pause.brand_id)


def notice(  # noqa: PLR0913 - a notice is this much
    people: Iterable[User | None],
    kind: str,
    *,
    pause: Pause | None = None,
    post: ScheduledPost | None = None,
    key: str,
    now: datetime,
    urgency: Urgency = Urgency.NEWS,
    **params: Any,
) -> None:
    """Notify `people` once for `key`, of a pause or a post. Call it before the audit trail."""
    about = pause or post
    if about is None:
        raise ValueError("A notice is about something.")
    page = ("pause", about.pk) if pause else ("post", about.pk)
    notify(
        [each for each in people if each],
        key=f"marketing.{kind}.{page[0]}.{page[1]}.{key}",
        kind=f"marketing.{kind}",
        params={"brand": about.brand.name, **params},
        url=reverse(f"marketing:{page[0]}", args=[page[1]]),
        brand=about.brand,
        urgency=urgency,
        now=now,
    )
