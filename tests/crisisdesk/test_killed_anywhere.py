"""The engine is killed at every single statement by which it changes something: once each, no less.

What it does within the desk is there exactly once afterwards. What it tells the outside has gone
out at least once, and a second time only under the same name.
"""

import email
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from incidents import briefing, services
from incidents.enums import IncidentRole, State, Target
from incidents.models import Call, EscalationPolicy, Incident
from incidents.models_escalation import FireDrill, OutgoingWebhook, WebhookCall
from incidents.models_promises import Timer
from incidents.models_updates import BriefReceipt
from incidents.services import briefs, care, promises, reaching, silence, tasks
from incidents.services.duties import fire_next_duty
from incidents.services.roles import assign
from notifications.models import Delivery, Notice
from notifications.services import send_due
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory, TaskFactory, on_the_ladder
from tests.killed import dies
from tests.peer import Answer, Peer, peer

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
# More than any of these writes; and after so long every lease of a dead process is over.
MOST_WRITES = 60
OVER = timedelta(minutes=2)


@dataclass
class Desk:
    """A brand with a lead and a responder, what the outside has got, and where mails end up."""

    brand: Brand
    lead: User
    responder: User
    outside: Peer
    mails: Path

    def incident(self, **facts: object) -> Incident:
        # Far from its own clocks: what is due is what the case is about.
        now = database_now()
        return IncidentFactory.create(
            brand=self.brand, lead=self.lead, began_at=now, detected_at=now, **facts
        )

    def mailed(self) -> list[str]:
        """The Message-ID of every mail."""
        found = sorted(self.mails.iterdir()) if self.mails.exists() else []
        parts = [part for file in found for part in file.read_text().split("-" * 79)]
        ids = [email.message_from_string(part.strip())["Message-ID"] for part in parts]
        return [each for each in ids if each]


@dataclass
class Case:
    """`work(now)` is a cycle of the engine; `check` holds once all is done."""

    work: Callable[[datetime], object]
    check: Callable[[], None]


@pytest.fixture
def desk(settings: Settings, tmp_path: Path):
    settings.EMAIL_HOST = "localhost"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mails")
    settings.OUTBOUND_ALLOW = ("127.0.0.1",)
    lead, responder = UserFactory.create(), UserFactory.create()
    made = MembershipFactory.create(user=lead, role=Role.ADMINISTRATOR)
    MembershipFactory.create(user=responder, brand=made.brand, role=Role.RESPONDER)
    with peer() as outside:
        outside.answers["/hook"] = Answer(b"ok")
        yield Desk(made.brand, lead, responder, outside, tmp_path / "mails")


def told(incident: Incident, kind: str) -> int:
    """How many notices of this kind the incident has sent to one and the same person at most."""
    found = Notice.objects.filter(
        kind=f"incidents.{kind}", key__startswith=f"incident.{incident.pk}."
    )
    people = list(found.values_list("user", flat=True))
    return max((people.count(each) for each in people), default=0)


def entries(incident: Incident, code: str) -> int:
    return incident.entries.filter(params__code=code).count()


def rung(desk: Desk) -> Case:
    """A step of the ladder."""
    step = {"target": Target.USER, "user": desk.responder.pk, "role": "", "wait": 3600}
    incident = desk.incident(ladder=[step], ladder_rounds=1, escalate_at=database_now())

    def check() -> None:
        incident.refresh_from_db()
        assert (incident.calls.count(), incident.fired_steps.count(), incident.rung) == (1, 1, 1)
        assert (told(incident, "paged"), incident.entries_count) == (1, 1)

    return Case(lambda now: services.fire_next(now=now), check)


def promise(desk: Desk) -> Case:
    """A promise to the public falls due."""
    incident, now = desk.incident(), database_now()
    given = promises.Given("We say more.", now + timedelta(hours=1))
    made = promises.give_promise(incident.pk, given, by=desk.lead, now=now)
    promises.Promise.objects.filter(pk=made.pk).update(due_at=now)
    Timer.objects.filter(promise=made).update(due_at=now, stage=1)

    def check() -> None:
        assert told(incident, "promise_due") == 1
        timer = Timer.objects.get(promise=made)
        assert (timer.stage, timer.failures) == (2, 0)
        Timer.objects.filter(incident=incident).update(due_at=None)

    return Case(lambda now: fire_next_duty(now=min(now, database_now())), check)


def silent(desk: Desk) -> Case:
    """The public has waited for too long."""
    incident = desk.incident(state=State.RESPONDING)
    silence.follow(incident, now=database_now())
    kept = Timer.objects.filter(incident=incident, kind="SILENCE")
    assert kept.update(due_at=database_now(), since=database_now() - timedelta(hours=1)) == 1
    Timer.objects.filter(incident=incident).exclude(kind="SILENCE").delete()

    def check() -> None:
        assert (told(incident, "silent"), entries(incident, "silent")) == (1, 1)
        assert kept.get().stage == 1
        kept.update(due_at=None)

    return Case(lambda now: fire_next_duty(now=min(now, database_now())), check)


def task(desk: Desk) -> Case:
    """A task is late."""
    now = database_now()
    incident = desk.incident()
    late = TaskFactory.create(incident=incident, owner=desk.responder, due_at=now, remind_at=now)

    def check() -> None:
        late.refresh_from_db()
        assert (told(incident, "task_late"), late.remind_at) == (1, None)

    return Case(lambda now: tasks.remind_due(now=now), check)


def role(desk: Desk) -> Case:
    """Somebody has held a role for too long, and is not relieved."""
    now = database_now()
    incident = desk.incident()
    assign(incident.pk, IncidentRole.COMMS, desk.responder, by=desk.lead, now=now)
    held = incident.holdings.filter(role=IncidentRole.COMMS)
    held.update(care_at=now, told_at=now - timedelta(hours=1))

    def check() -> None:
        assert (told(incident, "take_over"), entries(incident, "overdue")) == (1, 1)
        assert held.get().care_at is None

    return Case(lambda now: care.care_due(now=now), check)


def suspicion(desk: Desk) -> Case:
    """Nobody has judged a suspicion in time."""
    incident = desk.incident(state=State.TRIAGE, triage_until=database_now())

    def check() -> None:
        incident.refresh_from_db()
        assert (incident.state, entries(incident, "unjudged")) == (State.DETECTED, 1)
        assert incident.escalate_at is not None
        Incident.objects.filter(pk=incident.pk).update(escalate_at=None)
        Timer.objects.filter(incident=incident).delete()

    return Case(lambda now: services.accept_next_due(now=now), check)


def drill(desk: Desk) -> Case:
    """A fire drill is over."""
    policy = EscalationPolicy.objects.filter(brand=desk.brand).first()
    policy = policy or on_the_ladder(desk.brand, desk.responder)
    begun = services.start_drill(policy, by=desk.lead, now=database_now())
    FireDrill.objects.filter(pk=begun.pk).update(ends_at=database_now())
    assert begun.incident
    incident = begun.incident
    Incident.with_drills.filter(pk=incident.pk).update(escalate_at=None)

    def check() -> None:
        begun.refresh_from_db()
        assert (begun.ends_at, told(incident, "test.drill_ended")) == (None, 1)
        assert incident.entries.filter(kind="RESOLVED").count() == 1

    return Case(services.end_drills, check)


def hook(desk: Desk) -> Case:
    """A step calls an address of the company's own."""
    address, _secret = OutgoingWebhook.objects.filter(brand=desk.brand).first(), ""
    if address is None:
        url = f"{desk.outside.url}/hook"
        address, _secret = services.add_webhook(desk.brand, name="Hook", url=url, by=desk.lead)
    key = {"subject": address.pk, "target": Target.WEBHOOK, "user": None, "role": "", "wait": 3600}
    incident = desk.incident(ladder=[key], ladder_rounds=1, escalate_at=database_now())
    assert services.fire_next(now=database_now())
    call = WebhookCall.objects.get(fired__incident=incident)

    def check() -> None:
        call.refresh_from_db()
        assert call.state == "SENT"
        ids = [each.headers["webhook-id"] for each in desk.outside.calls]
        assert 1 <= ids.count(call.call_id) <= 2

    return Case(services.send_hooks, check)


def brief(desk: Desk) -> Case:
    """An update goes to its readers by mail."""
    incident, now = desk.incident(), database_now()
    briefs.subscribe(incident.pk, user=desk.responder, by=desk.lead, now=now)
    sent = briefs.send_brief(incident.pk, "We know more.", by=desk.lead, now=now)
    receipt = BriefReceipt.objects.get(version__brief=sent)
    Timer.objects.filter(incident=incident).delete()

    def check() -> None:
        receipt.refresh_from_db()
        assert receipt.state == "SENT"
        mine = [each for each in desk.mailed() if f"brief-{receipt.pk}@" in each]
        assert 1 <= len(mine) <= 2

    return Case(briefing.send_due, check)


def unreached(desk: Desk) -> Case:
    """Whoever is called can be reached by nothing: the ladder goes on, and it is told."""
    step = {"target": Target.USER, "user": desk.responder.pk, "role": "", "wait": 3600}
    incident = desk.incident(ladder=[step] * 2, ladder_rounds=1, escalate_at=database_now())
    assert services.fire_next(now=database_now())
    notice = Notice.objects.get(key=f"incident.{incident.pk}.rung.0")
    # Its address has been taken away since it was planned.
    Delivery.objects.exclude(notice=notice).delete()
    Delivery.objects.filter(notice=notice).update(channel="sms", provider="sms", address=None)

    def work(now: datetime) -> None:
        send_due(now)
        reaching.take_up_unreached(now)

    def check() -> None:
        incident.refresh_from_db()
        assert (entries(incident, "unreached"), told(incident, "unreached")) == (1, 1)
        assert incident.escalate_at is not None
        assert incident.escalate_at < database_now() + timedelta(minutes=30)
        Incident.objects.filter(pk=incident.pk).update(escalate_at=None)

    return Case(work, check)


def page(desk: Desk) -> Case:
    """A call goes out by mail."""
    step = {"target": Target.USER, "user": desk.responder.pk, "role": "", "wait": 3600}
    incident = desk.incident(ladder=[step], ladder_rounds=1, escalate_at=database_now())
    Delivery.objects.all().delete()
    assert services.fire_next(now=database_now())
    delivery = Delivery.objects.get()
    before = set(desk.mailed())

    def check() -> None:
        delivery.refresh_from_db()
        assert delivery.state == "SENT"
        mine = [each for each in desk.mailed() if each not in before]
        assert 1 <= len(mine) <= 2
        assert len(set(mine)) == 1
        assert Call.objects.filter(incident=incident).count() == 1

    return Case(send_due, check)


CASES = [rung, promise, silent, task, role, suspicion, drill, hook, brief, unreached, page]


@pytest.mark.parametrize("made", CASES, ids=[case.__name__ for case in CASES])
@pytest.mark.parametrize("when", ["before", "after"])
def test_wherever_it_dies_another_one_goes_on(
    desk: Desk, made: Callable[[Desk], Case], when: str
) -> None:
    kills = 0
    for nth in range(1, MOST_WRITES):
        case = made(desk)
        now = database_now()
        died = dies(lambda work=case.work, now=now: work(now), nth=nth, when=when)
        kills += died
        # Leases of the dead one are over by then.
        for cycle in range(4):
            case.work(database_now() + OVER * (cycle + 1))
        case.check()
        if not died:
            break
    else:
        raise AssertionError("it writes more than is killed here")
    assert kills >= 1
