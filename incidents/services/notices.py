"""Telling people about an incident."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from incidents.enums import Severity
from incidents.models import Incident
from notifications.models import Urgency
from notifications.services import notify


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
    facts = {
        "severity": Severity(incident.severity).label,
        "brand": incident.brand.name,
        "reference": incident.reference,
        # Put together when read: what the desk opened is named in the reader's language.
        "title": [incident.given_title, incident.crisis_type, incident.brand.name],
    }
    notify(
        users,
        key=f"incident.{incident.pk}.{key}",
        kind=f"incidents.{kind}",
        params=facts | params,
        url=reverse("incidents:incident", args=[incident.reference]),
        brand=incident.brand,
        urgency=urgency,
        now=now,
    )
