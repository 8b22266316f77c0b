"""A statement prepared, and drafts written for it.

How a draft is to appear (kind, language, next update) is public like its text. So it can be
changed while the draft is being written and at no other time: a trigger holds that too. Whoever
approves the text approves what they see beside it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents.models import Incident
from responses.enums import DraftState
from responses.enums_statement import ABOUT, EntryForm
from responses.models import Draft
from responses.models_statement import Statement, StatementDraft, StatementEntry, StatementSite
from responses.services.drafting import create_draft
from responses.services.rows import lock_draft

from .sites import lock_site

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# The parts of a site's addresses that are not statements.
TAKEN = {"keys"}
OPEN = (DraftState.WRITING, DraftState.CHANGES)


@dataclass(frozen=True)
class Terms:
    """How a draft is to appear. `about` is the number of the entry that it speaks of."""

    form: str = EntryForm.UPDATE
    language: str = ""
    about: int | None = None
    reason: str = ""
    next_update_at: datetime | None = None


@transaction.atomic
def prepare(incident_id: int, *, slug: str, by: User, now: datetime) -> Statement:
    """Prepare the incident's statement under an address. Nothing of it is public yet.

    The address may be changed until the first entry is out. Refused for a drill: its public is not
    the world's.
    """
    incident = Incident.objects.select_related("brand").get(pk=incident_id)
    require(by, Permission.DRAFT, incident.brand_id)
    site = _site_of(incident)
    slug = _checked_slug(site, slug.strip().lower(), incident.pk)
    statement = Statement.objects.filter(incident=incident).first()
    if statement is None:
        statement = Statement.objects.create(
            incident=incident, site=site, slug=slug, prepared_by=by, prepared_at=now
        )
        tell(statement, "statement.prepared", by=by)
    elif statement.slug != slug:
        if statement.published_at:
            raise Conflict(_("The statement is public: its address stays as it is."))
        statement.slug = slug
        statement.save(update_fields=["slug"])
        tell(statement, "statement.moved", by=by)
    return statement


def _site_of(incident: Incident) -> StatementSite:
    if incident.is_drill:
        raise Refused(_("A drill has no statement page: the world would read it."))
    site = StatementSite.objects.filter(brand=incident.brand_id).first()
    if site is None:
        raise Refused(_("The brand has no statement page yet. An administrator can open one."))
    return lock_site(site.pk)


def _checked_slug(site: StatementSite, slug: str, incident_id: int) -> str:
    if not _SLUG.fullmatch(slug) or len(slug) > 60 or slug in TAKEN or slug.isdecimal():
        raise Refused(
            _("Write the address in small letters a to z, digits and hyphens, such as recall-may.")
        )
    if site.statements.filter(slug=slug).exclude(incident=incident_id).exists():
        raise Conflict(_("Another statement has this address."))
    return slug


def tell(statement: Statement, action: str, *, by: User | None) -> None:
    """Into the audit trail and onto the open pages. Announce last."""
    brand = statement.site.brand
    audit.record(action, actor=by, brand=brand, subject=f"{statement.site.slug}/{statement.slug}")
    live.publish(f"incident.{statement.incident_id}", "drafts", {})


@transaction.atomic
def write(
    statement_id: int, *, title: str, text: str, terms: Terms, by: User, now: datetime
) -> Draft:
    """Begin a draft for the page: from there on it goes the way of every other draft."""
    statement = Statement.objects.select_related("site").get(pk=statement_id)
    draft = create_draft(
        statement.incident_id,
        title=title,
        text=text,
        account_ids=[statement.site.account_id],
        by=by,
        now=now,
    )
    _set(draft, statement, terms, now=now)
    return draft


@transaction.atomic
def change_terms(draft_id: int, *, terms: Terms, by: User, now: datetime) -> StatementDraft:
    """Change how a draft is to appear, while it is being written. Conflict while it is judged."""
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    statement = Statement.objects.select_related("site").filter(incident=draft.incident).first()
    if statement is None:
        raise Refused(_("Prepare the statement first."))
    if draft.state not in OPEN:
        raise Conflict(
            _("How it appears is part of what is approved: change the text first, then this.")
        )
    return _set(draft, statement, terms, now=now)


def _set(draft: Draft, statement: Statement, terms: Terms, *, now: datetime) -> StatementDraft:
    """Write the terms, checked. Expects the draft's lock."""
    if terms.form not in EntryForm.values:
        raise Refused(_("There is no such kind of entry."))
    language = terms.language or statement.site.languages[0]
    if language not in statement.site.languages:
        raise Refused(_("The statement page has no such language."))
    if terms.next_update_at and terms.next_update_at <= now:
        raise Refused(_("That time is past: a promise is kept in the future."))
    kept, _created = StatementDraft.objects.update_or_create(
        draft=draft,
        defaults={
            "statement": statement,
            "form": terms.form,
            "language": language,
            "about": _spoken_of(statement, terms, language),
            "reason": _reason(terms),
            "next_update_at": terms.next_update_at if _promises(terms) else None,
        },
    )
    return kept


def _promises(terms: Terms) -> bool:
    return terms.form not in (EntryForm.WITHDRAWAL, EntryForm.CLOSING)


def _reason(terms: Terms) -> str:
    reason = " ".join(clean(terms.reason).split())[:300]
    if terms.form == EntryForm.CORRECTION and not reason:
        raise Refused(_("Say why it is put right: the public reads it."))
    return reason if terms.form == EntryForm.CORRECTION else ""


def _spoken_of(statement: Statement, terms: Terms, language: str) -> StatementEntry | None:
    """The entry that it puts right, withdraws or says in another language."""
    if terms.form not in ABOUT:
        return None
    entry: StatementEntry | None = statement.entries.filter(number=terms.about or 0).first()
    if entry is None or entry.form in (EntryForm.CORRECTION, EntryForm.WITHDRAWAL):
        raise Refused(_("Choose the entry that it speaks of."))
    if (terms.form == EntryForm.TRANSLATION) == (entry.language == language):
        raise Refused(
            _("A translation is in another language than its entry; all else is in the same.")
        )
    return entry
