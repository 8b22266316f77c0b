"""How an incident begins: by a person, from a mention, or from what the desk detected."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.selectors import members
from core.text import clean
from incidents import events, usual
from incidents.enums import EntryKind, Origin, State, Target
from incidents.measuring import figures
from incidents.models import (
    Incident,
    LinkedMention,
    ReferenceCounter,
    Signal,
)
from incidents.selectors.plans import policy_for
from incidents.severity import Judgement, due_times, judge, ratio
from monitoring import reasons
from monitoring.enums import CrisisType, DetectionKind
from monitoring.models import Detection
from notifications.models import Urgency
from notifications.services import notify

from . import plan_running
from .copying import copied
from .escalation import stir
from .notices import tell
from .plan_tasks import add_due
from .privacy import seat_first
from .running import raise_severity
from .silence import follow
from .timeline import append, lock, lock_current, show
from .triage import begin, in_triage, outgrown, tell_suspicion, triage_end

logger = logging.getLogger(__name__)
# Detections taken up in one cycle; one that breaks is passed over and shown by the auditor.
BATCH = 100


@transaction.atomic
def open_incident(  # noqa: PLR0913 - what an incident is made of
    brand: Brand,
    *,
    title: str,
    crisis_type: str,
    severity: int,
    severity_reasons: list[dict[str, Any]],
    origin: str,
    by: User | None = None,
    detection: Detection | None = None,
    mention: dict[str, Any] | None = None,
    private_to: Iterable[User] | None = None,
    triage_until: datetime | None = None,
    scores: dict[str, Any] | None = None,
    began_at: datetime,
    now: datetime,
) -> Incident:
    """Open an incident, start calling people at once, and give it its plan's tasks.

    `mention` is `{"id", "published_at", "author"}`. An empty title names the incident by its kind
    and brand in each reader's language. The brand's policy is copied into it. With `private_to` it
    is seen by `by`, by these and by whom its ladder calls. With `triage_until` it is a suspicion:
    nobody is called until somebody accepts it or that time has come.
    """
    incident = _create(
        brand,
        given_title=clean(title).strip()[:200],
        crisis_type=crisis_type,
        severity=severity,
        severity_reasons=severity_reasons,
        origin=origin,
        opened_by=by,
        scores=scores or {},
        began_at=min(began_at, now),
        detected_at=now,
        is_private=private_to is not None,
        **in_triage(triage_until),
    )
    append(incident, EntryKind.OPENED, actor=by, params={"code": origin.lower()}, now=now)
    follow(incident, now=now)
    if detection:
        add_signal(incident, detection, now=now)
    if mention:
        link(incident, mention, by=by, now=now)
    if private_to is not None:
        seat_first(incident, private_to, by=by, now=now)
    if triage_until:
        tell_suspicion(incident, now=now)
    add_due(incident, now=now)
    audit.record("incident.opened", actor=by, brand=brand, subject=incident.reference)
    events.incident_opened.announce(incident_id=incident.pk)
    show(incident, [], brand=True)
    return incident


def _create(
    brand: Brand, *, crisis_type: str, severity: int, detected_at: datetime, **fields: Any
) -> Incident:
    plan = plan_running.chosen(brand.pk, crisis_type)
    respond_by, update_by = due_times(severity, since=detected_at, plan=plan)
    policy = policy_for(brand.pk, plan["content"]["policy"] if plan else None)
    ladder = copied(policy) if policy else usual.ladder(brand)
    clocks = {"respond_by": respond_by, "update_by": update_by, "escalate_at": detected_at}
    columns = clocks | fields
    if any(step["target"] == Target.DECLARE for step in ladder):
        # Its policy looks after a suspicion too: it says when that is declared.
        columns["escalate_at"] = detected_at
    return Incident.objects.create(
        brand=brand,
        reference=take_reference(detected_at),
        crisis_type=crisis_type,
        plan=plan,
        personal_data=plan_running.touches_personal_data(crisis_type, plan),
        severity=severity,
        detected_at=detected_at,
        policy=policy,
        policy_version=policy.version if policy else None,
        ladder=ladder,
        ladder_rounds=policy.rounds if policy else usual.ROUNDS,
        **columns,
    )


def take_reference(now: datetime) -> str:
    """Return the next reference of the year (UTC), such as CD-2026-014, holding the counter."""
    year = now.astimezone(UTC).year
    ReferenceCounter.objects.get_or_create(year=year)
    # The update holds the row: two that open at once get numbers one after the other.
    ReferenceCounter.objects.filter(year=year).update(number=F("number") + 1)
    number = ReferenceCounter.objects.values_list("number", flat=True).get(year=year)
    return f"CD-{year}-{number:03d}"


def add_signal(incident: Incident, detection: Detection, *, now: datetime) -> None:
    """Attach a detection to a locked incident, with its figures on the timeline."""
    Signal.objects.create(incident=incident, detection=detection)
    params = {
        "code": detection.kind,
        "detection": detection.pk,
        "value": detection.value,
        "ratio": ratio(detection.value, detection.expected_high),
        "negative_share": detection.negative_share,
        "reason": reasons.leading(detection),
    }
    append(incident, EntryKind.SIGNAL, params=params, now=now)
    stir(incident, now=now)


def link(incident: Incident, mention: dict[str, Any], *, by: User | None, now: datetime) -> bool:
    """Link a mention `{"id", "published_at", "author"}` to a locked incident; False if it was."""
    _link, fresh = incident.linked_mentions.get_or_create(
        mention_id=mention["id"],
        defaults={"published_at": mention["published_at"], "linked_by": by},
    )
    if fresh:
        params = {"code": "mention", "mention": mention["id"], "author": mention["author"]}
        append(incident, EntryKind.SIGNAL, actor=by, params=params, now=now)
    return fresh


def link_many(
    incident: Incident, mentions: Sequence[dict[str, Any]], *, by: User, now: datetime
) -> int:
    """Link mentions to a locked incident, told in one line; return how many were not before."""
    known = set(
        incident.linked_mentions.filter(
            mention_id__in=[mention["id"] for mention in mentions]
        ).values_list("mention_id", flat=True)
    )
    fresh = [mention for mention in mentions if mention["id"] not in known]
    incident.linked_mentions.bulk_create(
        LinkedMention(
            incident=incident,
            mention_id=mention["id"],
            published_at=mention["published_at"],
            linked_by=by,
        )
        for mention in fresh
    )
    if fresh:
        params = {"code": "mentions", "count": len(fresh)}
        append(incident, EntryKind.SIGNAL, actor=by, params=params, now=now)
    return len(fresh)


def take_up_detections(now: datetime) -> int:
    """Turn what the desk detected into incidents; return how many detections were taken up.

    Each in a transaction of its own: one that breaks is logged, left for the auditor to show, and
    stops no other.
    """
    waiting = Detection.objects.filter(handled_at=None).order_by("detected_at")
    taken = 0
    for detection_id in waiting.values_list("pk", flat=True)[:BATCH]:
        try:
            taken += take_up(detection_id, now=now)
        except Exception:
            logger.exception("Detection %s could not be taken up", detection_id)
    return taken


@transaction.atomic
def take_up(detection_id: int, *, now: datetime) -> bool:
    """Open an incident for a detection, or add it to the brand's open one; False if it was taken.

    One crisis is one incident, not fifty alerts. The brand is locked first, so that two detections
    at once cannot open two. A silence opens none: those who look after the sources are told.
    """
    detection = Detection.objects.get(pk=detection_id)
    brand = Brand.objects.select_for_update(no_key=True).get(pk=detection.brand_id)
    if not Detection.objects.filter(pk=detection_id, handled_at=None).update(handled_at=now):
        return False
    current = _home(detection)
    if current is not None and _join(current.pk, detection, now=now):
        return True
    if detection.kind == DetectionKind.SILENCE:
        _tell_of_silence(brand, detection, now=now)
    elif not _belongs_to_resolved(detection, now=now):
        _open_for(brand, detection, now=now)
    return True


def _home(detection: Detection) -> Incident | None:
    """Return the open incident that a detection joins: one about the same matter before others.

    What may be news is never hidden in a private incident about something else.
    """
    running = Incident.objects.filter(brand=detection.brand_id).running()
    known = running.filter(_same_matter(detection)).first() if detection.group_id else None
    return known or running.filter(is_private=False).first()


def _same_matter(detection: Detection) -> Q:
    group = detection.group_id
    return Q(signals__detection=group) | Q(signals__detection__group=group)


def _belongs_to_resolved(detection: Detection, *, now: datetime) -> bool:
    """Add a further signal of a matter that was resolved to its incident, unless it is graver.

    Somebody has decided about it: what is no worse than they knew is no new crisis.
    """
    if detection.group_id is None:
        return False
    past = Incident.objects.filter(
        _same_matter(detection), brand=detection.brand_id, state=State.RESOLVED
    )
    known = past.order_by("-pk").values_list("pk", "severity").first()
    if known is None or judged(detection).severity < known[1]:
        return False
    incident = lock(known[0])
    add_signal(incident, detection, now=now)
    show(incident, ["timeline"])
    return True


def judged(detection: Detection) -> Judgement:
    """Judge a detection by the plan that its kind would open with, else by the standard matrix."""
    plan = plan_running.chosen(detection.brand_id, detection.crisis_type)
    return judge(figures(detection), plan["content"]["matrix"] if plan else None)


def _tell_of_silence(brand: Brand, detection: Detection, *, now: datetime) -> None:
    notify(
        members(brand, permission=Permission.MANAGE_BRAND),
        key=f"silence.{detection.pk}",
        kind="incidents.silence",
        params={"brand": brand.name, "since_at": detection.started_at.isoformat()},
        url=reverse("monitoring:sources"),
        brand=brand,
        urgency=Urgency.NEWS,
        now=now,
    )


def _open_for(brand: Brand, detection: Detection, *, now: datetime) -> Incident:
    found = judged(detection)
    return open_incident(
        brand,
        title="",
        crisis_type=detection.crisis_type or CrisisType.NONE,
        severity=found.severity,
        severity_reasons=found.reasons,
        scores=found.scores,
        origin=Origin.DETECTION,
        detection=detection,
        triage_until=triage_end(brand, found.severity, now=now),
        began_at=detection.started_at,
        now=now,
    )


def _join(incident_id: int, detection: Detection, *, now: datetime) -> bool:
    """Add the detection to an open incident; False if it was resolved in the meantime."""
    incident = lock_current(incident_id)
    if not incident.is_open:
        return False
    add_signal(incident, detection, now=now)
    found = judge(figures(detection), plan_running.matrix_of(incident), kept=incident.scores)
    incident.scores = found.scores
    incident.save(update_fields=["scores"])
    parts = ["timeline", "plan"]
    if raise_severity(incident, found.severity, reasons=found.reasons, now=now):
        parts += ["head", "tasks", "roles"]
    if outgrown(incident):
        begin(incident, now=now)
        parts += ["head", "ladder", "tasks"]
    if incident.lead:
        tell([incident.lead], "signal", incident=incident, key=f"signal.{detection.pk}", now=now)
    audit.record("incident.signal", brand=incident.brand, subject=incident.reference)
    show(incident, parts, brand=True)
    return True
