"""Parts of pages that are rendered once: for each language and named value, and blind to others."""

import pytest
from django.template import Context, Template, TemplateSyntaxError, engines
from django.utils import translation

from core.templatetags.memo import MOST, MemoNode


def made(text: str) -> Template:
    return Template(text, engine=engines["django"].engine)


def test_what_is_remembered_is_rendered_once() -> None:
    counted = iter(range(9))
    page = made("{% memo count %}{{ count.now }}{% endmemo %}")

    class Count:
        def now(self) -> int:
            return next(counted)

    one, other = Count(), Count()
    shown = [page.render(Context({"count": count})) for count in (one, one, other, one)]
    assert shown == ["0", "0", "1", "0"]


def test_nothing_of_the_page_gets_in_but_what_is_named() -> None:
    page = made("{{ name }}{% memo here=place %}[{{ name }}{{ here }}{{ place }}]{% endmemo %}")
    assert page.render(Context({"name": "Alice", "place": "<1>"})) == "Alice[&lt;1&gt;]"
    assert page.render(Context({"name": "Bob", "place": "2"})) == "Bob[2]"


def test_each_language_has_its_own() -> None:
    page = made("{% load i18n %}{% memo %}{% get_current_language as at %}{{ at }}{% endmemo %}")
    shown = []
    for language in ("en", "da", "en"):
        with translation.override(language):
            shown.append(page.render(Context()))
    assert shown == ["en", "da", "en"]


@pytest.mark.parametrize("inside", ["{% csrf_token %}", "{% block content %}{% endblock %}"])
def test_what_differs_by_visitor_or_page_is_refused(inside: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="cannot stand in a memo"):
        made("{% memo %}" + inside + "{% endmemo %}")


def test_it_does_not_grow_without_end() -> None:
    page = made("{% memo value %}{{ value }}{% endmemo %}")
    for value in range(MOST + 2):
        assert page.render(Context({"value": value})) == str(value)
    (node,) = page.nodelist.get_nodes_by_type(MemoNode)
    assert len(node._made) <= MOST
