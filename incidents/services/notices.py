"""Telling people about an incident."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from incidents.enums import Severity
from incidents.models import Incident
from notifications.models import Channel, Urgency
from notifications.services import notify, notify_channel


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
    """Notify `users` once for `key` within the incident; messages.py has the words."""
    notify(
        users,
        key=_key(incident, key),
        kind=_kind(incident, kind),
        params=_facts(incident) | params,
        url=reverse("incidents:incident", args=[incident.reference]),
        brand=incident.brand,
        urgency=urgency,
        now=now,
    )


def tell_channel(
    channel: Channel, kind: str, *, incident: Incident, key: str, now: datetime
) -> None:
    """Tell everybody in a channel once for `key` within the incident."""
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
    return {
        "severity": Severity(incident.severity).label,
        "brand": incident.brand.name,
        "reference": incident.reference,
        # Put together when read: what the desk opened is named in the reader's language.
        "title": [incident.given_title, incident.crisis_type, incident.brand.name],
    }
