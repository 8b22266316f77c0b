from django.utils import translation

from core.words import MAX_PARAM, Worded, Words


def test_a_sentence_is_kept_with_its_figures_and_told_in_the_readers_language() -> None:
    error = Worded("The answer is larger than %(size)d kilobytes.", size=7)
    kept = error.words.stored()
    assert str(Words.of(kept)) == "The answer is larger than 7 kilobytes."
    with translation.override("da"):
        told = str(Words.of(kept))
    assert "7" in told
    assert told != str(Words.of(kept))


def test_a_plain_sentence_is_kept_as_it_is() -> None:
    assert Words("Nothing.").stored() == "Nothing."
    assert str(Words.of("50 % is %(left)s")) == "50 % is %(left)s"
    assert str(Words.of("")) == ""


def test_what_was_damaged_is_shown_rather_than_raised() -> None:
    assert str(Words.of('{"msgid": "half')) == '{"msgid": "half'
    assert str(Words("%(a)d", {"b": 1})) == "%(a)d"


def test_figures_are_storable_and_short() -> None:
    error = Worded("%(what)s", what=ValueError("x" * 1000))
    assert len(str(Words.of(error.words.stored()))) == MAX_PARAM


def test_an_error_may_pass_on_what_another_says() -> None:
    first = Worded("There is no host called %(host)s.", host="x.example")
    assert Worded(first).words == first.words
