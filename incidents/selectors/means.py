"""By which means a call went out, and what became of it: read off the notices behind it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from incidents.models import Call
from notifications.models import Delivery


@dataclass(frozen=True)
class Means:
    """One way out: `state` is a DeliveryState, `label` how the way is called."""

    label: str
    state: str
    state_label: str


def means_of_calls(calls: Iterable[Call]) -> dict[int, list[Means]]:
    """Return by call the ways that its page took outside the app: one query."""
    wanted = {(call.user_id, _key(call)): call.pk for call in calls}
    if not wanted:
        return {}
    sent = Delivery.objects.filter(
        notice__user__in={user for user, _ in wanted}, notice__key__in={key for _, key in wanted}
    )
    found: dict[int, list[Means]] = defaultdict(list)
    for delivery in sent.select_related("notice").order_by("pk"):
        notice = delivery.notice
        call = wanted.get((notice.user_id, notice.key)) if notice else None
        if call is not None:
            label = str(delivery.get_channel_display())
            found[call].append(Means(label, delivery.state, str(delivery.get_state_display())))
    return found


def _key(call: Call) -> str:
    """As services.notices writes it for a rung."""
    return f"incident.{call.incident_id}.rung.{call.rung}"
