"""Template tags of the strategy advisor."""

from datetime import datetime
from typing import Any

from django import template

from responses.models import Draft
from responses.postures import postures

register = template.Library()


@register.inclusion_tag("responses/posture_against.html")
def posture_flags(draft: Draft, text: str, now: datetime) -> dict[str, Any]:
    """`{% posture_flags draft text now %}`: what the text stands against, if anything."""
    return {"found": postures(draft.incident, text, draft=draft, now=now)}
