"""One approved answer to all who asked; and the word to exactly these when it is put right."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core.errors import Conflict, Refused
from incidents.enums import EntryKind
from monitoring.models import Mention
from responses import selectors_engage
from responses.enums_engage import RunKind
from responses.models import Draft, Version
from responses.models_engage import Answer, AnswerRun, Concern, Conversation
from responses.pace import gap
from responses.reach import to_reach
from responses.services.approving import UNDO_WINDOW
from responses.services.rows import latest_version, lock_draft

from .answering import Ways, compose, usable
from .telling import tell_run

# One run; the rest is a run of its own.
MOST = 5_000


@transaction.atomic
def start_run(concern_id: int, kind: RunKind, *, digest: str, by: User, now: datetime) -> AnswerRun:
    """Queue one answer for each person who asked, as fast as their networks bear.

    `digest` is of the approved text that was shown. ANSWER goes to everybody of the concern who
    has not had that answer; FIXED to exactly those whom its answer reached. Who is left alone, or
    took their words away, is left out. Conflict where nobody is left, or it is not approved.
    """
    concern = lock_concern(concern_id)
    require(by, Permission.PUBLISH, concern.incident.brand_id)
    draft, version = _text(concern, kind)
    if version.sha256 != digest.strip().lower():
        raise Conflict(_("The text is not the one that was shown to you. Read it again."))
    found = Conversation.objects.filter(pk__in=to_reach(concern.pk, kind))
    rows = list(found.select_related("incident__brand").order_by("first_at", "pk")[:MOST])
    mentions = selectors_engage.mentions(rows)
    run = AnswerRun.objects.create(
        incident=concern.incident,
        concern=concern,
        kind=kind,
        version=version,
        started_by=by,
        started_at=now,
    )
    answers = list(_compose(run, rows, mentions, Ways(draft)))
    if not answers:
        raise Conflict(_("There is nobody to send this to."))
    _space(answers, draft, now=now)
    try:
        with transaction.atomic():
            Answer.objects.bulk_create(answers, batch_size=500)
    except IntegrityError as error:
        raise Conflict(_("Somebody answers one of them right now. Send it again.")) from error
    tell_run(run, EntryKind.PUBLICATION, "run_started", actor=by, now=now, count=len(answers))
    return run


def lock_concern(concern_id: int) -> Concern:
    rows = Concern.objects.select_for_update(no_key=True, of=("self",))
    found: Concern = rows.select_related("incident__brand", "owner").get(pk=concern_id)
    return found


def _text(concern: Concern, kind: RunKind) -> tuple[Draft, Version]:
    """The approved text, with the draft locked. Conflict where there is none."""
    draft_id = concern.answer_id if kind == RunKind.ANSWER else concern.fix_id
    if draft_id is None:
        raise Refused(_("Write the answer first."))
    draft = lock_draft(draft_id)
    version = latest_version(draft)
    if not usable(version, draft):
        raise Conflict(_("This answer is not approved as it stands."))
    return draft, version


def _compose(
    run: AnswerRun, rows: Iterable[Conversation], mentions: dict[int, Mention], ways: Ways
) -> Iterable[Answer]:
    """Those that can be sent; where no account of ours answers, a person has to."""
    for row in rows:
        mention = mentions.get(row.mention_id)
        if mention is None:
            continue
        try:
            yield compose(
                row, mention, run.version, ways, by=run.started_by, now=run.started_at, run=run
            )
        except Refused:
            continue


def _space(answers: list[Answer], draft: Draft, *, now: datetime) -> None:
    """Give each its time, account by account, none closer than the pace, who asked first first."""
    start = max(now, (draft.approved_at or now) + UNDO_WINDOW)
    turns: dict[int, tuple[timedelta, int]] = {}
    for answer in sorted(answers, key=lambda each: each.conversation.first_at):
        every, number = turns.get(answer.account_id) or (gap(answer.account), 0)
        answer.publish_at = start + every * number
        turns[answer.account_id] = (every, number + 1)
