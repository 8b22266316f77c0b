from monitoring.queries.parsing import parse
from monitoring.queries.simple import expression, lists
from monitoring.queries.spelling import suggestions


def test_lists_of_words_become_an_expression_and_come_back() -> None:
    for given in (["kaffe"], ["fjord kaffe", "c++"]), (["a"], ["b"]), (["a", "b"], ["c", "d"]):
        written = expression(*given) if len(given) == 2 else expression(given)
        assert parse(written).tree
    assert lists(expression(["fjord kaffe", "øl"], ["te"])) == (["fjord kaffe", "øl"], ["te"])
    assert lists(expression(["a"], ["b", "c"])) == (["a"], ["b", "c"])
    assert lists(expression(["a"])) == (["a"], [])
    assert lists(expression([])) == ([], [])


def test_what_says_more_than_lists_does_not_come_back() -> None:
    for more in (
        "a b",
        "kaf*",
        "lang:da",
        "a OR NOT b",
        '"a" NEAR "b"',
        '"a" AND ("b" OR "c")',
        "a",
    ):
        assert lists(more) is None


def test_misspellings_are_one_slip_away_and_the_likeliest_come_first() -> None:
    assert suggestions("Mærsk")[:3] == ["maersk", "mersk", "märsk"]
    found = suggestions("Fjordkaffe", most=200)
    assert {"fjordkafe", "fjodrkaffe", "fjorkaffe", "fhordkaffe"} <= set(found)
    assert "fjordkaffe" not in found
    assert len(found) == len(set(found))
    assert suggestions("Fjord Kaffe")[0] == "fjordkaffe"


def test_a_short_name_is_spelt_otherwise_only_by_its_letters() -> None:
    assert suggestions("Øl") == ["oel", "ol", "öl"]
    assert suggestions("") == []
