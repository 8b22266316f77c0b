"""The way back: each held post is kept, changed or dropped, by one owner, and spaced out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core import formats
from core.errors import Conflict, Refused
from core.text import clean
from marketing.enums import PostState
from marketing.models import ScheduledPost

from .outcome import lock_post, move
from .pausing import let_go, lock_pause
from .posts import check_text, check_time
from .telling import record

# Of a post that is held because its time passed, without a pause.
GAP = timedelta(minutes=30)
# A proposed time lies at least this far ahead, so that somebody can still think better of it.
SOONEST = timedelta(minutes=10)
COMING = (PostState.QUEUED, PostState.SENDING, PostState.UNCERTAIN)


def _lock(post_id: int, by: User) -> ScheduledPost:
    """The held post, if `by` is the one to decide about it. Locks the incident and pause first."""
    pause_id = ScheduledPost.objects.values_list("pause", flat=True).get(pk=post_id)
    pause = lock_pause(pause_id) if pause_id else None
    post = lock_post(post_id)
    require(by, Permission.PLAN_MARKETING, post.brand_id)
    if post.state != PostState.HELD or post.pause_id != pause_id:
        raise Conflict(_("This post is not held any more."))
    post.pause = pause
    if pause and pause.owner_id and pause.owner_id != by.pk:
        raise Conflict(
            _("%(name)s decides about these posts. Take over first.") % {"name": pause.owner}
        )
    return post


def gap_of(post: ScheduledPost) -> timedelta:
    return timedelta(minutes=post.pause.gap) if post.pause else GAP


def _others(post: ScheduledPost) -> list[datetime]:
    """When else something goes out, or went out, through its account."""
    rows = ScheduledPost.objects.filter(account=post.account_id).exclude(pk=post.pk)
    coming = rows.filter(state__in=COMING).values_list("at", flat=True)
    kept = rows.filter(state=PostState.HELD, is_kept=True).values_list("at", flat=True)
    sent = rows.filter(state=PostState.SENT).order_by("-sent_at").values_list("sent_at", flat=True)
    return [*coming, *kept, *(moment for moment in sent[:20] if moment)]


def next_free(post: ScheduledPost, *, now: datetime, wanted: datetime | None = None) -> datetime:
    """Return the first time from `wanted` (else its own, else soon) that keeps the gap.

    A time that it chooses is a full minute: people enter minutes, and are to get what is offered.
    """
    start = max(wanted or post.at, full_minute(now + SOONEST))
    taken, gap = sorted(_others(post)), gap_of(post)
    for moment in taken:
        if abs(moment - start) < gap:
            start = full_minute(moment + gap)
    return start


def full_minute(moment: datetime) -> datetime:
    """The first full minute from `moment` on."""
    minute = moment.replace(second=0, microsecond=0)
    return minute if minute == moment else minute + timedelta(minutes=1)


@transaction.atomic
def keep(
    post_id: int,
    *,
    by: User,
    now: datetime,
    at: datetime | None = None,
    text: str | None = None,
) -> ScheduledPost:
    """Let a held post go on, at `at` or the next free time, with another `text` if given.

    While the pause runs it only notes the decision; when it ends the post is planned again.
    Refused for a time that has passed, or that is too close to another post of the account.
    """
    post = _lock(post_id, by)
    if text is not None and clean(text).strip() != post.text:
        post.text = clean(text).strip()
        if post.account:
            check_text(post.text, post.account)
    free = next_free(post, now=now, wanted=at)
    if at is not None:
        check_time(at, now=now)
        _refuse_crowded(post, at, now=now)
    post.at = at or free
    move(
        post, PostState.HELD, text=post.text, at=post.at, is_kept=True, decided_by=by,
        decided_at=now, error="",
    )  # fmt: skip
    if post.pause is None or post.pause.ended_at:
        let_go(post, now=now)
    record(post, "kept", actor=by, at=post.at.isoformat())
    return post


def _refuse_crowded(post: ScheduledPost, at: datetime, *, now: datetime) -> None:
    gap = gap_of(post)
    if any(abs(moment - at) < gap for moment in _others(post)):
        free = next_free(post, now=now, wanted=full_minute(at))
        raise Refused(
            _("Another post of this account is closer than %(gap)d minutes. Free from %(time)s.")
            % {
                "gap": gap.total_seconds() // 60,
                "time": formats.when(free, now=now, zone=post.brand.time_zone),
            }
        )


@transaction.atomic
def keep_ahead(pause_id: int, *, by: User, now: datetime, but: Iterable[int] = ()) -> int:
    """Keep every undecided post of a pause whose time is still ahead, as it is; returns how many.

    `but` are those that a person has to look at, such as what the scan marked. What would come too
    close to another is left for a person as well.
    """
    pause = lock_pause(pause_id)
    rows = pause.posts.filter(state=PostState.HELD, is_kept=False, at__gt=now + SOONEST)
    kept = 0
    for post in rows.exclude(pk__in=list(but)).order_by("at", "pk"):
        post.pause = pause
        if next_free(post, now=now) == post.at:
            keep(post.pk, by=by, now=now, at=post.at)
            kept += 1
    return kept


@transaction.atomic
def let_drop(post_id: int, *, by: User, now: datetime) -> ScheduledPost:
    """Drop a held post for good."""
    post = _lock(post_id, by)
    move(post, PostState.DROPPED, decided_by=by, decided_at=now, error="", is_kept=False)
    record(post, "dropped", actor=by)
    return post


@transaction.atomic
def undecide(post_id: int, *, by: User, now: datetime) -> ScheduledPost:
    """Take back that a post is kept, as long as it is held."""
    post = _lock(post_id, by)
    move(post, PostState.HELD, is_kept=False, decided_by=None, decided_at=None)
    record(post, "undecided", actor=by)
    return post
