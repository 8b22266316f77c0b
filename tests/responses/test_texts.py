"""Lengths, diffs and what is hidden in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.texts import Change, graphemes, hidden_characters, links, tidy, word_diff


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Undskyld", 8),
        ("Rødgrød med fløde", 17),
        ("e\u0301", 1),
        ("👩‍👩‍👧‍👦", 1),
        ("🇩🇰🇸🇪", 2),
        ("👍🏽 ok", 4),
        ("a\nb", 3),
    ],
)
def test_length_is_what_a_reader_counts(text: str, length: int):
    assert graphemes(text) == length


def test_diff_reads_in_phrases():
    changes = word_diff("We have recalled the batch.", "We have withdrawn this batch.")

    assert changes == [
        Change("kept", "We have "),
        Change("deleted", "recalled the"),
        Change("inserted", "withdrawn this"),
        Change("kept", " batch."),
    ]


@given(st.text(max_size=80), st.text(max_size=80))
def test_diff_gives_both_texts_back(before: str, after: str):
    changes = word_diff(before, after)

    assert "".join(each.text for each in changes if each.kind != "inserted") == before
    assert "".join(each.text for each in changes if each.kind != "deleted") == after


def test_hidden_characters_are_named_and_emoji_are_not_suspected():
    found = hidden_characters("Pay\u202e kcab\u200b\u200b 👩‍👧")

    assert [(each.code, each.name, each.count) for each in found] == [
        ("U+202E", "Right-to-left override", 1),
        ("U+200B", "Zero width space", 2),
    ]


def test_links_are_found_with_and_without_a_scheme():
    text = "See https://oats.example/a?b=1, or oats.example/recall. Mail press@oats.example"

    assert links(text) == ["https://oats.example/a?b=1", "oats.example/recall"]


def test_tidy_text_has_line_feeds_and_no_ends():
    assert tidy(" Hi\r\nthere\x00 \n") == "Hi\nthere"
