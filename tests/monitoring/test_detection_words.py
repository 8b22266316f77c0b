"""Which words make the difference."""

from monitoring.distinctive import distinctive, words


def test_new_and_frequent_words_lead() -> None:
    before = [f"lovely coffee number {n} at the harbour" for n in range(200)]
    recent = ["there is plastic in my porridge"] * 20 + before[:20]
    assert distinctive(recent, before) == ["plastic", "porridge"]


def test_words_that_are_always_there_say_nothing() -> None:
    texts = [f"cheap coffee at the harbour, day {n}" for n in range(100)]
    assert distinctive(texts[:50], texts) == []


def test_a_phrase_is_said_once_not_word_by_word() -> None:
    recent = [f"the oat milk is always gone, {n}" for n in range(30)]
    found = distinctive(recent, ["good coffee"] * 100)
    assert "oat milk" in found
    assert "oat" not in found
    assert "milk" not in found


def test_stop_words_links_people_and_the_brand_are_no_reasons() -> None:
    recent = ["@anna og det er ikke fordi Fjordkaffe https://example.org/plastic the with"] * 30
    assert distinctive(recent, ["noget andet"] * 30, ignore=["Fjordkaffe"]) == []


def test_one_voice_alone_is_no_word() -> None:
    assert distinctive(["zebra crossing"] * 2, ["coffee"] * 50) == []


def test_with_nothing_to_compare_no_word_is_called_new() -> None:
    assert distinctive([], []) == []
    assert distinctive(["plastic again"] * 10, []) == []


def test_words_are_compared_folded() -> None:
    assert words("PLASTIC, Grød! #Boycott don't @name 123 www.example.org") == [
        "plastic",
        "grød",
        "#boycott",
        "don't",
    ]
