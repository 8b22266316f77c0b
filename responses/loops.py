"""The engine's loops of this room."""

from datetime import datetime, timedelta

from django.db.models import F

from connectors.outbox import STALE_AFTER
from core.clock import database_now
from core.engine import audit, loop
from core.home import ending
from core.timers import timer

from .enums import PublicationState
from .models import Publication
from .models_assistant import LanguageModel, Suggestion
from .models_plan import CommunicationPlan
from .models_policy import ApprovalStep
from .models_statement import StatementMail, StatementSite
from .models_templates import StatementTemplate
from .publishing import OUTBOX
from .services import assistant_calls, deadlines, forgetting
from .services.plan import keeping, templates
from .services.rows import in_turn
from .services.statement import export, mailing, subscribing

timer(Publication, "publish_at", "sending_since", "look_at")
timer(ApprovalStep, "due_at")
timer(Suggestion, "lost_at")
timer(LanguageModel, "rests_until")
timer(StatementMail, "send_at", "sending_since")
timer(StatementSite, "export_at")
# What has not been handed on by then is told aloud.
GRACE = timedelta(seconds=30)
# Plans looked at in one cycle, and when one that was not told of is told aloud.
MOST_REVIEWS = 50
REVIEWS_GRACE = timedelta(minutes=10)


@loop("quotes", every=5)
def forget_gone() -> int:
    """Empty what drafts quote of mentions that have been taken away since."""
    forgetting.forget_gone()
    return 0


@loop("unsaved", every=60)
def forget_unsaved() -> int:
    """Forget what was typed into drafts and not saved for a week."""
    return forgetting.forget_unsaved(now=database_now())


@loop("publish", every=1, urgent=True, outward=True)
def publish() -> int:
    """Publish what is approved and due, and settle what was left under way."""
    return OUTBOX.cycle()


@loop("statement_export", every=1, outward=True)
def statement_export() -> int:
    """Write the statement pages that are due as files."""
    return export.export_due(now=database_now())


@loop("statement_mail", every=2, outward=True)
def statement_mail() -> int:
    """Send updates to those who subscribed."""
    return mailing.send_due(now=database_now())


@loop("statement_forget", every=60)
def statement_forget() -> int:
    """Remove the addresses that are needed no more."""
    return subscribing.forget_due(now=database_now())


@audit("statement_pages")
def statement_pages() -> list[str]:
    """Sites whose files are older than they should be: the public reads yesterday's word."""
    late = database_now() - timedelta(seconds=30)
    sites = StatementSite.objects.filter(export_at__lte=late).values_list("slug", flat=True)
    return [f"the statement pages of {slug} could not be written" for slug in sites[:20]]


@ending
def look_for_what_waited(now: datetime) -> None:
    """What waits in a restored copy may have been published since: it is looked for first."""
    waiting = Publication.objects.filter(state=PublicationState.QUEUED)
    # What part of a thread it answers is not known: only a person can look for it.
    waiting.exclude(in_turn()).update(state=PublicationState.FAILED, error="part_of_restored")
    waiting.update(
        state=PublicationState.SENDING,
        attempts=F("attempts") + 1,
        sending_since=now - STALE_AFTER,
    )


@loop("language_model", every=1, outward=True)
def language_model() -> int:
    """Ask the brands' language models what people want to know of them."""
    return assistant_calls.call_due(now=database_now())


@loop("approvals", every=1)
def approvals() -> int:
    """Hand on the steps that nobody answered in time, and end approvals that are too old."""
    return deadlines.act_on_due(now=database_now())


@loop("approvers", every=15)
def approvers() -> int:
    """Ask whoever holds a step's roles by now."""
    now = database_now()
    deadlines.begin_missing(now=now)
    deadlines.renew_open(now=now)
    return 0


@audit("approvals")
def late_approvals() -> list[str]:
    """Steps of an approval that are half a minute late."""
    return deadlines.late(now=database_now(), grace=GRACE)


# A day is agreed by the clock on the wall: no timer that a clock set back would move.
@loop("plan_reviews", every=60, outward=True)
def plan_reviews() -> int:
    """Tell the owner of a communication plan that its review is due."""
    for told in range(MOST_REVIEWS):
        if not keeping.remind_next(now=database_now()):
            return told
    return MOST_REVIEWS


# An end is agreed by the clock on the wall, too.
@loop("holding_ends", every=60, outward=True)
def holding_ends() -> int:
    """Tell that an approved holding statement ends soon, and that it has ended."""
    for told in range(MOST_REVIEWS):
        if not templates.remind_next(now=database_now()):
            return told
    return MOST_REVIEWS


@audit("holding_ends")
def untold_ends() -> list[str]:
    """Holding statements of whose end nobody was told in time."""
    before = database_now() - REVIEWS_GRACE
    late = StatementTemplate.objects.filter(remind_at__lt=before).select_related("brand")
    return [f"{each.brand.slug}: nobody was told that {each.name} ends" for each in late[:20]]


@audit("plan_reviews")
def untold_reviews() -> list[str]:
    """Plans whose owner should have been told of their review."""
    before = database_now() - REVIEWS_GRACE
    late = CommunicationPlan.objects.filter(remind_at__lt=before).select_related("brand")
    return [f"{plan.brand.slug}: nobody was told that its plan is due" for plan in late[:20]]
