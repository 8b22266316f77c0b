"""Template tags of the design language, available in every template without a load.

The elements are made in core.markup, so that long lists can prepare them in Python. See /kit/ (in
development) for all of them on one page.
"""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from core import deadlines, formats, markup
from core.deadlines import Deadline

from .memo import memo

register = template.Library()

register.tag(memo)
register.simple_tag(markup.icon, name="icon")
register.simple_tag(markup.severity, name="severity")
register.simple_tag(markup.sentiment, name="sentiment")
register.simple_tag(markup.negative_share, name="negative_share")
register.simple_tag(markup.share_bar, name="share_bar")
register.simple_tag(markup.meter, name="meter")
register.simple_tag(markup.sparkline, name="sparkline")
register.simple_tag(markup.avatar, name="avatar")
register.simple_tag(markup.network, name="network")
register.filter("safe_url", markup.safe_url)
register.filter("compact", formats.compact)
register.filter("percent", formats.percent)
register.filter("duration", formats.duration)
# Not "language_name": the i18n library has a filter of that name that fails on unknown codes.
register.filter("named_language", formats.language_name)


@register.simple_tag
def when(moment: datetime | None, zone: str | None = None) -> SafeString:
    """`{% when dt %}` or `{% when dt brand.time_zone %}`: a `<time>` element."""
    return markup.time(moment, zone=zone)


@register.filter
def number(value: float | None, digits: int = 0) -> str:
    """`{{ 1204|number }}` is "1,204" or "1.204"; `{{ 6.1|number:1 }}` has one decimal."""
    return "" if value is None else formats.number(value, digits)


@register.filter
def clock(moment: datetime | None) -> str:
    """`{{ dt|clock }}` is "08:31" in the reader's zone, where a `<time>` is not wanted."""
    return formats.clock(moment) if moment else ""


@register.filter
def iso(moment: datetime | None) -> str:
    """`deadline="{{ dt|iso }}"`: the absolute time that scripts count to."""
    return moment.isoformat(timespec="seconds") if moment else ""


@register.simple_tag
def deadline(due: datetime, now: datetime, start: datetime | None = None) -> Deadline:
    """`{% deadline due now start as d %}`: d.look, d.icon, d.late, d.text, d.used (0 to 1)."""
    return deadlines.judge(due, now=now, start=start)


@register.simple_tag
def elapsed(since: datetime, now: datetime) -> str:
    """`{% elapsed since now %}` is "00:47:12", or "1 d 3 h" from a day on."""
    return formats.elapsed((now - since).total_seconds())


@register.simple_tag
def since_clock(since: datetime, now: datetime) -> SafeString:
    """`{% since_clock since now %}` is a clock that counts up; from a day on it stands."""
    return markup.since_clock(since, now=now)


@register.simple_tag
def lasted(start: datetime, end: datetime) -> str:
    """`{% lasted detected_at responded_at %}` is "26 min"."""
    return formats.duration((end - start).total_seconds())
