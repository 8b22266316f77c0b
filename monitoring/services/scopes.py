"""The past of a rule's scope: counted once, from the mentions, when the rule is new or changed."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from monitoring import memory, steps
from monitoring.models_signals import DetectionRule, RuleCount

from .rehearsals import counted

PAST = memory.HISTORY
# Ingest of another process may not know the rule for so long.
SETTLE = timedelta(seconds=15)

_PUT = """
INSERT INTO monitoring_rulecount (rule_id, starts_at, total, negative, positive, reach)
SELECT %s, * FROM unnest(%s::timestamptz[], %s::int[], %s::int[], %s::int[], %s::bigint[])
ON CONFLICT (rule_id, starts_at) DO UPDATE SET total = excluded.total,
    negative = excluded.negative, positive = excluded.positive, reach = excluded.reach
"""


def uncounted(*, now: datetime) -> list[int]:
    """The rules whose past can be counted and was not yet."""
    rows = DetectionRule.objects.filter(counted_from=None, is_active=True)
    return [rule.pk for rule in rows.order_by("pk")[:50] if rule.scope and _until(rule) <= now]


def _until(rule: DetectionRule) -> datetime:
    """When the step is over in which ingest began to count: up to there it is the past."""
    began = (rule.scoped_at or rule.created_at) + SETTLE
    return steps.floor(began) + steps.STEP


def fill(rule_id: int, *, now: datetime) -> None:
    """Count the past of a rule's scope, a day a transaction; doing it twice changes nothing."""
    rule = DetectionRule.objects.filter(pk=rule_id, counted_from=None).first()
    if rule is None or _until(rule) > now:
        return
    oldest, end = steps.floor(now - PAST), _until(rule)
    since = oldest
    while since < end:
        until = min(since + timedelta(days=1), end)
        _fill_day(rule, since, until)
        since = until
    # Its memory is read anew from the counts.
    DetectionRule.objects.filter(pk=rule_id).update(counted_from=oldest, state={})


@transaction.atomic
def _fill_day(rule: DetectionRule, since: datetime, until: datetime) -> None:
    counts = counted(rule.brand_id, rule.scope, since=since, until=until)
    RuleCount.objects.filter(rule=rule, starts_at__gte=since, starts_at__lt=until).delete()
    columns: list[Any] = [
        [count.starts_at for count in counts],
        [count.total for count in counts],
        [count.negative for count in counts],
        [count.positive for count in counts],
        [count.reach for count in counts],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_PUT, [rule.pk, *columns])
