"""The design language's small elements as HTML. Template tags and prepared rows both use these.

Everything that comes from outside is escaped here; nothing carries a style or a handler.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from . import formats
from .charts import shares, spark_paths

_GLYPHS = {
    "negative": '<path d="M0 1h9L4.5 9z"/>',
    "neutral": '<rect y="2.5" width="9" height="4" rx="1"/>',
    "positive": '<path d="M0 8h9L4.5 0z"/>',
}
SENTIMENTS = {"negative": _("Negative"), "neutral": _("Neutral"), "positive": _("Positive")}
NETWORK_ICONS = {
    "x": "brand-x",
    "facebook": "brand-facebook",
    "instagram": "brand-instagram",
    "tiktok": "brand-tiktok",
    "linkedin": "brand-linkedin",
    "reddit": "brand-reddit",
    "youtube": "brand-youtube",
    "threads": "brand-threads",
    "hackernews": "brand-ycombinator",
    "trustpilot": "star",
    "googlebusiness": "brand-google",
    "googleplay": "brand-google-play",
    "appstore": "brand-appstore",
    "bluesky": "brand-bluesky",
    "mastodon": "brand-mastodon",
    "mail": "mail",
    "imap": "mail",
    "news": "news",
    "reviews": "thumb-up",
    "feed": "rss",
    "file": "file-import",
    "webhook": "webhook",
    "outbound_webhook": "webhook",
    "simulator": "robot",
    "statement": "news",
}
NETWORK_NAMES: dict[str, Any] = {
    "x": "X",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "tiktok": "TikTok",
    "linkedin": "LinkedIn",
    "reddit": "Reddit",
    "youtube": "YouTube",
    "threads": "Threads",
    "hackernews": "Hacker News",
    "trustpilot": "Trustpilot",
    "googlebusiness": "Google",
    "googleplay": "Google Play",
    "appstore": "App Store",
    "bluesky": "Bluesky",
    "mastodon": "Mastodon",
    "mail": _("E-mail"),
    "imap": _("E-mail"),
    "news": _("News"),
    "reviews": _("Reviews"),
    "feed": _("Feed"),
    "file": _("File"),
    "webhook": _("Webhook"),
    "outbound_webhook": _("Webhook"),
    "simulator": _("Simulated network"),
    "statement": _("Statement page"),
}
# Below this the negative share is nothing to look at twice.
QUIET_BELOW = 0.3
_DAY = 86400


@lru_cache(maxsize=1)
def _sprite() -> str:
    return static("vendor/tabler/icons.svg")


@lru_cache(maxsize=512)
def icon(name: str, size: str = "") -> SafeString:
    """Return one icon of the sprite; `size` is "", "s14", "s18" or "s20"."""
    return mark_safe(  # noqa: S308 - names come from templates, the address from settings
        f'<svg class="icon {size}" aria-hidden="true">'
        f'<use href="{_sprite()}#{escape(name)}"/></svg>'
    )


@lru_cache(maxsize=4)
def severity(level: int) -> SafeString:
    """Return the badge: four bars, as many filled as the severity is high, and the word."""
    bars = "".join(
        f'<rect x="{place * 3.2:.1f}" y="{6.8 - place * 2.2:.1f}" rx=".6" width="2.2"'
        f' height="{(place + 1) * 2.2 + 2:.1f}" class="{"on" if place < 5 - level else "off"}"/>'
        for place in range(4)
    )
    return mark_safe(  # noqa: S308 - figures only
        f'<span class="severity severity-{int(level)}">'
        f'<svg viewBox="0 0 12.2 12" aria-hidden="true">{bars}</svg>SEV{int(level)}</span>'
    )


def sentiment(kind: str, text: str | None = None, *, quiet: bool = False) -> SafeString:
    """Return glyph and word; `text` in place of the word (a share); `quiet` mutes the colour."""
    label = SENTIMENTS[kind] if text is None else text
    look = "sentiment-quiet" if quiet else f"sentiment-{kind}"
    return mark_safe(  # noqa: S308 - kind is a key of ours, the label is escaped
        f'<span class="sentiment {look}"><svg viewBox="0 0 9 9" aria-hidden="true">'
        f'{_GLYPHS[kind]}</svg><span class="sentiment-word">{escape(label)}</span></span>'
    )


def negative_share(share: float) -> SafeString:
    """Return the negative share of 0 to 1 as the number to look at; muted while it is low."""
    words = _("%(share)s negative") % {"share": formats.percent(share)}
    glyph = sentiment("negative", formats.percent(share), quiet=share < QUIET_BELOW)
    return mark_safe(f'<span title="{escape(words)}">{glyph}</span>')  # noqa: S308 - escaped


def share_bar(negative: float, neutral: float, positive: float, size: str = "") -> SafeString:
    """Return the stacked bar of sentiment in its fixed order, with its figures in words."""
    total = (negative + neutral + positive) or 1
    words = _("%(negative)s negative, %(neutral)s neutral, %(positive)s positive") % {
        "negative": formats.percent(negative / total),
        "neutral": formats.percent(neutral / total),
        "positive": formats.percent(positive / total),
    }
    # strict=False: without any mention there are no parts.
    parts = zip(SENTIMENTS, shares((negative, neutral, positive)), strict=False)
    rects = "".join(
        f'<rect x="{x:.2f}" width="{width:.2f}" height="6" class="fill-{kind}"/>'
        for kind, (x, width) in parts
    )
    return _bar(rects, size, str(words))


def meter(share: float, fill: str = "slate", size: str = "bar-4", label: str = "") -> SafeString:
    """Return a bar filled to `share` (0 to 1). Without a label it is decoration beside a number."""
    width = min(1.0, max(0.0, share)) * 100
    return _bar(f'<rect width="{width:.1f}" height="6" class="fill-{fill}"/>', size, label)


def _bar(rects: str, size: str, label: str) -> SafeString:
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return mark_safe(  # noqa: S308 - the label is escaped
        f'<svg class="bar {size}" viewBox="0 0 100 6" preserveAspectRatio="none" {told}>'
        f"{rects}</svg>"
    )


def sparkline(
    actual: Sequence[float | None],
    low: Sequence[float],
    high: Sequence[float],
    *,
    label: str,
    stale: bool = False,
) -> SafeString:
    """Return the line with its expected band; `label` says the finding in one sentence."""
    paths = spark_paths(actual, low, high)
    look = "spark stale" if stale else "spark"
    return mark_safe(  # noqa: S308 - figures, and an escaped label
        f'<svg class="{look}" viewBox="0 0 360 46" height="46" preserveAspectRatio="none"'
        f' role="img" aria-label="{escape(label)}"><path class="band" d="{paths.band}"/>'
        f'<path class="excess" d="{paths.excess}"/><path class="actual" d="{paths.actual}"/></svg>'
    )


def avatar(user: Any, size: str = "", *, named: bool = False) -> SafeString:
    """Return a person's initials on their tone. `named` when no name stands beside it."""
    told = (
        f'role="img" aria-label="{escape(user)}" title="{escape(user)}"'
        if named
        else 'aria-hidden="true"'
    )
    return mark_safe(  # noqa: S308 - escaped
        f'<span class="avatar {size} tone-{user.pk % 8 + 1}" {told}>{escape(user.initials)}</span>'
    )


def network_name(name: str) -> str:
    """Return what a network is called; its code when nobody has named it."""
    return str(NETWORK_NAMES.get(name, name))


def network(name: str, size: str = "") -> SafeString:
    """Return the network's mark with its name for those who do not see it."""
    label = escape(network_name(name))
    mark = icon(NETWORK_ICONS.get(name, "world"), size)
    return mark_safe(  # noqa: S308 - escaped
        f'<span title="{label}">{mark}<span class="visually-hidden">{label}</span></span>'
    )


def time(
    moment: datetime | None, *, now: datetime | None = None, zone: str | None = None
) -> SafeString:
    """Return the `<time>` element: short to read, exact for machines and in the title."""
    if moment is None:
        return SafeString()
    return mark_safe(Times(now or timezone.now(), zone=zone).html(moment))  # noqa: S308 - a date


class Times:
    """`<time>` elements of one page: what its days and its zone have in common is made once."""

    def __init__(self, now: datetime, *, zone: str | None = None) -> None:
        self.today = formats.local(now, zone)
        self._days: dict[date, tuple[str, str]] = {}

    def html(self, moment: datetime) -> str:
        here = moment.astimezone(self.today.tzinfo)
        full, short = self._days.get(here.date()) or self._day(here)
        clock = f"{here.hour:02}:{here.minute:02}"
        return (
            f'<time datetime="{here.isoformat(timespec="seconds")}"'
            f' title="{full}, {clock} {here.tzname()}">{short}{clock}</time>'
        )

    def _day(self, here: datetime) -> tuple[str, str]:
        words = formats.full_date(here.date()), formats.day_before_clock(here, self.today)
        self._days[here.date()] = words
        return words


def since_clock(since: datetime, *, now: datetime) -> SafeString:
    """Return a clock that counts up on its first day and stands from then on."""
    seconds = (now - since).total_seconds()
    text = formats.elapsed(seconds)
    if seconds >= _DAY:
        return mark_safe(f'<span class="value">{text}</span>')  # noqa: S308 - made from dates
    moment = since.isoformat(timespec="seconds")
    return mark_safe(  # noqa: S308 - made from dates
        f'<cd-clock role="timer" since="{moment}">{text}</cd-clock>'
    )


def options(choices: Iterable[tuple[str, Any, bool]]) -> SafeString:
    """Return the `<option>`s of a select from (value, words, whether chosen)."""
    return mark_safe(  # noqa: S308 - escaped
        "".join(
            f'<option value="{escape(value)}"{" selected" if chosen else ""}>'
            f"{escape(str(words))}</option>"
            for value, words, chosen in choices
        )
    )


def safe_url(value: str | None) -> str:
    """Return the address if it leads to http(s), or "": a link from outside may carry a script."""
    text = (value or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc else ""
