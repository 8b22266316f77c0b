"""The engine's cycles of this room."""

from datetime import timedelta

from connectors.models import Budget, ConnectedAccount
from core.clock import database_now
from core.engine import audit, loop
from core.timers import timer

from . import changes, judge, partitions, retention, tasks
from .models import FileImport, Source
from .models_signals import Rehearsal
from .models_triage import StreamJob
from .scoring import second
from .selectors.sources import untaken
from .selectors.waiting import unjudged
from .services import (
    exporting,
    imports,
    inbound,
    looking,
    many,
    polling,
    rehearsals,
    scopes,
    themes,
)

# Later than this is too late.
UNTAKEN, UNJUDGED = timedelta(minutes=5), timedelta(minutes=1)

timer(Source, "next_poll_at", "asked_at", "streamed_until")
timer(FileImport, "lease_until")
timer(StreamJob, "lease_until")
timer(Rehearsal, "lease_until")
timer(ConnectedAccount, "renewing_until")
timer(Budget, "wait_until", "resets_at", "told_at")


@loop("poll", every=1)
def poll() -> int:
    """Hand the sources that are due to the workers."""
    claimed = polling.claim_due(now=database_now())
    for source_id, every in claimed:
        # A poll that waited longer than this is made by a later claim: the queue cannot grow.
        tasks.hand_over(tasks.poll_source, expires=max(every, 10), source_id=source_id)
    return 0


@loop("second_look", every=5)
def look_again() -> int:
    """Let a worker judge the posts that matter again: the engine's own time is for alarms."""
    if second.is_installed():
        tasks.hand_over(tasks.look_again, expires=5)
    return 0


@loop("imports", every=5)
def requeue_imports() -> int:
    """Hand imports to the workers that wait, or whose worker fell silent."""
    for import_id in imports.waiting(now=database_now()):
        tasks.hand_over(tasks.run_import, expires=60, import_id=import_id)
    return 0


@loop("stream_jobs", every=2)
def requeue_stream_jobs() -> int:
    """Hand work on many mentions to the workers: what waits, or whose worker fell silent."""
    for job in many.waiting(now=database_now()):
        tasks.hand_over_job(job)
    return 0


@loop("stream_files", every=60)
def forget_stream_files() -> int:
    """Take away the files of old exports."""
    return exporting.forget_files(now=database_now())


@loop("months", every=3600)
def make_months() -> int:
    """Make the partitions of this month and the next ahead of time."""
    partitions.ensure_ahead(now=database_now())
    return 0


@loop("expire", every=3600)
def expire_mentions() -> int:
    """Let go of the mentions that were kept long enough."""
    retention.expire(now=database_now())
    return 0


@loop("departed", every=3600)
def forget_departed() -> int:
    """Empty the posts of authors who left a month ago and did not come back."""
    changes.forget_departed(now=database_now())
    return 0


@loop("credentials", every=3600)
def warn_of_ends() -> int:
    """Tell the leads of a brand, once, that the credentials of a source end within a week."""
    polling.warn_of_ends(now=database_now())
    return 0


@loop("look_up", every=60)
def look_up() -> int:
    """Ask once a day after what people saw in the last week, where networks stay silent."""
    for source_id in looking.due(now=database_now()):
        tasks.hand_over(tasks.look_up, expires=60, source_id=source_id)
    return 0


@loop("shown", every=3600)
def forget_shown() -> int:
    """Forget which mentions were shown more than a week ago."""
    looking.forget(now=database_now())
    return 0


@loop("inbound_calls", every=60)
def forget_calls() -> int:
    """Forget the ids of webhook calls that are too old to be replayed."""
    inbound.forget_old_calls(now=database_now())
    return 0


@loop("judge", every=0.5)
def judge_brands() -> int:
    """Judge what was counted since the last look. At once again only if brands were left over:
    a brand in a storm is marked anew all the time."""
    done = judge.judge_pending(database_now())
    return done if done >= judge.BRANDS else 0


@loop("rehearsals", every=3)
def hand_over_rehearsals() -> int:
    """Hand rehearsals and the past of new scopes to the workers."""
    now = database_now()
    for rehearsal_id in rehearsals.waiting(now=now):
        tasks.hand_over(tasks.run_rehearsal, expires=60, rehearsal_id=rehearsal_id)
    for rule_id in scopes.uncounted(now=now):
        tasks.hand_over(tasks.count_scope, expires=60, rule_id=rule_id)
    return 0


@loop("themes", every=5)
def update_themes() -> int:
    """Group what is said into themes, brand by brand; a bounded sample each."""
    return themes.update_due(database_now())


@audit("sources")
def untaken_sources() -> list[str]:
    """Sources that should have been read: no worker takes polls up, or the broker loses them."""
    waiting = untaken(before=database_now() - UNTAKEN)
    return [f"{waiting} sources wait for a worker to read them"] if waiting else []


@audit("judging")
def unjudged_brands() -> list[str]:
    """Brands whose new mentions nobody has judged."""
    waiting = unjudged(before=database_now() - UNJUDGED)
    return [f"{waiting} brands have new mentions that nobody has judged"] if waiting else []
