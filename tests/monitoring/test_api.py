import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.base import Post
from monitoring import ingest
from monitoring.enums import DetectionKind
from monitoring.models import Detection, Mention, Source
from monitoring.services.sources import secrets
from tests.factories.monitoring import SourceFactory, posts

NOW = datetime(2026, 11, 23, 14, 0, 30, tzinfo=UTC)
SignIn = Callable[[User], Client]


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


@pytest.fixture
def source(brand: Brand) -> Source:
    return SourceFactory.create(brand=brand, name="Hook", config={"network": "x"})


@pytest.fixture
def foreign(other_brand: Brand) -> Source:
    return SourceFactory.create(brand=other_brand, name="Theirs")


def post(client: Client, **body: Any) -> Any:
    return client.post("/api/v1/sources/", json.dumps(body), content_type="application/json")


def test_sources_are_listed_for_members_and_not_for_strangers(
    source: Source, foreign: Source, bob: User, charlie: User, signed_in: SignIn
) -> None:
    source.refresh_from_db()
    [found] = signed_in(bob).get("/api/v1/sources/").json()["results"]
    assert (found["id"], found["brand"], found["kind"]) == (source.pk, "fjordkaffe", "webhook")
    assert found["hook"].endswith(f"/hooks/{source.public_id}/")
    assert signed_in(bob).get(f"/api/v1/sources/{foreign.pk}/").status_code == 404
    assert signed_in(charlie).get(f"/api/v1/sources/{foreign.pk}/").status_code == 200
    assert Client().get("/api/v1/sources/").status_code in {401, 403}


def test_a_source_is_made_by_who_may_and_its_secret_told_once(
    brand: Brand, admin: User, bob: User, charlie: User, signed_in: SignIn
) -> None:
    wanted = {"brand": "fjordkaffe", "kind": "webhook", "name": "Hook"}
    assert post(signed_in(charlie), **wanted).status_code == 404
    assert post(signed_in(bob), **wanted).status_code == 403
    made = post(signed_in(admin), **wanted)
    assert made.status_code == 201
    assert [made.json()["secret"]] == secrets(Source.objects.get(), now=NOW)
    again = signed_in(admin).get(f"/api/v1/sources/{made.json()['id']}/")
    assert made.json()["secret"] not in again.content.decode()
    assert post(signed_in(admin), **wanted).status_code == 409


def test_a_source_lacking_what_it_needs_is_refused_with_words(
    brand: Brand, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    feed = {"brand": "fjordkaffe", "kind": "feed", "name": "News"}
    assert "Address is missing" in post(client, **feed).json()["detail"]
    assert post(client, **feed, settings={"url": "javascript:alert(1)"}).status_code == 422
    assert post(client, **feed, settings={"url": "https://x.example/feed"}).status_code == 201
    assert post(client, **{**feed, "kind": "pigeon"}).status_code == 422
    assert Source.objects.get().config == {"match": False, "url": "https://x.example/feed"}


def test_health_says_what_is_wrong(source: Source, bob: User, signed_in: SignIn) -> None:
    client, url = signed_in(bob), f"/api/v1/sources/{source.pk}/health/"
    assert client.get(url).json()["condition"] == "WAITING"
    ingest.accept(source, posts(1), now=datetime.now(UTC))
    assert client.get(url).json()["condition"] == "WORKING"
    Source.objects.update(mention_at=datetime.now(UTC) - timedelta(days=2))
    assert client.get(url).json()["condition"] == "SILENT"
    Source.objects.update(failures=3, error="Check the address.")
    told = client.get(url).json()
    assert (told["condition"], told["error"]) == ("FAILING", "Check the address.")
    Source.objects.update(is_active=False)
    assert client.get(url).json()["condition"] == "PAUSED"


def test_mentions_are_paged_by_keyset_newest_first(
    source: Source, foreign: Source, bob: User, signed_in: SignIn, django_assert_num_queries: Any
) -> None:
    at = datetime.now(UTC) - timedelta(hours=3)
    ingest.accept(
        source,
        [
            Post(str(n), f"post {n}", published_at=at + timedelta(seconds=n // 2))
            for n in range(120)
        ],
        now=datetime.now(UTC),
    )
    ingest.accept(foreign, posts(3), now=datetime.now(UTC))
    client = signed_in(bob)
    seen: list[str] = []
    url: str | None = "/api/v1/mentions/"
    pages = 0
    while url:
        page = client.get(url).json()
        seen += [mention["external_id"] for mention in page["results"]]
        url = page["next"]
        pages += 1
    assert pages == 3
    assert sorted(seen, key=int) == [str(n) for n in range(120)]
    assert len(set(seen)) == 120
    assert seen[0] in {"118", "119"}


def test_mentions_are_filtered(source: Source, bob: User, signed_in: SignIn) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    ingest.accept(
        source,
        [
            Post("1", "Jeg elsker jeres kaffe, tak!", published_at=at, lang="da", reach=900),
            Post("2", "This is terrible, I hate it", published_at=at, lang="en", network="news"),
        ],
        now=datetime.now(UTC),
    )
    Mention.objects.filter(external_id="1").update(corrected_sentiment="negative")

    def ids(**wanted: Any) -> set[str]:
        found = signed_in(bob).get("/api/v1/mentions/", wanted).json()["results"]
        return {mention["external_id"] for mention in found}

    assert ids() == ids(brand="fjordkaffe") == {"1", "2"}
    assert ids(lang="da") == ids(network="x") == ids(words="kaffe") == ids(min_reach=500) == {"1"}
    assert ids(network="news") == {"2"}
    assert "1" in ids(sentiment="negative")
    assert ids(since=datetime.now(UTC).isoformat()) == set()
    assert ids(until=datetime.now(UTC).isoformat()) == {"1", "2"}


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=1", "cursor=99999999999999999-1", "since=soon", "sentiment=angry",
     "min_reach=-1", "cursor=9-9-9", "min_reach=99999999999999999999"],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused_by_name(
    query: str, bob: User, signed_in: SignIn
) -> None:
    answer = signed_in(bob).get(f"/api/v1/mentions/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [query.split("=", maxsplit=1)[0]]


def test_a_cursor_of_another_age_gives_an_empty_page(bob: User, signed_in: SignIn) -> None:
    for cursor in ("0-1", "9999999999999999-1"):
        answer = signed_in(bob).get("/api/v1/mentions/", {"cursor": cursor})
        assert answer.json() == {"next": None, "results": []}


def test_an_invisible_mention_brand_or_number_is_not_found(
    foreign: Source, bob: User, charlie: User, signed_in: SignIn
) -> None:
    ingest.accept(foreign, posts(1), now=datetime.now(UTC))
    pk = Mention.objects.get().pk
    assert signed_in(charlie).get(f"/api/v1/mentions/{pk}/").status_code == 200
    assert signed_in(bob).get(f"/api/v1/mentions/{pk}/").status_code == 404
    assert signed_in(bob).get(f"/api/v1/mentions/{'9' * 30}/").status_code == 404
    assert signed_in(bob).get("/api/v1/mentions/?brand=nordlys").status_code == 404
    assert signed_in(charlie).get("/api/v1/mentions/?brand=nordlys").status_code == 200


def test_detections_are_read_with_reasons_in_words(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    detection = Detection.objects.create(
        brand=brand,
        kind=DetectionKind.VOLUME,
        started_at=NOW,
        detected_at=NOW,
        value=412,
        expected_low=20,
        expected_high=60,
        score=9,
        reasons=[{"code": "volume", "count": 412, "minutes": 5, "low": 20, "high": 60}],
    )
    [found] = signed_in(bob).get("/api/v1/detections/").json()["results"]
    assert found["headline"] == "412 mentions in 5 minutes"
    assert "60" in found["words"][0]
    assert found["brand"] == "fjordkaffe"
    url = f"/api/v1/detections/{detection.pk}/"
    assert signed_in(bob).get(url).json() == found
    assert signed_in(charlie).get(url).status_code == 404
