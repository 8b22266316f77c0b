"""A person's word on what a mention means."""

from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from monitoring.enums import LabelField, Sentiment
from monitoring.models import Mention

from .corrections import correct


def correct_sentiment(mention: Mention, sentiment: str, *, by: User) -> Mention:
    """Set what the mention means; see `correct`."""
    if sentiment not in Sentiment.values:
        raise Refused(_("That is not a sentiment."))
    return correct(mention, LabelField.SENTIMENT, sentiment, by)
