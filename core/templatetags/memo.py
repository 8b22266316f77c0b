"""`{% memo %}`: parts of a page that are the same for everyone, rendered once a process.

    {% memo %}…{% endmemo %}                        once for each language
    {% memo navigation here=page.name %}…{% endmemo %}   and for each value of these

The content sees the named values and nothing else of the page: no person, no request. So it cannot
show one reader what was made for another. Not for forms (their token is each visitor's own), not
for times (a zone is no part of the key), and not around a block.
"""

from collections.abc import Hashable
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.defaulttags import CsrfTokenNode
from django.template.loader_tags import BlockNode
from django.utils.safestring import SafeString
from django.utils.translation import get_language

# Of one memo: more than the languages and the counts in a navigation make in a day.
MOST = 256
_NOT_INSIDE = (CsrfTokenNode, BlockNode)


class MemoNode(template.Node):
    def __init__(self, nodelist: NodeList, names: dict[str, FilterExpression]) -> None:
        self.nodelist = nodelist
        self.names = names
        self._made: dict[Hashable, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.names.items()}
        key = (get_language(), *values.values())
        made = self._made.get(key)
        if made is None:
            made = self._render(context, values)
            if len(self._made) >= MOST:
                self._made.clear()
            self._made[key] = made
        return made

    def _render(self, context: template.Context, values: dict[str, Any]) -> SafeString:
        return self.nodelist.render(context.new(values))


def memo(parser: Parser, token: Token) -> MemoNode:
    """Parse `{% memo name other=value %}`; every value must be hashable."""
    names: dict[str, FilterExpression] = {}
    for bit in token.split_contents()[1:]:
        names |= token_kwargs([bit], parser) or {bit: parser.compile_filter(bit)}
    nodelist = parser.parse(("endmemo",))
    parser.delete_first_token()
    for kind in _NOT_INSIDE:
        if nodelist.get_nodes_by_type(kind):
            raise template.TemplateSyntaxError(f"{kind.__name__} cannot stand in a memo.")
    return MemoNode(nodelist, names)
