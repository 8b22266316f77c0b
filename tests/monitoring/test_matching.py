from monitoring.matching import Matcher, Words, matcher, words


def found(text: str, *any_of: str, all_of: tuple[str, ...] = (), none_of: tuple[str, ...] = ()):
    return Matcher([words(any_of, all_of, none_of)]).matches(text)


def test_a_danish_word_is_found_as_a_word_only() -> None:
    assert found("En øl, tak", "øl")
    assert found("ØL!", "øl")
    assert not found("Han følger med", "øl")
    assert not found("ølstue", "øl")
    assert found("Rødgrød med fløde på Ærø.", "ærø")


def test_case_and_invisible_characters_do_not_hide_a_word() -> None:
    assert found("FJORD\u200bKAFFE er lukket", "Fjordkaffe")
    assert found("ｆｊｏｒｄｋａｆｆｅ", "fjordkaffe")
    assert found("Straße", "STRASSE")


def test_a_phrase_is_found_across_any_blanks() -> None:
    assert found("fjord \n  kaffe", "fjord kaffe")
    assert not found("fjordkaffe", "fjord kaffe")


def test_marks_and_tags_are_searched_for_as_written() -> None:
    assert found("hey @united!", "@united")
    assert not found("united we stand", "@united")
    assert found("a pot of C++ please", "c++")
    assert found("kaffe (a/s)", "A/S")
    assert not found("a.*b", "a.+b")


def test_any_all_and_none_are_combined() -> None:
    text = "The coffee was recalled today"
    assert found(text, "coffee", "tea", all_of=("recalled",))
    assert not found(text, "coffee", all_of=("recalled", "tomorrow"))
    assert not found(text, "coffee", none_of=("today",))
    assert found(text, all_of=("coffee", "today"))


def test_one_query_of_several_suffices() -> None:
    either = Matcher([words(["tea"], [], []), words(["coffee"], [], ["decaf"])])
    assert either.matches("coffee")
    assert either.matches("decaf tea")
    assert not either.matches("decaf coffee")


def test_blank_words_are_dropped_and_doubles_are_one() -> None:
    assert words(["  ", "Øl", "ØL", "\u200b"], [], []) == Words(any_of=("øl",))


def test_two_thousand_words_are_one_automaton_and_still_exact() -> None:
    many = matcher((words([f"brand{n} kaffe" for n in range(2000)], [], []),))
    assert many.matches("jeg elsker brand1999 kaffe")
    assert not many.matches("jeg elsker brand2000 kaffe")


def test_a_word_made_to_be_slow_is_just_a_word() -> None:
    assert not found("a" * 20_000 + "!", "(a+)+$")
