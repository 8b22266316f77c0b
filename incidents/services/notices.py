"""Telling people about an incident, each in their own language."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import translation

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
    """Notify `users` once for `key` within the incident.

    An incident without a given title is named in words, so each language is told by itself.
    """
    by_language: dict[str, list[User]] = defaultdict(list)
    for user in users:
        by_language[user.language].append(user)
    for language, readers in by_language.items():
        with translation.override(language):
            facts = _facts(incident) | params
        notify(
            readers,
            key=f"incident.{incident.pk}.{key}",
            kind=f"incidents.{kind}",
            params=facts,
            url=reverse("incidents:incident", args=[incident.reference]),
            brand=incident.brand,
            urgency=urgency,
            now=now,
        )


def _facts(incident: Incident) -> dict[str, Any]:
    return {
        "severity": Severity(incident.severity).label,
        "brand": incident.brand.name,
        "reference": incident.reference,
        "title": incident.title,
    }
