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
    leading = detection.reasons[0] if detection.reasons else {"code": ""}
    tell = _HEADLINES.get(leading["code"])
    return tell(leading) if tell else str(DetectionKind(detection.kind).label)


def leading(detection: Detection) -> Reason:
    """The reason that others are kept beside, for a room above to tell it by `tell`."""
    return detection.reasons[0] if detection.reasons else {}


def tell(reason: Reason) -> str:
    """One reason in the active language; "" for one of a version that this one does not know."""
    words = _WORDS.get(reason.get("code", ""))
    return words(reason) if words else ""


def sentences(detection: Detection) -> list[str]:
    """The reasons, the weightiest first, a sentence each."""
    return [words for reason in detection.reasons if (words := tell(reason))]


def summary(detection: Detection) -> str:
    """What happened and why, in one sentence for somebody who reads only that."""
    by_code = {reason["code"]: reason for reason in detection.reasons}
    about = by_code.get("words", {}).get("words", [])[:3]
    network = by_code.get("networks", {}).get("networks", [])[:1]
    figures = {
        "what": headline(detection),
        "about": _enumerate(about),
        "negative": _percent(detection.negative_share),
        "network": markup.network_name(network[0][0]) if network else "",
    }
    if detection.kind == DetectionKind.SILENCE:
        return _("%(what)s: look at the sources.") % figures
    if about and network:
        return (
            _("%(what)s, %(negative)s of it negative, mostly on %(network)s, about: %(about)s.")
            % figures
        )
    if network:
        return _("%(what)s, %(negative)s of it negative, mostly on %(network)s.") % figures
    return _("%(what)s, %(negative)s of it negative.") % figures


def _volume_headline(reason: Reason) -> str:
    minutes = int(reason["minutes"])
    return ngettext(
        "%(count)s mention in %(minutes)s", "%(count)s mentions in %(minutes)s", reason["count"]
    ) % {"count": _number(reason["count"]), "minutes": _minutes(minutes)}


def _negative_headline(reason: Reason) -> str:
    return _("Unusually negative: %(share)s") % {"share": _percent(reason["share"])}


def _reach_headline(reason: Reason) -> str:
    return _("A reach of %(reach)s in %(minutes)s") % {
        "reach": formats.compact(reason["reach"]),
        "minutes": _minutes(int(reason["minutes"])),
    }


def _day_headline(reason: Reason) -> str:
    return _("%(count)s mentions in a day, %(times)s times the usual") % {
        "count": _number(reason["count"]),
        "times": number_format(reason["count"] / max(reason["usual"], 1), 1),
    }


def _theme_headline(reason: Reason) -> str:
    return _("New theme: %(name)s") % {"name": reason["name"]}


def _post_headline(reason: Reason) -> str:
    return _("A post that reaches %(reach)s") % {"reach": formats.compact(reason["reach"])}


def _rating_headline(reason: Reason) -> str:
    return _("Rating on %(network)s fell to %(average)s") % {
        "network": markup.network_name(reason["network"]),
        "average": number_format(reason["average"], 1),
    }


def _silence_headline(reason: Reason) -> str:
    since = datetime.fromisoformat(reason["since"])
    return _("Nothing said since %(time)s") % {"time": formats.when(since, now=timezone.now())}


_HEADLINES: dict[str, Callable[[Reason], str]] = {
    "volume": _volume_headline,
    "negative": _negative_headline,
    "reach": _reach_headline,
    "day": _day_headline,
    "theme": _theme_headline,
    "post": _post_headline,
    "rating": _rating_headline,
    "silence": _silence_headline,
}


def _reach(reason: Reason) -> str:
    return _("It reaches %(reach)s in %(minutes)s; up to %(usual)s is usual.") % {
        "reach": formats.compact(reason["reach"]),
        "minutes": _minutes(int(reason["minutes"])),
        "usual": formats.compact(reason["usual"]),
    }


def _day(reason: Reason) -> str:
    return _("%(count)s mentions in the last 24 hours; a usual day has %(usual)s.") % {
        "count": _number(reason["count"]),
        "usual": _number(reason["usual"]),
    }


def _theme(reason: Reason) -> str:
    return _(
        "“%(name)s” is new: %(hourly)s mentions an hour, %(share)s of what is said,"
        " %(negative)s of them negative."
    ) % {
        "name": reason["name"],
        "hourly": _number(reason["hourly"]),
        "share": _percent(reason["share"]),
        "negative": _percent(reason["negative"]),
    }


def _post(reason: Reason) -> str:
    figures = {
        "reach": _number(reason["reach"]),
        "usual": _number(reason["usual"]),
    }
    if not reason["usual"]:
        return _("One post reaches %(reach)s people.") % figures
    return (
        _("One post reaches %(reach)s people; the farthest of a day usually reaches %(usual)s.")
        % figures
    )


def _rating(reason: Reason) -> str:
    return ngettext(
        "The last %(reviews)s review on %(network)s has %(average)s stars; %(usual)s is usual.",
        "The last %(reviews)s reviews on %(network)s average %(average)s stars;"
        " %(usual)s is usual.",
        reason["reviews"],
    ) % {
        "reviews": _number(reason["reviews"]),
        "network": markup.network_name(reason["network"]),
        "average": number_format(reason["average"], 1),
        "usual": number_format(reason["usual"], 1),
    }


def _silence(reason: Reason) -> str:
    figures = {
        "missed": _number(reason["missed"]),
        "longest": _minutes(int(reason["longest"])),
        "sources": _enumerate(reason["sources"]),
    }
    if reason["sources"]:
        return _("Some %(missed)s mentions are missing. These sources fail: %(sources)s.") % figures
    return (
        _(
            "Some %(missed)s mentions are missing; the longest silence of the last weeks was"
            " %(longest)s. No source reports an error."
        )
        % figures
    )


def _themes(reason: Reason) -> str:
    named = [
        pgettext("a theme and its share", "%(name)s (%(share)s)")
        % {"name": name, "share": _percent(share)}
        for name, share in reason["themes"]
    ]
    return ngettext("Theme: %(themes)s.", "Themes: %(themes)s.", len(named)) % {
        "themes": _enumerate(named)
    }


def _risen(reason: Reason) -> str:
    network, now, before = reason["networks"][0]
    return _("%(network)s has %(now)s of it; %(before)s is usual.") % {
        "network": markup.network_name(network),
        "now": _percent(now),
        "before": _percent(before),
    }


def _places(reason: Reason) -> str:
    named = [place for place, _count in reason["places"]]
    return ngettext("Place named: %(places)s.", "Places named: %(places)s.", len(named)) % {
        "places": _enumerate(named)
    }


def _authors(reason: Reason) -> str:
    figures = {
        "share": _percent(reason["share"]),
        "authors": _enumerate([author for author, _count in reason["authors"]]),
    }
    return (
        ngettext(
            "%(share)s of it is written by one author: %(authors)s.",
            "%(share)s of it is written by few authors: %(authors)s.",
            len(reason["authors"]),
        )
        % figures
    )


def _copies(reason: Reason) -> str:
    return _("%(share)s of it is one and the same text, passed on or pasted.") % {
        "share": _percent(reason["share"])
    }


def _peak(reason: Reason) -> str:
    until = datetime.fromisoformat(reason["until"])
    return _(
        "“%(title)s” was expected until %(until)s: it takes %(factor)s times as much as usual"
        " to raise an alarm for volume."
    ) % {
        "title": reason["title"],
        "until": formats.when(until, now=timezone.now()),
        "factor": number_format(reason["factor"], 0 if reason["factor"] % 1 == 0 else 1),
    }


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
    "reach": _reach,
    "day": _day,
    "theme": _theme,
    "themes": _themes,
    "post": _post,
    "rating": _rating,
    "silence": _silence,
    "risen": _risen,
    "places": _places,
    "authors": _authors,
    "copies": _copies,
    "peak": _peak,
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
