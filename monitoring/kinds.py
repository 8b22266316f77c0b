"""The kinds of source there are: a file, a webhook, and every network that can be read."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.network import Group, Network
from connectors.registry import NETWORKS

from . import mapped, senders
from .enums import SourceKind


def _check_webhook(config: Mapping[str, Any]) -> None:
    senders.check(config)
    mapped.check(config)


# What is not a network but brings mentions nevertheless.
_OURS = {
    SourceKind.WEBHOOK.value: Network(
        label=_("Inbound webhook"),
        icon="webhook",
        can=Can.WEBHOOK,
        group=Group.TOOLS,
        counted_as="web",
        source=(
            Setting(
                "sender",
                _("How the sender shows who it is"),
                kind="choice",
                required=False,
                default=senders.STANDARD,
                choices=senders.CHOICES,
            ),
            Setting(
                "addresses",
                _("Only from these networks"),
                kind="lines",
                required=False,
                help=_("IP addresses or networks, one a line; empty means from everywhere."),
            ),
            Setting(
                "format",
                _("What it sends"),
                kind="choice",
                required=False,
                default=mapped.OWN,
                choices=mapped.CHOICES,
            ),
            Setting(
                "mapping",
                _("Mapping"),
                kind="lines",
                required=False,
                help=_(
                    "For any other JSON, or to change a ready mapping: a line “field = expression”"
                    " (JMESPath) for each field; “items” finds the list."
                ),
            ),
        ),
        check=_check_webhook,
    ),
    SourceKind.FILE.value: Network(
        label=_("File import"),
        icon="file-import",
        can=Can.BACKFILL,
        group=Group.TOOLS,
        counted_as="import",
    ),
}


def all_kinds() -> dict[str, Network]:
    """Return every kind that a source can be of, by its name."""
    return {**{k: net for k, net in NETWORKS.items() if net.can_read}, **_OURS}


def find(kind: str) -> Network | None:
    """Return what is known of a kind; None for one that this version does not have."""
    return _OURS.get(kind) or NETWORKS.get(kind)


def label(kind: str) -> str | Promise:
    found = find(kind)
    return found.label if found else kind


def counted_as(kind: str) -> str:
    """Return the network under which mentions of such a source count that name none."""
    found = find(kind)
    return found.counted_as if found and found.counted_as else kind


def is_read(kind: str) -> bool:
    """Whether we go and look, rather than being called or given a file."""
    found = find(kind)
    return found is not None and found.can_read


def is_polled(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether such a source is asked again and again."""
    found = find(kind)
    return found is not None and found.reader is not None and not found.follows(config)


def streaming() -> list[str]:
    """Return the kinds of which some sources are streamed."""
    return [kind for kind, network in all_kinds().items() if network.streamer]


def looked_up() -> list[str]:
    """Return the kinds whose networks can be asked whether posts are still there."""
    return [kind for kind, network in all_kinds().items() if network.looker]


def is_followed(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether such a source is streamed (monitoring.streams)."""
    found = find(kind)
    return found is not None and found.follows(config)
