import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.queries.parsing import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, parse, quote
from monitoring.queries.tree import And, Author, Field, Near, Node, Not, Or, Term
from monitoring.queries.words import Word


def term(*words: str) -> Term:
    return Term(tuple(Word("", word) for word in words))


def tree(expression: str) -> Node:
    parsed = parse(expression)
    assert parsed.tree is not None, parsed.problems
    return parsed.tree


def problem(expression: str) -> tuple[str, str]:
    """Code of the first problem, and the characters that it is about."""
    parsed = parse(expression)
    assert parsed.tree is None
    first = parsed.problems[0]
    assert first.text
    assert "%(" not in first.text
    return first.code, expression[first.start : first.end]


def notes(expression: str) -> list[str]:
    return [note.code for note in parse(expression).notes]


def test_and_binds_before_or_and_a_blank_is_and() -> None:
    a, b, c = term("a"), term("b"), term("c")
    assert tree("a OR b c") == Or((a, And((b, c))))
    assert tree("(a OR b) AND c") == And((Or((a, b)), c))
    assert tree("a b -c") == tree("a AND b NOT c") == And((a, b, Not(c)))
    assert tree("a NOT NOT b") == And((a, b))


def test_danish_operators_are_the_same_and_small_letters_are_words() -> None:
    assert tree("a OG b ELLER c IKKE d") == tree("a AND b OR c NOT d")
    assert tree("a NÆR/3 b") == tree("a NEAR/3 b")
    assert tree("a og b") == And((term("a"), term("og"), term("b")))


def test_near_joins_words_phrases_and_groups() -> None:
    assert tree('(a OR "b c") NEAR/7 d') == Near((term("a"), term("b", "c")), (term("d"),), 7)
    assert tree("c -a NEAR b") == And((term("c"), Not(Near((term("a"),), (term("b"),), 5))))


def test_fields_are_read_with_their_values() -> None:
    assert tree("lang:da,NB") == Field("lang", "=", ("da", "no"))
    assert tree("reach > 1.5k") == tree("rækkevidde>1500") == Field("reach", ">", (1500.0,))
    assert tree('author:"Jens Hansen"') == Author((term("jens", "hansen"),))
    assert tree('source:"The, Daily"') == Field("source", "=", ("the, daily",))


def test_what_is_escaped_or_quoted_is_text() -> None:
    assert tree('"AND"') == tree("\\AND") == term("and")
    assert tree('"lang:da"') == term("lang", "da")
    assert tree('"say \\"hi\\""') == term("say", "hi")
    assert tree("“fjord kaffe”") == term("fjord", "kaffe")
    assert tree(quote('a "b" \\ c*')) == term("a", "b", "c")


@pytest.mark.parametrize(
    ("expression", "code", "place"),
    [
        ("", "empty", ""),
        ("kaffe AND", "nothing_after", "AND"),
        ("OR kaffe", "nothing_before", "OR"),
        ("a OR AND b", "nothing_after", "OR"),
        ("(kaffe", "paren_open", "("),
        ("kaffe )", "paren_stray", ")"),
        ("kaffe ()", "paren_empty", "()"),
        ('"kold kaffe', "quote_open", '"'),
        ("kaffe ...", "no_word", "..."),
        ("k*", "wild_short", "k*"),
        ("*ka", "wild_short", "*ka"),
        ("ka*b*c*d*", "wild_many", "ka*b*c*d*"),
        ("lnag:da", "field_meant", "lnag:da"),
        ("foo:da", "field_unknown", "foo:da"),
        ("https://x.example/a", "address", "https://x.example/a"),
        ("kaffe lang:", "field_empty", "lang:"),
        ("lang>da", "field_sign", "lang>da"),
        ("sentiment:sad", "value_unknown", "sentiment:sad"),
        ("reach>many", "not_a_number", "reach>many"),
        ("a NEAR/3 lang:da", "near_operand", "lang:da"),
        ("a NEAR (b AND c)", "near_operand", "(b AND c)"),
        ("a NEAR b NEAR c", "near_chain", "NEAR"),
        ("a NEAR/0 b", "near_distance", "NEAR/0"),
        ("a NEAR", "nothing_after", "NEAR"),
        ("NOT kaffe", "only_not", "NOT kaffe"),
        ("a OR NOT b", "only_not", "NOT b"),
        ("(" * (MAX_DEPTH + 1) + "a", "too_deep", "("),
        ('"' + "a " * 21 + '"', "phrase_too_long", '"' + "a " * 21 + '"'),
        ("a " * (MAX_TERMS + 1), "too_many_terms", "a"),
    ],
)
def test_a_mistake_is_named_at_its_place(expression: str, code: str, place: str) -> None:
    assert problem(expression) == (code, place)


def test_several_mistakes_are_all_named() -> None:
    codes = [each.code for each in parse('lnag:da AND k* OR (a "b').problems]
    assert codes == ["field_meant", "wild_short", "paren_open", "quote_open"]


def test_what_may_not_be_meant_is_noted() -> None:
    assert notes("a OR b AND c") == ["mixed"]
    assert notes("a OR (b AND c)") == []
    assert notes("kaffe or te") == ["lower_case"]
    assert notes("fjord kaffe") == ["blank_is_and"]
    assert notes('"fjord kaffe" AND te') == []


@pytest.mark.parametrize(
    "unit", ["(", "a ", "NOT ", '"', "-", "a OR ", "\\", "a:", "reach ", "*", "#", "a NEAR ", ") "]
)
def test_no_expression_is_slow(unit: str) -> None:
    began = time.process_time()
    parse((unit * MAX_LENGTH)[:MAX_LENGTH])
    assert time.process_time() - began < 3
    assert problem(unit * (MAX_LENGTH + 1))[0] == "too_long"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*'()"-\\*?:#@', " ", "a", "øl", "AND", "OR", "NOT", "NEAR/2", "lang:", "reach>", "1k"]
        ),
        max_size=25,
    ).map("".join)
    | st.text(max_size=40)
)
def test_anything_is_read_or_refused_with_a_place_inside(expression: str) -> None:
    parsed = parse(expression)
    assert (parsed.tree is None) == bool(parsed.problems)
    for each in (*parsed.problems, *parsed.notes):
        assert 0 <= each.start <= each.end <= len(expression)
        assert each.text
