"""What people are told, by what, and whether it reached them. Whom to tell others decide."""

from notifications.enums import DeliveryState, Trouble, Urgency

from .answers import Answer, ReplyInbox
from .channels import Broadcast, Channel
from .deliveries import Delivery
from .notices import Notice
from .people import Address, Preference, Rule
from .providers import Provider

__all__ = [
    "Address",
    "Answer",
    "Broadcast",
    "Channel",
    "Delivery",
    "DeliveryState",
    "Notice",
    "Preference",
    "Provider",
    "ReplyInbox",
    "Rule",
    "Trouble",
    "Urgency",
]
