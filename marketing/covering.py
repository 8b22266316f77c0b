"""What a pause covers: for the post that is about to go, and for lists.

What does not say its network or market may be for any, so a pause of one stops it too.
"""

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from .models import Pause, ScheduledPost


def running(brand_id: int) -> QuerySet[Pause]:
    """The brand's pauses that nobody has ended, the oldest first."""
    return Pause.objects.filter(ended_at=None, brand=brand_id).order_by("started_at", "pk")


def covering(post: ScheduledPost) -> Pause | None:
    """Return the oldest running pause that covers the post, or None. One query.

    It reads what is committed when it is asked: with the gate in hand it cannot miss a pause.
    """
    if post.is_exempt:
        return None
    rows = running(post.brand_id).exclude(exempt_tags__overlap=post.tags or [""])
    if post.channel:
        rows = rows.filter(Q(networks=[]) | Q(networks__contains=[post.channel]))
    if post.country:
        rows = rows.filter(Q(countries=[]) | Q(countries__contains=[post.country.lower()]))
    return rows.first()


def covered(pause: Pause) -> QuerySet[ScheduledPost]:
    """Return the entries of the brand that the pause covers, whatever their state."""
    rows = ScheduledPost.objects.filter(brand=pause.brand_id, is_exempt=False)
    if pause.networks:
        named = ["", *pause.networks]
        rows = rows.filter(Q(account__network__in=named) | Q(account=None, network__in=named))
    if pause.countries:
        rows = rows.alias(market=Lower("country")).filter(market__in=["", *pause.countries])
    if pause.exempt_tags:
        rows = rows.exclude(tags__overlap=pause.exempt_tags)
    return rows
