"""A brand's channels: told once for a key, and only the brand's own."""

import pytest

from accounts.models import Brand
from notifications.models import Broadcast, Delivery
from notifications.services import notify_channel
from tests.factories.notifications import KIND, NOW, ChannelFactory, ensure_kind


@pytest.mark.django_db
def test_a_channel_is_told_once_for_a_key_and_strangers_channels_never(
    brand: Brand, other_brand: Brand
) -> None:
    ensure_kind()
    mine, theirs = ChannelFactory.create(brand=brand), ChannelFactory.create(brand=other_brand)

    def tell(channel_id: int) -> bool:
        facts = {"severity": 1, "title": "a\x00b"}
        return notify_channel(
            channel_id, key="rung.1", kind=KIND, params=facts, url="/i/1/", brand=brand, now=NOW
        )

    assert [tell(mine.pk), tell(mine.pk), tell(theirs.pk), tell(0)] == [True, False, False, False]
    assert Broadcast.objects.get().params == {"severity": 1, "title": "ab"}
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.provider, delivery.send_at) == ("chat", "slack", NOW)
