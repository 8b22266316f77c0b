"""What a person was told."""

from django.db.models import Prefetch

from accounts.models import User

from .models import Delivery, Notice

PAGE = 30
# More than this the bell need not count.
MANY = 99


def inbox(user: User, *, before: int | None = None) -> list[Notice]:
    """One page of the person's notices with their deliveries, newest first, older than `before`.

    One more than a page is returned when there are more.
    """
    notices = Notice.objects.visible_to(user).order_by("-created_at", "-pk")
    if before is not None:
        edge = user.notices.filter(pk=before).values_list("created_at", "pk").first()
        notices = notices.older_than(edge) if edge else notices.none()
    outgoing = Prefetch("deliveries", Delivery.objects.order_by("pk"))
    return list(notices.select_related("brand").prefetch_related(outgoing)[: PAGE + 1])


def unread(user: User) -> int:
    """How many unread notices, counted no further than MANY + 1."""
    return Notice.objects.visible_to(user).filter(read_at=None)[: MANY + 1].count()
