"""Telling people about an incident."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from incidents.enums import Severity
from incidents.models import PRIVATE, Incident
from incidents.selectors import insiders
from notifications.messages import actions_of
from notifications.models import Channel, Urgency
from notifications.services import notify, notify_channel

# The names of facts that also the notices of a private incident tell.
PLAIN = {"actor", "role", "other", "number"}
HIDDEN = "…"


def _veiled(name: str, value: Any) -> Any:
    return value if name in PLAIN or name.endswith("_at") else HIDDEN


def tell(
    users: Iterable[User],
    kind: str,
    *,
    incident: Incident,
    key: str,
    now: datetime,
    urgency: Urgency = Urgency.NEWS,
    **params: Any,
) -> None:
    """Notify `users` once for `key` within the incident; messages.py has the words.

    Of a private incident only its members are told, and only that there is something to read.
    """
    if incident.is_private:
        users = insiders(incident).filter(pk__in=[each.pk for each in users])
        params = {name: _veiled(name, value) for name, value in params.items()}
    told = _kind(incident, kind)
    notify(
        users,
        key=_key(incident, key),
        kind=told,
        params=_facts(incident) | params,
        url=reverse("incidents:incident", args=[incident.reference]),
        brand=incident.brand,
        urgency=urgency,
        subject=subject_of(incident) if actions_of(told) else "",
        now=now,
    )


def subject_of(incident: Incident) -> str:
    """Under which calls can be answered without signing in, and are called off."""
    return f"incident.{incident.pk}"


def tell_channel(
    channel: Channel, kind: str, *, incident: Incident, key: str, now: datetime
) -> None:
    """Tell everybody in a channel once for `key` within the incident.

    Of a private one nothing: nobody knows who reads a channel.
    """
    if incident.is_private:
        return
    notify_channel(
        channel.pk,
        key=_key(incident, key),
        kind=_kind(incident, kind),
        params=_facts(incident),
        url=reverse("incidents:incident", args=[incident.reference]),
        brand=incident.brand,
        now=now,
    )


def _key(incident: Incident, key: str) -> str:
    return f"incident.{incident.pk}.{key}"


def _kind(incident: Incident, kind: str) -> str:
    """What a fire drill tells is marked as a test, on every way out."""
    return f"incidents.test.{kind}" if incident.is_drill else f"incidents.{kind}"


def _facts(incident: Incident) -> dict[str, Any]:
    """What a private incident tells lands in mails and on locked screens: no name, no kind."""
    named = [incident.given_title, incident.crisis_type, incident.brand.name]
    return {
        "severity": Severity(incident.severity).label,
        "brand": incident.brand.name,
        "reference": incident.reference,
        # Put together when read: what the desk opened is named in the reader's language.
        "title": ["", PRIVATE, incident.brand.name] if incident.is_private else named,
    }
