"""The small elements: what they say, and that nothing from outside gets through them."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from core import deadlines, markup
from core.charts import shares, spark_paths

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Tags(HTMLParser):
    """Which elements and attributes a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _value in attrs}


NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)


def test_a_severity_has_as_many_full_bars_as_it_is_high() -> None:
    for level, empty in ((1, 0), (2, 1), (3, 2), (4, 3)):
        html = markup.severity(level)
        assert html.count('class="off"') == empty
        assert f"SEV{level}" in html


def test_sentiment_has_a_word_or_the_figure_beside_its_glyph() -> None:
    with translation.override("en"):
        assert "Negative" in markup.sentiment("negative")
        assert ">71%<" in markup.negative_share(0.71)
    assert "sentiment-quiet" in markup.negative_share(0.29)
    assert "sentiment-quiet" not in markup.negative_share(0.30)


def test_the_share_bar_says_its_figures_and_survives_nothing() -> None:
    with translation.override("en"):
        html = markup.share_bar(71, 23, 6)
        assert 'aria-label="71% negative, 23% neutral, 6% positive"' in html
    assert re.findall(r'class="fill-(\w+)"', html) == ["negative", "neutral", "positive"]
    assert "<rect" not in markup.share_bar(0, 0, 0)


@pytest.mark.parametrize(
    "html",
    [
        lambda: markup.network(HOSTILE),
        lambda: markup.sparkline([1], [0], [2], label=HOSTILE),
        lambda: markup.meter(0.5, label=HOSTILE),
        lambda: markup.sentiment("negative", HOSTILE),
        lambda: markup.icon(HOSTILE),
        lambda: markup.avatar(SimpleNamespace(pk=1, initials=HOSTILE[:3])),
    ],
)
def test_hostile_text_stays_text(html) -> None:
    tags = Tags()
    tags.feed(html())
    assert tags.names <= {"svg", "use", "path", "rect", "span"}
    assert not any(name.startswith("on") for name in tags.attributes)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://example.org/p?a=1", True),
        (" http://example.org ", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,<script>", False),
        ("//example.org/x", False),
        ("/relative", False),
        ("http://", False),
        ("http://[::1", False),
        ("", False),
        (None, False),
    ],
)
def test_only_http_addresses_become_links(address: str | None, kept: bool) -> None:
    assert markup.safe_url(address) == ((address or "").strip() if kept else "")


def test_a_sparkline_leaves_gaps_and_fills_only_what_stands_above_the_band() -> None:
    calm = spark_paths([5, 5, 5], [1, 1, 1], [9, 9, 9])
    assert calm.excess == ""
    assert spark_paths([5, None, 5], [1, 1, 1], [9, 9, 9]).actual.count("M") == 2
    assert spark_paths([5, 20, 5], [1, 1, 1], [9, 9, 9]).excess.endswith("Z")
    assert spark_paths([], [], []).actual == ""


def test_shares_fill_the_whole_bar() -> None:
    parts = shares([1, 1, 2], gap=0)
    assert parts == [(0.0, 25.0), (25.0, 25.0), (50.0, 50.0)]


@pytest.mark.parametrize(
    ("left", "look", "late"),
    [
        (30, "", False),
        (14, "clock-amber", False),
        (5, "clock-red", False),
        (-1, "clock-late", True),
    ],
)
def test_a_deadline_changes_shape_and_word_with_its_colour(
    left: int, look: str, late: bool
) -> None:
    due = NOW + timedelta(minutes=left)
    found = deadlines.judge(due, now=NOW, start=due - timedelta(minutes=60))
    assert (found.look, found.late) == (look, late)
    assert bool(found.icon) == bool(look)


def test_the_time_element_is_exact_for_machines() -> None:
    with translation.override("en"), timezone.override("Europe/Copenhagen"):
        html = markup.time(NOW, now=NOW)
    assert html == (
        '<time datetime="2026-11-19T09:00:00+01:00"'
        ' title="Thursday 19 November 2026, 09:00 CET">09:00</time>'
    )
    with translation.override("da"), timezone.override("Europe/Copenhagen"):
        html = markup.time(NOW - timedelta(days=1), now=NOW)
    assert 'title="onsdag den 18. november 2026, 09:00 CET">18. nov. 09:00<' in html
    assert markup.time(None) == ""


def test_the_tags_work_in_a_template_without_a_load() -> None:
    source = (
        "{% severity 2 %}{% icon 'check' 's14' %}{{ n|compact }}{{ u|safe_url }}"
        "{% deadline due now start as d %}{{ d.text }}{% elapsed start now %}"
    )
    values = {"n": 1200, "u": "javascript:x", "due": NOW, "now": NOW, "start": NOW}
    with translation.override("en"):
        html = Template(source).render(Context(values))
    assert "SEV2" in html
    assert "1.2K" in html
    assert "javascript" not in html


def test_a_span_counts_seconds_on_its_first_day_only() -> None:
    with translation.override("en"):
        young = markup.since_clock(NOW - timedelta(minutes=47, seconds=12), now=NOW)
        old = markup.since_clock(NOW - timedelta(hours=27), now=NOW)
    assert young == '<cd-clock role="timer" since="2026-11-19T07:12:48+00:00">00:47:12</cd-clock>'
    assert old == '<span class="value">1 d 3 h</span>'
