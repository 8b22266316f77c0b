"""What administrators read of private incidents in the audit trail: what was done, not its content.

The trail is never changed, and tells of times before an incident was private. Imported by the
AppConfig.
"""

from collections.abc import Sequence

from accounts.models import AuditEntry, User
from accounts.wording import VEILS

from .models import Incident

# Its reason is written for the administrators.
OPENED = "incident.opened_sealed"


def private_ones(user: User, entries: Sequence[AuditEntry]) -> set[int]:
    """Return the entries about private incidents that the reader is no member of."""
    about = {entry.number: entry.subject.partition("/")[0] for entry in entries}
    private = Incident.objects.filter(reference__in=set(about.values()), is_private=True)
    unseen = private.exclude(pk__in=user.incident_memberships.values("incident"))
    hidden = set(unseen.values_list("reference", flat=True))
    plain = {entry.number for entry in entries if entry.action == OPENED}
    return {number for number, reference in about.items() if reference in hidden} - plain


VEILS.append(private_ones)
