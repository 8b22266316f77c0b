"""Writing down what was learned."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core import live
from core.errors import Refused
from core.text import clean
from incidents.models import Incident
from incidents.services.notices import HIDDEN
from reviews.models import Lesson, LessonKind

LONGEST = 1000


@transaction.atomic
def add_lesson(incident: Incident, *, kind: str, text: str, by: User) -> Lesson:
    """Write a lesson into an incident's review. Refused if there is nothing to read."""
    said = clean(text).strip()
    if not said:
        raise Refused(_("Write something first."))
    if len(said) > LONGEST:
        raise Refused(_("At most %(most)d characters fit in one lesson.") % {"most": LONGEST})
    if kind not in LessonKind.values:
        raise Refused(_("Say whether it worked or needs improving."))
    lesson = Lesson.objects.create(incident=incident, kind=kind, text=said, author=by)
    _record("lesson.added", lesson, by)
    return lesson


@transaction.atomic
def remove_lesson(lesson: Lesson, *, by: User) -> None:
    """Take a lesson out again. Refused for another person's."""
    if lesson.author_id != by.pk:
        raise Refused(_("Only the person who wrote a lesson can remove it."))
    _record("lesson.removed", lesson, by)
    lesson.delete()


def _record(action: str, lesson: Lesson, by: User) -> None:
    incident = lesson.incident
    # The trail is read by the brand's administrators, who need not be members of the incident.
    text = HIDDEN if incident.is_private else lesson.text
    audit.record(action, actor=by, brand=incident.brand_id, subject=incident.reference, text=text)
    live.publish(f"incident.{incident.pk}", "lessons")
