"""What goes out, in the reader's words: one notice, or all the news of a while."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.reading import reading_as
from notifications import codes, links
from notifications.actions import offered
from notifications.channels.base import Letter
from notifications.enums import Means, Urgency
from notifications.messages import actions_of, tell
from notifications.models import Broadcast, Delivery, Notice

# How long one may answer without signing in.
ANSWERED_WITHIN = timedelta(hours=12)
# News that one message lists; the rest is counted.
MOST = 30


def letter_of(parcel: Sequence[Delivery]) -> Letter:
    """Put the deliveries of one parcel into one letter."""
    first = parcel[0]
    if first.broadcast is not None:
        return _to_channel(first, first.broadcast)
    assert first.notice is not None  # noqa: S101 - the table allows nothing else
    with reading_as(first.notice.user):
        return _digest(parcel) if len(parcel) > 1 else _single(first, first.notice)


def reference(delivery: Delivery) -> str:
    """The same for every attempt. It is signed: who writes it back has had the letter."""
    return f"delivery-{delivery.pk}-{signature(delivery.pk)}"


def signature(delivery_id: int) -> str:
    key = hashlib.sha256(b"notifications.reference" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, str(delivery_id).encode(), hashlib.sha256).hexdigest()[:20]


def _single(delivery: Delivery, notice: Notice) -> Letter:
    told = tell(notice.kind, notice.params)
    code = codes.of(delivery.address) if notice.kind == codes.KIND and delivery.address else ""
    urgent = notice.urgency == Urgency.PAGE
    return Letter(
        reference=reference(delivery),
        recipient=notice.user.email,
        subject=f"{told.title}: {code}" if code else told.title,
        text=told.body,
        url=f"{settings.PUBLIC_URL}{notice.url}" if notice.url else "",
        answers=() if code else _answers(delivery, notice),
        brief=_brief(urgent) if not _shows_details(notice) else "",
        urgent=urgent,
        language=notice.user.language,
        until=notice.created_at + ANSWERED_WITHIN,
    )


def _brief(urgent: bool) -> str:
    """What a lock screen may say to whoever looks at it."""
    return _("You are being called. Open CrisisDesk.") if urgent else _("News in CrisisDesk")


def _shows_details(notice: Notice) -> bool:
    preference = getattr(notice.user, "notice_preference", None)
    return preference is not None and preference.show_details


def _answers(delivery: Delivery, notice: Notice) -> tuple[tuple[str, str], ...]:
    if not notice.subject or delivery.channel == Means.VOICE:
        return ()
    until = notice.created_at + ANSWERED_WITHIN
    return tuple(
        (
            str(action.label),
            links.signed_action(notice.user, action.name, notice.subject, until, call=notice.pk),
        )
        for action in offered(actions_of(notice.kind))
    )


def _digest(parcel: Sequence[Delivery]) -> Letter:
    """All the news of a while as one letter, the newest last."""
    first, count = parcel[0], len(parcel)
    notices = [each.notice for each in parcel if each.notice]
    lines = [f"• {tell(notice.kind, notice.params).title}" for notice in notices[:MOST]]
    if count > MOST:
        more = count - MOST
        lines.append(ngettext("and %(more)d more", "and %(more)d more", more) % {"more": more})
    return Letter(
        reference=reference(first),
        recipient=notices[0].user.email,
        subject=ngettext("%(count)d piece of news", "%(count)d pieces of news", count)
        % {"count": count},
        text="\n".join(lines),
        url=f"{settings.PUBLIC_URL}/notices/",
        brief=_brief(False) if not _shows_details(notices[0]) else "",
        language=notices[0].user.language,
    )


def _to_channel(delivery: Delivery, broadcast: Broadcast) -> Letter:
    with override(broadcast.channel.language):
        told = tell(broadcast.kind, broadcast.params)
    return Letter(
        reference=reference(delivery),
        recipient="",
        subject=told.title,
        text=told.body,
        url=f"{settings.PUBLIC_URL}{broadcast.url}",
        urgent=True,
        language=broadcast.channel.language,
    )
