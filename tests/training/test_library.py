"""The ready-made cases: complete in both languages, loaded once, found, shown, reminded of."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import translation

from accounts.models import Brand, User
from core.engine import LOOPS
from core.errors import Refused
from incidents.selectors.precedents import precedents
from tests.factories.accounts import UserFactory
from tests.factories.incidents import IncidentFactory
from training.cases import shape, shipped
from training.models_cases import CaseStudy

SignedIn = Callable[[User], Client]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FILES = sorted(shipped.FOLDER.glob("*.yaml"))


def both(value: object) -> Iterator[Mapping[str, str]]:
    """Every text of a case with its languages."""
    if isinstance(value, dict):
        if value and set(value) <= {"en", "da"}:
            yield value
        else:
            for each in value.values():
                yield from both(each)
    elif isinstance(value, list):
        for each in value:
            yield from both(each)


def test_the_thirteen_documented_cases_are_there() -> None:
    assert len(FILES) == 13


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_case_is_whole_in_both_languages(path: Path) -> None:
    fields = shipped.read(path).fields
    content = fields["content"]
    texts = list(both(content))
    assert len(texts) > 15
    for text in texts:
        assert set(text) == {"en", "da"}, text
        assert text["en"] != text["da"], text
    assert content["sources"]
    assert content["events"]
    assert content["lesson"]
    assert content["cluster_why"]
    assert fields["strategies"]
    options = content["turning_point"]["options"]
    assert sum(option["taken"] for option in options) <= 1
    # What is from memory is marked; most is not.
    assert sum(not event["verified"] for event in content["events"]) < len(content["events"])


@pytest.mark.django_db
def test_they_are_loaded_once_and_written_anew_when_their_file_changes(tmp_path: Path) -> None:
    assert shipped.load(now=NOW) == 13
    assert shipped.load(now=NOW) == 0
    data = yaml.safe_load(FILES[0].read_text())
    data["title"]["en"] = "Another title"
    changed = tmp_path / FILES[0].name
    changed.write_text(yaml.safe_dump(data, allow_unicode=True))
    assert shipped.load(now=NOW, paths=[changed]) == 1
    assert CaseStudy.objects.get(slug=FILES[0].stem).title == "Another title"
    assert CaseStudy.objects.count() == 13


@pytest.mark.django_db
def test_the_engine_brings_them(db: None) -> None:
    assert LOOPS["shipped_cases"].run() == 0
    assert CaseStudy.objects.count() == 13


@pytest.mark.django_db
def test_a_case_of_ones_own_keeps_its_name(brand: Brand) -> None:
    CaseStudy.objects.create(
        slug="tesco-hay", origin="OWN", brand=brand, kind="none", happened_on=NOW.date(),
        created_at=NOW, content={"title": {"en": "Ours"}},
    )  # fmt: skip
    shipped.load(now=NOW)
    assert CaseStudy.objects.get(slug="tesco-hay").title == "Ours"


@pytest.fixture
def library(db: None) -> None:
    shipped.load(now=NOW)


def found(client: Client, **query: str) -> set[str]:
    return {study.slug for study, _done in client.get("/cases/", query).context["studies"]}


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ({"q": "horse"}, {"tesco-hay"}),
        ({"q": "hestekød"}, {"tesco-hay"}),
        ({"q": "apologised television"}, {"united-3411", "starbucks-philadelphia"}),
        ({"q": "mejeriet rygte"}, {"arla-bovaer"}),
        ({"kind": "data_breach"}, {"norsk-hydro", "target-breach"}),
        ({"strategy": "humour"}, {"kfc-chicken", "red-cross-tweet"}),
        ({"cluster": "victim"}, {"arla-bovaer", "norsk-hydro"}),
        ({"q": "no such words anywhere"}, set()),
        ({"origin": "OWN"}, set()),
    ],
)
def test_they_are_found_in_either_language_and_by_what_was_done(
    library: None, alice: User, signed_in: SignedIn, query: dict, slugs: set[str]
) -> None:
    assert found(signed_in(alice), **query) == slugs


def test_a_case_is_told_in_the_readers_language_with_what_was_not_seen_marked(
    library: None, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    page = client.get("/cases/united-3411/").content.decode()
    assert "re-accommodate" in page
    assert "10 April 2017" in page
    assert page.count("from memory") >= 1
    User.objects.filter(pk=alice.pk).update(language="da")
    page = client.get("/cases/united-3411/").content.decode()
    assert "omplacere" in page
    assert "re-accommodate" not in page
    assert client.get("/cases/nowhere/").status_code == 404


def test_a_case_of_another_brand_is_not_there(
    library: None, other_brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    CaseStudy.objects.create(
        slug="theirs", origin="OWN", brand=other_brand, kind="none", happened_on=NOW.date(),
        created_at=NOW, content={"title": {"en": "Recipe"}}, words_en="Secret",
    )  # fmt: skip
    client = signed_in(alice)
    assert client.get("/cases/theirs/").status_code == 404
    assert "theirs" not in found(client)
    assert "Recipe" not in client.get("/cases/?q=Secret").content.decode()
    assert signed_in(UserFactory.create()).get("/cases/tesco-hay/").status_code == 200
    assert Client().get("/cases/tesco-hay/").status_code == 302


def test_a_new_incident_reminds_of_them(library: None, brand: Brand, alice: User) -> None:
    incident = IncidentFactory.create(
        brand=brand, crisis_type="data_breach", given_title="Card numbers stolen by thieves"
    )
    with translation.override("en"):
        titles = [each.case.title for each in precedents(incident, user=alice)]
    assert any("cards" in title for title in titles), titles


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"title": {}}, "title"),
        ({"events": [{"at": "2017-13-01", "text": {"en": "x"}}]}, "events"),
        ({"sources": [{"name": "x", "url": "javascript:alert(1)"}]}, "sources"),
        ({"times": [{"minutes": -1, "what": {"en": "x"}}]}, "times"),
        ({"lesson": {"en": "x" * 4001}}, "4000"),
        ({"worked": [{"text": {"en": "x"}}] * 41}, "40"),
    ],
)
def test_what_is_no_case_is_refused_with_its_place(broken: dict[str, Any], words: str) -> None:
    data = {"title": {"en": "T"}, "summary": {"en": "S"}} | broken
    with pytest.raises(Refused, match=words):
        shape.checked(data)
