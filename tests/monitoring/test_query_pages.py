from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, Membership, User
from connectors.base import Post
from core import formats
from monitoring.enums import QueryKind
from monitoring.ingest import accept
from monitoring.models import Query
from monitoring.models_queries import QueryCount
from monitoring.selectors import preview
from tests.factories.monitoring import QueryFactory, SourceFactory, mention

SignIn = Callable[[User], Client]
LIST = "/settings/queries/fjordkaffe/"


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def page(client: Client, address: str, **data: str) -> str:
    answer = client.post(address, data, follow=True) if data else client.get(address, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def given(**more: str) -> dict[str, str]:
    form = {"name": "Brand", "purpose": "brand", "expression": "fjordkaffe", "is_active": "on"}
    return {**form, **more}


def test_a_query_is_made_changed_and_deleted(brand: Brand, admin: User, signed_in: SignIn) -> None:
    client = signed_in(admin)
    page(client, LIST + "new/", **given(purpose="watch:products", expression="latte OR kaf*"))
    query = Query.objects.get()
    assert (query.kind, query.watched, query.expression) == ("watch", "products", "latte OR kaf*")
    assert "latte OR kaf*" in page(client, LIST)
    address = f"{LIST}{query.pk}/"
    assert "latte OR kaf*" in page(client, address)
    page(client, address, **given(name="Chief", purpose="competitor", is_active=""))
    query.refresh_from_db()
    assert (query.name, query.kind, query.watched) == ("Chief", "competitor", "")
    assert not query.is_active
    page(client, address + "delete/", go="1")
    assert not Query.objects.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["query.created", "query.changed", "query.deleted"]


def test_what_cannot_be_saved_is_said_and_what_was_typed_stays(
    brand: Brand, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    shown = page(client, LIST + "new/", **given(expression="kaffe AND (te"))
    assert "This parenthesis is not closed" in shown
    assert "kaffe AND (te</textarea>" in shown
    assert not Query.objects.exists()
    QueryFactory.create(brand=brand, name="Brand", expression="te")
    assert "already a query named Brand" in page(client, LIST + "new/", **given())
    assert "What it would have found" in page(client, LIST + "new/", **given(name="B", check="1"))
    assert Query.objects.count() == 1


def test_a_stranger_finds_nothing_and_a_member_without_the_right_changes_nothing(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    query = QueryFactory.create(brand=brand, expression="hemmelig")
    addresses = [
        (LIST, "get"),
        ("/trends/fjordkaffe/", "get"),
        (LIST + "new/", "get"),
        (f"{LIST}{query.pk}/", "get"),
        (f"{LIST}{query.pk}/", "post"),
        (f"{LIST}{query.pk}/delete/", "post"),
        (LIST + "check/", "post"),
        (LIST + "count/", "post"),
    ]
    stranger, member = signed_in(charlie), signed_in(bob)
    assert "hemmelig" in page(member, LIST)
    for address, method in addresses:
        assert getattr(stranger, method)(address, given()).status_code == 404
    for address, method in addresses[2:]:
        assert getattr(member, method)(address, given()).status_code == 403
    assert Query.objects.get().expression == "hemmelig"
    other = f"/settings/queries/nordlys/{query.pk}/"
    assert stranger.get("/settings/queries/nordlys/").status_code == 200
    assert stranger.get(other).status_code == 404


def test_an_answer_follows_what_is_typed(brand: Brand, admin: User, signed_in: SignIn) -> None:
    client, now = signed_in(admin), timezone.now()
    mention(brand, text="Fjordkaffe <b>lukker</b>", published_at=now - timedelta(days=1))
    mention(brand, text="te", published_at=now - timedelta(days=2))
    shown = page(client, LIST + "check/", expression="fjordkaffe")
    assert "Would have matched 1 mention</b> of the 2" in shown
    assert "Fjordkaffe &lt;b&gt;lukker&lt;/b&gt;" in shown
    assert "<html" not in shown
    shown = page(client, LIST + "check/", expression="fjordkaffe OR")
    assert "There is nothing after OR" in shown
    assert "<mark>OR</mark>" in shown
    assert 'data-from="11" data-to="13"' in shown
    assert "Put parentheses" in page(client, LIST + "check/", expression="a OR b c")
    assert "Begin to write" in page(client, LIST + "check/", expression=" ")
    hostile = page(client, LIST + "check/", expression="<script>: \x00 (" + "(" * 200)
    assert "<script>:" not in hostile


def test_all_are_counted_step_by_step(
    brand: Brand, admin: User, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "STEP", 2)
    client, now = signed_in(admin), timezone.now()
    for n in range(3):
        mention(brand, text="kaffe", published_at=now - timedelta(days=n, hours=1))
    first = page(client, LIST + "count/", expression="kaffe", total="3")
    assert "Counting: 2 so far" in first
    fields = dict(part.split('" value="') for part in _hidden(first))
    assert fields["looked"] == "2"
    assert "Counted: 3 mentions" in page(client, LIST + "count/", **fields)
    assert client.post(LIST + "count/", {"expression": "("}).status_code == 422
    odd = {"expression": "kaffe", "at": "1e999", "id": "x", "found": "-1", "now": "nan"}
    assert client.post(LIST + "count/", odd).status_code == 200


def _hidden(shown: str) -> list[str]:
    parts = shown.split('<input type="hidden" name="')[1:]
    return [part.split('">')[0] for part in parts]


def test_misspellings_are_offered_and_become_a_query(
    brand: Brand, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    assert 'value="fjordkafe"' in page(client, LIST + "new/?misspell=Fjordkaffe")
    shown = page(client, LIST + "new/?purpose=watch:misspellings&word=fjordkafe&word=fjordkaf")
    assert "&quot;fjordkafe&quot; OR &quot;fjordkaf&quot;" in shown
    assert '<option value="watch:misspellings" selected>' in shown


def test_the_list_and_the_trends_cost_the_same_for_one_query_and_for_many(
    brand: Brand, bob: User, signed_in: SignIn
) -> None:
    client = signed_in(bob)
    QueryFactory.create(brand=brand, expression="te", kind=QueryKind.TOPIC)
    counts = []
    for _ in range(2):
        for address in (LIST, "/trends/fjordkaffe/"):
            with CaptureQueriesContext(connection) as queries:
                page(client, address)
            counts.append(len(queries))
        for number in range(5):
            QueryFactory.create(brand=brand, expression=f"te{number}", kind=QueryKind.COMPETITOR)
    assert counts[:2] == counts[2:]


def test_trends_tell_share_of_voice_in_words_and_figures(
    brand: Brand, bob: User, signed_in: SignIn
) -> None:
    client = signed_in(bob)
    empty = page(client, "/trends/fjordkaffe/")
    assert "No competitors are followed yet" in empty
    assert "No industry topics are followed yet" in empty
    source = SourceFactory.create(brand=brand, config={"match": True})
    QueryFactory.create(brand=brand, name="Ours", expression="fjordkaffe")
    rival = QueryFactory.create(
        brand=brand, name="Bjergkaffe", expression="bjergkaffe", kind=QueryKind.COMPETITOR
    )
    QueryFactory.create(brand=brand, name="Prices", expression="pris*", kind=QueryKind.TOPIC)
    now = timezone.now()
    _say(source, "fjordkaffe", 30, now)
    _say(source, "bjergkaffe", 10, now)
    _say(source, "priser", 5, now)
    _say(source, "bjergkaffe i går", 20, now - timedelta(days=31))
    shown = page(client, "/trends/fjordkaffe/?days=30")
    assert "Of 40 mentions of you and 1 competitor in 30 days, 75% were of you." in shown
    assert "In the 30 days before it was 0%." in shown
    assert "-50%" in shown
    assert "Prices was spoken of most: 5 times" in shown
    assert QueryCount.objects.filter(query=rival).count() == 2
    # What was not counted yet is not drawn as silence.
    days = shown.count('<th scope="row">' + formats.day_month(now - timedelta(days=2)))
    _say(source, "fjordkaffe i forgårs", 1, now - timedelta(days=4))
    later = page(client, "/trends/fjordkaffe/?days=30")
    assert days == 0
    assert '<th scope="row">' + formats.day_month(now - timedelta(days=2)) in later
    assert "in 30 days" in page(client, "/trends/fjordkaffe/?days=nonsense")


def _say(source: object, text: str, count: int, at: datetime) -> None:
    posts = [Post(f"{text}{n}", text, published_at=at) for n in range(count)]
    assert accept(source, posts, now=timezone.now()).new == count


def test_the_palette_finds_the_queries_one_may_change(
    brand: Brand, bob: User, admin: User, signed_in: SignIn
) -> None:
    query = QueryFactory.create(brand=brand, name="Kaffepriser", expression="pris*")
    assert f"{LIST}{query.pk}/" in page(signed_in(admin), "/search/?q=kaffepriser")
    assert f"{LIST}{query.pk}/" not in page(signed_in(bob), "/search/?q=kaffepriser")


def test_a_number_leads_to_the_mentions_behind_it(
    brand: Brand, bob: User, signed_in: SignIn
) -> None:
    query = QueryFactory.create(brand=brand, expression="priser", kind=QueryKind.TOPIC)
    source = SourceFactory.create(brand=brand, config={"match": True})
    _say(source, "priser her", 2, timezone.now())
    client = signed_in(bob)
    address = f"/mentions/?query={query.pk}&amp;about=all&amp;period=30d"
    assert address in page(client, LIST)
    assert "priser her" in page(client, address.replace("&amp;", "&"))
    assert "priser her" not in page(client, "/mentions/")
