"""Escalation while engines are killed and the database crashes, as an onlooker sees it.

Issue 2: one engine, killed every second. Issue 4: two engines and three crashes, acknowledgements
that race with the engines, and what a step costs with few and with many waiting.
"""

import functools
import random
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests import breaking

from .figures import Measured, figure

RACES = 1000
FEW, MANY = 100, 100_000
# Steps fired in one round of measuring what one costs.
ROUND = 100


@figure("escalation under kills, due to fired, p99", unit="s", must="<= 1", issue=2)
def p99() -> Measured:
    return Measured(_killed().p99, 2.0)


@figure("escalation under kills, due to fired, worst", unit="s", must="<= 1", issue=2)
def worst() -> Measured:
    return Measured(_killed().delays[-1], 5.0)


@figure("escalation under kills, fired exactly once", unit="steps", must=">= 1", issue=2)
def once() -> Measured:
    return Measured(_killed().steps - _killed().lost, _killed().steps)


@figure("1,000 steps, two engines, kills, three crashes: p99", unit="s", must="<= 1", issue=4)
def broken_p99() -> Measured:
    """From due to fired, without the seconds in which the database was away."""
    return Measured(_broken().p99, 2.0)


@figure("1,000 steps, two engines, kills, three crashes: worst", unit="s", must="<= 1", issue=4)
def broken_worst() -> Measured:
    return Measured(_broken().delays[-1], 5.0)


@figure("1,000 steps, two engines, kills, three crashes: outages too", unit="s", must="<= 1",
        issue=4)  # fmt: skip
def broken_in_all() -> Measured:
    """The worst as people wait for it, seconds in which the database was away included; at most
    five more than the longest outage."""
    outcome = _broken()
    longest = max(back - away for away, back in outcome.outages)
    return Measured(outcome.late[-1], longest + 5.0)


@figure("1,000 steps, two engines, kills, three crashes: once", unit="steps", must=">= 1", issue=4)
def broken_once() -> Measured:
    """Neither lost nor twice."""
    outcome = _broken()
    return Measured(outcome.steps - outcome.lost - outcome.twice, outcome.steps)


@figure("1,000 acknowledgements racing: quiet afterwards", unit="races", must=">= 1", issue=4)
def silent() -> Measured:
    """Acknowledgements after whose commit nobody was called and no page was left to be sent."""
    return Measured(_raced(), RACES)


@figure("a step's cost, 100,000 due to 100 due", unit="ms", must="<= 1.3", issue=4)
def flat() -> Measured:
    return _cost()


@functools.cache
def _killed() -> breaking.Outcome:
    _load()
    return breaking.run(breaking.Plan(600, over=40, count=1))


@functools.cache
def _broken() -> breaking.Outcome:
    _load()
    return breaking.run(breaking.CRASHES)


def _load() -> None:
    """As in the supervisor: what the children share is loaded before the first fork."""
    from crisisdesk.embedded import parts

    parts.load()


# --- Acknowledgements ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """How many calls there were right after the acknowledgement had been committed."""

    incident: int
    calls: int


def _raced() -> int:
    """Acknowledge at the very moment that a step is due; count those that stayed quiet."""
    _load()
    start = breaking.fill(RACES, 40, ladder=_ladder())
    with breaking.engines(2) as running:
        answers = _answer_all(start)
        time.sleep(3)
        del running
    return sum(1 for answer in answers if _quiet(answer))


def _ladder() -> list[dict[str, object]]:
    """Everyone, every second: whoever answers does it between two calls or in the middle of one."""
    return [{"target": "ROLE", "user": None, "role": "RESPONDER", "wait": 1}] * 20


def _answer_all(start: float) -> list[Answer]:
    from django.db import connection

    from incidents.models import Incident

    due = {
        pk: at.timestamp() + random.Random(pk).choice([0, 1, 2]) + random.Random(pk).gauss(0, 0.03)
        for pk, at in Incident.objects.values_list("pk", "escalate_at")
        if at
    }
    answers: list[Answer] = []
    waiting = iter(sorted(due.items(), key=lambda each: each[1]))
    lock = threading.Lock()

    def work() -> None:
        try:
            for pk, at in _shared(waiting, lock):
                time.sleep(max(0.0, at - time.time()))
                answers.append(_answer(pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _shared(
    waiting: Iterator[tuple[int, float]], lock: threading.Lock
) -> Iterator[tuple[int, float]]:
    while True:
        with lock:
            found = next(waiting, None)
        if found is None:
            return
        yield found


def _answer(pk: int) -> Answer:
    from core.clock import database_now
    from incidents import services
    from incidents.models import Call, Incident

    incident = Incident.objects.select_related("brand").get(pk=pk)
    user = incident.brand.memberships.get().user
    services.acknowledge(pk, by=user, now=database_now())
    return Answer(pk, Call.objects.filter(incident=pk).count())


def _quiet(answer: Answer) -> bool:
    from incidents.models import Call
    from notifications.models import Delivery

    later = Call.objects.filter(incident=answer.incident).count() - answer.calls
    pages = Delivery.objects.filter(
        state="QUEUED", notice__key__startswith=f"incident.{answer.incident}.rung."
    )
    return later == 0 and not pages.exists()


# --- What a step costs --------------------------------------------------------------------------


def _cost() -> Measured:
    """Milliseconds to fire one step with so many due, in rounds of either in changing order."""
    from tests.factories.accounts import MembershipFactory

    costs: dict[int, list[float]] = {FEW: [], MANY: []}
    member = MembershipFactory.create()
    for number in range(5):
        for waiting in sorted(costs, reverse=bool(number % 2)):
            _make_due(waiting, member)
            costs[waiting].append(_fire(ROUND) * 1000 / ROUND)
    few, many = (statistics.median(costs[waiting]) for waiting in (FEW, MANY))
    return Measured(many, few)


def _make_due(waiting: int, member: Any) -> None:
    """Leave exactly so many incidents, all due, each with a step that calls one person."""
    from django.db import connection

    from incidents.models import Incident
    from tests.factories.incidents import IncidentFactory

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE incidents_incident, notifications_notice CASCADE")
    step = {"target": "USER", "user": member.user_id, "role": "", "wait": 3600}
    IncidentFactory.create(brand=member.brand, ladder=[step], ladder_rounds=1, reference="CD-0")
    columns = [
        str(field.column) for field in Incident._meta.concrete_fields if not field.primary_key
    ]
    changed = {"reference": "'CD-' || number", "escalate_at": "now() - interval '1 second'"}
    values = ", ".join(changed.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO incidents_incident ({', '.join(columns)})"
            f" SELECT {values} FROM incidents_incident, generate_series(1, %s) AS number",
            [waiting],
        )
        cursor.execute("VACUUM ANALYZE incidents_incident")


def _fire(count: int) -> float:
    from core.clock import database_now
    from incidents import services

    began = time.perf_counter()
    for _ in range(count):
        services.fire_next(now=database_now())
    return time.perf_counter() - began
