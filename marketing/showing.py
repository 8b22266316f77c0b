"""Entries of the calendar as the pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors.registry import NETWORKS
from monitoring import senders
from monitoring.enums import CrisisType

from .enums import CalendarKind, PostState
from .models import Feed, ScheduledPost
from .timing import Mark

# The class of the state's pill and its icon.
LOOKS: Mapping[str, tuple[str, str]] = {
    PostState.ELSEWHERE: ("pill-outline", "external-link"),
    PostState.QUEUED: ("", "clock"),
    PostState.HELD: ("pill-amber", "player-pause"),
    PostState.SENDING: ("pill-iris", "send-2"),
    PostState.SENT: ("pill-green", "check"),
    PostState.FAILED: ("pill-red", "alert-triangle"),
    PostState.UNCERTAIN: ("pill-red", "help-circle"),
    PostState.DROPPED: ("pill-outline", "x"),
}
ICONS: Mapping[str, str] = {
    CalendarKind.POST: "messages",
    CalendarKind.CAMPAIGN: "calendar-event",
    CalendarKind.NEWSLETTER: "mail",
    CalendarKind.AD: "speakerphone",
}
PICTURES = {
    "fire": gettext_lazy("fire and explosion"),
    "death": gettext_lazy("death"),
    "violence": gettext_lazy("violence"),
    "illness": gettext_lazy("illness and eating"),
    "crash": gettext_lazy("crash and collapse"),
    "water": gettext_lazy("drowning and storm"),
    "leak": gettext_lazy("leaks and spying"),
    "joy": gettext_lazy("celebration and jokes"),
    "sleep": gettext_lazy("sleep and carelessness"),
}


@dataclass(frozen=True)
class Row:
    """An entry with what is shown of it. `at` is in the brand's zone."""

    post: ScheduledPost
    at: datetime
    time: str
    label: str
    look: tuple[str, str]
    icon: str
    channel: str
    marks: Sequence[Mark] = ()


@dataclass
class Day:
    date: date
    title: str
    is_today: bool
    is_other: bool = False
    rows: list[Row] = field(default_factory=list)


def channel(post: ScheduledPost) -> str:
    """The account's name, or what the outside tool calls its channel."""
    if post.account:
        return post.account.name
    known = NETWORKS.get(post.network)
    return str(known.label) if known else post.network


def row(post: ScheduledPost, marks: Mapping[int, Sequence[Mark]]) -> Row:
    at = timezone.localtime(post.at, ZoneInfo(post.brand.time_zone))
    return Row(
        post,
        at,
        time_format(at, "H:i"),
        str(PostState(post.state).label),
        LOOKS[post.state],
        ICONS[post.kind],
        channel(post),
        marks.get(post.pk, ()),
    )


def days(rows: Iterable[Row], first: date, count: int, *, today: date, month: int = 0) -> list[Day]:
    """Put rows into `count` days from `first`; `month` marks the days of other months."""
    made = {
        day: Day(day, date_format(day, "D j"), day == today, bool(month) and day.month != month)
        for day in (first + timedelta(days=at) for at in range(count))
    }
    for each in rows:
        last = each.post.ends_at.date() if each.post.ends_at else each.at.date()
        shown = max(each.at.date(), first)
        if each.at.date() in made:
            made[each.at.date()].rows.append(each)
        elif shown in made and last >= first:
            made[shown].rows.append(each)
    return list(made.values())


def why(mark: Mark) -> str:
    """Say what is wrong with a place, in the active language."""
    if mark.kind == "term":
        return _("People speak of “%(word)s” in this crisis.") % {"word": mark.about}
    if mark.kind == "image":
        return _("A figure of speech of %(picture)s.") % {"picture": PICTURES[mark.about]}
    label = CrisisType(mark.about).label if mark.about in CrisisType.values else mark.about
    return _("Touches what this crisis is about: %(kind)s.") % {"kind": label}


@dataclass(frozen=True)
class Piece:
    """A part of a text; `why` is empty where nothing is marked."""

    text: str
    why: str = ""


def pieces(post: ScheduledPost, marks: Sequence[Mark]) -> list[Piece]:
    """Cut the text that the scan read into marked and unmarked parts."""
    text = f"{post.title}\n{post.text}"
    made, at = [], 0
    for mark in marks:
        made += [Piece(text[at : mark.start]), Piece(text[mark.start : mark.end], why(mark))]
        at = mark.end
    return [piece for piece in (*made, Piece(text[at:])) if piece.text]


def webhook(feed: Feed, secret: str) -> str:
    """The path at which a tool outside calls us."""
    if feed.sender == senders.ADDRESS:
        return reverse("marketing:webhook_secret", args=[feed.public_id, senders.in_url(secret)])
    return reverse("marketing:webhook", args=[feed.public_id])
