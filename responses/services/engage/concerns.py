"""The concern board: questions, who sees to them, who asks them, what they are answered."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents.models import Incident
from incidents.selectors import insiders
from responses.enums_engage import RunKind
from responses.models import Draft
from responses.models_engage import Concern, Conversation

from .answering import write_answer
from .due import notice
from .runs import lock_concern
from .working import MOST


@transaction.atomic
def add_concern(
    incident_id: int,
    question: str,
    *,
    by: User,
    now: datetime,
    owner: User | None = None,
    conversations: Collection[int] = (),
) -> Concern:
    """Put a question on the board, with the conversations that ask it; it gets the next number."""
    rows = Incident.with_drills.select_for_update(no_key=True, of=("self",))
    incident: Incident = rows.select_related("brand").get(pk=incident_id)
    require(by, Permission.DRAFT, incident.brand_id)
    latest = Concern.objects.filter(incident=incident).aggregate(latest=Max("number"))["latest"]
    made = Concern.objects.create(
        incident=incident,
        number=(latest or 0) + 1,
        question=_question(question),
        owner=_owner(incident, owner),
        created_by=by,
        created_at=now,
    )
    _put(made, conversations)
    _record(made, "concern.added", by=by)
    _tell_owner(made, by=by, now=now)
    return made


def _question(given: str) -> str:
    question = " ".join(clean(given).split())[:300]
    if not question:
        raise Refused(_("Write the question that people ask."))
    return question


def _owner(incident: Incident, owner: User | None) -> User | None:
    if owner is not None and not insiders(incident).filter(pk=owner.pk).exists():
        raise Refused(_("%(name)s cannot see this incident.") % {"name": owner})
    return owner


def _record(concern: Concern, action: str, *, by: User) -> None:
    incident = concern.incident
    subject = f"{incident.reference}/{concern.number}"
    audit.record(action, actor=by, brand=incident.brand, subject=subject)
    live.publish(f"incident.{incident.pk}", "engage", {"concern": concern.number})


def _tell_owner(concern: Concern, *, by: User, now: datetime) -> None:
    if concern.owner is not None and concern.owner != by:
        notice(concern.incident, [concern.owner], "concern_yours", 1, now=now)


@transaction.atomic
def change_concern(
    concern_id: int, *, question: str, owner: User | None, seen: int, by: User, now: datetime
) -> Concern:
    """Put the question in other words, or give it to somebody else. Conflict if it changed since
    `seen`."""
    concern = lock_concern(concern_id)
    require(by, Permission.DRAFT, concern.incident.brand_id)
    if concern.version != seen:
        raise Conflict(_("It has changed since it was shown to you. Look again."))
    before = concern.owner
    concern.question, concern.owner = _question(question), _owner(concern.incident, owner)
    concern.version += 1
    concern.save(update_fields=["question", "owner", "version"])
    _record(concern, "concern.changed", by=by)
    if concern.owner != before:
        _tell_owner(concern, by=by, now=now)
    return concern


@transaction.atomic
def group(
    incident_id: int, concern_id: int | None, ids: Collection[int], *, by: User, now: datetime
) -> int:
    """Put conversations under a concern of their incident, or (None) under none; how many moved."""
    incident: Incident = Incident.with_drills.get(pk=incident_id)
    require(by, Permission.DRAFT, incident.brand_id)
    if len(ids) > MOST:
        raise Refused(_("At most %(most)d at a time.") % {"most": MOST})
    if concern_id is None:
        rows = Conversation.objects.filter(incident=incident, pk__in=ids, concern__isnull=False)
        moved = rows.update(concern=None, version=F("version") + 1)
    else:
        moved = _put(Concern.objects.get(pk=concern_id, incident=incident), ids)
    if moved:
        live.publish(f"incident.{incident_id}", "engage", {"count": moved})
    return moved


def _put(concern: Concern, ids: Collection[int]) -> int:
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(
        incident=concern.incident_id, pk__in=ids
    )
    found = list(rows.exclude(concern=concern).order_by("pk").values_list("pk", flat=True))
    return Conversation.objects.filter(pk__in=found).update(
        concern=concern, version=F("version") + 1
    )


@transaction.atomic
def write_for(concern_id: int, kind: RunKind, *, text: str, by: User, now: datetime) -> Draft:
    """Begin the text that answers this concern, or says that it is put right.

    It takes the place of the one before; what that one reached stays known.
    """
    concern = lock_concern(concern_id)
    title = _("Answer: %(question)s") if kind == RunKind.ANSWER else _("Put right: %(question)s")
    draft = write_answer(
        concern.incident_id,
        title=(title % {"question": concern.question})[:120],
        text=text,
        by=by,
        now=now,
    )
    field = "answer" if kind == RunKind.ANSWER else "fix"
    setattr(concern, field, draft)
    concern.version += 1
    concern.save(update_fields=[field, "version"])
    _record(concern, "concern.answer_written", by=by)
    return draft
