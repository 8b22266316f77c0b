"""Template tags of the public statement pages."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from core import formats
from responses.models import Draft
from responses.selectors_statement import terms_of
from responses.statements import reading

register = template.Library()


@register.filter
def fully(moment: datetime | None) -> str:
    """A time that needs no context: "Monday 23 November 2026 at 16:00 (CET)"."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return _("%(date)s at %(time)s (%(zone)s)") % {
        "date": formats.full_date(local.date()),
        "time": f"{local:%H:%M}",
        "zone": local.tzname(),
    }


@register.filter
def blocks(text: str) -> list[reading.Block]:
    return reading.blocks(text)


@register.inclusion_tag("responses/statement_terms.html")
def statement_terms(draft: Draft) -> dict[str, Any]:
    """`{% statement_terms draft %}`: how it is to appear on the page, where it goes there."""
    return {"terms": terms_of(draft), "zone": draft.incident.brand.time_zone}
