"""What was agreed in a review is owned, reminded of, handed up, and settled."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from incidents import services as incidents
from incidents.models import Incident
from notifications.models import Notice
from reviews import services
from reviews.enums import FollowUpState
from reviews.models import FollowUp
from reviews.services import Wanted
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}
# A Thursday; the brand's people live in Copenhagen, an hour ahead.
NOW = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DUE = date(2026, 11, 30)


@pytest.fixture
def incident(brand: Brand) -> Incident:
    brand.time_zone = "Europe/Copenhagen"
    brand.save()
    return IncidentFactory.create(brand=brand, reference="CD-2026-007")


@pytest.fixture
def carl(brand: Brand) -> User:
    """Answers for customers: may not run incidents."""
    user: User = UserFactory.create(name="Carl Clausen")
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user


@pytest.fixture
def agreed(incident: Incident, alice: User, carl: User) -> FollowUp:
    wanted = Wanted("Put the recall number on the box", carl, DUE)
    return services.add_follow_up(incident, wanted, by=alice, now=NOW)


def told(kind: str) -> set[str]:
    rows = Notice.objects.filter(kind=f"reviews.follow_up_{kind}")
    return {notice.user.name.split()[0] for notice in rows.select_related("user")}


def run(until: datetime) -> None:
    """The engine does what falls due until then, each at its time."""
    while row := FollowUp.objects.filter(remind_at__lte=until).order_by("remind_at").first():
        assert row.remind_at is not None
        assert services.remind_next(max(row.remind_at, NOW))


def test_its_owner_is_told_before_and_on_the_day_and_those_who_lead_once_it_is_late(
    agreed: FollowUp, alice: User, bob: User
) -> None:
    assert told("given") == {"Carl"}
    run(datetime(2026, 11, 28, 7, 59, tzinfo=UTC))
    assert told("soon") == set()
    run(datetime(2026, 11, 28, 8, 0, tzinfo=UTC))
    assert told("soon") == {"Carl"}
    run(datetime(2026, 11, 30, 8, 0, tzinfo=UTC))
    assert told("due") == {"Carl"}
    assert told("late") == set()
    run(datetime(2026, 12, 20, tzinfo=UTC))
    leads = {"Alice", "Bob"} & told("late")
    assert told("late") == {"Carl"} | leads
    assert leads
    # Once a week each: 3, 10 and 17 December.
    assert Notice.objects.filter(kind="reviews.follow_up_late", user=agreed.owner).count() == 3


def test_what_is_settled_is_told_of_no_more_and_again_once_it_is_open(
    agreed: FollowUp, carl: User
) -> None:
    services.settle_follow_up(
        agreed.pk, FollowUpState.DONE, reason="On all boxes", by=carl, now=NOW + DAY
    )
    run(datetime(2026, 12, 20, tzinfo=UTC))
    assert told("soon") | told("due") | told("late") == set()
    with pytest.raises(Conflict):
        services.settle_follow_up(
            agreed.pk, FollowUpState.DONE, reason="", by=carl, now=NOW + 2 * DAY
        )
    services.reopen_follow_up(agreed.pk, by=carl, now=NOW + 2 * DAY)
    run(datetime(2026, 11, 28, 8, 0, tzinfo=UTC))
    assert told("soon") == {"Carl"}


def test_who_left_is_not_told_but_those_who_lead_are(agreed: FollowUp, carl: User) -> None:
    carl.memberships.all().delete()
    run(datetime(2026, 11, 28, 8, 0, tzinfo=UTC))
    assert "Carl" not in told("soon")
    assert told("soon")


def test_not_doing_it_needs_a_reason(agreed: FollowUp, carl: User) -> None:
    with pytest.raises(Refused, match="why"):
        services.settle_follow_up(agreed.pk, FollowUpState.DROPPED, reason=" ", by=carl, now=NOW)
    services.settle_follow_up(
        agreed.pk, FollowUpState.DROPPED, reason="Boxes end next month", by=carl, now=NOW
    )
    agreed.refresh_from_db()
    assert (agreed.state, agreed.reason) == ("DROPPED", "Boxes end next month")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": "  "}, "Write something"),
        ({"text": "x" * 501}, "500"),
        ({"due_on": date(2026, 11, 18)}, "still to come"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(
    incident: Incident, alice: User, changed: dict, words: str
) -> None:
    wanted = {"text": "x", "owner": None, "due_on": DUE} | changed
    with pytest.raises(Refused, match=words):
        services.add_follow_up(incident, Wanted(**wanted), by=alice, now=NOW)
    assert not FollowUp.objects.exists()


def test_of_a_private_incident_only_members_own_it_and_no_notice_says_what(
    incident: Incident, alice: User, bob: User, carl: User
) -> None:
    incidents.make_private(incident.pk, by=alice, people=[bob], reason="Legal", now=NOW)
    incident.refresh_from_db()
    with pytest.raises(Refused, match="sees the incident"):
        services.add_follow_up(incident, Wanted("Secret", carl, DUE), by=alice, now=NOW)
    made = services.add_follow_up(incident, Wanted("Secret", bob, DUE), by=alice, now=NOW)
    run(datetime(2026, 12, 20, tzinfo=UTC))
    assert told("given") | told("soon") | told("late") <= {"Alice", "Bob"}
    assert "Secret" not in str(list(Notice.objects.values_list("params", flat=True)))
    assert "Secret" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert made.owner == bob


def test_a_change_goes_to_the_new_owner_and_has_its_own_day(
    agreed: FollowUp, alice: User, bob: User
) -> None:
    wanted = Wanted("Put the number on the lid", bob, DUE + 7 * DAY)
    services.change_follow_up(agreed.pk, wanted, by=alice, now=NOW)
    assert told("given") == {"Carl", "Bob"}
    run(datetime(2026, 12, 5, 8, 0, tzinfo=UTC))
    assert told("soon") == {"Bob"}


def test_the_panel_adds_keeps_what_was_typed_and_shows_text_as_text(
    incident: Incident, alice: User, carl: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), "/i/CD-2026-007/follow-ups/"
    typed = {"text": "<b>Ask</b> the workshop", "owner": carl.pk, "due_on": "2020-01-01"}
    refused = client.post(path, typed, **HTMX)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "still to come" in page
    assert "&lt;b&gt;Ask&lt;/b&gt; the workshop" in page
    assert client.post(path, {"text": "x"}, **HTMX).status_code == 422
    added = client.post(path, typed | {"due_on": "2099-01-01"}, **HTMX)
    assert added.status_code == 200
    assert "&lt;b&gt;Ask&lt;/b&gt; the workshop" in added.content.decode()
    assert FollowUp.objects.get().owner == carl
    assert "the workshop" in client.get("/follow-ups/").content.decode()


def test_the_owner_settles_without_running_incidents_and_nobody_else(
    agreed: FollowUp, brand: Brand, carl: User, signed_in: SignedIn
) -> None:
    other = UserFactory.create()
    MembershipFactory.create(user=other, brand=brand, role=Role.OBSERVER)
    path = f"/i/CD-2026-007/follow-ups/{agreed.pk}/settle/"
    assert signed_in(other).post(path, {"outcome": "DONE"}).status_code == 403
    assert signed_in(UserFactory.create()).post(path, {"outcome": "DONE"}).status_code == 404
    assert signed_in(carl).post(path, {"outcome": "?"}, **HTMX).status_code == 422
    assert signed_in(carl).post("/i/CD-2026-007/follow-ups/", {"text": "x"}).status_code == 403
    assert signed_in(carl).post(path, {"outcome": "DONE"}).status_code == 302
    agreed.refresh_from_db()
    assert (agreed.state, agreed.settled_by) == ("DONE", carl)


def test_the_list_shows_what_its_reader_may_see_by_tabs_at_a_constant_cost(
    agreed: FollowUp,
    incident: Incident,
    alice: User,
    carl: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: Callable,
) -> None:
    for number in range(20):
        wanted = Wanted(f"Thing {number}", None, DUE)
        services.add_follow_up(incident, wanted, by=alice, now=NOW)
    services.settle_follow_up(agreed.pk, FollowUpState.DONE, reason="", by=carl, now=NOW)
    client = signed_in(alice)
    client.get("/follow-ups/")
    with django_assert_max_num_queries(12):
        page = client.get("/follow-ups/").content.decode()
    assert "Thing 19" in page
    assert "recall number" not in page
    assert "recall number" in client.get("/follow-ups/?show=settled").content.decode()
    assert "Thing" not in client.get("/follow-ups/?show=mine").content.decode()
    stranger = signed_in(UserFactory.create())
    assert "Thing" not in stranger.get("/follow-ups/").content.decode()
