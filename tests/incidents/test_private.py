"""A private incident is not there for who is no member, on any page, by any call, on any socket.

Every address of the product is asked, before and after: what stood there before must be gone for
an administrator of the brand, and still stand there for a member.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator

from accounts.models import AuditEntry, Brand, User
from core import live
from core.errors import Conflict, Forbidden, Refused
from incidents import services
from incidents.enums import EntryKind, Joined, Origin, Severity
from incidents.models import Call, Incident, Signal
from monitoring.enums import CrisisType
from monitoring.models import Mention
from notifications.models import Notice, Urgency
from responses.models import Draft, Publication
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import (
    NOON,
    DetectionFactory,
    IncidentFactory,
    ShiftFactory,
    TaskFactory,
    on_the_ladder,
)
from tests.furnished import (  # noqa: F401 - fixtures
    account_fixture,
    filled_fixture,
    incident_fixture,
    karen_fixture,
    names,
    post_fixture,
)

SignedIn = Callable[[User], Client]
TITLE = "Kanariefugl i kaffen"
# What was written in the incident, its drafts, its tasks, its lessons.
SECRETS = [
    TITLE,
    "Udmelding om kanariefuglen",
    "Vi undersøger sagen.",
    "Vi trækker varen tilbage",
    "Underret kæderne",
    "Hurtigt opdaget",
    "Børn kan sluge det",
]
# Where administrators learn that there is a private incident, by its reference alone.
KNOWING = {"incidents:sealed", "accounts:audit"}
# Django's own, files, and what ends the session.
LEFT_OUT = {"accounts:sign_out"}
APIS = {"api/", "hooks/"}


def pages(filled: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each page's name and address, furnished with what it needs."""
    for name, parts in names(get_resolver().url_patterns, without=APIS | LEFT_OUT):
        values = {part: filled.get(part, 0) for part in parts}
        if isinstance(values.get("pk"), dict):
            values["pk"] = values["pk"].get(name, 0)
        try:
            yield name, reverse(name, kwargs=values)
        except NoReverseMatch:
            continue


def calls(incident: Incident) -> Iterator[str]:
    """Yield the address of each of the API's objects and lists."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    draft, out = Draft.objects.get(incident=incident, number=1), Publication.objects.first()
    for path in schema["paths"]:
        number = {"drafts": draft.pk, "publications": out.pk if out else 0}
        room = path.removeprefix("/api/v1/").partition("/")[0]
        filled = path.replace("{reference}", incident.reference)
        yield (
            filled.replace("{id}", str(number.get(room, 0)))
            .replace("{number}", "1")
            .replace("{sha256}", "0" * 64)
        )


def shown(client: Client, address: str) -> tuple[int, str]:
    response = client.get(address)
    body = b"".join(response) if response.streaming else response.content
    return response.status_code, body.decode(errors="replace")


def holding(client: Client, addresses: list[tuple[str, str]], secrets: list[str]) -> set[str]:
    """Return the names of the pages on which one of the secrets stands."""
    found = set()
    for name, address in addresses:
        status, body = shown(client, address)
        assert status < 500, name
        # A page that is not there still knows the address that was asked for.
        if status != 404 and any(secret in body for secret in secrets):
            found.add(name)
    return found


@pytest.fixture
def secret(incident: Incident, filled: dict[str, Any], alice: User) -> Incident:
    services.rename(incident.pk, TITLE, by=alice, now=NOON)
    return Incident.objects.get(pk=incident.pk)


def close(incident: Incident, *people: User, by: User) -> Incident:
    return services.make_private(
        incident.pk, people=people, by=by, reason="Personoplysninger", now=NOON
    )


def test_what_an_administrator_saw_on_pages_is_gone_once_it_is_private(
    secret: Incident,
    filled: dict[str, Any],
    alice: User,
    bob: User,
    karen: User,
    signed_in: SignedIn,
) -> None:
    addresses = list(pages(filled))
    words = [*SECRETS, secret.reference]
    before = holding(signed_in(karen), addresses, words)
    assert {"overview", "incidents:list", "incidents:incident", "incidents:review"} <= before
    assert {"responses:draft", "responses:panel", "reviews:lessons"} <= before
    assert len(before) >= 12
    close(secret, bob, by=alice)
    assert holding(signed_in(karen), addresses, words) <= KNOWING
    assert holding(signed_in(karen), addresses, SECRETS) == set()
    inside = holding(signed_in(bob), addresses, words)
    assert {"overview", "incidents:list", "incidents:incident", "responses:draft"} <= inside


def test_each_address_of_the_incident_answers_404_to_outsiders_and_not_to_members(
    secret: Incident,
    filled: dict[str, Any],
    alice: User,
    bob: User,
    karen: User,
    signed_in: SignedIn,
) -> None:
    close(secret, bob, by=alice)
    of_it = [(name, where) for name, where in pages(filled) if secret.reference in where]
    assert len(of_it) >= 20
    member, administrator = signed_in(bob), signed_in(karen)
    for name, address in of_it:
        if name == "incidents:open_sealed":
            continue
        read, written = administrator.get(address), administrator.post(address)
        assert read.status_code in {404, 405}, name
        assert written.status_code in {404, 405}, name
        assert 404 in {read.status_code, written.status_code}, name
        if read.status_code == 404 and name != "incidents:tick":
            assert member.get(address).status_code in {200, 302}, name


def test_the_api_shows_nothing_of_it_to_outsiders(
    secret: Incident, alice: User, bob: User, karen: User, signed_in: SignedIn
) -> None:
    addresses = [(path, path) for path in calls(secret)]
    words = [*SECRETS, secret.reference]
    before = holding(signed_in(karen), addresses, words)
    assert {"/api/v1/incidents/", f"/api/v1/incidents/{secret.reference}/"} <= before
    assert "/api/v1/drafts/" in before
    assert "/api/v1/publications/" in before
    close(secret, bob, by=alice)
    assert holding(signed_in(karen), addresses, words) <= {"/api/v1/sealed-incidents/"}
    assert holding(signed_in(karen), addresses, SECRETS) == set()
    assert before - {"/api/v1/rehearsals/"} <= holding(signed_in(bob), addresses, words)
    of_it = [path for path in calls(secret) if f"/incidents/{secret.reference}/" in path]
    of_it = [path for path in of_it if "sealed" not in path]
    assert of_it
    for path in of_it:
        for method in ("get", "post", "put"):
            call = getattr(signed_in(karen), method)
            asked = call(path) if method == "get" else call(path, {}, "application/json")
            assert asked.status_code in {404, 405}, (method, path)


def test_sockets_let_members_in_and_nobody_else(
    secret: Incident, alice: User, bob: User, karen: User
) -> None:
    group = f"incident.{secret.pk}"
    assert live.may_join(karen, group)
    close(secret, bob, by=alice)
    assert live.may_join(bob, group)
    assert not live.may_join(karen, group)


def test_search_finds_it_for_members_only(
    secret: Incident, alice: User, bob: User, karen: User, signed_in: SignedIn
) -> None:
    def found(user: User) -> bool:
        return TITLE in signed_in(user).get("/search/", {"q": "Kanariefugl"}).content.decode()

    assert found(karen)
    close(secret, bob, by=alice)
    assert found(bob)
    assert not found(karen)


def test_notices_about_it_are_taken_back_from_outsiders(
    secret: Incident, alice: User, bob: User, karen: User
) -> None:
    """karen was given a task and asked for an approval."""
    led = Notice.objects.filter(url__startswith=f"/i/{secret.reference}/")
    assert led.filter(user=karen).exists()
    assert led.filter(user=bob).exists()
    close(secret, bob, by=alice)
    assert not led.filter(user=karen).exists()
    assert led.filter(user=bob).exists()


def test_notices_of_a_private_incident_name_nothing(
    secret: Incident, alice: User, bob: User
) -> None:
    close(secret, bob, by=alice)
    services.add_task(secret.pk, title="Ring til Datatilsynet", owner=bob, by=alice, now=NOON)
    notice = Notice.objects.filter(user=bob).latest("pk")
    assert notice.kind == "incidents.task"
    assert TITLE not in str(notice.params)
    assert "Datatilsynet" not in str(notice.params)


def test_the_audit_trail_tells_administrators_what_was_done_but_nothing_of_the_content(
    secret: Incident, alice: User, bob: User
) -> None:
    from responses import services as responses

    close(secret, bob, by=alice)
    responses.create_draft(secret.pk, title="Til de ramte", text="Beklager.", by=bob, now=NOON)
    written = AuditEntry.objects.filter(action="draft.created").latest("number")
    assert written.subject.startswith(secret.reference)
    assert "Til de ramte" not in str(written.detail)
    assert AuditEntry.objects.filter(action="incident.private").exists()


def test_tasks_roles_and_names_are_for_members_only(
    secret: Incident, alice: User, bob: User, karen: User
) -> None:
    secret = close(secret, bob, by=alice)
    with pytest.raises(Refused, match="cannot see"):
        services.add_task(secret.pk, title="Ring", owner=karen, by=alice, now=NOON)
    with pytest.raises(Refused, match="Nobody here"):
        services.write_line(secret, "/task @karen Ring", by=alice, now=NOON)


def test_an_administrator_breaks_the_glass_with_a_reason_and_every_member_learns_of_it(
    secret: Incident, alice: User, bob: User, karen: User, signed_in: SignedIn
) -> None:
    close(secret, bob, by=alice)
    client = signed_in(karen)
    assert secret.reference in client.get("/settings/private-incidents/").content.decode()
    address = f"/settings/private-incidents/{secret.reference}/"
    client.post(address, {"reason": " "})
    assert client.get(f"/i/{secret.reference}/").status_code == 404
    client.post(address, {"reason": "Ingen svarer"})
    assert client.get(f"/i/{secret.reference}/").status_code == 200
    told = Notice.objects.filter(kind="incidents.opened_sealed")
    assert set(told.values_list("user", flat=True)) == {alice.pk, bob.pk}
    assert set(told.values_list("urgency", flat=True)) == {Urgency.PAGE}
    assert AuditEntry.objects.get(action="incident.opened_sealed").detail["reason"] == (
        "Ingen svarer"
    )
    assert secret.members.get(user=karen).joined == Joined.OPENED


def test_nobody_but_an_administrator_breaks_the_glass(
    brand: Brand, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    sealed = IncidentFactory.create(brand=brand)
    services.make_private(sealed.pk, people=[], by=alice, reason="Jura", now=NOON)
    for outsider in (bob, charlie):
        answer = signed_in(outsider).post(
            f"/settings/private-incidents/{sealed.reference}/", {"reason": "Nysgerrig"}
        )
        assert answer.status_code == 404
    with pytest.raises(Forbidden):
        services.open_sealed(sealed.pk, by=bob, reason="Nysgerrig", now=NOON)


# Members


@pytest.fixture
def private(brand: Brand, alice: User) -> Incident:
    made = IncidentFactory.create(brand=brand, lead=alice)
    return services.make_private(made.pk, people=[], by=alice, reason="Jura", now=NOON)


def test_members_are_let_in_and_taken_out_with_reasons(
    private: Incident, alice: User, bob: User
) -> None:
    assert not Incident.objects.visible_to(bob).exists()
    services.add_member(private.pk, bob, by=alice, reason="Jurist", now=NOON)
    assert Incident.objects.visible_to(bob).exists()
    services.remove_member(private.pk, bob, by=alice, reason="Er færdig", now=NOON)
    assert not Incident.objects.visible_to(bob).exists()
    told = private.entries.filter(kind=EntryKind.MEMBER).order_by("number")
    assert [entry.text for entry in told] == ["Jura", "Jurist", "Er færdig"]
    assert AuditEntry.objects.filter(action="incident.member_removed").exists()


@pytest.mark.parametrize("deed", ["add_member", "remove_member"])
def test_a_reason_is_asked_for(private: Incident, alice: User, bob: User, deed: str) -> None:
    with pytest.raises(Refused):
        getattr(services, deed)(private.pk, bob, by=alice, reason=" ", now=NOON)


def test_a_stranger_is_not_let_in(private: Incident, alice: User, charlie: User) -> None:
    with pytest.raises(Refused, match="not a member"):
        services.add_member(private.pk, charlie, by=alice, reason="Hjælp", now=NOON)


def test_neither_the_lead_nor_the_last_who_may_run_it_is_taken_out(
    private: Incident, alice: User, brand: Brand
) -> None:
    with pytest.raises(Refused, match="Hand the lead over"):
        services.remove_member(private.pk, alice, by=alice, reason="Ferie", now=NOON)
    Incident.objects.update(lead=None)
    watcher = UserFactory.create()
    MembershipFactory.create(user=watcher, brand=brand, role="OBSERVER")
    services.add_member(private.pk, watcher, by=alice, reason="Følger med", now=NOON)
    with pytest.raises(Refused, match="last who may run"):
        services.remove_member(private.pk, alice, by=alice, reason="Ferie", now=NOON)


def test_made_public_everybody_sees_it_and_old_members_are_forgotten(
    private: Incident, alice: User, bob: User
) -> None:
    services.add_member(private.pk, bob, by=alice, reason="Jurist", now=NOON)
    services.make_public(private.pk, by=alice, reason="Sagen er ude", now=NOON)
    assert Incident.objects.visible_to(bob).exists()
    services.make_private(private.pk, people=[], by=alice, reason="Igen", now=NOON)
    assert not Incident.objects.visible_to(bob).exists()
    with pytest.raises(Conflict):
        services.make_private(private.pk, people=[], by=alice, reason="Igen", now=NOON)


def test_whoever_leaves_the_brand_sees_it_no_more(private: Incident, alice: User) -> None:
    assert Incident.objects.visible_to(alice).exists()
    alice.memberships.all().delete()
    assert not Incident.objects.visible_to(User.objects.get(pk=alice.pk)).exists()


def test_whom_the_ladder_calls_becomes_a_member(brand: Brand, alice: User, bob: User) -> None:
    on_the_ladder(brand, bob)
    opened = services.open_incident(
        brand, title="Lækage", crisis_type=CrisisType.DATA_BREACH, severity=Severity.SEV2,
        severity_reasons=[], origin=Origin.PERSON, by=alice, private_to=[], began_at=NOON, now=NOON,
    )  # fmt: skip
    assert not Incident.objects.visible_to(bob).exists()
    services.fire_next(now=NOON)
    assert Call.objects.get().user == bob
    assert Incident.objects.visible_to(bob).exists()
    assert opened.members.get(user=bob).joined == Joined.CALLED
    words = opened.entries.filter(kind=EntryKind.MEMBER).latest("number")
    assert words.params["people"] == [str(bob)]


def test_a_detection_does_not_vanish_into_a_private_incident_about_something_else(
    private: Incident, brand: Brand
) -> None:
    news = DetectionFactory.create(brand=brand)
    services.take_up(news.pk, now=NOON)
    assert Signal.objects.get(detection=news).incident != private


def test_a_further_signal_of_the_same_matter_joins_the_private_incident(
    private: Incident, brand: Brand
) -> None:
    first = DetectionFactory.create(brand=brand, handled_at=NOON)
    Signal.objects.create(incident=private, detection=first)
    again = DetectionFactory.create(brand=brand, group=first)
    services.take_up(again.pk, now=NOON)
    assert Signal.objects.get(detection=again).incident == private


def test_the_stream_and_rehearsals_do_not_tell_of_it(
    private: Incident, brand: Brand, alice: User
) -> None:
    from incidents.linking import tags
    from incidents.onsets import incidents as known

    mention = {"id": 7, "published_at": NOON, "author": "x"}
    services.link_mention(private.pk, mention, by=alice, now=NOON)
    span = (brand.pk, private.began_at, NOON)
    assert tags([7]) == {}
    assert list(known(*span)) == []
    services.make_public(private.pk, by=alice, reason="Ude", now=NOON)
    assert tags([7])[7][0].text == private.reference
    assert len(list(known(*span))) == 1


def test_pages_offer_it_to_members_only_where_mentions_are_linked(
    private: Incident, brand: Brand, alice: User, bob: User, signed_in: SignedIn
) -> None:
    from tests.factories.monitoring import mention

    post: Mention = mention(brand, text="Hej")
    for address in (f"/mentions/{post.pk}/incident/", f"/mentions/link/?mention={post.pk}"):
        assert private.reference in signed_in(alice).get(address).content.decode()
        assert private.reference not in signed_in(bob).get(address).content.decode()


def test_a_task_from_before_does_not_tell_its_owner_any_more(
    brand: Brand, alice: User, bob: User, signed_in: SignedIn
) -> None:
    made = IncidentFactory.create(brand=brand)
    TaskFactory.create(incident=made, title="Ring til de ramte", owner=bob)
    assert "Ring til de ramte" in signed_in(bob).get("/").content.decode()
    services.make_private(made.pk, people=[], by=alice, reason="Jura", now=NOON)
    assert "Ring til de ramte" not in signed_in(bob).get("/").content.decode()


def test_the_panel_makes_it_private_and_the_api_too(
    brand: Brand, alice: User, bob: User, signed_in: SignedIn
) -> None:
    made = IncidentFactory.create(brand=brand)
    address = f"/i/{made.reference}/members/"
    wanted = {"do": "private", "people": [bob.pk], "reason": "Jura"}
    signed_in(alice).post(address, wanted)
    assert set(made.members.values_list("user", flat=True)) == {alice.pk, bob.pk}
    path = f"/api/v1/incidents/{made.reference}/"
    client = signed_in(alice)
    body = {"is_private": False, "reason": "Ude"}
    assert client.put(f"{path}privacy/", body, "application/json").json() == {
        "is_private": False,
        "members": [],
    }
    body = {"is_private": True, "reason": "Igen", "members": []}
    assert client.put(f"{path}privacy/", body, "application/json").status_code == 200
    body = {"email": bob.email, "reason": "Jurist"}
    answer = client.post(f"{path}members/", body, "application/json")
    assert [each["email"] for each in answer.json()["members"]] == [alice.email, bob.email]
    assert client.post(f"{path}members/remove/", body, "application/json").status_code == 204
    assert signed_in(bob).get(path).status_code == 404


def test_whoever_is_on_call_hears_only_that_there_is_something(
    brand: Brand, alice: User, bob: User
) -> None:
    """A private suspicion is news for members: whoever is on call is none yet."""
    ShiftFactory.create(brand=brand, user=bob)
    services.open_incident(
        brand, title="Lækage", crisis_type=CrisisType.DATA_BREACH, severity=Severity.SEV4,
        severity_reasons=[], origin=Origin.PERSON, by=alice, private_to=[], triage_until=NOON,
        began_at=NOON, now=NOON,
    )  # fmt: skip
    assert not Notice.objects.filter(user=bob).exists()
