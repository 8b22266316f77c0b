"""The strict content policy starts in the templates: nothing inline, nothing evaluated."""

import re
from pathlib import Path

import pytest

from tests.architecture.rooms import ROOT, templates

TAG = re.compile(r"<[a-zA-Z][^<>]*>", re.DOTALL)
REMARK = re.compile(r"{%\s*comment\b.*?endcomment\s*%}|{#.*?#}", re.DOTALL)
LOGIC = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
IN_A_TAG = {
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "an event handler": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "an htmx handler": re.compile(r"\shx-on", re.IGNORECASE),
    "evaluated values": re.compile(r"\shx-(vals|headers)\s*=\s*[\"']\s*(js|javascript):"),
    "a trigger filter": re.compile(r"\shx-trigger\s*=\s*\"[^\"]*\[|\shx-trigger\s*=\s*'[^']*\["),
    "a script address": re.compile(r"=\s*[\"']?\s*javascript:", re.IGNORECASE),
    "another host": re.compile(
        r"<(script|link|img|iframe)\b[^>]*(src|href)\s*=\s*[\"'](https?:)?//"
    ),
    "an inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc\s*=)(?![^>]*application/json)"),
}
IN_LOGIC = {
    "markup that is not escaped": re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off"),
}


def faults(text: str) -> list[str]:
    """Return what the content policy or the escaping would be broken by."""
    text = REMARK.sub("", text)
    tags = " ".join(TAG.findall(LOGIC.sub("", text)))
    logic = " ".join(LOGIC.findall(text))
    return [name for name, sign in IN_A_TAG.items() if sign.search(tags)] + [
        name for name, sign in IN_LOGIC.items() if sign.search(logic)
    ]


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_inline_and_nothing_unescaped(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('<p style="color: red">', "a style attribute"),
        ('<a\n onclick="go()">', "an event handler"),
        ('<a hx-on:click="go()">', "an htmx handler"),
        ("<a hx-vals='js:{a: 1}'>", "evaluated values"),
        ('<a hx-trigger="click[event.ctrlKey]">', "a trigger filter"),
        ('<a href="javascript:go()">', "a script address"),
        ('<script src="https://cdn.example/x.js"></script>', "another host"),
        ("<style>p {}</style>", "an inline style sheet"),
        ("<script>go()</script>", "an inline script"),
        ("{{ text|safe }}", "markup that is not escaped"),
    ],
)
def test_each_fault_is_seen(text: str, fault: str) -> None:
    assert fault in faults(text)


def test_what_is_allowed_is_let_through() -> None:
    allowed = (
        '<a href="{% url \'incidents:list\' %}" class="on" data-on="1">'
        '<p hx-trigger="cd:tasks from:body">{% comment %}<script>{% endcomment %}'
        "<script src=\"{% static 'js/app.js' %}\"></script><p>on = off, style = good</p>"
    )
    assert faults(allowed) == []
