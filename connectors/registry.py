"""Which networks there are, and the one place that makes readers and publishers."""

from collections.abc import Callable
from typing import TypeVar

from django.utils.translation import gettext_noop as _

from core.crypto import Unsealable

from . import (
    appstore,
    bluesky,
    connections,
    facebook,
    feed,
    googlebusiness,
    googleplay,
    hackernews,
    imap,
    instagram,
    linkedin,
    mastodon,
    outbound_webhook,
    reddit,
    simulator,
    statement,
    threads,
    tiktok,
    trustpilot,
    x,
    youtube,
)
from .base import (
    Connection,
    Editor,
    PermanentError,
    Publisher,
    Reader,
    ReadError,
    Retractor,
)
from .models import ConnectedAccount
from .network import Network, Wanted

T = TypeVar("T")

NETWORKS: dict[str, Network] = {
    "simulator": simulator.NETWORK,
    "feed": feed.NETWORK,
    "bluesky": bluesky.NETWORK,
    "imap": imap.NETWORK,
    "mastodon": mastodon.NETWORK,
    "outbound_webhook": outbound_webhook.NETWORK,
    "x": x.NETWORK,
    "facebook": facebook.NETWORK,
    "instagram": instagram.NETWORK,
    "threads": threads.NETWORK,
    "youtube": youtube.NETWORK,
    "tiktok": tiktok.NETWORK,
    "linkedin": linkedin.NETWORK,
    "reddit": reddit.NETWORK,
    "hackernews": hackernews.NETWORK,
    "trustpilot": trustpilot.NETWORK,
    "googlebusiness": googlebusiness.NETWORK,
    "googleplay": googleplay.NETWORK,
    "appstore": appstore.NETWORK,
    "statement": statement.NETWORK,
}


def reader(kind: str, wanted: Wanted, *, account: ConnectedAccount | None = None) -> Reader:
    """Return the reader of a source. Raises ReadError where its settings do not make one."""
    make = NETWORKS[kind].reader if kind in NETWORKS else None
    if make is None:
        raise ReadError(_("This network cannot be read."))
    try:
        return make(connections.of(account) if account else Connection({}), wanted)
    except KeyError as error:
        raise ReadError(_("This source lacks the setting %(name)s."), name=error) from error
    except Unsealable as error:
        raise ReadError(
            _("The account's credentials cannot be opened. Enter them again.")
        ) from error


def publisher(account: ConnectedAccount) -> Publisher:
    """Return the publisher of an account. Raises PermanentError where it cannot publish."""
    make = NETWORKS[account.network].publisher if account.network in NETWORKS else None
    if make is None:
        raise PermanentError(_("This network cannot be published to."))
    return _made(make, account)


def editor(account: ConnectedAccount) -> Editor:
    """Return what edits an account's posts. Raises PermanentError where the network cannot."""
    make = NETWORKS[account.network].editor if account.network in NETWORKS else None
    if make is None:
        raise PermanentError(_("What is published on this network cannot be edited by a program."))
    return _made(make, account)


def retractor(account: ConnectedAccount) -> Retractor:
    """Return what removes an account's posts. Raises PermanentError where the network cannot."""
    make = NETWORKS[account.network].retractor if account.network in NETWORKS else None
    if make is None:
        raise PermanentError(_("What is published on this network cannot be removed by a program."))
    return _made(make, account)


def _made(make: Callable[[Connection], T], account: ConnectedAccount) -> T:
    try:
        return make(connections.of(account))
    except KeyError as error:
        raise PermanentError(_("The account lacks the setting %(name)s."), name=error) from error
    except Unsealable as error:
        raise PermanentError(
            _("The account's credentials cannot be opened. Enter them again.")
        ) from error
