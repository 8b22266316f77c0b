"""Statement pages for tests, made by the services."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from connectors import registry
from connectors.base import Message
from incidents.models import Incident
from responses import publishing, services
from responses.models import Draft, Publication, Version
from responses.models_statement import Statement, StatementEntry, StatementSite
from responses.services.approving import UNDO_WINDOW
from responses.services.statement import Terms, Wanted, open_site, prepare, write
from tests.factories.accounts import MembershipFactory, UserFactory


def site_for(brand: Brand, **wanted: Any) -> StatementSite:
    """The brand's site in Danish and English, opened by an administrator of its own."""
    boss = UserFactory.create()
    MembershipFactory.create(user=boss, brand=brand, role=Role.ADMINISTRATOR)
    made = Wanted(**{"languages": ("da", "en"), **wanted})
    return open_site(brand, made, by=boss, now=timezone.now())


def prepared(incident: Incident, by: User, slug: str = "plastik-i-kaffen") -> Statement:
    return prepare(incident.pk, slug=slug, by=by, now=timezone.now())


def approved(
    statement: Statement, text: str, terms: Terms, *, by: User, approver: User, now: datetime
) -> Draft:
    draft = write(statement.pk, title=text[:60], text=text, terms=terms, by=by, now=now)
    services.submit(draft.pk, by=by, now=now)
    sha = Version.objects.get(draft=draft, number=draft.version).sha256
    return services.approve(draft.pk, by=approver, sha256=sha, now=now)


def published(
    statement: Statement, text: str, *, by: User, approver: User, **terms: Any
) -> StatementEntry:
    """Write, approve and send it as everything else is sent; return the entry."""
    now = timezone.now()
    draft = approved(statement, text, Terms(**terms), by=by, approver=approver, now=now)
    publication = Publication.objects.get(version__draft=draft)
    due = timezone.now() + UNDO_WINDOW + timedelta(seconds=1)
    (claim,) = publishing.OUTBOX.claim_due(now=due, limit=1)
    publishing.OUTBOX.deliver(claim)
    publication.refresh_from_db()
    return StatementEntry.objects.get(idempotency_key=publication.idempotency_key)


def message_of(publication: Publication) -> tuple[Any, Message]:
    text = publication.version.text
    message = Message(text, publication.idempotency_key, since=publication.created_at)
    return registry.publisher(publication.account), message
