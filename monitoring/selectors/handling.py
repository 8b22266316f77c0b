"""What people have done about mentions."""

from collections.abc import Sequence

from accounts.models import User
from monitoring.models_triage import MentionChange, MentionState

# More rows than a page can show at once.
MOST = 300


def handled(user: User, mention_ids: Sequence[int]) -> list[MentionState]:
    """Return the states of those mentions that `user` may see and somebody has handled."""
    found = MentionState.objects.filter(
        mention_id__in=mention_ids[:MOST], brand_id__in=list(user.roles)
    )
    return list(found.select_related("assignee", "by"))


def state_of(mention_id: int) -> MentionState | None:
    """Return how far a mention is that the caller was allowed to see, None while it is new."""
    found: MentionState | None = (
        MentionState.objects.filter(mention_id=mention_id).select_related("assignee", "by").first()
    )
    return found


def history(mention_id: int, limit: int = 50) -> list[MentionChange]:
    """Return what was changed about a mention, the latest first."""
    found = MentionChange.objects.filter(mention_id=mention_id).select_related("by")
    return list(found.order_by("-version")[:limit])
