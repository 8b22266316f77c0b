from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.queries import finder
from monitoring.queries.matcher import Matcher
from monitoring.queries.parsing import parse
from monitoring.queries.tree import And, Author, Field, Near, Node, Not, Or, Term
from monitoring.queries.words import Word, joined

from .naive import Said, answers


def columns(posts: list[Said]) -> Any:
    return lambda name: [post.value(name) for post in posts]


def matched(matcher: Matcher, posts: list[Said]) -> dict[int, list[int]]:
    return matcher.match([joined(p.title, p.text) for p in posts], columns(posts))


def found(expression: str, text: str = "", **more: Any) -> bool:
    parsed = parse(expression)
    assert parsed.tree, parsed.problems
    post = Said(text, more.pop("title", ""), more.pop("author", ""), more)
    compiled = bool(matched(Matcher([(1, parsed.tree)]), [post]))
    assert compiled == answers(parsed.tree, post)
    return compiled


def test_a_danish_word_is_found_as_a_word_only() -> None:
    assert found("øl", "En øl, tak")
    assert found("øl", "ØL!")
    assert not found("øl", "Han følger med")
    assert not found("øl", "ølstue")
    assert found("ærø", "Rødgrød med fløde på Ærø.")


def test_case_and_disguise_do_not_hide_a_word() -> None:
    assert found("Fjordkaffe", "FJORD\u200bKAFFE er lukket")
    assert found("fjordkaffe", "ｆｊｏｒｄｋａｆｆｅ")
    assert found("STRASSE", "Straße")
    assert found("fjordkaffe", "Fjordkaffe™, Fjordkaffe®")


def test_a_phrase_is_found_across_blanks_and_commas_but_not_out_of_order() -> None:
    assert found('"fjord kaffe"', "fjord \n  kaffe")
    assert found('"fjord kaffe"', "Fjord, kaffe!")
    assert not found('"fjord kaffe"', "fjordkaffe")
    assert not found('"fjord kaffe"', "kaffe fjord")
    assert not found('"fjord kaffe"', "kaffe", title="fjord")


def test_marks_tags_signs_and_emoji_are_looked_for_as_written() -> None:
    assert found("@united", "hey @united!")
    assert not found("@united", "united we stand")
    assert found("united", "hey @united!")
    assert found("#boykot", "nu er det nok #Boykot")
    assert not found("#boykot", "mail@boykot")
    assert found("c++", "a pot of C++ please")
    assert not found("at&t", "look at t shirts")
    assert found("at&t", "AT&T is down")
    assert found("a/s", "kaffe (A/S)")
    assert found("😡", "nej😡😡")
    assert found("mcdonald's", "McDonald’s")


def test_wildcards_stand_for_letters_within_a_word() -> None:
    assert found("kaf*", "kaffekop")
    assert found("kaf*", "kaf")
    assert not found("kaf*", "en kop")
    assert found("*kaffe", "sommerkaffe")
    assert found("colo?r", "color")
    assert found("colo?r", "colour")
    assert not found("colo?r", "coloxyr")
    assert found('"kold* kaffe"', "den kolde kaffe")
    assert found("#boy*", "#boykot")
    assert not found("#boy*", "boykot")


def test_near_counts_words_in_either_order() -> None:
    assert found("kold NEAR/2 kaffe", "kold og kaffe")
    assert found("kaffe NEAR/2 kold", "kold og kaffe")
    assert not found("kold NEAR/1 kaffe", "kold og kaffe")
    assert found('"meget kold" NEAR/1 (te OR kaffe)', "meget kold te")
    assert not found("kaf* NEAR/5 kaffe", "kaffe")
    assert not found("kold NEAR/50 kaffe", "kaffe", title="kold")


def test_and_or_not_and_the_blank() -> None:
    text = "The coffee was recalled today"
    assert found("(coffee OR tea) AND recalled", text)
    assert not found("(coffee OR tea) recalled tomorrow", text)
    assert not found("coffee -today", text)
    assert found("coffee IKKE te", text)
    assert found("te ELLER coffee OG today", text)


def test_fields_ask_about_the_row() -> None:
    assert found("reach>=1k", reach=1000)
    assert not found("reach>1k", reach=1000)
    assert found("stars<3", stars=2.5)
    assert not found("stars<3", stars=None)
    assert not found("stars>=0", stars=None)
    assert found("lang:da,nb kaffe", "kaffe", lang="no")
    assert found("sentiment:negative is:question", sentiment="negative", question=True)
    assert not found("is:question,reply", question=False, reply=False)
    assert found("url:Example.org", url="https://www.EXAMPLE.org/a")
    assert found('source:"The Daily"', source="the daily")
    assert found('author:"jens hansen"', author="Jens Hansen (JP)")
    assert not found("author:jens", "jens", author="Ole")


def test_many_queries_are_answered_at_once_and_each_by_itself() -> None:
    trees = [(n, parse(f"brand{n} AND kaffe").tree) for n in range(2000)]
    matcher = Matcher((pk, tree) for pk, tree in trees if tree)
    posts = [Said("jeg elsker brand1999 kaffe"), Said("brand7 te"), Said("kaffe: brand7, brand8")]
    assert matched(matcher, posts) == {1999: [0], 7: [2], 8: [2]}


def test_forgetting_what_was_learnt_changes_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr(finder, "_MOST_KNOWN", 3)
    matcher = Matcher([(1, parse('"en kop"').tree)])
    posts = [Said("jeg vil have en kop te"), Said("en te i en kop"), Said("kop en")] * 50
    assert matched(matcher, posts)[1] == [n for n in range(150) if n % 3 != 2]


def test_hostile_texts_and_queries_are_not_slow() -> None:
    import time

    wild = " OR ".join(f"ab*c{n}*d" for n in range(500))
    phrase = '"' + "a " * 20 + '"'
    trees = [(n, parse(text).tree) for n, text in enumerate([wild, phrase, "aa? NEAR/50 a"])]
    matcher = Matcher(trees)
    texts = ["a " * 10_000, "ab" + "c1c2c3" * 3_000, "a-" * 10_000, "#" * 20_000, "\u0345" * 20_000]
    began = time.process_time()
    matched(matcher, [Said(text) for text in texts])
    assert time.process_time() - began < 5


LETTERS = "abø"
plain = st.text(LETTERS, min_size=1, max_size=3)
wild = st.text(LETTERS + "*?", min_size=1, max_size=4).filter(lambda text: text.strip("*?"))
word = st.builds(Word, st.sampled_from(["", "", "", "#", "@"]), plain | wild)
term = st.builds(Term, st.lists(word, min_size=1, max_size=3).map(tuple))
terms = st.lists(term, min_size=1, max_size=2).map(tuple)
asked = st.one_of(
    st.builds(Field, st.just("lang"), st.just("="), st.tuples(st.sampled_from(["da", "en"]))),
    st.builds(
        Field,
        st.sampled_from(["reach", "stars"]),
        st.sampled_from(["=", ">", ">=", "<", "<="]),
        st.tuples(st.sampled_from([0.0, 1.0, 2.0])),
    ),
    st.builds(Field, st.just("is"), st.just("="), st.just(("question",))),
    st.builds(Field, st.just("url"), st.just("="), st.tuples(plain)),
)
leaf = st.one_of(
    term, term, st.builds(Near, terms, terms, st.integers(1, 3)), asked, st.builds(Author, terms)
)
tree: st.SearchStrategy[Node] = st.recursive(
    leaf,
    lambda below: st.one_of(
        st.builds(And, st.lists(below, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(below, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, below),
    ),
    max_leaves=6,
)
said = st.text(LETTERS + "AØ   #@,-\n\u200b™&", max_size=24)
post = st.builds(
    Said,
    said,
    said,
    said,
    st.fixed_dictionaries(
        {
            "lang": st.sampled_from(["da", "en", ""]),
            "reach": st.integers(0, 3),
            "stars": st.none() | st.sampled_from([1.0, 2.5]),
            "question": st.booleans(),
            "url": st.text(LETTERS, max_size=4),
        }
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(tree, min_size=1, max_size=5), st.lists(post, min_size=1, max_size=12))
def test_the_compiled_form_answers_as_the_plain_one(trees: list[Node], posts: list[Said]) -> None:
    matcher = Matcher(enumerate(trees))
    expected = {
        pk: hits
        for pk, node in enumerate(trees)
        if (hits := [n for n, said in enumerate(posts) if answers(node, said)])
    }
    assert matched(matcher, posts) == expected


def test_ten_thousand_wildcards_are_exact_and_quick() -> None:
    import time

    shapes = ("kaf{0}*", "*{0}fe", "*f{0}f*", "ka{0}*fe", "*a{0}?e")
    wild = [shape.format(number) for number in range(2000) for shape in shapes]
    trees = [(at, parse(" OR ".join(wild[at : at + 1000])).tree) for at in range(0, 10_000, 1000)]
    matcher = Matcher((pk, tree) for pk, tree in trees if tree)
    began = time.process_time()
    texts = [Said(f"kaf{n}x x{n}fe yf{n}fy ka{n}zzfe ba{n}e") for n in range(2000)]
    found = matched(matcher, texts)
    assert time.process_time() - began < 5
    # Each text holds what its own five ask for, all in one of the ten.
    assert all(set(range(at // 5, at // 5 + 200)) <= set(found[at]) for at, _tree in trees)
    assert matched(matcher, [Said("kaf fe ff kafe2000 xf2000f")]) == {}
