"""Writing the fact ledger. Every change is a new version with its reason; none is overwritten."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.enums_record import FactStatus
from incidents.models import Incident
from incidents.models_facts import Fact, FactChange
from incidents.selectors import insiders
from incidents.selectors.facts import citations
from monitoring.models import Mention

from .notices import tell
from .timeline import append, lock, lock_current, readable, show

LONGEST, LONGEST_SOURCE = 1000, 500
# What may be changed of a fact; the rest is its history.
_MENTION = re.compile(r"/mentions/(\d+)/?(?:[?#]|$)")
CHANGEABLE = ("text", "status", "source", "source_url", "owner")


@dataclass(frozen=True)
class Claim:
    """What is claimed. Verified needs a source: words, an address or a mention."""

    text: str
    status: str = FactStatus.UNCONFIRMED
    source: str = ""
    source_url: str = ""
    mention_id: int | None = None
    owner: User | None = None


@dataclass(frozen=True)
class Change:
    """`values` by name (CHANGEABLE); `seen` is the version that the person looked at."""

    values: dict[str, Any]
    seen: int
    reason: str = ""


@transaction.atomic
def add_fact(incident_id: int, claim: Claim, *, by: User, now: datetime) -> Fact:
    """Write a claim into the ledger under the next number. Its first owner is who wrote it."""
    incident = lock_current(incident_id)
    last = incident.facts.order_by("-number").values_list("number", flat=True).first() or 0
    fact = Fact(
        incident=incident,
        number=last + 1,
        text=_short(claim.text, LONGEST),
        status=claim.status,
        source=clean(claim.source).strip()[:LONGEST_SOURCE],
        source_url=_address(claim.source_url),
        mention_id=claim.mention_id or _mention(incident, claim.source_url),
        owner=_owner(incident, claim.owner or by),
        created_at=now,
        changed_at=now,
    )
    _check(fact, reason="", before=None)
    fact.save()
    _keep(fact, by=by, reason="", now=now)
    params = {"code": "added", "number": fact.number, "fact": fact.text, "status": fact.status}
    append(incident, EntryKind.FACT, actor=by, params=params, now=now)
    _told(incident, "fact.added", fact, by=by)
    return fact


@transaction.atomic
def change_fact(
    incident_id: int,
    number: int,
    change: Change,
    *,
    by: User,
    now: datetime,
) -> Fact:
    """Change a fact, with a reason. Conflict if somebody has changed it since it was seen.

    Changing nothing writes nothing. A fact that is no longer sure is told to whoever leads, with
    how many texts cite it. Fact.DoesNotExist for a number that is not there.
    """
    incident = lock(incident_id)
    fact: Fact = incident.facts.select_related("owner").get(number=number)
    if fact.version != change.seen:
        raise Conflict(_said(fact))
    before = FactStatus(fact.status)
    if not _apply(incident, fact, change.values):
        return fact
    why = clean(change.reason).strip()[:LONGEST]
    _check(fact, reason=why, before=before)
    fact.version, fact.changed_at = fact.version + 1, now
    fact.save()
    _keep(fact, by=by, reason=why, now=now)
    _write(incident, fact, before, by=by, reason=why, now=now)
    _told(incident, "fact.changed", fact, by=by)
    return fact


def _apply(incident: Incident, fact: Fact, changed: dict[str, Any]) -> bool:
    """Put new values in; return whether anything is different."""
    values: dict[str, Callable[[Any], Any]] = {
        "text": lambda value: _short(value, LONGEST),
        "status": str,
        "source": lambda value: clean(value).strip()[:LONGEST_SOURCE],
        "source_url": _address,
        "owner": lambda value: _owner(incident, value),
    }
    new = {name: values[name](changed[name]) for name in CHANGEABLE if name in changed}
    different = {name: value for name, value in new.items() if getattr(fact, name) != value}
    for name, value in different.items():
        setattr(fact, name, value)
    if "source_url" in different:
        fact.mention_id = _mention(incident, fact.source_url)
    return bool(different)


def _said(fact: Fact) -> str:
    last = fact.changes.select_related("by").first()
    return _("%(name)s changed F%(number)s meanwhile: %(status)s. “%(fact)s” Look again.") % {
        "name": (last and last.by) or _("Somebody"),
        "number": fact.number,
        "status": FactStatus(fact.status).label,
        "fact": fact.text,
    }


def _short(text: str, longest: int) -> str:
    said = readable(text)
    if len(said) > longest:
        raise Refused(_("A fact has at most %(most)d characters: write two.") % {"most": longest})
    return said


def _address(url: str) -> str:
    wanted = clean(url).strip()
    if wanted and not wanted.startswith(("https://", "http://")):
        raise Refused(_("The source's address must begin with https:// or http://."))
    return wanted[:LONGEST_SOURCE]


def _mention(incident: Incident, url: str) -> int | None:
    """Return the brand's mention whose page on this desk the address is, if it is one."""
    found = _MENTION.search(url)
    if found is None or len(found[1]) > 18:
        return None
    mention = Mention.objects.filter(pk=int(found[1]), brand_id=incident.brand_id)
    return int(found[1]) if mention.exists() else None


def _owner(incident: Incident, owner: User | None) -> User | None:
    if owner and not insiders(incident).filter(pk=owner.pk).exists():
        raise Refused(_("%(name)s is not a member of the brand.") % {"name": owner})
    return owner


def _check(fact: Fact, *, reason: str, before: FactStatus | None) -> None:
    """Verified needs a source; taking back what was believed needs a reason."""
    if fact.status not in FactStatus.values:
        raise Refused(_("There is no such status."))
    sourced = fact.source or fact.source_url or fact.mention_id
    if fact.status == FactStatus.VERIFIED and not sourced:
        raise Refused(_("Say where it comes from: without a source it is not verified."))
    changed = before is not None and before != fact.status
    if changed and fact.status != FactStatus.VERIFIED and not reason:
        raise Refused(_("Give a reason."))


def _keep(fact: Fact, *, by: User, reason: str, now: datetime) -> None:
    FactChange.objects.create(
        fact=fact,
        version=fact.version,
        at=now,
        by=by,
        text=fact.text,
        status=fact.status,
        source=fact.source,
        source_url=fact.source_url,
        owner=str(fact.owner) if fact.owner else "",
        reason=reason,
    )


def _write(
    incident: Incident, fact: Fact, before: FactStatus, *, by: User, reason: str, now: datetime
) -> None:
    params: dict[str, Any] = {"number": fact.number, "fact": fact.text}
    if fact.status == before:
        append(
            incident, EntryKind.FACT, actor=by, params=params | {"code": "edited"}, text=reason,
            now=now,
        )  # fmt: skip
        return
    params |= {"code": "status", "before": before, "after": fact.status}
    if before == FactStatus.VERIFIED:
        places = len(citations(incident).get(fact.number, []))
        params["cited"] = places
        _warn(incident, fact, places, by=by, now=now)
    append(incident, EntryKind.FACT, actor=by, params=params, text=reason, now=now)


def _warn(incident: Incident, fact: Fact, places: int, *, by: User, now: datetime) -> None:
    """Whoever leads must know that something we said may not be so."""
    told = {person for person in (incident.lead, fact.owner) if person and person != by}
    tell(
        told,
        "fact_unsure",
        incident=incident,
        key=f"fact.{fact.pk}.{fact.version}",
        now=now,
        number=fact.number,
        fact=fact.text,
        status=fact.status,
        cited=places,
    )


def _told(incident: Incident, action: str, fact: Fact, *, by: User) -> None:
    audit.record(
        action, actor=by, brand=incident.brand, subject=f"{incident.reference} F{fact.number}",
        status=fact.status,
    )  # fmt: skip
    show(incident, ["facts", "situation", "timeline"])
