"""Who was called and cannot be reached by anything: the ladder goes on at once, and aloud."""

import logging
from datetime import datetime

from django.db import OperationalError, transaction

from accounts.enums import Permission
from accounts.models import User
from accounts.selectors import members
from incidents.enums import EntryKind
from incidents.models import Call, Incident
from notifications.models import Notice
from notifications.services import handled_unreached, unreached

from .notices import tell
from .timeline import append, lock, show

logger = logging.getLogger(__name__)
SUBJECT = "incident."


def take_up_unreached(now: datetime) -> int:
    """Take up what notifications found out; one call a transaction. Return how many."""
    done = 0
    for notice_id in unreached(SUBJECT):
        try:
            with transaction.atomic():
                done += _take_up(notice_id, now=now)
        except OperationalError:
            # The database's trouble is not this row's: the next cycle tries again at once.
            raise
        except Exception:
            # Looked at once: the ladder goes on by its own clock.
            logger.exception("That notice %s reached nobody could not be taken up", notice_id)
            handled_unreached(notice_id, now=now)
    return done


def _take_up(notice_id: int, *, now: datetime) -> bool:
    notice = handled_unreached(notice_id, now=now)
    if notice is None:
        return False
    incident = lock(int(notice.subject.removeprefix(SUBJECT)))
    params = {"code": "unreached", "person": str(notice.user)}
    append(incident, EntryKind.CALLED, params=params, now=now)
    _go_on(incident, notice, now=now)
    _tell(incident, notice, now=now)
    show(incident, ["ladder", "timeline"])
    return True


def _go_on(incident: Incident, notice: Notice, *, now: datetime) -> None:
    """Climb further now, unless somebody else of the same rung may still hear of it."""
    rung = notice.key.rpartition(".")[2]
    if not incident.is_called or incident.escalate_at is None or str(incident.rung - 1) != rung:
        return
    called = Call.objects.filter(incident=incident, rung=int(rung)).values("user")
    same = Notice.objects.filter(key=notice.key, user__in=called)
    if not same.filter(unreached_at=None).exists() and incident.escalate_at > now:
        incident.escalate_at = now
        incident.save(update_fields=["escalate_at"])


def _tell(incident: Incident, notice: Notice, *, now: datetime) -> None:
    """Who leads and who administers the brand: somebody should mend it, or phone."""
    administering = members(incident.brand, permission=Permission.MANAGE_BRAND)
    people = {user.pk: user for user in [*administering, incident.lead] if user is not None}
    people.pop(notice.user_id, None)
    others: list[User] = list(people.values())
    key = f"unreached.{notice.pk}"
    tell(others, "unreached", incident=incident, key=key, now=now, person=str(notice.user))
