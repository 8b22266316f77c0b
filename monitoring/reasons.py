"""A detection in words, in the reader's language: figures by locale, plurals by grammar."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core import formats, markup

from .enums import CrisisType, DetectionKind
from .models import Detection

Reason = dict[str, Any]


def headline(detection: Detection) -> str:
    """One line that says what was noticed."""
    if detection.kind == DetectionKind.NEGATIVE_SHARE:
        share = _percent(detection.negative_share)
        return _("Unusually negative: %(share)s") % {"share": share}
    for reason in detection.reasons:
        if reason["code"] == "volume":
            return _volume_headline(reason)
    return str(DetectionKind(detection.kind).label)


def sentences(detection: Detection) -> list[str]:
    """The reasons, the weightiest first, a sentence each."""
    return [
        _WORDS[reason["code"]](reason) for reason in detection.reasons if reason["code"] in _WORDS
    ]


def _volume_headline(reason: Reason) -> str:
    minutes = int(reason["minutes"])
    return ngettext(
        "%(count)s mention in %(minutes)s", "%(count)s mentions in %(minutes)s", reason["count"]
    ) % {"count": _number(reason["count"]), "minutes": _minutes(minutes)}


def _volume(reason: Reason) -> str:
    figures = {
        "count": _number(reason["count"]),
        "minutes": _minutes(int(reason["minutes"])),
        "low": _number(reason["low"]),
        "high": _number(reason["high"]),
    }
    if reason["low"] == reason["high"]:
        return (
            ngettext(
                "%(count)s mention in %(minutes)s where %(high)s are usual.",
                "%(count)s mentions in %(minutes)s where %(high)s are usual.",
                reason["count"],
            )
            % figures
        )
    return (
        ngettext(
            "%(count)s mention in %(minutes)s where %(low)s to %(high)s are usual.",
            "%(count)s mentions in %(minutes)s where %(low)s to %(high)s are usual.",
            reason["count"],
        )
        % figures
    )


def _since(reason: Reason) -> str:
    moment = datetime.fromisoformat(reason["at"])
    when = formats.when(moment, now=timezone.now())
    return _("Above the usual since %(time)s.") % {"time": when}


def _negative(reason: Reason) -> str:
    return _("%(share)s are negative; %(usual)s is usual.") % {
        "share": _percent(reason["share"]),
        "usual": _percent(reason["usual"]),
    }


def _words(reason: Reason) -> str:
    count = len(reason["words"])
    return ngettext("New word: %(words)s.", "New words: %(words)s.", count) % {
        "words": _enumerate(reason["words"])
    }


def _networks(reason: Reason) -> str:
    named = [
        pgettext("a network and its mentions", "%(name)s (%(count)s)")
        % {"name": markup.network_name(name), "count": _number(count)}
        for name, count in reason["networks"]
    ]
    return _("Most of it on: %(networks)s.") % {"networks": _enumerate(named)}


def _accounts(reason: Reason) -> str:
    named = [
        ngettext("%(name)s (%(count)s follower)", "%(name)s (%(count)s followers)", count)
        % {"name": name, "count": _number(count)}
        for name, count in reason["accounts"]
    ]
    return ngettext(
        "Largest account: %(accounts)s.", "Largest accounts: %(accounts)s.", len(named)
    ) % {"accounts": _enumerate(named)}


def _kind(reason: Reason) -> str:
    return _("It is about: %(kind)s.") % {"kind": CrisisType(reason["crisis_type"]).label}


def _short_history(_reason: Reason) -> str:
    return _("There is less than a day of history: what is usual is still being learned.")


_WORDS: dict[str, Callable[[Reason], str]] = {
    "volume": _volume,
    "since": _since,
    "negative": _negative,
    "words": _words,
    "networks": _networks,
    "accounts": _accounts,
    "kind": _kind,
    "short_history": _short_history,
}


def _enumerate(items: Sequence[str]) -> str:
    return pgettext("between the items of a list", ", ").join(items)


def _number(value: float) -> str:
    return number_format(value, 0, use_l10n=True, force_grouping=True)


def _percent(share: float) -> str:
    return pgettext("a share", "%(number)s%%") % {"number": number_format(round(100 * share), 0)}


def _minutes(count: int) -> str:
    if count % 60 == 0:
        hours = count // 60
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
