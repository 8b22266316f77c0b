"""Networks that call us by rules of their own (connectors.network.Webhook).

An app at a network has one address for all its accounts, so a call is offered to every source that
the same secret verifies; each takes what concerns its account. A call may come twice, late, or
again on purpose: posts are known by their ids, so taking it in again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connectors import connections
from connectors.base import Batch, Connection
from connectors.network import Event, Webhook
from connectors.registry import NETWORKS
from core.crypto import Unsealable
from monitoring import ingest
from monitoring.changes import Changes
from monitoring.models import Source


@dataclass(frozen=True, slots=True)
class Called:
    """A source that a network may call, with what its account is verified by."""

    source: Source
    connection: Connection
    webhook: Webhook


class NotVerified(Exception):
    """The network did not send this, or not with the secret that the account has."""


def find(network: str, public_id: UUID) -> Called | None:
    """Return the source at this address; None where there is none or its account is gone."""
    sources = Source.objects.select_related("account")
    source = sources.filter(kind=network, public_id=public_id).first()
    return _called(source) if source else None


def _called(source: Source) -> Called | None:
    webhook = NETWORKS[source.kind].webhook if source.kind in NETWORKS else None
    if webhook is None or source.account is None or not source.account.is_active:
        return None
    try:
        return Called(source, connections.of(source.account), webhook)
    except Unsealable:
        return None


def challenge(called: Called, query: Mapping[str, str]) -> tuple[str, str] | None:
    """Return content type and text of the answer to "is this address yours?", None to refuse."""
    if called.webhook.challenge is None:
        return None
    return called.webhook.challenge(query, called.connection.secrets)


def receive(called: Called, event: Event, *, now: datetime) -> int:
    """Take an event in for every source that it concerns; return how many mentions are new.

    Raises NotVerified; ReadError where a call back to the network failed, so that it sends the
    event again.
    """
    if not called.webhook.verify(event, called.connection.secrets):
        raise NotVerified
    new = 0
    for each in (called, *_siblings(called, event)):
        if each.source.is_active:
            batch = each.webhook.receive(event, each.connection, each.source.config, now)
            new += _accept(each.source, batch, now=now)
    return new


def _siblings(called: Called, event: Event) -> list[Called]:
    """Other sources of the same network whose accounts belong to the same app."""
    sources = Source.objects.select_related("account").exclude(pk=called.source.pk)
    others = [_called(s) for s in sources.filter(kind=called.source.kind, is_active=True)]
    return [o for o in others if o and o.webhook.verify(event, o.connection.secrets)]


def _accept(source: Source, batch: Batch, *, now: datetime) -> int:
    """Store the posts and changes; the cursor is the reader's and stays."""
    gone = set(batch.gone)
    posts = [post for post in batch.posts if post.external_id not in gone]
    if not posts and not gone:
        return 0
    return ingest.accept(source, posts, now=now, news=Changes.of(batch)).new
