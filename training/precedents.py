"""The library's cases beside a new incident: what this reminds of. Imported by the AppConfig."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from incidents.models import Incident
from incidents.precedents import Case, bag, source

from .cases.selectors import CaseFilters, studies
from .models_cases import CaseStudy, say

# The latest are compared with.
MOST = 120


@source
def library(user: User, incident: Incident) -> Iterable[Case]:
    """The cases of the incident's brand and the ready-made, without the incident's own."""
    rows = studies(user, CaseFilters(brand=incident.brand.slug)).exclude(incident=incident.pk)
    return [_case(study) for study in rows[:MOST]]


def _case(study: CaseStudy) -> Case:
    lesson = say(study.content.get("lesson", {}))
    return Case(
        title=study.title,
        url=reverse("training:case", args=[study.slug]),
        where=_("Case library · %(year)d") % {"year": study.happened_on.year},
        crisis_type=study.kind,
        severity=study.severity,
        words=bag([study.words_en, study.words_da]),
        lessons=[lesson] if lesson else [],
    )
