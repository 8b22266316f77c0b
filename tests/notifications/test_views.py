"""The inbox and the bell."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import Brand, User
from notifications import selectors
from notifications.models import Delivery, DeliveryState, Trouble
from tests.factories.notifications import NOW, page, tell

Session = Callable[[User], Client]


def text(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).content.decode()


def test_what_was_told_stands_in_the_inbox_as_plain_text(
    alice: User, charlie: User, signed_in: Session
) -> None:
    tell(alice, key="k", title="<img src=x onerror=alert(1)>")
    tell(charlie, key="k", title="not for alice")
    content = text(signed_in(alice), "/notices/")
    assert "SEV1 Fjordkaffe: approve by" in content
    assert "&lt;img src=x onerror=alert(1)&gt; waits for you." in content
    assert "not for alice" not in content


def test_the_inbox_says_what_became_of_the_mail(
    alice: User, signed_in: Session, settings: Settings
) -> None:
    page(alice, key="k")
    client = signed_in(alice)
    settings.EMAIL_HOST = "mail.example.org"
    content = text(client, "/notices/")
    assert "Waiting to be sent" in content
    assert "No mail server" not in content
    Delivery.objects.update(state=DeliveryState.FAILED, error="550 <b>No such person</b>")
    assert "550 &lt;b&gt;No such person&lt;/b&gt;" in text(client, "/notices/")
    settings.EMAIL_HOST = ""
    Delivery.objects.update(state=DeliveryState.KEPT, error=Trouble.NO_SERVER)
    content = text(client, "/notices/")
    assert "Kept in the app" in content
    assert "whoever is called is told here only" in content


def test_the_bell_counts_what_is_unread(
    alice: User, signed_in: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(alice)
    assert "unread" not in text(client, "/notices/bell/")
    tell(alice, key="0")
    tell(alice, key="1")
    assert "Notices: 2 unread" in text(client, "/notices/bell/")
    monkeypatch.setattr(selectors, "MANY", 1)
    assert "1+" in text(client, "/notices/bell/")


def test_the_bell_is_cheap(
    alice: User, signed_in: Session, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tell(alice, key="k")
    client = signed_in(alice)
    with django_assert_num_queries(4):  # session, user, roles, count
        client.get("/notices/bell/")


def test_opening_a_notice_reads_it_and_leads_on(alice: User, signed_in: Session) -> None:
    notice = tell(alice, key="k")
    client = signed_in(alice)
    response = client.post(f"/notices/{notice.pk}/read/")
    assert response["Location"] == "/i/CD-2026-001/"
    assert selectors.unread(alice) == 0
    response = client.post(f"/notices/{notice.pk}/read/", headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == "/i/CD-2026-001/"


def test_looking_at_the_inbox_reads_nothing(alice: User, signed_in: Session) -> None:
    notice = tell(alice, key="k")
    client = signed_in(alice)
    text(client, "/notices/")
    assert client.get(f"/notices/{notice.pk}/read/").status_code == 405
    assert selectors.unread(alice) == 1


@pytest.mark.parametrize("until", ["", "nonsense", "2026-03-02T08:00:00+00:00"])
def test_all_that_was_shown_is_marked(alice: User, signed_in: Session, until: str) -> None:
    tell(alice, key="k")
    late = tell(alice, key="late", now=timezone.now() + timedelta(hours=1))
    signed_in(alice).post("/notices/read/", {"until": until})
    assert list(alice.notices.filter(read_at=None)) == [late]


def test_htmx_gets_the_list_alone(alice: User, signed_in: Session) -> None:
    tell(alice, key="k")
    content = text(signed_in(alice), "/notices/", **{"HX-Request": "true", "HX-Target": "inbox"})
    assert "SEV1 Fjordkaffe" in content
    assert "<html" not in content


def test_older_notices_are_a_page_away(
    alice: User, signed_in: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "PAGE", 2)
    notices = [
        tell(alice, key=str(number), title=f"T{number}", now=NOW + timedelta(seconds=number))
        for number in range(3)
    ]
    client = signed_in(alice)
    assert f"?before={notices[1].pk}" in text(client, "/notices/")
    older = text(client, f"/notices/?before={notices[1].pk}")
    assert "T0 waits" in older
    assert "T1 waits" not in older
    for nonsense in ("x", "-1", "9" * 30, "²"):
        assert client.get(f"/notices/?before={nonsense}").status_code == 200


def test_the_inbox_costs_the_same_with_one_and_three(
    alice: User,
    brand: Brand,
    signed_in: Session,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    page(alice, key="0", brand=brand)
    client = signed_in(alice)
    with django_assert_max_num_queries(12) as before:
        client.get("/notices/")
    for number in (1, 2):
        page(alice, key=str(number), brand=brand)
    with django_assert_max_num_queries(len(before)):
        assert text(client, "/notices/").count("approve by") >= 3
