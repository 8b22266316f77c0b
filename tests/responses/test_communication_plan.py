"""The communication plan: what it says, who speaks today, its versions and its review."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, Membership, User
from core.errors import Conflict, Forbidden, Refused
from incidents.models import Incident
from incidents.models_rota import Absence
from notifications.models import Notice
from responses.enums_plan import PlanSection
from responses.models import Draft
from responses.models_plan import CommunicationPlan, CommunicationPlanVersion
from responses.plan import reading, shape, speaking
from responses.plan.advice import advice, measure
from responses.plan.differences import differences
from responses.services.plan import keeping
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now()
MAP = {
    "key": "", "kind": "product_safety", "audience": "PUBLIC", "language": "en",
    "question": "Is it safe to drink?",
    "messages": [
        {"text": text, "facts": ["One", "Two", "Three"]}
        for text in ("We are sorry.", "Do not drink batch 7.", "We write again at four.")
    ],
}  # fmt: skip


def save(brand: Brand, section: str, value: Any, by: User, **more: Any) -> Any:
    base = reading.digest(reading.content_of(brand.pk), section)
    return keeping.save_section(
        brand, keeping.Writing(section, value, base, **more), by=by, now=timezone.now()
    )


def speaker(user: User, *deputies: User, **more: Any) -> dict[str, Any]:
    return {"user": user.pk, "deputies": [each.pk for each in deputies], **more}


def test_each_save_is_a_version_that_says_what_it_changed(brand: Brand, alice: User) -> None:
    first = save(brand, "maps", [MAP], alice)
    second = save(brand, "order", shape.usual_order(), alice, note="After the drill")
    assert (first.number, second.number) == (1, 2)
    assert differences(shape.empty(), first.content, {}) == [
        "Message map added: “Is it safe to drink?”."
    ]
    assert differences(first.content, second.content, {}) == [
        "Order of telling: Those affected, Staff, Regulator, Partners, The public."
    ]
    # What is not changed is not told again.
    assert second.content["maps"] == first.content["maps"]
    same = save(brand, "order", shape.usual_order(), alice)
    assert same.pk == second.pk
    entry = AuditEntry.objects.get(action="communication_plan.saved", detail__version=2)
    assert entry.detail["section"] == "ORDER"


def test_a_version_is_never_changed_and_can_be_brought_back(brand: Brand, alice: User) -> None:
    first = save(brand, "maps", [MAP], alice)
    save(brand, "maps", [], alice)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        CommunicationPlanVersion.objects.filter(pk=first.pk).update(content=shape.empty())
    back = keeping.restore(brand, 1, by=alice, now=NOW)
    assert back.number == 3
    assert reading.content_of(brand.pk)["maps"][0]["question"] == "Is it safe to drink?"
    with pytest.raises(Refused):
        keeping.restore(brand, 9, by=alice, now=NOW)


def test_two_who_write_the_same_section_do_not_lose_each_others_text(
    brand: Brand, alice: User
) -> None:
    karl = UserFactory.create(name="Karl")
    MembershipFactory.create(user=karl, brand=brand, role=Role.LEAD)
    base = reading.digest(shape.empty(), "order")
    karls = keeping.Writing("order", [{"audience": "STAFF"}, {"audience": "PUBLIC"}], base)
    keeping.save_section(brand, karls, by=User.objects.get(pk=karl.pk), now=NOW)
    mine = keeping.Writing("order", shape.usual_order(), base)
    with pytest.raises(Conflict, match="Karl"):
        keeping.save_section(brand, mine, by=alice, now=NOW)
    # Another section may be written at once.
    assert save(brand, "maps", [MAP], alice).number == 2


def test_only_who_may_write_plans_writes_it(brand: Brand, bob: User, alice: User) -> None:
    with pytest.raises(Forbidden):
        save(brand, "maps", [MAP], bob)
    with pytest.raises(Forbidden):
        keeping.mark_reviewed(brand, next_on=None, by=bob, now=NOW)
    save(brand, "maps", [MAP], alice)
    with pytest.raises(Forbidden):
        keeping.restore(brand, 1, by=bob, now=NOW)


def test_a_stranger_is_no_spokesperson_and_one_who_left_since_stays_until_taken_out(
    brand: Brand, alice: User, bob: User, charlie: User
) -> None:
    with pytest.raises(Refused, match="members"):
        save(brand, "speakers", [speaker(charlie)], alice)
    save(brand, "speakers", [speaker(alice, bob)], alice)
    Membership.objects.filter(user=bob).delete()
    later = [speaker(alice, bob, note="In English too")]
    assert save(brand, "speakers", later, alice).number == 2


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("maps", [{**MAP, "question": " "}]),
        ("maps", [{**MAP, "language": "tlh"}]),
        ("maps", [{**MAP, "kind": "nonsense"}]),
        ("order", [{"audience": "STAFF"}]),
        ("order", [{"audience": "PUBLIC"}, {"audience": "PUBLIC"}]),
        ("speakers", [{"user": "x"}]),
        ("voice", {"da": {"tone": "x" * 2001}}),
        ("channels", [{"naem": "x"}]),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    brand: Brand, alice: User, section: str, value: Any
) -> None:
    with pytest.raises(Refused):
        save(brand, section, value, alice)
    assert reading.latest(brand.pk) is None


def test_a_map_is_measured_by_covellos_limits_and_only_advised() -> None:
    assert advice(MAP) == []
    assert measure(MAP).words == 13
    long = {**MAP, "messages": [{"text": "word " * 28, "facts": ["One"]}]}
    said = advice(long)
    assert said[0] == "1 message: three are remembered."
    assert said[1].startswith("28 words")
    assert said[2] == "Message 1 has 1 fact behind it; three hold it up."
    assert advice({**MAP, "messages": [{"text": "word " * 31, "facts": []}]})[2].startswith(
        "About 10 seconds"
    )


def test_who_speaks_today_is_the_first_who_is_there(
    brand: Brand, alice: User, bob: User, olga: User
) -> None:
    User.objects.filter(pk=bob.pk).update(phone="+45 20 30 40 50")
    save(brand, "speakers", [speaker(alice, bob, olga)], alice)
    content = reading.content_of(brand.pk)

    def today() -> speaking.Line:
        return speaking.lines(content, brand.pk, at=NOW)[0]

    assert today().today == today().first
    away = {"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=1)}
    Absence.objects.create(user=alice, made_at=NOW, **away)
    found = today()
    assert found.stands_in
    assert found.today
    assert found.today.user == bob
    assert found.today.reachable
    Membership.objects.filter(user=bob, brand=brand).delete()
    found = today()
    assert found.today
    assert found.today.user == olga
    assert not found.today.reachable
    Absence.objects.create(user=olga, made_at=NOW, **away)
    assert today().today is None
    # An absence that is over hinders nobody.
    assert speaking.lines(content, brand.pk, at=NOW + timedelta(hours=2))[0].today


def test_who_is_named_for_a_kind_of_crisis_speaks_before_who_speaks_about_everything(
    brand: Brand, alice: User, bob: User
) -> None:
    rows = [speaker(alice), speaker(bob, kinds=["data_breach"])]
    save(brand, "speakers", rows, alice)
    lines = speaking.lines(reading.content_of(brand.pk), brand.pk, at=NOW)
    breach, outage = speaking.speaker(lines, "data_breach"), speaking.speaker(lines, "outage")
    assert breach
    assert breach.user == bob
    assert outage
    assert outage.user == alice


def test_the_owner_is_told_on_the_day_once_and_again_after_a_week(
    brand: Brand, alice: User, bob: User
) -> None:
    day = timezone.localdate() + timedelta(days=3)
    keeping.set_review(brand, owner=alice, review_on=day, by=alice, now=NOW)
    assert not keeping.remind_next(now=NOW)
    due = CommunicationPlan.objects.get().remind_at
    assert due
    assert keeping.remind_next(now=due)
    assert not keeping.remind_next(now=due)
    notice = Notice.objects.get(kind="responses.plan_review")
    assert notice.user == alice
    assert keeping.remind_next(now=due + timedelta(days=7))
    assert Notice.objects.filter(kind="responses.plan_review").count() == 2
    keeping.mark_reviewed(brand, next_on=None, by=alice, now=NOW)
    plan = CommunicationPlan.objects.get()
    assert (plan.reviewed_by, plan.remind_at, plan.owner) == (alice, None, alice)


def test_without_an_owner_who_may_act_everybody_who_may_is_told(
    brand: Brand, alice: User, bob: User
) -> None:
    day = timezone.localdate() + timedelta(days=3)
    keeping.set_review(brand, owner=alice, review_on=day, by=alice, now=NOW)
    karl = UserFactory.create(name="Karl")
    MembershipFactory.create(user=karl, brand=brand, role=Role.ADMINISTRATOR)
    Membership.objects.filter(user=alice, brand=brand).update(role=Role.OBSERVER)
    assert keeping.remind_next(now=NOW + timedelta(days=5))
    told = Notice.objects.filter(kind="responses.plan_review")
    assert [each.user for each in told] == [karl]


def test_a_day_that_has_passed_and_an_owner_without_the_right_are_refused(
    brand: Brand, alice: User, bob: User
) -> None:
    with pytest.raises(Refused, match="passed"):
        keeping.set_review(brand, owner=alice, review_on=date(2020, 1, 1), by=alice, now=NOW)
    with pytest.raises(Refused, match="may not write"):
        keeping.set_review(brand, owner=bob, review_on=None, by=alice, now=NOW)


# Pages


@pytest.mark.parametrize("tab", PlanSection.values)
def test_a_page_shows_each_tab_to_who_reads_and_to_who_writes(
    brand: Brand, alice: User, olga: User, signed_in: SignIn, tab: str
) -> None:
    save(brand, "maps", [MAP], alice)
    save(brand, "speakers", [speaker(alice)], alice)
    address = f"/settings/communication/{brand.slug}/?tab={tab}"
    written = signed_in(alice).get(address)
    read = signed_in(olga).get(address)
    assert written.status_code == read.status_code == 200
    assert ("data-guard" in written.content.decode()) is (tab != "maps")
    assert "data-guard" not in read.content.decode()


def test_the_order_is_written_on_the_page(brand: Brand, alice: User, signed_in: SignIn) -> None:
    rows = {"form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "0"}
    for place, audience in enumerate(("PUBLIC", "STAFF", "")):
        rows |= {f"form-{place}-audience": audience, f"form-{place}-ORDER": str(9 - place)}
    rows["base"] = reading.digest(shape.empty(), "order")
    client = signed_in(alice)
    address = f"/settings/communication/{brand.slug}/?tab=order"
    answer = client.post(address, rows)
    assert answer.status_code == 302
    content = reading.content_of(brand.pk)
    assert [each["audience"] for each in content["order"]] == ["STAFF", "PUBLIC"]
    # The same base again: somebody else has saved since.
    again = client.post(address, rows | {"form-0-how": "By mail"})
    assert again.status_code == 409
    assert "By mail" in again.content.decode()


def test_speakers_and_channels_are_written_on_the_page(
    brand: Brand, alice: User, bob: User, signed_in: SignIn
) -> None:
    client, start = signed_in(alice), {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0"}
    for tab, row in (
        ("speakers", {"user": alice.pk, "deputy_1": bob.pk, "kinds": ["outage"]}),
        ("channels", {"name": "Press", "owner": bob.pk}),
    ):
        fields = {f"form-0-{name}": value for name, value in row.items()}
        base = reading.digest(shape.empty(), tab)
        answer = client.post(
            f"/settings/communication/{brand.slug}/?tab={tab}", start | fields | {"base": base}
        )
        assert answer.status_code == 302, answer.content.decode()
    content = reading.content_of(brand.pk)
    assert content["speakers"][0]["deputies"] == [bob.pk]
    assert content["channels"][0]["owner"] == bob.pk


def test_a_message_map_is_written_and_taken_out_on_its_page(
    brand: Brand, alice: User, bob: User, signed_in: SignIn
) -> None:
    client, root = signed_in(alice), f"/settings/communication/{brand.slug}/"
    assert client.get(root + "maps/new/").status_code == 200
    said = {
        "question": "Is it safe?", "language": "en", "audience": "PUBLIC", "kind": "",
        "text_1": "We are sorry.", "facts_1": "One\nTwo",
        "base": reading.digest(shape.empty(), "maps"),
    }  # fmt: skip
    assert client.post(root + "maps/new/", said).status_code == 302
    row = reading.content_of(brand.pk)["maps"][0]
    assert row["messages"] == [{"text": "We are sorry.", "facts": ["One", "Two"]}]
    shown = client.get(root + f"maps/{row['key']}/").content.decode()
    assert "three hold it up" in shown
    assert client.post(root + "maps/new/", said | {"question": ""}).status_code == 422
    assert client.get(root + "maps/gone/").status_code == 404
    assert signed_in(bob).get(root + "maps/new/").status_code == 403
    base = reading.digest(reading.content_of(brand.pk), "maps")
    signed_in(alice).post(root + f"maps/{row['key']}/remove/", {"base": base})
    assert reading.content_of(brand.pk)["maps"] == []


def test_the_history_compares_and_brings_back(brand: Brand, alice: User, signed_in: SignIn) -> None:
    save(brand, "maps", [MAP], alice)
    save(brand, "order", shape.usual_order(), alice)
    root = f"/settings/communication/{brand.slug}/history/"
    shown = signed_in(alice).get(root + "?a=1&b=2").content.decode()
    assert "From version 1 to version 2" in shown
    signed_in(alice).post(root + "1/restore/")
    assert reading.content_of(brand.pk)["order"] == []


def test_strangers_find_no_plan(
    brand: Brand, alice: User, charlie: User, signed_in: SignIn
) -> None:
    save(brand, "maps", [MAP], alice)
    assert b"Is it safe" in signed_in(alice).get(f"/settings/communication/{brand.slug}/").content
    client = signed_in(charlie)
    for end in ("", "history/", "maps/new/"):
        assert client.get(f"/settings/communication/{brand.slug}/{end}").status_code == 404
    assert client.get(f"/api/v1/communication-plans/{brand.slug}/").status_code == 404


# API


def test_the_plan_is_read_and_written_over_the_api(
    brand: Brand, alice: User, olga: User, signed_in: SignIn
) -> None:
    client, address = signed_in(alice), f"/api/v1/communication-plans/{brand.slug}/"
    empty = client.get(address).json()
    assert (empty["version"], empty["content"]["maps"]) == (0, [])
    wanted = {
        "bases": empty["bases"], "maps": [MAP], "speakers": [speaker(alice)],
        "voice": {"da": {"tone": "Roligt", "values": ["Ærlig"]}}, "order": shape.usual_order(),
    }  # fmt: skip
    put = client.put(address, wanted, content_type="application/json")
    assert put.status_code == 200, put.json()
    told = put.json()
    assert told["version"] == 4
    assert told["content"]["voice"]["da"]["values"] == ["Ærlig"]
    assert told["speaking"][0]["today"] == alice.email
    assert told["content"]["maps"][0]["advice"] == []
    old = client.put(address, wanted | {"maps": []}, content_type="application/json")
    assert old.status_code == 409
    versions = client.get(address + "versions/").json()
    assert [each["number"] for each in versions] == [4, 3, 2, 1]
    assert versions[-1]["changes"] == ["Message map added: “Is it safe to drink?”."]
    denied = signed_in(olga).put(
        address, {"bases": told["bases"], "maps": []}, content_type="application/json"
    )
    assert denied.status_code == 403
    day = str(timezone.localdate() + timedelta(days=90))
    answer = signed_in(alice).post(
        address + "review/", {"owner": alice.email, "review_on": day},
        content_type="application/json",
    )  # fmt: skip
    assert (answer.json()["owner"], answer.json()["review_on"]) == (alice.email, day)


def test_all_sections_are_written_or_none(brand: Brand, alice: User, signed_in: SignIn) -> None:
    address = f"/api/v1/communication-plans/{brand.slug}/"
    bases = {each: reading.digest(shape.empty(), each) for each in PlanSection.values}
    wanted = {"bases": bases, "maps": [MAP], "order": [{"audience": "STAFF"}]}
    client = signed_in(alice)
    assert client.put(address, wanted, content_type="application/json").status_code in {400, 422}
    assert reading.latest(brand.pk) is None


def test_a_page_costs_the_same_however_much_is_written(
    brand: Brand, alice: User, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    BrandFactory.create()
    save(brand, "maps", [{**MAP, "question": f"Is it {n}?"} for n in range(30)], alice)
    save(brand, "speakers", [speaker(alice)], alice)
    client = signed_in(alice)
    for tab in PlanSection.values:
        with django_assert_max_num_queries(24):
            client.get(f"/settings/communication/{brand.slug}/?tab={tab}")


def test_key_messages_and_the_speaker_stand_in_the_room_and_beside_the_draft(
    incident: Incident, draft: Draft, alice: User, charlie: User, signed_in: SignIn
) -> None:
    save(incident.brand, "maps", [{**MAP, "kind": ""}], alice)
    save(incident.brand, "speakers", [speaker(alice)], alice)
    root, client = f"/i/{incident.reference}/", signed_in(alice)
    room = client.get(root + "key-messages/").content.decode()
    assert "Do not drink batch 7." in room
    assert "Alice Andersen" in room
    assert "data-insert" not in room
    beside = client.post(f"{root}drafts/{draft.number}/key-messages/").content.decode()
    assert 'data-insert="Do not drink batch 7."' in beside
    for end in ("key-messages/", f"drafts/{draft.number}/key-messages/"):
        assert signed_in(charlie).get(root + end).status_code == 404
