"""What can be wrong with a query, said with its place and what to write instead."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from .tree import Place

MESSAGES: dict[str, Any] = {
    # Wrong:
    "empty": _("There is nothing to look for yet. Write a word, such as the brand's name."),
    "too_long": _("The query is longer than %(most)d characters. Make two queries of it."),
    "too_many_terms": _("The query asks for more than %(most)d words. Make two queries of it."),
    "too_deep": _("Parentheses stand inside each other more than %(most)d deep. Take some away."),
    "quote_open": _("This quotation mark is not closed. Write another one after the phrase."),
    "paren_open": _("This parenthesis is not closed. Write ) where the group ends."),
    "paren_stray": _("This parenthesis closes nothing. Take it away, or write ( before the group."),
    "paren_empty": _("There is nothing in these parentheses. Write a word, or take them away."),
    "nothing_before": _("There is nothing before %(word)s. Write what it joins, or take it away."),
    "nothing_after": _("There is nothing after %(word)s. Write what it joins, or take it away."),
    "no_word": _("There is no letter, digit or emoji in this. Write a word."),
    "phrase_too_long": _("A phrase may have %(most)d words. Join shorter ones with AND."),
    "wild_short": _(
        "Too little stands around * or ?: give at least %(least)d letters, such as “kaf*”."
    ),
    "wild_many": _("A word may have %(most)d of * and ?. Write out more of it."),
    "field_unknown": _(
        "There is no field “%(name)s”. Fields are: %(fields)s. If you look for the text itself,"
        " put it in quotation marks."
    ),
    "field_meant": _(
        "There is no field “%(name)s”. Do you mean “%(meant)s”? If you look for the text itself,"
        " put it in quotation marks."
    ),
    "address": _("Write an address as %(instead)s."),
    "field_empty": _("Write a value after %(field)s, for example %(example)s."),
    "field_sign": _("“%(name)s” does not take %(sign)s. Write for example %(example)s."),
    "value_unknown": _("“%(value)s” is none of %(name)s. It may be: %(values)s."),
    "not_a_number": _("“%(value)s” is not a number. Write for example %(example)s."),
    "near_operand": _(
        "NEAR stands between words, phrases, or a group of them joined with OR. Write for example"
        " (cold OR stale) NEAR/5 coffee."
    ),
    "near_chain": _(
        "NEAR joins two things. Write (a NEAR/5 b) AND (b NEAR/5 c) for three of them."
    ),
    "near_distance": _("NEAR reaches from 1 to %(most)d words. Write for example NEAR/5."),
    "only_not": _(
        "This says only what must not be there, so it would find nearly everything. Write also"
        " what is to be found, for example coffee NOT tea."
    ),
    # Allowed, and perhaps not what was meant:
    "mixed": _(
        "AND (or a blank) binds more closely than OR. Put parentheses around what belongs together."
    ),
    "lower_case": _(
        "“%(word)s” is looked for as a word here. To join with it, write %(operator)s."
    ),
    "blank_is_and": _(
        "All of these words must be there, in any order. If they belong together, write"
        " “%(phrase)s” in quotation marks."
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the characters from `start` to before `end` of an expression."""

    code: str
    start: int
    end: int
    params: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, at: Place, **params: Any) -> "Problem":
        return cls(code, at[0], at[1], params)

    @property
    def text(self) -> str:
        """The problem in the reader's language."""
        return str(MESSAGES[self.code] % self.params)
