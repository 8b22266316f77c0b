"""Approval policies: who is asked, in which order, who follows, and when an approval ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from core.errors import Conflict, Forbidden, Refused
from incidents.enums import IncidentRole, Severity
from incidents.models import Incident, TimelineEntry
from incidents.models_roles import RoleHolding
from notifications.models import Notice
from responses import services, waiting
from responses.enums import DraftState, PublicationState, StepState, Verdict
from responses.models import Approval, Draft, Publication
from responses.models_policy import ApprovalPolicy, ApprovalStep
from responses.publishing import publish_due
from responses.selectors import waiting_for
from responses.services import deadlines
from responses.services.policies import Wanted
from tests.factories.accounts import MembershipFactory, UserFactory

from .conftest import sha

NOW = timezone.now()


@pytest.fixture
def anna(brand: Brand) -> User:
    return person(brand, "Anna Advokat")


@pytest.fixture
def dora(brand: Brand) -> User:
    return person(brand, "Dora Deputy")


def person(brand: Brand, name: str) -> User:
    user = UserFactory.create(email=f"{name.split(maxsplit=1)[0].lower()}@example.org", name=name)
    MembershipFactory.create(user=user, brand=brand, role=Role.APPROVER)
    return User.objects.get(pk=user.pk)


def step(name: str, *people: User, **more: Any) -> dict[str, Any]:
    return {"name": name, "people": [each.pk for each in people], **more}


def policy(brand: Brand, alice: User, *steps: dict[str, Any], **more: Any) -> ApprovalPolicy:
    Membership.objects.filter(user=alice, brand=brand).update(role=Role.ADMINISTRATOR)
    administrator = User.objects.get(pk=alice.pk)
    wanted = Wanted(more.pop("name", "Careful"), steps, **more)
    return services.save_policy(brand, wanted, by=administrator)


def submit(draft: Draft) -> Draft:
    return services.submit(draft.pk, by=draft.author, now=NOW)


def approve(draft: Draft, by: User, now: Any = NOW) -> Draft:
    return services.approve(draft.pk, by=by, sha256=sha(draft), now=now)


def states(draft: Draft) -> list[str]:
    live = ApprovalStep.objects.filter(version__draft=draft).exclude(state=StepState.VOID)
    return list(live.order_by("position").values_list("state", flat=True))


def told(draft: Draft) -> list[str]:
    entries = TimelineEntry.objects.filter(incident=draft.incident_id).order_by("number")
    return [each.params["code"] for each in entries if "code" in each.params]


def test_steps_in_order_are_asked_one_after_the_other(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), step("Board", alice))
    submit(draft)

    assert states(draft) == [StepState.OPEN, StepState.WAITING]
    assert not Notice.objects.filter(user=alice, kind="responses.approval_wanted").exists()
    with pytest.raises(Forbidden, match="It waits for: Legal"):
        approve(draft, alice)

    approve(draft, anna)
    draft.refresh_from_db()
    assert (draft.state, states(draft)) == (DraftState.SUBMITTED, [StepState.DONE, StepState.OPEN])
    assert not Publication.objects.exists()
    assert Notice.objects.filter(user=alice, kind="responses.approval_wanted").exists()

    approve(draft, alice)
    draft.refresh_from_db()
    assert draft.state == DraftState.APPROVED
    assert Publication.objects.get().state == PublicationState.QUEUED


def test_steps_side_by_side_are_asked_together_and_each_is_needed(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), step("Board", alice, beside=True))
    submit(draft)

    assert states(draft) == [StepState.OPEN, StepState.OPEN]
    approve(draft, alice)
    assert Draft.objects.get().state == DraftState.SUBMITTED
    approve(draft, anna)
    assert Draft.objects.get().state == DraftState.APPROVED


def test_all_of_a_step_are_needed_save_whoever_wrote_it(
    brand: Brand, draft: Draft, alice: User, bob: User, anna: User
):
    Membership.objects.filter(user=bob).update(role=Role.LEAD)
    policy(brand, alice, step("Board", alice, anna, bob, mode="ALL"))
    submit(draft)

    assert ApprovalStep.objects.get().needed == 2
    approve(draft, anna)
    assert approve(draft, anna).state == DraftState.SUBMITTED
    approve(draft, alice)
    assert Draft.objects.get().state == DraftState.APPROVED


def test_one_word_counts_for_every_step_that_asks_the_same_person(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), step("Board", anna, alice))
    submit(draft)

    approve(draft, anna)

    assert states(draft) == [StepState.DONE, StepState.DONE]
    assert Approval.objects.count() == 1


def test_the_first_policy_whose_conditions_hold_is_taken(
    brand: Brand, incident: Incident, draft: Draft, alice: User, anna: User
):
    Incident.objects.filter(pk=incident.pk).update(severity=Severity.SEV3)
    policy(brand, alice, step("Grave", anna), name="Grave", only={"severity": 2})
    policy(brand, alice, step("Legal", anna), name="Legal", only={"risks": ["LEGAL"]})
    policy(brand, alice, step("Abroad", anna), name="Abroad", only={"networks": ["mastodon"]})
    policy(brand, alice, step("Rest", anna), name="Rest")
    assert submit(draft).policy_name == "Rest"

    text = "We will pay compensation to everybody."
    services.edit_draft(draft.pk, text=text, base_version=1, by=draft.author, now=NOW)
    assert submit(draft).policy_name == "Legal"

    Incident.objects.filter(pk=incident.pk).update(severity=Severity.SEV1)
    services.edit_draft(draft.pk, text="Sorry.", base_version=2, by=draft.author, now=NOW)
    assert submit(draft).policy_name == "Grave"


def test_what_its_writer_says_of_a_draft_may_need_others(
    brand: Brand, draft: Draft, alice: User, bob: User, anna: User
):
    policy(brand, alice, step("DPO", anna), name="Data", only={"risks": ["PERSONAL_DATA"]})
    assert submit(draft).policy_name == ""

    services.set_risks(draft.pk, risks=["PERSONAL_DATA"], by=bob, now=NOW)

    draft.refresh_from_db()
    assert draft.state == DraftState.WRITING
    assert submit(draft).policy_name == "Data"


def test_a_draft_that_waits_keeps_the_policy_that_it_was_submitted_with(
    brand: Brand, draft: Draft, alice: User, anna: User, dora: User
):
    first = policy(brand, alice, step("Legal", anna))
    submit(draft)

    services.delete_policy(first, by=User.objects.get(pk=alice.pk))

    with pytest.raises(Forbidden):
        approve(draft, dora)
    approve(draft, anna)
    assert Draft.objects.get().state == DraftState.APPROVED


def test_a_change_after_an_approval_asks_everybody_anew(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), step("Board", alice))
    submit(draft)
    approve(draft, anna)

    services.edit_draft(draft.pk, text="Changed.", base_version=1, by=draft.author, now=NOW)

    assert states(draft) == []
    draft.refresh_from_db()
    submit(draft)
    assert states(draft) == [StepState.OPEN, StepState.WAITING]


def test_nobody_in_time_brings_the_deputies_one_after_the_other_then_is_told(
    brand: Brand, draft: Draft, alice: User, anna: User, dora: User
):
    third = person(brand, "Tine Third")
    asked = step("Legal", anna, wait=600, deputies=[dora.pk, third.pk])
    policy(brand, alice, asked)
    submit(draft)
    with pytest.raises(Forbidden):
        approve(draft, dora)

    assert deadlines.act_on_due(now=NOW + timedelta(seconds=599)) == 0
    deadlines.act_on_due(now=NOW + timedelta(seconds=600))
    deadlines.act_on_due(now=NOW + timedelta(seconds=600))
    assert ApprovalStep.objects.get().asked == [anna.pk, dora.pk]
    assert Notice.objects.filter(user=dora, kind="responses.approval_wanted").count() == 1

    deadlines.act_on_due(now=NOW + timedelta(seconds=1200))
    assert ApprovalStep.objects.get().asked == [anna.pk, dora.pk, third.pk]
    deadlines.act_on_due(now=NOW + timedelta(seconds=1800))
    stuck = ApprovalStep.objects.get()
    assert (stuck.due_at, stuck.stuck_at) == (None, NOW + timedelta(seconds=1800))
    assert Notice.objects.filter(user=alice, kind="responses.approval_stuck").exists()
    assert told(draft).count("handed_on") == 2

    approve(draft, dora, NOW + timedelta(seconds=1801))
    assert Draft.objects.get().state == DraftState.APPROVED


def test_a_step_whose_role_nobody_holds_asks_its_deputy_at_once(
    brand: Brand, draft: Draft, alice: User, dora: User
):
    asked = step("Legal", crew=[IncidentRole.LEGAL], wait=600, deputies=[dora.pk])
    policy(brand, alice, asked)

    submit(draft)

    assert ApprovalStep.objects.get().asked == [dora.pk]


def test_a_role_that_is_handed_over_hands_over_its_approvals(
    brand: Brand, incident: Incident, draft: Draft, alice: User, anna: User, dora: User
):
    held = RoleHolding.objects.create(
        incident=incident, role=IncidentRole.LEGAL, user=anna, since=NOW
    )
    policy(brand, alice, step("Legal", crew=[IncidentRole.LEGAL]))
    submit(draft)
    assert list(waiting_for(anna)) == [draft]

    RoleHolding.objects.filter(pk=held.pk).update(user=dora)
    deadlines.renew_open(now=NOW)

    assert (list(waiting_for(anna)), list(waiting_for(dora))) == ([], [draft])
    assert Notice.objects.filter(user=dora, kind="responses.approval_wanted").count() == 1
    with pytest.raises(Forbidden):
        approve(draft, anna)
    approve(draft, dora)


def grow_old() -> None:
    """Have every approval end a minute ago: the database goes by its own clock."""
    ended = NOW - timedelta(minutes=1)
    Approval.objects.update(expires_at=ended)
    ApprovalStep.objects.filter(state=StepState.DONE).update(due_at=ended)


def test_an_approval_ends_and_what_has_not_left_is_called_back(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), lasts=3600)
    submit(draft)
    approve(draft, anna)
    assert Approval.objects.get().expires_at == NOW + timedelta(hours=1)
    grow_old()

    publish_due(now=NOW + timedelta(minutes=1))

    assert Publication.objects.get().state == PublicationState.CANCELLED
    draft.refresh_from_db()
    assert (draft.state, states(draft)) == (DraftState.SUBMITTED, [StepState.OPEN])


def test_the_loop_ends_an_approval_by_itself_and_asks_again(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), lasts=3600)
    submit(draft)
    approve(draft, anna)
    grow_old()

    deadlines.act_on_due(now=NOW + timedelta(minutes=1))

    assert Publication.objects.get().error == "approval_expired"
    assert Notice.objects.filter(user=anna, kind="responses.approval_wanted").count() == 2
    approve(draft, anna, NOW)
    assert Draft.objects.get().state == DraftState.APPROVED
    assert Publication.objects.get().state == PublicationState.QUEUED


def test_whoever_lost_the_right_takes_their_step_with_them(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), step("Board", alice))
    submit(draft)
    approve(draft, anna)
    approve(draft, alice)

    Membership.objects.filter(user=anna).update(role=Role.OBSERVER)
    publish_due(now=NOW + timedelta(minutes=1))

    draft.refresh_from_db()
    assert draft.state == DraftState.SUBMITTED
    assert states(draft) == [StepState.OPEN, StepState.WAITING]


def test_an_approval_of_one_step_can_be_taken_back(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), step("Board", alice))
    submit(draft)
    approve(draft, anna)

    with pytest.raises(Conflict, match="too late"):
        services.undo_approval(draft.pk, by=anna, now=NOW + timedelta(seconds=11))
    services.undo_approval(draft.pk, by=anna, now=NOW + timedelta(seconds=9))

    assert states(draft) == [StepState.OPEN, StepState.WAITING]
    assert not Approval.objects.exists()


def test_changes_that_one_asks_for_end_the_asking_of_all(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna, wait=60), step("Board", alice, beside=True))
    submit(draft)

    services.ask_changes(draft.pk, by=anna, comment="Name the batch.", now=NOW)

    assert states(draft) == []
    assert deadlines.act_on_due(now=NOW + timedelta(hours=1)) == 0
    assert not list(waiting_for(alice))


def test_the_critical_path_names_the_step_and_how_long(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna))
    submit(draft)

    waits = waiting.of_drafts([Draft.objects.get()])[draft.pk]

    assert [each.people for each in waits] == [[anna]]
    said = waiting.sentence(waits, NOW + timedelta(minutes=11))
    assert said == "Waits for Legal, 11 min"


def test_the_database_lets_nothing_out_before_every_step_is_covered(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna), step("Board", alice))
    submit(draft)
    approve(draft, anna)
    Draft.objects.update(state=DraftState.APPROVED)
    version = draft.versions.get()

    def publish() -> Publication:
        return Publication.objects.create(
            version=version, account=draft.accounts.get(), sha256=version.sha256,
            idempotency_key="raw", publish_at=NOW, created_at=NOW,
        )  # fmt: skip

    with pytest.raises(IntegrityError, match="No standing approval"), transaction.atomic():
        publish()
    Draft.objects.update(state=DraftState.SUBMITTED)
    approve(draft, alice)
    assert Publication.objects.get().state == PublicationState.QUEUED


def test_a_draft_handed_in_before_there_were_steps_is_asked_about(draft: Draft, alice: User):
    Draft.objects.update(state=DraftState.SUBMITTED)
    assert list(waiting_for(alice)) == []
    assert deadlines.begin_missing(now=NOW) == 1
    assert deadlines.begin_missing(now=NOW) == 0
    assert list(waiting_for(alice)) == [draft]
    approve(draft, alice)
    assert Draft.objects.get().state == DraftState.APPROVED


def lower_needed(row: ApprovalStep) -> None:
    row.needed = 1


def other_people(row: ApprovalStep) -> None:
    row.people = [1]


@pytest.mark.parametrize("spoil", [lower_needed, other_people])
def test_a_step_stays_as_it_was_submitted(
    brand: Brand, draft: Draft, alice: User, anna: User, spoil: Callable[[ApprovalStep], None]
):
    policy(brand, alice, step("Board", alice, anna, mode="ALL"))
    submit(draft)
    row = ApprovalStep.objects.get()
    spoil(row)

    with pytest.raises(IntegrityError, match="stays as it was"), transaction.atomic():
        row.save()


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "one to 10 steps"),
        ([{"name": ""}], "give it a name"),
        ([{"name": "Legal"}], "say who is asked"),
        ([{"name": "Legal", "people": [0]}], "may approve drafts"),
        ([{"name": "Legal", "roles": ["OBSERVER"]}], "roles that may approve"),
        ([{"name": "Legal", "crew": ["KING"]}], "role in the incident"),
        ([{"name": "Legal", "roles": ["LEAD"], "wait": 99999}], "24 hours"),
        ([{"mode": "ANY"}], "cannot be read"),
    ],
)
def test_a_policy_that_nobody_could_answer_is_refused(
    brand: Brand, alice: User, steps: list[dict[str, Any]], words: str
):
    with pytest.raises(Refused, match=words):
        policy(brand, alice, *steps)


def test_conditions_of_another_brand_are_refused(brand: Brand, alice: User, anna: User):
    with pytest.raises(Refused, match="does not have"):
        policy(brand, alice, step("Legal", anna), only={"accounts": [0]})


def test_only_an_administrator_writes_policies(brand: Brand, anna: User):
    with pytest.raises(Forbidden):
        services.save_policy(brand, Wanted("Mine", [step("Me", anna)]), by=anna)


def test_verdicts_of_earlier_versions_do_not_count(
    brand: Brand, draft: Draft, alice: User, anna: User
):
    policy(brand, alice, step("Legal", anna))
    submit(draft)
    services.ask_changes(draft.pk, by=anna, comment="No.", now=NOW)
    submit(draft)
    assert Approval.objects.get().verdict == Verdict.CHANGES
    assert states(draft) == [StepState.OPEN]
