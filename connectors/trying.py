"""Testing a connection: who we are there, what we may do, and some of what is there.

Nothing is kept and nothing is published. Call it outside any transaction: it talks to the network.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_noop as _

from core.text import clean
from core.words import Words

from . import abilities
from .base import (
    Can,
    Connection,
    Message,
    Probe,
    PublishError,
    ReadError,
    Unauthorized,
    UncertainError,
)
from .network import Network, Wanted

logger = logging.getLogger(__name__)
SAMPLES = 5
MAX_SAMPLE = 160
LACKS = _("The setting %(name)s is missing.")
_BROKEN = _("The connection failed in a way that nobody foresaw. The log has the details.")
SEALED = Words(_("The credentials cannot be opened. Enter them again."))


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test found: a `probe`, or an `error` in words."""

    probe: Probe | None = None
    error: Words | None = None
    # The credentials were refused: entering them again is what helps.
    unauthorized: bool = False

    @property
    def works(self) -> bool:
        return self.error is None

    @property
    def abilities(self) -> list[str | Promise]:
        return abilities.words(self.probe.can) if self.probe else []


def source(network: Network, connection: Connection, wanted: Wanted, *, now: datetime) -> Tried:
    """Try to read as a source with these settings would."""
    return _tried(lambda: _read(network, connection, wanted, now))


def account(network: Network, connection: Connection, *, now: datetime) -> Tried:
    """Try an account as it is, whatever it is to be used for."""
    return _tried(lambda: _ask(network, connection, now))


def _tried(ask: Callable[[], Probe]) -> Tried:
    try:
        return Tried(ask())
    except Unauthorized as error:
        return Tried(error=error.words, unauthorized=True)
    except (ReadError, PublishError) as error:
        return Tried(error=error.words)
    except KeyError as error:
        return Tried(error=Words(LACKS, {"name": str(error)}))
    except Exception:
        logger.exception("A connection could not be tried")
        return Tried(error=Words(_BROKEN))


def _read(network: Network, connection: Connection, wanted: Wanted, now: datetime) -> Probe:
    probe = network.prober(connection, wanted).probe(now=now) if network.prober else Probe()
    if not probe.sample and network.reader:
        batch = network.reader(connection, wanted).fetch({}, now=now, limit=SAMPLES)
        texts = [post.title or post.text for post in batch.posts[:SAMPLES]]
        expires_at = probe.expires_at or batch.expires_at
        probe = replace(probe, sample=texts, expires_at=expires_at)
    return _cleaned(network, probe)


def _ask(network: Network, connection: Connection, now: datetime) -> Probe:
    if network.prober:
        return _cleaned(network, network.prober(connection, {}).probe(now=now))
    if network.publisher:
        # A publication that never was: it shows that the account answers, and sends nothing.
        nothing = Message(text="", idempotency_key="cd-test", since=now)
        try:
            network.publisher(connection).find(nothing)
        except UncertainError:
            # Some have no way of looking: then their settings at least make a publisher.
            if connection.config.get("lookup_url"):
                raise
    return _cleaned(network, Probe())


def _cleaned(network: Network, probe: Probe) -> Probe:
    return replace(
        probe,
        account=clean(probe.account)[:MAX_SAMPLE],
        can=network.can if probe.can == Can.NOTHING else probe.can,
        sample=[clean(text)[:MAX_SAMPLE] for text in probe.sample[:SAMPLES]],
    )


def unsaved(config: dict[str, Any], secrets: dict[str, Any], *, name: str) -> Connection:
    """Return a connection of what was typed and is not stored: renewed secrets are forgotten."""
    return Connection(config, secrets, name, renew=lambda exchange: exchange(secrets))
