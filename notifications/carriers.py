"""By what people and channels can be reached: how each is asked for, and what becomes of it.

A person's number or chat goes into the operator's own Apprise URL (settings NOTIFY_*), so that
nobody but the operator needs an account with a gateway; all else is an address of its own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .channels.relay import BadAddress, check
from .enums import Means


@dataclass(frozen=True)
class Carrier:
    """`field` and `help` stand at the form's one field; `setting` names the operator's URL."""

    name: str
    label: Any
    means: Means
    icon: str
    field: Any
    help: Any
    example: str
    tidy: Callable[[str], str]
    setting: str = ""

    @property
    def available(self) -> bool:
        return not self.setting or "{to}" in getattr(settings, self.setting)

    def url(self, typed: str) -> str:
        """Return the Apprise URL of a tidied address. A person's number cannot break out of it."""
        if not self.setting:
            return typed
        return str(getattr(settings, self.setting)).replace("{to}", quote(typed, safe="+"))

    def provider(self, typed: str) -> str:
        """Who carries it; BadAddress if nobody can."""
        found = check(self.url(typed))
        # The operator's gateway is one provider, whatever the number.
        return self.name if self.setting else found


def hint(carrier: Carrier, typed: str) -> str:
    """What may be shown of an address: enough to tell it from another, too little to use it."""
    if carrier.setting:
        return f"… {typed[-4:]}"
    parts = urlsplit(typed)
    host = parts.hostname or ""
    if carrier.name == "ntfy":
        return f"{host}/{parts.path.strip('/')[:3]}…"
    return host if "." in host and carrier.name != "other" else str(carrier.label)


_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def _phone(typed: str) -> str:
    number = re.sub(r"[\s()./-]", "", typed)
    number = f"+{number[2:]}" if number.startswith("00") else number
    if not _PHONE.fullmatch(number):
        raise BadAddress(_("Write the number with its country code, such as +45 12 34 56 78."))
    return number


def _chat(typed: str) -> str:
    found = typed.strip()
    if not re.fullmatch(r"-?[0-9]{3,20}|@?[A-Za-z][A-Za-z0-9_]{3,40}", found):
        raise BadAddress(_("This is not the number of a chat."))
    return found


def _ntfy(typed: str) -> str:
    """An ntfy topic's own web address, as the app shows it."""
    text = typed.strip()
    if text.startswith(("http://", "https://")):
        text = ("ntfys" if text.startswith("https") else "ntfy") + "://" + text.partition("://")[2]
    if not text.startswith(("ntfy://", "ntfys://")) or not urlsplit(text).path.strip("/"):
        raise BadAddress(_("Paste the topic's whole address, such as https://ntfy.sh/a-long-name."))
    return text


def _pasted(*hosts: str) -> Callable[[str], str]:
    """A webhook's address as the service gives it: https, and at one of its own hosts."""

    def tidy(typed: str) -> str:
        text = typed.strip()
        host = (urlsplit(text).hostname or "") if text.startswith("https://") else ""
        if not any(host == each or host.endswith(f".{each}") for each in hosts):
            raise BadAddress(
                _("Paste the address that the service gives you; it begins with https://%(host)s.")
                % {"host": f"…{hosts[0]}" if hosts[0].count(".") == 1 else hosts[0]}
            )
        return text

    return tidy


def _any(typed: str) -> str:
    text = typed.strip()
    if "://" not in text:
        raise BadAddress(_("Write an Apprise address: service://…"))
    return text


def _https(typed: str) -> str:
    text = typed.strip()
    if not text.startswith(("https://", "http://")) or not urlsplit(text).hostname:
        raise BadAddress(_("Write an address that begins with https://."))
    return text


_NUMBER = gettext_lazy("Phone number")
_WEBHOOK = gettext_lazy("Webhook address")
CARRIERS = {
    carrier.name: carrier
    for carrier in (
        Carrier(
            "sms", Means.SMS.label, Means.SMS, "message", _NUMBER,
            gettext_lazy("With the country code. The desk's own gateway sends to it."),
            "+45 12 34 56 78", _phone, "NOTIFY_SMS",
        ),
        Carrier(
            "voice", Means.VOICE.label, Means.VOICE, "phone-call", _NUMBER,
            gettext_lazy("You are rung, and told twice what it is about."),
            "+45 12 34 56 78", _phone, "NOTIFY_VOICE",
        ),
        Carrier(
            "signal", "Signal", Means.CHAT, "message-circle", _NUMBER,
            gettext_lazy("The number that you use Signal with."),
            "+45 12 34 56 78", _phone, "NOTIFY_SIGNAL",
        ),
        Carrier(
            "telegram", "Telegram", Means.CHAT, "send-2", gettext_lazy("Chat number"),
            gettext_lazy(
                "Write to the desk's bot first, then to @userinfobot: it says your number."
            ),
            "123456789", _chat, "NOTIFY_TELEGRAM",
        ),
        Carrier(
            "ntfy", "ntfy", Means.CHAT, "bell-ringing", gettext_lazy("Address of the topic"),
            gettext_lazy(
                "Subscribe to a topic with a long random name in the ntfy app. Whoever knows the "
                "name can read it."
            ),
            "https://ntfy.sh/…", _ntfy,
        ),
        Carrier(
            "slack", "Slack", Means.CHAT, "messages", _WEBHOOK,
            gettext_lazy("An incoming webhook of Slack, for a chat that only you read."),
            "https://hooks.slack.com/services/…", _pasted("hooks.slack.com"),
        ),
        Carrier(
            "teams", "Microsoft Teams", Means.CHAT, "users", _WEBHOOK,
            gettext_lazy(
                "In Teams: Workflows, “Post to a chat when a webhook request is received”."
            ),
            "https://….logic.azure.com/workflows/…",
            _pasted("logic.azure.com", "api.powerplatform.com"),
        ),
        Carrier(
            "other", gettext_lazy("Another service"), Means.CHAT, "plug-connected",
            gettext_lazy("Apprise address"),
            gettext_lazy(
                "Gotify, Pushover, Threema, Discord, Mattermost, Matrix and many more, written as "
                "Apprise wants it."
            ),
            "gotifys://…", _any,
        ),
        Carrier(
            "webhook", Means.WEBHOOK.label, Means.WEBHOOK, "webhook",
            gettext_lazy("Address of your program"),
            gettext_lazy("Called with JSON, signed by Standard Webhooks."),
            "https://example.org/alarms", _https,
        ),
    )
}  # fmt: skip
# What a person may add for themselves, and a brand for a team.
PERSONAL = tuple(name for name in CARRIERS if name != "webhook")
SHARED = ("slack", "teams", "ntfy", "other", "webhook")


def icon_of(service: str) -> str:
    """The picture of a service, also of those that are no carriers: mail and push."""
    found = CARRIERS.get(service)
    return found.icon if found else {"push": "device-mobile", "email": "mail"}.get(service, "bell")


def label_of(service: str) -> str:
    found = CARRIERS.get(service)
    return str(found.label if found else Means(service).label)


def provider_label(name: str) -> str:
    """Who a provider is, for people: "ntfys:ntfy.sh" is "ntfy (ntfy.sh)"."""
    kind, _colon, host = name.partition(":")
    kind = {"ntfys": "ntfy", "jsons": "json"}.get(kind, kind)
    known = kind in CARRIERS or kind in Means.values
    label = label_of(kind) if known else kind.capitalize()
    return f"{label} ({host})" if host else label


def carrier(name: str) -> Carrier | None:
    found = CARRIERS.get(name)
    return found if found and found.available else None
