"""Threads: mentions, answers, and posts found by words; posts and answers by the account."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.counting import emoji_as_bytes
from connectors.meta.settings import APP_SECRET, VERIFY_TOKEN
from connectors.meta.webhook import challenge, verify
from connectors.network import Network, Webhook, made_by

from .webhook import receive

_READER = made_by("connectors.threads.reader:ThreadsReader")
_PUBLISHER = made_by("connectors.threads.publisher:ThreadsPublisher")


def _measure(_config: Mapping[str, Any], text: str) -> tuple[int, int]:
    return emoji_as_bytes(text), 500


NETWORK = Network(
    label="Threads",
    icon="brand-threads",
    can=(
        Can.SEARCH
        | Can.NOTIFICATIONS
        | Can.WEBHOOK
        | Can.BACKFILL
        | Can.SEES_DELETIONS
        | Can.LOOK_UP
        | Can.POST
        | Can.REPLY
        | Can.DELETE
        | Can.FIND
    ),
    max_length=500,
    measure=_measure,
    threads=True,
    counts=_("An emoji counts 4 or more."),
    account=(
        Setting(
            "user",
            _("Account ID"),
            help=_("The number of the Threads account, as the app's dashboard shows it."),
        ),
        Setting(
            "access_token",
            _("Access token"),
            secret=True,
            help=_("A sixty-day token from the app's dashboard. We renew it in time."),
        ),
        APP_SECRET,
        VERIFY_TOKEN,
    ),
    source=(
        Setting(
            "words",
            _("Words to search for"),
            kind="lines",
            required=False,
            help=_("One search a line. Needs the permission threads_keyword_search."),
        ),
        Setting(
            "mentions",
            _("Mentions of the account"),
            kind="choice",
            default="yes",
            required=False,
            choices=(("yes", _("Read them")), ("no", _("Leave them out"))),
        ),
    ),
    poll_every=300,
    shortest_poll=60,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    looked_up_a_minute=20,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    webhook=Webhook(verify=verify, receive=receive, challenge=challenge),
)
