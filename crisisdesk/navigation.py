"""What the shell's navigation shows, and what waits behind each entry."""

from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.enums import Permission
from accounts.models import User
from accounts.panels import owned
from accounts.rules import allowed
from core.navigation import Counts, Entry, add, counted_by
from incidents.enums import Severity

# Asked for by every page, so in one query and without the cost of building it. What it counts is
# what incidents.selectors and responses.selectors list; tests compare them.
_COUNTS = """
WITH seen AS NOT MATERIALIZED (
    SELECT id, brand_id, state, severity, is_drill FROM incidents_incident AS incident
    WHERE brand_id = ANY(%(brands)s::bigint[]) AND (NOT is_private OR EXISTS (
        SELECT FROM incidents_incidentmember AS member
        WHERE member.incident_id = incident.id AND member.user_id = %(user)s))
)
SELECT
    (SELECT count(*) FROM seen
        WHERE state <> 'RESOLVED' AND NOT is_drill AND severity <= %(severity)s),
    (SELECT count(*) FROM responses_draft AS draft JOIN seen ON seen.id = draft.incident_id
        WHERE draft.state = 'SUBMITTED' AND seen.brand_id = ANY(%(approving)s::bigint[])
            AND draft.author_id <> %(user)s
            AND NOT EXISTS (SELECT FROM responses_version AS version
                WHERE version.draft_id = draft.id AND version.editor_id = %(user)s)
            AND EXISTS (SELECT FROM responses_approvalstep AS step
                JOIN responses_version AS version ON version.id = step.version_id
                WHERE version.draft_id = draft.id AND step.state = 'OPEN'
                    AND step.asked @> to_jsonb(%(user)s::bigint))
            AND NOT EXISTS (SELECT FROM responses_approval AS approval
                JOIN responses_version AS version ON version.id = approval.version_id
                JOIN responses_stepapproval AS cover ON cover.approval_id = approval.id
                JOIN responses_approvalstep AS step ON step.id = cover.step_id
                WHERE version.draft_id = draft.id AND version.number = draft.version
                    AND approval.approver_id = %(user)s AND approval.verdict = 'APPROVED'
                    AND step.state = 'OPEN'))
"""


@counted_by
def counts(user: User) -> Counts:
    """Open incidents of the two highest severities, and drafts that wait for this person."""
    values: dict[str, Any] = {
        "brands": list(user.roles),
        "approving": [pk for pk in user.roles if allowed(user, Permission.APPROVE, pk)],
        "severity": Severity.SEV2,
        "user": user.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, values)
        incidents, drafts = cursor.fetchone()
    return {"incidents": incidents, "drafts": drafts}


def register() -> None:
    """Called once by the AppConfig; an entry whose page does not exist is not shown."""
    add(
        Entry(_("Overview"), "layout-dashboard", "overview", ("overview",), key="O"),
        Entry(_("Mentions"), "messages", "monitoring:mentions", ("monitoring:",), key="M"),
        Entry(
            _("Signals"),
            "activity",
            "monitoring:signals",
            (
                "monitoring:signal",
                "monitoring:theme",
                "monitoring:rule",
                "monitoring:rehears",
                "monitoring:calendar",
                "monitoring:peak",
            ),
            key="S",
            on_phone=False,
        ),
        Entry(
            _("Incidents"),
            "urgent",
            "incidents:list",
            ("incidents:",),
            key="I",
            pip="incidents",
            pip_words=pgettext_lazy("incidents", "open"),
            urgent=True,
        ),
        Entry(
            _("Trends"),
            "chart-line",
            "monitoring:trends",
            ("monitoring:trends",),
            key="V",
            on_phone=False,
        ),
        Entry(
            _("Respond"),
            "edit",
            "responses:respond",
            ("responses:",),
            key="A",
            pip="drafts",
            pip_words=_("waiting for you"),
        ),
        Entry(
            _("Calendar"),
            "calendar-event",
            "marketing:calendar",
            ("marketing:",),
            key="C",
            on_phone=False,
        ),
        Entry(
            pgettext_lazy("crisis plans", "Plans"),
            "clipboard-list",
            "incidents:plans",
            ("incidents:plans", "incidents:plan_"),
            key="P",
            on_phone=False,
        ),
        Entry(
            _("Cases"),
            "archive",
            "training:cases",
            ("training:", "reviews:", "incidents:review"),
            key="L",
            on_phone=False,
        ),
        Entry(
            _("Settings"),
            "settings",
            "accounts:settings",
            ("accounts:", *owned()),
            on_phone=False,
            at_foot=True,
        ),
    )
