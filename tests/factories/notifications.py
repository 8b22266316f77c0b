"""Notices for tests."""

from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import Brand, User
from notifications.messages import MESSAGES, register
from notifications.models import Address, Channel, Delivery, Notice, Urgency
from notifications.services import notify
from notifications.services.sealing import digest, seal

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KIND = "tests.told"


def ensure_kind() -> None:
    if KIND not in MESSAGES:
        register(
            KIND,
            title="SEV%(severity)s %(brand)s: approve by %(until_at)s",
            body="%(title)s waits for you.",
        )


def tell(
    user: User,
    *,
    key: str,
    brand: Brand | None = None,
    urgency: Urgency = Urgency.NEWS,
    now: datetime = NOW,
    **params: Any,
) -> Notice:
    """Tell `user` of something once and return their notice."""
    ensure_kind()
    facts = {"severity": 1, "brand": "Fjordkaffe", "title": "Glass", "until_at": NOW, **params}
    notify(
        [user],
        key=key,
        kind=KIND,
        params=facts,
        url="/i/CD-2026-001/",
        brand=brand,
        urgency=urgency,
        now=now,
    )
    return Notice.objects.get(user=user, key=key)


def page(user: User, *, key: str, **facts: Any) -> Delivery:
    """Page `user` and return the e-mail that is to go out."""
    return tell(user, key=key, urgency=Urgency.PAGE, **facts).deliveries.get()


def reach(
    user: User, service: str, content: dict[str, str], provider: str, **facts: Any
) -> Address:
    """A verified address of `user`; `content` as it is sealed: {"to": …} or a subscription."""
    means = {"sms": "sms", "voice": "voice", "push": "push"}.get(service, "chat")
    address = Address.objects.create(
        **{
            "user": user,
            "service": service,
            "means": means,
            "hint": "… 5678",
            "digest": digest(service, str(content)),
            "provider": provider,
            "created_at": NOW,
            "verified_at": NOW,
            **facts,
        }
    )
    seal(address, content)
    return address


class ChannelFactory(DjangoModelFactory):
    class Meta:
        model = Channel

    name = factory.Sequence(lambda number: f"Channel {number}")
    service = "slack"
    hint = "hooks.slack.com"
    provider = "slack"
    created_at = NOW
