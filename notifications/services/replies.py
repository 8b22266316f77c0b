"""What people write back: "ack" to a mail or a text message does what the link would have done.

A mail must come from the person's own address and answer a letter of ours, whose signed id its
headers carry. A text message must come, by a signed call of the gateway, from a number that the
person has confirmed. Only what was written now counts, never what is quoted below it.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.reading import reading_as
from core.text import clean
from notifications.actions import FUNCTIONS, meant
from notifications.enums import Means, Urgency, Via
from notifications.messages import actions_of
from notifications.models import Address, Delivery, Notice

from .answers import Outcome, act
from .letters import ANSWERED_WITHIN, signature
from .sealing import digest

_OURS = re.compile(r"delivery-([0-9]{1,18})-([0-9a-f]{20})@")
_REFERENCE = re.compile(r"\b[A-Z]{1,4}-[0-9]{4}-[0-9]{1,6}\b")
ANSWERED = "notifications.answered"
# Of what was written so much is looked at; an answer is a word.
MOST_WORDS = 200


@dataclass(frozen=True)
class Written:
    """What somebody wrote back. `id` is the message's own; `references` are a mail's headers."""

    sender: str
    text: str
    id: str
    references: str = ""


def take_mail(mail: Written, *, now: datetime) -> Outcome | None:
    """Act on a mail that answers one of our letters, and write back what came of it.

    None for any other mail: of that nobody is told anything.
    """
    notice = _answered_letter(mail)
    if notice is None:
        return None
    with reading_as(notice.user):
        outcome = _act(notice, mail, via=Via.MAIL, now=now)
        _write_back(notice, mail, outcome, now=now)
    return outcome


def take_text(text: Written, *, now: datetime) -> Outcome | None:
    """Act on a text message; None where the number is nobody's or nothing was asked of them."""
    sender = "".join(character for character in text.sender if character in "+0123456789")
    known = Address.objects.filter(reply=digest("reply", sender)).usable()
    people = User.objects.filter(addresses__in=known, is_active=True).distinct()
    notice = _asked(people, text.text, now=now)
    if notice is None:
        return None
    with reading_as(notice.user):
        return _act(notice, text, via=Via.TEXT, now=now)


def _answered_letter(mail: Written) -> Notice | None:
    """The page that the mail answers, if it is really its person who writes."""
    for found in _OURS.finditer(mail.references):
        number = int(found[1])
        if not hmac.compare_digest(signature(number), found[2]):
            continue
        delivery = Delivery.objects.filter(pk=number).select_related("notice__user").first()
        notice = delivery.notice if delivery else None
        if notice and notice.subject and notice.user.email.lower() == mail.sender.lower():
            return notice
    return None


def _asked(people: object, text: str, *, now: datetime) -> Notice | None:
    """The call that a text means: the one whose reference it names, else the latest."""
    calls = (
        Notice.objects.filter(
            user__in=people,  # type: ignore[misc]
            urgency=Urgency.PAGE,
            created_at__gt=now - ANSWERED_WITHIN,
        )
        .exclude(subject="")
        .select_related("user")
        .order_by("-created_at", "-pk")
    )
    named = _REFERENCE.search(text.upper())
    if named:
        about = Q(params__reference=named[0]) | Q(url__contains=f"/{named[0]}/")
        return calls.filter(about).first()
    return calls.first()


def _act(notice: Notice, said: Written, *, via: Via, now: datetime) -> Outcome:
    if now - notice.created_at > ANSWERED_WITHIN:
        return Outcome(
            False, _("This call is too old to be answered so. Sign in and answer there.")
        )
    action = meant(_first_line(said.text))
    if action not in FUNCTIONS or action not in actions_of(notice.kind):
        return Outcome(
            False, _("We did not understand that. Answer with one word: ack, escalate or awake.")
        )
    key = hashlib.sha256(f"{via}:{said.id}".encode()).hexdigest()
    return act(notice.user, action, notice.subject, via=via, key=key, now=now)


def _first_line(text: str) -> str:
    """What was written, above whatever is quoted."""
    lines = (line.strip() for line in clean(text).splitlines())
    return next((line for line in lines if line and not line.startswith((">", "|"))), "")[
        :MOST_WORDS
    ]


def _write_back(notice: Notice, mail: Written, outcome: Outcome, *, now: datetime) -> None:
    """By mail, once: people look where they have written."""
    key = f"answered.{hashlib.sha256(mail.id.encode()).hexdigest()[:40]}"
    told, fresh = Notice.objects.get_or_create(
        user=notice.user,
        key=key,
        defaults={
            "kind": ANSWERED,
            "brand": notice.brand,
            "params": {"words": outcome.words},
            "url": notice.url,
            "urgency": Urgency.PAGE,
            "created_at": now,
            "read_at": now,
        },
    )
    if fresh:
        Delivery.objects.create(notice=told, channel=Means.EMAIL, send_at=now)
