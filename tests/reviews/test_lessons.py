"""Lessons on a review."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from incidents.models import Incident
from incidents.panels import REVIEW
from reviews import services
from reviews.models import Lesson
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand, reference="CD-2026-007")


def test_the_review_has_a_place_for_lessons(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    assert "lessons" in [panel.name for panel in REVIEW.panels]
    page = signed_in(alice).get("/i/CD-2026-007/review/").content.decode()
    assert 'id="slot-lessons" hx-get="/i/CD-2026-007/lessons/"' in page


def test_a_lesson_is_written_and_shown_as_text(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    data = {"kind": "IMPROVE", "text": "<b>Legal</b> got no call"}
    response = signed_in(alice).post("/i/CD-2026-007/lessons/", data, **HTMX)
    assert "&lt;b&gt;Legal&lt;/b&gt; got no call" in response.content.decode()
    assert Lesson.objects.get().author == alice
    assert AuditEntry.objects.filter(action="lesson.added", subject="CD-2026-007").exists()


def test_without_a_script_one_comes_back_to_the_review(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    response = client.post("/i/CD-2026-007/lessons/", {"kind": "WORKED", "text": "Quick"})
    assert response["Location"] == "/i/CD-2026-007/review/"
    assert Lesson.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [{}, {"kind": "WORKED", "text": " "}, {"kind": "?", "text": "x"}, {"text": "x" * 1001}],
)
def test_what_is_no_lesson_is_refused_in_words(
    incident: Incident, alice: User, signed_in: SignedIn, data: dict
) -> None:
    response = signed_in(alice).post("/i/CD-2026-007/lessons/", data, **HTMX)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Lesson.objects.exists()


def test_one_removes_ones_own_lesson_and_no_other(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    lesson = services.add_lesson(incident, kind="WORKED", text="Quick", by=alice)
    path = f"/i/CD-2026-007/lessons/{lesson.pk}/remove/"
    assert signed_in(bob).post(path, **HTMX).status_code == 422
    assert Lesson.objects.exists()
    assert signed_in(alice).post(path, **HTMX).status_code == 200
    assert not Lesson.objects.exists()


def test_a_stranger_finds_nothing_and_an_observer_writes_nothing(
    incident: Incident, brand: Brand, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    lesson = services.add_lesson(incident, kind="WORKED", text="Quick", by=alice)
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    paths = ["/i/CD-2026-007/lessons/", f"/i/CD-2026-007/lessons/{lesson.pk}/remove/"]
    data = {"kind": "WORKED", "text": "x"}
    assert [signed_in(charlie).post(path, data).status_code for path in paths] == [404, 404]
    assert [signed_in(observer).post(path, data).status_code for path in paths] == [403, 403]
    assert signed_in(charlie).get(paths[0]).status_code == 404
    assert "Quick" in signed_in(observer).get(paths[0]).content.decode()
