"""What became of a post on its way out: recorded by the engine, settled by a person.

The engine's own take the attempt that they speak of and change nothing when the row has moved on.
`hold_if_paused` runs with the gate in hand (gate.py), so it may not lock an incident.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.base import Receipt
from core.errors import Conflict, Refused
from core.text import clean
from marketing.covering import covering
from marketing.enums import Hold, PostState
from marketing.models import Pause, ScheduledPost
from notifications.models import Urgency
from responses.services.publications import LONGEST_WAIT, LOOKS, RETRY_DELAYS

from .telling import notice, record

# A post that is later than this is not made up for: a person gives it a new time.
LATEST = timedelta(minutes=15)


def lock_post(post_id: int) -> ScheduledPost:
    """The post as it is now, locked against every other change of it."""
    rows = ScheduledPost.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("account", "brand", "author").get(pk=post_id)


def _lock_attempt(post_id: int, attempt: int, *states: PostState) -> ScheduledPost | None:
    post = lock_post(post_id)
    return post if post.attempts == attempt and post.state in states else None


def move(post: ScheduledPost, state: PostState, **fields: object) -> None:
    """Write the post's state together with what belongs to it."""
    post.state = state
    for name, value in fields.items():
        setattr(post, name, value)
    post.save(update_fields=["state", *fields])


def hold(post: ScheduledPost, why: Hold, pause: Pause | None) -> None:
    """Keep it from going out until a person decides. Expects the lock."""
    move(
        post,
        PostState.HELD,
        hold=why,
        pause=pause,
        is_kept=False,
        decided_at=None,
        decided_by=None,
        error="late" if why == Hold.MISSED else "",
    )


def hold_missed(post: ScheduledPost, *, now: datetime) -> None:
    """Its time passed: say so to whoever planned it. Expects the lock."""
    hold(post, Hold.MISSED, None)
    notice([post.author], "missed", post=post, key=post.at.isoformat(), now=now, title=str(post))
    record(post, "missed")


@transaction.atomic
def hold_if_paused(post_id: int, attempt: int) -> bool:
    """The last word before the call: whether a pause has come since it was claimed.

    Nothing has left the house yet, so it is simply held. Expects the gate.
    """
    post = _lock_attempt(post_id, attempt, PostState.SENDING)
    if post is None:
        return True
    pause = covering(post)
    if pause is None:
        return False
    hold(post, Hold.PAUSED, pause)
    record(post, "held")
    return True


@transaction.atomic
def record_sent(post_id: int, attempt: int, receipt: Receipt, /, *, now: datetime) -> bool:
    """It is out, with proof. Also settles what was unsure: a late proof is welcome."""
    post = _lock_attempt(post_id, attempt, PostState.SENDING, PostState.UNCERTAIN)
    if post:
        _sent(post, receipt, by=None, now=now)
    return post is not None


def _sent(post: ScheduledPost, receipt: Receipt, *, by: User | None, now: datetime) -> None:
    move(
        post,
        PostState.SENT,
        sent_at=now if by is None else post.sending_since or now,
        external_id=clean(receipt.external_id),
        url=clean(receipt.url),
        error="",
        look_at=None,
    )
    record(post, "settled_sent" if by else "sent", actor=by)


@transaction.atomic
def record_failed(post_id: int, attempt: int, error: str, /, *, now: datetime) -> bool:
    """Refused for good: shown, with what to do."""
    post = _lock_attempt(post_id, attempt, PostState.SENDING)
    if post:
        fail(post, error, now=now)
    return post is not None


def fail(post: ScheduledPost, error: str, *, now: datetime) -> None:
    """Expects the lock. `error` is the network's words or a code of problems.py."""
    move(post, PostState.FAILED, error=clean(error)[:500], look_at=None)
    notice([post.author], "failed", post=post, key=str(post.attempts), now=now, title=str(post))
    record(post, "failed")


@transaction.atomic
def record_not_sent(
    post_id: int, attempt: int, error: str, /, *, now: datetime, wait: float | None = None
) -> bool:
    """Surely nothing left the house: try again soon, unless it is enough or too late by then.

    `wait` is what the network asked for, in seconds.
    """
    post = _lock_attempt(post_id, attempt, PostState.SENDING)
    if not post:
        return False
    tries = attempt % (len(RETRY_DELAYS) + 1)
    if not tries or (wait or 0) > LONGEST_WAIT:
        fail(post, error, now=now)
        return True
    due = now + timedelta(seconds=max(RETRY_DELAYS[tries - 1], wait or 0))
    move(post, PostState.QUEUED, send_at=due, error=clean(error)[:500])
    return True


@transaction.atomic
def record_uncertain(post_id: int, attempt: int, error: str, /, *, now: datetime) -> bool:
    """Nobody knows: shown to whoever planned it, and looked for a few more times."""
    post = _lock_attempt(post_id, attempt, PostState.SENDING)
    if not post:
        return False
    move(
        post,
        PostState.UNCERTAIN,
        error=clean(error)[:500],
        look_at=_next_look(post, now),
    )
    notice(
        [post.author], "uncertain", post=post, key=str(post.attempts), now=now,
        urgency=Urgency.PAGE, title=str(post),
    )  # fmt: skip
    record(post, "uncertain")
    return True


@transaction.atomic
def record_look(post_id: int, attempt: int, /, *, now: datetime, found: bool | None) -> bool:
    """It was looked for again without proof. `found` is None where the network cannot tell."""
    post = _lock_attempt(post_id, attempt, PostState.UNCERTAIN)
    if not post:
        return False
    error = "not_there" if found is False else post.error
    move(post, PostState.UNCERTAIN, look_at=_next_look(post, now), error=error)
    return True


def _next_look(post: ScheduledPost, now: datetime) -> datetime | None:
    start = post.sending_since or now
    looks = (start + timedelta(seconds=each) for each in LOOKS)
    return next((each for each in looks if each > now), None)


@transaction.atomic
def settle(post_id: int, outcome: str, *, by: User, now: datetime, url: str = "") -> ScheduledPost:
    """Say what became of a post that may be out: `outcome` is "sent" or "failed"."""
    post = lock_post(post_id)
    require(by, Permission.PLAN_MARKETING, post.brand_id)
    if post.state != PostState.UNCERTAIN:
        raise Conflict(_("This is already settled."))
    if outcome == "sent":
        _sent(post, Receipt("", url=url[:2000]), by=by, now=now)
    elif outcome == "failed":
        move(post, PostState.FAILED, error="said_not_out", look_at=None)
        record(post, "settled_failed", actor=by)
    else:
        raise Refused(_("Say whether it is out or not."))
    return post
