"""Where a person can be reached: added, proved to be theirs, tried out, removed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from notifications import codes
from notifications.carriers import PERSONAL, carrier, hint
from notifications.channels import push
from notifications.channels.relay import BadAddress
from notifications.enums import Means, Urgency
from notifications.models import Address, Delivery, Notice

from .sealing import digest, seal

MOST = 20
# Between two codes or rings to one address.
PAUSE = timedelta(seconds=20)
RING = "notifications.ring"
PUSH = "push"


@transaction.atomic
def add_address(user: User, service: str, typed: str, *, label: str = "", now: datetime) -> Address:
    """Add an address and send a code to it; it is used once the code was typed.

    Refused for what cannot be one, and Conflict for one that the person has already.
    """
    found = carrier(service) if service in PERSONAL else None
    if found is None:
        raise Refused(_("This kind of address is not supported."))
    try:
        tidied = found.tidy(clean(typed))
        provider = found.provider(tidied)
    except BadAddress as error:
        raise Refused(str(error)) from error
    address = _new(
        user,
        service=service,
        means=found.means,
        label=clean(label).strip()[:80],
        hint=clean(hint(found, tidied))[:120],
        digest=digest(service, tidied),
        reply=digest("reply", tidied) if found.setting else "",
        provider=provider,
        created_at=now,
    )
    seal(address, {"to": tidied})
    _record("added", address)
    send_code(user, address.pk, now=now)
    return address


def _new(user: User, **fields: Any) -> Address:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    mine = Address.objects.filter(user=user)
    if mine.count() >= MOST:
        raise Refused(_("You have %(most)d addresses already. Remove one first.") % {"most": MOST})
    if mine.filter(digest=fields["digest"]).exists():
        raise Conflict(_("You have added this address already."))
    return Address.objects.create(user=user, **fields)


@transaction.atomic
def send_code(user: User, address_id: int, *, now: datetime) -> None:
    """Send a new code; Conflict if the last one was sent a moment ago."""
    address = _mine(user, address_id)
    if address.verified_at:
        raise Conflict(_("This address is confirmed already."))
    if address.code_at and now - address.code_at < PAUSE:
        raise Conflict(_("A code was sent a moment ago. Wait a little."))
    address.code_at, address.code_tries = now, 0
    address.save(update_fields=["code_at", "code_tries"])
    _send(address, codes.KIND, now=now)


@transaction.atomic
def _tried(user: User, address_id: int) -> Address:
    """Count an attempt, also one that is refused right after."""
    Address.objects.filter(user=user, pk=address_id).update(code_tries=F("code_tries") + 1)
    return _mine(user, address_id)


def verify(user: User, address_id: int, code: str, *, now: datetime) -> Address:
    """Confirm an address by the code that was sent to it; Refused if it does not fit."""
    address = _tried(user, address_id)
    if address.code_tries > codes.MOST_TRIES:
        raise Refused(_("Too many attempts. Have a new code sent."))
    if not codes.fits(address, code, now=now):
        raise Refused(_("This is not the code, or it is older than half an hour."))
    with transaction.atomic():
        Address.objects.filter(pk=address.pk, verified_at=None).update(
            verified_at=now, code_at=None, failed_at=None, error=""
        )
        _record("verified", address)
        live.publish(f"user.{user.pk}", "notices")
    address.refresh_from_db()
    return address


@transaction.atomic
def subscribe(user: User, subscription: Mapping[str, Any], *, label: str, now: datetime) -> Address:
    """Take a browser as a device to push to; the same one again changes nothing.

    Its person is signed in there: that is proof enough.
    """
    try:
        found = push.check(subscription)
    except push.BadSubscription as error:
        raise Refused(_("The browser sent something that is not a subscription.")) from error
    key = digest(PUSH, found["endpoint"])
    # A browser that somebody else used before is now this person's.
    Address.objects.filter(digest=key).exclude(user=user).delete()
    known = Address.objects.filter(user=user, digest=key).first()
    if known is not None:
        seal(known, found)
        return known
    address = _new(
        user,
        service=PUSH,
        means=Means.PUSH,
        label=clean(label).strip()[:80],
        hint=clean(label).strip()[:80] or push.provider(found["endpoint"]),
        digest=key,
        provider=push.provider(found["endpoint"]),
        created_at=now,
        verified_at=now,
    )
    seal(address, found)
    _record("added", address)
    live.publish(f"user.{user.pk}", "notices")
    return address


@transaction.atomic
def unsubscribe(user: User, endpoint: str) -> bool:
    """Forget this browser; False if it was not known."""
    found = Address.objects.filter(user=user, digest=digest(PUSH, endpoint)).first()
    if found is None:
        return False
    remove_address(user, found.pk)
    return True


@transaction.atomic
def remove_address(user: User, address_id: int) -> None:
    """Remove it, from the person's orders too."""
    address = _mine(user, address_id)
    for rule in user.notice_rules.select_for_update():
        steps = [step for step in rule.steps if step.get("address") != address.pk]
        if steps != rule.steps:
            rule.steps = steps
            rule.save(update_fields=["steps"])
    _record("removed", address)
    address.delete()
    live.publish(f"user.{user.pk}", "notices")


@transaction.atomic
def ring(user: User, address_id: int | None, *, now: datetime) -> Delivery:
    """ "Ring me now": a test to one address, or to the profile's e-mail; Conflict if just done."""
    address = _mine(user, address_id) if address_id is not None else None
    if address is not None and not address.verified_at:
        raise Refused(_("Confirm the address first, with the code that was sent to it."))
    recent = Delivery.objects.filter(
        notice__user=user, notice__kind=RING, address=address, notice__created_at__gt=now - PAUSE
    )
    if recent.exists():
        raise Conflict(_("That was rung a moment ago. Wait a little."))
    return _send(address, RING, user=user, now=now)


def _send(
    address: Address | None, kind: str, *, user: User | None = None, now: datetime
) -> Delivery:
    """Send to one address and nowhere else. It is no news: it never counts as unread."""
    person = address.user if address else user
    assert person is not None  # noqa: S101 - one of the two is always given
    shown = str(address) if address else person.email
    notice = Notice.objects.create(
        user=person,
        key=f"{kind}.{address.pk if address else 'email'}.{now.timestamp()}",
        kind=kind,
        params={"address": shown},
        url=reverse("notifications:ways"),
        urgency=Urgency.PAGE,
        created_at=now,
        read_at=now,
    )
    live.publish(f"user.{person.pk}", "notices")
    return Delivery.objects.create(
        notice=notice,
        channel=address.means if address else Means.EMAIL,
        address=address,
        provider=address.provider if address else "email",
        send_at=now,
    )


def _mine(user: User, address_id: int) -> Address:
    """The person's own; Address.DoesNotExist for anybody else's."""
    return Address.objects.select_for_update().select_related("user").get(user=user, pk=address_id)


def _record(what: str, address: Address) -> None:
    audit.record(f"address.{what}", actor=address.user, subject=address.hint, kind=address.service)
