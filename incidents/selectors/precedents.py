"""The brand's own incidents as cases to compare with: six queries, however many they are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import connection
from django.urls import reverse

from accounts.models import User
from incidents.entries import WRITTEN
from incidents.enums import Closing
from incidents.models import Incident, LinkedMention, TimelineEntry
from incidents.precedents import LESSONS, SOURCES, Case, Near, bag, closest, source
from monitoring.models import Mention

# The latest incidents are compared with, and so many of each one's texts read.
MOST = 120
TEXTS = 12

_COURSES = """
SELECT incident.id, floor(extract(epoch FROM step.starts_at - incident.began_at) / 1800)::int,
    max(step.total / greatest(step.expected_high, 1))
FROM incidents_incident AS incident
JOIN monitoring_step AS step ON step.brand_id = incident.brand_id
    AND step.starts_at >= incident.began_at
    AND step.starts_at < incident.began_at + interval '6 hours'
WHERE incident.id = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
"""


def precedents(incident: Incident, *, user: User) -> list[Near]:
    """Return what `incident` reminds of, among all that `user` may see."""
    (this,) = cases([incident])
    return closest(this, [case for each in SOURCES for case in each(user, incident)])


@source
def own(user: User, incident: Incident) -> Iterable[Case]:
    """The incidents that the user sees, without what was nothing or went elsewhere."""
    visible = Incident.objects.visible_to(user).exclude(pk=incident.pk)
    real = visible.exclude(closed_as__in=(Closing.DISMISSED, Closing.MERGED))
    return cases(list(real.select_related("brand").order_by("-detected_at")[:MOST]))


def cases(incidents: Sequence[Incident]) -> list[Case]:
    """Return incidents as they are compared."""
    ids = [incident.pk for incident in incidents]
    texts, courses, learned = _texts(ids), _courses(ids), _lessons(ids)
    return [
        Case(
            title=incident.title,
            url=reverse("incidents:incident", args=[incident.reference]),
            where=f"{incident.reference} · {incident.brand}",
            crisis_type=incident.crisis_type,
            severity=incident.severity,
            words=bag([incident.given_title, incident.summary, *texts[incident.pk]]),
            course=courses.get(incident.pk, ()),
            took=_took(incident),
            lessons=learned[incident.pk],
        )
        for incident in incidents
    ]


def _took(incident: Incident) -> float | None:
    if incident.resolved_at is None:
        return None
    return (incident.resolved_at - incident.detected_at).total_seconds()


def _texts(ids: Sequence[int]) -> dict[int, list[str]]:
    """What people wrote and what was linked, the first of each."""
    found: dict[int, list[str]] = defaultdict(list)
    written = TimelineEntry.objects.filter(incident__in=ids, kind__in=WRITTEN)
    for pk, text in written.order_by("number").values_list("incident", "text"):
        if len(found[pk]) < TEXTS:
            found[pk].append(text)
    links: dict[int, list[int]] = defaultdict(list)
    for mention, pk in (
        LinkedMention.objects.filter(incident__in=ids)
        .order_by("pk")
        .values_list("mention_id", "incident")[: TEXTS * MOST]
    ):
        links[mention].append(pk)
    said = Mention.objects.filter(pk__in=list(links), gone_at=None).values_list("pk", "text")
    for mention, text in said:
        for pk in links[mention]:
            if len(found[pk]) < 2 * TEXTS:
                found[pk].append(text)
    return found


def _courses(ids: Sequence[int]) -> dict[int, tuple[float, ...]]:
    found: dict[int, list[float]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_COURSES, [list(ids)])
        for pk, place, peak in cursor.fetchall():
            course = found[pk]
            # A half hour without steps was a quiet one.
            course += [0.0] * (place - len(course)) + [float(peak)]
    return {pk: tuple(course) for pk, course in found.items()}


def _lessons(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for read in LESSONS:
        for pk, texts in read(ids).items():
            found[pk] += texts
    return found
