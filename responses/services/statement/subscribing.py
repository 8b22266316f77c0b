"""Who wants the updates by e-mail: asked, confirmed, left, forgotten.

An address is kept only as long as it is needed: unconfirmed for a day, else until its owner leaves
or the statement has been closed for a month. No answer tells whether an address is known.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from responses.models_statement import Statement, StatementMail, StatementSubscriber
from responses.statements.links import CONFIRM_WITHIN, Named

# Whoever asks again within this gets no further mail: an address cannot be flooded through us.
ASK_AGAIN_AFTER = timedelta(minutes=15)


@transaction.atomic
def subscribe(statement_id: int, *, email: str, language: str, now: datetime) -> None:
    """Ask the address whether it wants the updates. Whoever is subscribed hears nothing new."""
    statement = Statement.objects.select_related("site").get(pk=statement_id)
    if statement.closed_at or not statement.published_at or not statement.site.has_mail:
        return
    known = StatementSubscriber.objects.select_for_update()
    found = known.filter(statement=statement, email__iexact=email).first()
    if found and (found.confirmed_at or found.asked_at + ASK_AGAIN_AFTER > now):
        return
    if language not in statement.site.languages:
        language = statement.site.languages[0]
    values = {
        "email": email,
        "language": language,
        "nonce": secrets.token_hex(16),
        "asked_at": now,
        "forget_at": now + CONFIRM_WITHIN,
    }
    if found is None:
        # Two who ask at once: the second finds the first's row and leaves it.
        rows = [StatementSubscriber(statement=statement, **values)]
        StatementSubscriber.objects.bulk_create(rows, ignore_conflicts=True)
        asked = StatementSubscriber.objects.filter(
            statement=statement, email__iexact=email, nonce=values["nonce"]
        ).first()
    else:
        StatementSubscriber.objects.filter(pk=found.pk).update(**values)
        asked = found
    if asked is not None:
        asked.mails.filter(entry=None).delete()
        StatementMail.objects.create(subscriber=asked, send_at=now)


@transaction.atomic
def confirm(named: Named, *, now: datetime) -> StatementSubscriber | None:
    """Subscribe who holds the link; None where the subscription is gone. Twice is once."""
    found = _named(named)
    if found is None:
        return None
    if found.confirmed_at is None:
        found.confirmed_at, found.forget_at = now, None
        found.save(update_fields=["confirmed_at", "forget_at"])
    return found


@transaction.atomic
def leave(named: Named) -> None:
    """Remove the subscription with everything that is kept of it. Twice is once."""
    found = _named(named)
    if found is not None:
        found.delete()


def _named(named: Named) -> StatementSubscriber | None:
    rows = StatementSubscriber.objects.select_for_update(of=("self",))
    found = rows.select_related("statement__site__brand").filter(pk=named.pk).first()
    return found if found and secrets.compare_digest(found.nonce, named.nonce) else None


def forget_due(*, now: datetime) -> int:
    """Remove who did not confirm in time, and who followed what has long been closed."""
    due = StatementSubscriber.objects.filter(forget_at__lte=now)
    return due.delete()[0]
