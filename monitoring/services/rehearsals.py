"""Rehearsals: a rule over ninety days of the brand's past, or over an imported case.

What counts can answer is answered at once. What must read mentions or a file first (a scope that
nobody counted yet, an import) is left to a worker, with progress; a killed worker's lease ends and
the loop hands the rehearsal over again.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core import live
from core.errors import Refused
from monitoring import files, mapping, onsets, peaks, rehearsing, rules, steps
from monitoring.enums import DetectionKind, RehearsalState, Sensitivity
from monitoring.models import FileImport, MentionCount
from monitoring.models_signals import DetectionRule, Rehearsal
from monitoring.rehearsing import Call, Known, Outcome
from monitoring.rows import Refusal
from monitoring.scoring import score_batch
from monitoring.steps import STEP, Count

logger = logging.getLogger(__name__)

SPAN = timedelta(days=90)
LEASE = timedelta(seconds=60)
# What is told of a rehearsal in detail.
MOST_TOLD = 100
CHUNK = 2_000
_UNFINISHED = (RehearsalState.QUEUED, RehearsalState.RUNNING)

# A day of what a scope counts, by five minutes; `about` as ingest counts.
_SCOPE = """
SELECT date_bin('5 minutes', published_at, 'epoch') AS at, count(*)::int,
    count(*) FILTER (WHERE sentiment = 'negative')::int,
    count(*) FILTER (WHERE sentiment = 'positive')::int, sum(reach)::bigint
FROM monitoring_mention
WHERE brand_id = %(brand)s AND published_at >= %(since)s AND published_at < %(until)s
    AND about = 'brand'
    AND (%(networks)s::text[] = '{}' OR network = ANY(%(networks)s::text[]))
    AND (%(languages)s::text[] = '{}' OR lang = ANY(%(languages)s::text[]))
    AND (%(crisis_types)s::text[] = '{}' OR crisis_type = ANY(%(crisis_types)s::text[]))
    AND (%(queries)s::int[] = '{}' OR queries && %(queries)s::int[])
GROUP BY 1
"""


@dataclass(frozen=True)
class Tried:
    """A rule as it is rehearsed; Rehearsal.tried keeps it."""

    kind: DetectionKind
    sensitivity: Sensitivity = Sensitivity.BALANCED
    window_minutes: int | None = None
    cooldown_hours: int = 24
    scope: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @classmethod
    def of_rule(cls, rule: DetectionRule) -> "Tried":
        scope = tuple((name, tuple(values)) for name, values in sorted(rule.scope.items()))
        return cls(
            DetectionKind(rule.kind),
            Sensitivity(rule.sensitivity),
            rule.window_minutes,
            rule.cooldown_hours,
            scope,
        )

    def state(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "sensitivity": self.sensitivity.value,
            "window_minutes": self.window_minutes,
            "cooldown_hours": self.cooldown_hours,
            "scope": {name: list(values) for name, values in self.scope},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Tried":
        return cls(
            DetectionKind(state["kind"]),
            Sensitivity(state["sensitivity"]),
            state["window_minutes"],
            state["cooldown_hours"],
            tuple((name, tuple(values)) for name, values in state["scope"].items()),
        )

    @property
    def windows(self) -> list[int] | None:
        return [self.window_minutes * 60] if self.window_minutes else None


def measure(brand_id: int, kind: DetectionKind, *, now: datetime) -> dict[Sensitivity, float]:
    """Alarms a week that each sensitivity of a standard rule would have raised in ninety days.

    Empty where the kind cannot be rehearsed from counts, or less than a week is known. Two queries.
    """
    if kind not in rehearsing.REHEARSED:
        return {}
    since, until = now - SPAN, steps.floor(now)
    counts = _filled(steps.closed(brand_id, since=since, until=until))
    if len(counts) * STEP < timedelta(days=7):
        return {}
    expected = peaks.of_brand(brand_id, since=since, until=until)
    found = rehearsing.scores(kind, counts, peaks=expected)
    weeks = len(counts) * STEP / timedelta(weeks=1)
    cooldown = timedelta(hours=24)
    return {
        each: len(
            rehearsing.calls(
                counts, found, threshold=rules.threshold(kind, each), cooldown=cooldown
            )
        )
        / weeks
        for each in Sensitivity
    }


@transaction.atomic
def rehearse(
    brand: Brand,
    tried: Tried,
    *,
    upload: FileImport | None = None,
    onset: datetime | None = None,
    by: User | None,
    now: datetime,
) -> Rehearsal:
    """Begin a rehearsal; what counts can answer is answered when this returns."""
    if tried.kind not in rehearsing.REHEARSED:
        raise Refused(_("This kind of alarm cannot be rehearsed: it is not made from counts."))
    if upload is not None and upload.source.brand_id != brand.pk:
        raise Refused(_("This import belongs to another brand."))
    rehearsal = Rehearsal.objects.create(
        brand=brand,
        tried=tried.state(),
        upload=upload,
        onset=onset,
        since=now - SPAN,
        until=steps.floor(now),
        created_by=by,
    )
    audit.record("rule.rehearsed", actor=by, brand=brand, subject=tried.kind.value)
    if upload is None and not _reads_mentions(tried):
        _finish(rehearsal, _history(rehearsal, tried))
    return rehearsal


def _reads_mentions(tried: Tried) -> bool:
    """Whether the scope names what the minutes are not counted by."""
    return any(name in ("queries", "languages") for name, _values in tried.scope)


def waiting(*, now: datetime) -> list[int]:
    """The rehearsals that no living worker has."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    unfinished = Rehearsal.objects.filter(free, state__in=_UNFINISHED)
    return list(unfinished.order_by("pk").values_list("pk", flat=True)[:10])


def run(rehearsal_id: int, *, clock: Callable[[], datetime]) -> None:
    """Run a rehearsal to its end. Returns at once where another worker has it."""
    free = Q(lease_until=None) | Q(lease_until__lt=clock())
    mine = Rehearsal.objects.filter(free, pk=rehearsal_id, state__in=_UNFINISHED)
    if not mine.update(state=RehearsalState.RUNNING, lease_until=clock() + LEASE):
        return
    rehearsal = Rehearsal.objects.select_related("brand", "upload__source").get(pk=rehearsal_id)
    tried = Tried.from_state(rehearsal.tried)
    try:
        counts = _Progress(rehearsal, clock).follow(
            _of_file(rehearsal.upload) if rehearsal.upload else _of_scope(rehearsal, tried)
        )
    except (files.BadFile, OSError):
        logger.exception("Rehearsal %d could not be run", rehearsal_id)
        Rehearsal.objects.filter(pk=rehearsal_id).update(state=RehearsalState.FAILED)
        return
    _finish(rehearsal, _outcome(rehearsal, tried, _filled(counts)))


class _Progress:
    """Keeps the lease while a long run goes on, and says how far it is."""

    def __init__(self, rehearsal: Rehearsal, clock: Callable[[], datetime]) -> None:
        self.rehearsal = rehearsal
        self.clock = clock

    def follow(self, parts: Iterator[tuple[float, list[Count]]]) -> list[Count]:
        """Gather parts of (share done, counts); the same step may come in several."""
        sums: dict[datetime, Count] = {}
        for done, counts in parts:
            for count in counts:
                sums[count.starts_at] = _added(sums.get(count.starts_at), count)
            self._say(round(100 * done))
        return [sums[at] for at in sorted(sums)]

    def _say(self, percent: int) -> None:
        if percent == self.rehearsal.progress:
            return
        self.rehearsal.progress = percent
        lease = self.clock() + LEASE
        mine = Rehearsal.objects.filter(pk=self.rehearsal.pk)
        mine.update(progress=percent, lease_until=lease)
        live.publish(f"brand.{self.rehearsal.brand_id}", "rehearsal", {"id": self.rehearsal.pk})


def _added(known: Count | None, more: Count) -> Count:
    if known is None:
        return more
    return Count(
        known.starts_at,
        known.total + more.total,
        known.negative + more.negative,
        known.positive + more.positive,
        known.reach + more.reach,
    )


def _history(rehearsal: Rehearsal, tried: Tried) -> Outcome:
    """From the stored steps, or from the minutes where a network or a type is asked for."""
    assert rehearsal.since  # noqa: S101 - set when it is made
    assert rehearsal.until  # noqa: S101 - set when it is made
    span = {"since": rehearsal.since, "until": rehearsal.until}
    if tried.scope:
        counts = _of_minutes(rehearsal.brand_id, dict(tried.scope), **span)
    else:
        counts = steps.closed(rehearsal.brand_id, **span)
    return _outcome(rehearsal, tried, _filled(counts))


def _of_minutes(
    brand_id: int, scope: dict[str, tuple[Any, ...]], *, since: datetime, until: datetime
) -> list[Count]:
    rows = MentionCount.objects.filter(brand=brand_id, minute__gte=since, minute__lt=until)
    if networks := scope.get("networks"):
        rows = rows.filter(network__in=networks)
    if types := scope.get("crisis_types"):
        rows = rows.filter(crisis_type__in=types)
    sums: dict[datetime, Count] = {}
    columns = ("minute", "total", "negative", "positive", "reach")
    for minute, *figures in rows.values_list(*columns).iterator(chunk_size=10_000):
        at = steps.floor(minute)
        sums[at] = _added(sums.get(at), Count(at, *figures))
    return [sums[at] for at in sorted(sums)]


def _of_scope(rehearsal: Rehearsal, tried: Tried) -> Iterator[tuple[float, list[Count]]]:
    """From the mentions, a day at a time."""
    assert rehearsal.since  # noqa: S101 - set when it is made
    assert rehearsal.until  # noqa: S101 - set when it is made
    days = -(-(rehearsal.until - rehearsal.since) // timedelta(days=1))
    for number in range(days):
        since = rehearsal.since + timedelta(days=number)
        until = min(since + timedelta(days=1), rehearsal.until)
        yield (
            (number + 1) / days,
            counted(rehearsal.brand_id, dict(tried.scope), since=since, until=until),
        )


def counted(
    brand_id: int, scope: Mapping[str, Sequence[Any]], *, since: datetime, until: datetime
) -> list[Count]:
    """What a scope counts of the mentions of a span. Reads them: for background work."""
    names = ("networks", "languages", "crisis_types", "queries")
    values: dict[str, Any] = {name: list(scope.get(name, ())) for name in names}
    values |= {"brand": brand_id, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_SCOPE, values)
        return [Count(*row) for row in cursor.fetchall()]


def _of_file(upload: FileImport) -> Iterator[tuple[float, list[Count]]]:
    """From a file that was imported: its rows are scored, nothing is stored."""
    layout = files.Layout(**upload.layout)
    with upload.file.open("rb") as stream:
        batch: list[tuple[datetime, str, int]] = []
        rows = max(upload.position, 1)
        for number, record in files.records(stream, layout, limit=settings.IMPORT_MAX_BYTES):
            post = (
                record
                if isinstance(record, Refusal)
                else mapping.to_post(number, record, upload.mapping)
            )
            if not isinstance(post, Refusal) and post.published_at is not None:
                batch.append((post.published_at, post.text or post.title, max(post.reach, 0)))
            if len(batch) == CHUNK:
                yield min(number / rows, 1.0), _scored(batch)
                batch = []
        yield 1.0, _scored(batch)


def _scored(batch: list[tuple[datetime, str, int]]) -> list[Count]:
    if not batch:
        return []
    sentiments = score_batch([text for _at, text, _reach in batch]).sentiment
    return [
        Count(steps.floor(at), 1, int(sentiment == "negative"), int(sentiment == "positive"), reach)
        for (at, _text, reach), sentiment in zip(batch, sentiments, strict=True)
    ]


def _filled(counts: Sequence[Count]) -> list[Count]:
    """Every step from the first to the last: silence is a count of zero."""
    if not counts:
        return []
    by_start = {count.starts_at: count for count in counts}
    number = (counts[-1].starts_at - counts[0].starts_at) // STEP + 1
    starts = (counts[0].starts_at + STEP * place for place in range(number))
    return [by_start.get(start) or Count(start) for start in starts]


def _outcome(rehearsal: Rehearsal, tried: Tried, counts: list[Count]) -> Outcome:
    if not counts:
        return Outcome([], [], [], 0.0)
    since, until = counts[0].starts_at, counts[-1].starts_at + STEP
    expected = peaks.of_brand(rehearsal.brand_id, since=since, until=until)
    found = rehearsing.scores(tried.kind, counts, windows=tried.windows, peaks=expected)
    threshold = rules.threshold(tried.kind, tried.sensitivity)
    cooldown = timedelta(hours=tried.cooldown_hours)
    raised = rehearsing.calls(counts, found, threshold=threshold, cooldown=cooldown)
    known = onsets.of_brand(rehearsal.brand_id, since=since, until=until)
    if rehearsal.onset:
        known = [Known(rehearsal.onset, "")]
    return rehearsing.weigh(raised, known, since=since, until=until)


def _finish(rehearsal: Rehearsal, outcome: Outcome) -> None:
    rehearsal.state = RehearsalState.DONE
    rehearsal.progress = 100
    rehearsal.lease_until = None
    rehearsal.result = _told(outcome)
    rehearsal.save()
    live.publish(f"brand.{rehearsal.brand_id}", "rehearsal", {"id": rehearsal.pk})


def _told(outcome: Outcome) -> dict[str, Any]:
    """The outcome for JSON; of many calls the latest are kept."""
    others = {call.at for call in outcome.others}
    return {
        "weeks": round(outcome.weeks, 2),
        "calls": [
            {**_call(call), "other": call.at in others} for call in outcome.calls[-MOST_TOLD:]
        ],
        "number": len(outcome.calls),
        "others": len(outcome.others),
        "weekly": round(outcome.weekly, 2),
        "others_weekly": round(outcome.others_weekly, 2),
        "known": [
            {
                "label": match.known.label,
                "url": match.known.url,
                "began_at": match.known.began_at.isoformat(),
                "noticed_at": match.known.noticed_at.isoformat()
                if match.known.noticed_at
                else None,
                "call": _call(match.call) if match.call else None,
                "delay": match.delay.total_seconds() if match.delay is not None else None,
            }
            for match in outcome.matches[-MOST_TOLD:]
        ],
        "found": outcome.found,
    }


def _call(call: Call) -> dict[str, Any]:
    return {"at": call.at.isoformat(), "score": call.score, "count": call.count}


@transaction.atomic
def forget_case(brand: Brand, url: str) -> int:
    """Take a case's name out of what was rehearsed; its course stays. Return how many changed."""
    kept = Rehearsal.objects.select_for_update().filter(brand=brand, result__known__isnull=False)
    changed = 0
    for rehearsal in kept:
        named = [case for case in rehearsal.result["known"] if case.get("url") == url]
        for case in named:
            case["label"] = case["url"] = ""
        if named:
            rehearsal.save(update_fields=["result"])
            changed += 1
    return changed
