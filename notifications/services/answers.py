"""Answers of people who are not signed in: a signed link, or words that they wrote back."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from core.text import clean
from notifications.actions import FUNCTIONS, KNOWN
from notifications.enums import Via
from notifications.links import Link
from notifications.models import Answer

from .inbox import call_off


@dataclass(frozen=True)
class Outcome:
    """`words` are for the person, in the active language."""

    done: bool
    words: str


def answer_link(link: Link, *, now: datetime) -> Outcome:
    """Do what a signed link is for, once, and say what came of it."""
    user = User.objects.filter(pk=link.user_id, is_active=True).first()
    if user is None:
        return Outcome(False, _("This link is not valid any more."))
    if link.expired(now):
        return Outcome(False, _("This link has expired. Sign in and answer there."))
    return act(user, link.action, link.subject, via=Via.LINK, key=link.key, now=now)


def act(user: User, action: str, subject: str, *, via: Via, key: str, now: datetime) -> Outcome:
    """Do `action` as `user` once for `key`. A refusal is told and leaves the key unused."""
    function = FUNCTIONS.get(action)
    if function is None:
        return Outcome(False, _("This cannot be answered here."))
    try:
        with transaction.atomic():
            if not _first(
                Answer(key=key, user=user, via=via, action=action, subject=subject, at=now)
            ):
                return Outcome(True, _("You have answered this already."))
            said = function(user, subject, now)
            # Whatever somebody answers, they need not be rung for it any more.
            call_off(subject, user=user)
            words = str(said) if isinstance(said, str) and said else str(KNOWN[action].done)
            Answer.objects.filter(key=key).update(words=clean(words)[:300])
    except Refused as refusal:
        return Outcome(False, str(refusal))
    except ObjectDoesNotExist:
        return Outcome(False, _("You have no access to this any more."))
    return Outcome(True, words)


def _first(answer: Answer) -> bool:
    """Keep the answer before it is acted on: of two at once the second waits here, and is told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_answer (key, user_id, via, action, subject, done, words, at)"
            " VALUES (%s, %s, %s, %s, %s, true, '', %s) ON CONFLICT (key) DO NOTHING",
            [answer.key, answer.user_id, answer.via, answer.action, answer.subject, answer.at],
        )
        return bool(cursor.rowcount)
