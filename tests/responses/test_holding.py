"""Templates with variables, and holding statements that are approved beforehand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden, Refused
from incidents.models import Incident, TimelineEntry
from responses import services, variables
from responses.enums import DraftState, PublicationState
from responses.models import Approval, Draft, Publication
from responses.models_templates import HoldingUse, StatementTemplate, TemplateVersion
from responses.plan import holding
from responses.publishing import publish_due
from responses.services.plan import templates, using
from responses.services.policies import Wanted
from tests.factories.accounts import MembershipFactory, UserFactory

from .conftest import sha

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now()
TEXT = "At {today} we know of trouble at {place}. ({incident.reference})"
HOLDING = templates.Prepared(
    "First word", TEXT, "en", is_holding=True, expires_at=NOW + timedelta(days=90),
    void_if=["Is anybody hurt?", "Is it our fault?"],
)  # fmt: skip


@pytest.fixture
def karl(brand: Brand) -> User:
    """An approver who wrote nothing."""
    user = UserFactory.create(email="karl@example.org", name="Karl")
    MembershipFactory.create(user=user, brand=brand, role=Role.APPROVER)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def written(brand: Brand, alice: User) -> StatementTemplate:
    return templates.save_template(brand, HOLDING, by=alice, now=NOW)


@pytest.fixture
def ready(written: StatementTemplate, karl: User) -> StatementTemplate:
    approve(written, karl)
    return written


@pytest.fixture
def strict(brand: Brand, alice: User) -> User:
    """The brand asks two people, one after the other; Lone is the second."""
    lone = UserFactory.create(email="lone@example.org", name="Lone")
    MembershipFactory.create(user=lone, brand=brand, role=Role.APPROVER)
    Membership.objects.filter(user=alice, brand=brand).update(role=Role.ADMINISTRATOR)
    boss = User.objects.get(pk=alice.pk)
    steps = [{"name": "Lead", "people": [boss.pk]}, {"name": "Legal", "people": [lone.pk]}]
    services.save_policy(brand, Wanted("Careful", steps), by=boss)
    return lone


def approve(template: StatementTemplate, by: User) -> TemplateVersion:
    sha256 = holding.latest(template).sha256
    return templates.approve_template(template, sha256=sha256, by=by, now=timezone.now())


def use(incident: Incident, template: StatementTemplate, by: User, **more: Any) -> Draft:
    values = {"values": {"place": "the port"}, "holds": [False, False]} | more
    filled = using.Filled(holding.latest(template).sha256, **values)
    return using.use_template(incident, template, filled, by=by, now=timezone.now())


def hand_in(draft: Draft, account: ConnectedAccount) -> None:
    services.set_accounts(draft.pk, account_ids=[account.pk], by=draft.author, now=timezone.now())
    services.submit(draft.pk, by=draft.author, now=timezone.now())


def test_a_holding_statement_needs_one_person_whatever_the_policy_asks(
    incident: Incident, ready: StatementTemplate, strict: User, account: ConnectedAccount,
    bob: User, karl: User,
) -> None:  # fmt: skip
    draft = use(incident, ready, bob, account_ids=[account.pk])
    services.submit(draft.pk, by=bob, now=timezone.now())
    services.approve(draft.pk, by=karl, sha256=sha(draft), now=timezone.now())
    assert Draft.objects.get(pk=draft.pk).state == DraftState.APPROVED
    said = Publication.objects.get().version.text
    assert "trouble at the port. (CD-2026-014)" in said
    assert "{" not in said
    # Nobody's word on the filled bytes lasts longer than the statement.
    assert Approval.objects.get().expires_at == HOLDING.expires_at
    codes = TimelineEntry.objects.values_list("params__code", flat=True)
    assert "holding_used" in codes
    Publication.objects.update(publish_at=timezone.now())
    publish_due(now=timezone.now())
    assert Publication.objects.get().state == PublicationState.SENT


def test_one_changed_word_takes_the_usual_way(
    incident: Incident, ready: StatementTemplate, strict: User, account: ConnectedAccount,
    bob: User, karl: User,
) -> None:  # fmt: skip
    draft = use(incident, ready, bob, account_ids=[account.pk])
    changed = draft.versions.get().text + " It is over."
    services.edit_draft(draft.pk, text=changed, base_version=1, by=bob, now=timezone.now())
    services.submit(draft.pk, by=bob, now=timezone.now())
    assert Draft.objects.get(pk=draft.pk).policy_name == "Careful"
    with pytest.raises(Forbidden):
        services.approve(
            draft.pk, by=karl, sha256=sha(Draft.objects.get(pk=draft.pk)), now=timezone.now()
        )


def test_whoever_used_it_cannot_be_the_second_pair_of_eyes(
    incident: Incident, ready: StatementTemplate, account: ConnectedAccount, alice: User
) -> None:
    draft = use(incident, ready, alice, account_ids=[account.pk])
    services.submit(draft.pk, by=alice, now=timezone.now())
    with pytest.raises(Forbidden):
        services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())


def test_a_condition_that_holds_or_is_not_answered_makes_it_void(
    incident: Incident, ready: StatementTemplate, bob: User
) -> None:
    with pytest.raises(Refused, match="Is it our fault"):
        use(incident, ready, bob, holds=[False, True])
    for unanswered in ([], [False], [False, None]):
        with pytest.raises(Refused, match="Answer each"):
            use(incident, ready, bob, holds=unanswered)
    ordinary = use(incident, ready, bob, holds=[False, True], ordinary=True)
    assert not HoldingUse.objects.filter(draft=ordinary).exists()


def test_what_nobody_approved_or_has_ended_cannot_be_used(
    incident: Incident, written: StatementTemplate, bob: User, karl: User
) -> None:
    with pytest.raises(Refused, match="Nobody has approved"):
        use(incident, written, bob)
    version = approve(written, karl)
    assert holding.is_ready(version, now=NOW)
    filled = using.Filled(version.sha256, {"place": "x"}, [False, False])
    with pytest.raises(Refused, match="has ended"):
        using.use_template(incident, written, filled, by=bob, now=HOLDING.expires_at or NOW)


def test_one_that_ends_while_its_draft_waits_is_not_approved_the_short_way(
    incident: Incident, ready: StatementTemplate, strict: User, account: ConnectedAccount,
    bob: User, karl: User,
) -> None:  # fmt: skip
    draft = use(incident, ready, bob, account_ids=[account.pk])
    services.submit(draft.pk, by=bob, now=timezone.now())
    boss = User.objects.get(email="alice@example.org")
    templates.retire_template(ready, by=boss, now=timezone.now())
    with pytest.raises(Conflict, match="usual way"):
        services.approve(draft.pk, by=karl, sha256=sha(draft), now=timezone.now())
    services.ask_changes(draft.pk, by=karl, comment="Anew", now=timezone.now())
    services.submit(draft.pk, by=bob, now=timezone.now())
    assert Draft.objects.get(pk=draft.pk).policy_name == "Careful"


def test_nobody_approves_beforehand_what_they_wrote(
    written: StatementTemplate, alice: User, bob: User
) -> None:
    with pytest.raises(Forbidden):
        approve(written, alice)
    with pytest.raises(Forbidden):
        approve(written, bob)
    rows = TemplateVersion.objects.filter(template=written)
    with pytest.raises(IntegrityError, match="Nobody judges"), transaction.atomic():
        rows.update(approved_by=alice)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        rows.update(text="Else")


def test_an_approval_is_of_what_was_shown_and_falls_with_a_new_version(
    brand: Brand, ready: StatementTemplate, alice: User, karl: User
) -> None:
    with pytest.raises(Conflict):
        templates.approve_template(ready, sha256="0" * 64, by=karl, now=NOW)
    wanted = templates.Prepared(**{**vars(HOLDING), "text": "Else"})
    with pytest.raises(Conflict, match="meantime"):
        templates.save_template(brand, wanted, by=alice, now=NOW, template=ready, base=0)
    templates.save_template(brand, wanted, by=alice, now=NOW, template=ready, base=1)
    assert not holding.is_ready(holding.latest(ready), now=NOW)
    assert holding.latest(ready).number == 2
    # Another name is no other text: it stays approved.
    approve(ready, karl)
    renamed = templates.Prepared(**{**vars(wanted), "name": "Second word"})
    templates.save_template(brand, renamed, by=alice, now=NOW, template=ready, base=2)
    assert holding.is_ready(holding.latest(ready), now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"void_if": []}, {"expires_at": None}, {"expires_at": NOW - timedelta(days=1)},
        {"text": " "}, {"name": ""},
    ],
)  # fmt: skip
def test_a_holding_statement_needs_an_end_and_conditions(
    brand: Brand, alice: User, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        templates.save_template(
            brand, templates.Prepared(**{**vars(HOLDING), **wrong}), by=alice, now=NOW
        )


def test_variables_are_filled_once_and_none_may_stay_empty(
    incident: Incident, ready: StatementTemplate, bob: User
) -> None:
    assert variables.names(TEXT) == ["today", "place", "incident.reference"]
    assert variables.put("{a} {b} {A} {", {"a": "{b}"}) == "{b} {b} {A} {"
    with pytest.raises(Refused, match="place"):
        use(incident, ready, bob, values={"place": " "})
    # The incident's own are not typed over.
    draft = use(incident, ready, bob, values={"place": "x", "incident.reference": "CD-1"})
    assert "CD-2026-014" in draft.versions.get().text


def test_a_template_of_another_brand_is_of_no_use(
    incident: Incident, charlie: User, other_brand: Brand, bob: User
) -> None:
    plain = templates.Prepared("Theirs", "Text", "en")
    theirs = templates.save_template(other_brand, plain, by=charlie, now=NOW)
    with pytest.raises(Refused, match="no such"):
        use(incident, theirs, bob)


def test_the_library_and_its_use_on_the_pages(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User, karl: User,
    signed_in: SignIn,
) -> None:  # fmt: skip
    brand = incident.brand
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    root = f"/settings/communication/{brand.slug}/templates/"
    said = {
        "name": "First word", "text": TEXT, "language": "en", "audience": "PUBLIC",
        "is_holding": "on", "ends_on": day, "void_if": "Is anybody hurt?", "kind": "",
    }  # fmt: skip
    assert signed_in(alice).post(root + "new/", said | {"void_if": ""}).status_code == 422
    assert signed_in(bob).get(root + "new/").status_code == 403
    assert signed_in(alice).post(root + "new/", said).status_code == 302
    made = StatementTemplate.objects.get()
    version = holding.latest(made)
    own = f"/settings/templates/{made.pk}/"
    assert "Approve it beforehand" not in signed_in(alice).get(root).content.decode()
    assert "Approve it beforehand" in signed_in(karl).get(root).content.decode()
    signed_in(karl).post(own + "approve/", {"sha256": version.sha256})
    client, address = signed_in(bob), f"/i/{incident.reference}/templates/"
    assert "pre-approved until" in client.get(address).content.decode()
    asked = client.get(f"{address}{made.pk}/").content.decode()
    assert "Does any of this hold?" in asked
    fields = {"sha256": version.sha256, "value.place": "the port", "accounts": account.pk}
    assert client.post(f"{address}{made.pk}/", fields).status_code == 422
    done = client.post(f"{address}{made.pk}/", fields | {"holds.0": "no"})
    assert done.status_code == 302
    page = client.get(done["Location"]).content.decode()
    assert "approved beforehand by Karl" in page
    assert signed_in(alice).get(own).status_code == 200
    stranger = UserFactory.create()
    for path in (root, own, f"{address}{made.pk}/", address):
        assert signed_in(stranger).get(path).status_code == 404
    signed_in(alice).post(own + "retire/")
    assert signed_in(alice).get(own).status_code == 404


def test_the_library_and_its_use_over_the_api(
    incident: Incident, brand: Brand, alice: User, bob: User, karl: User, signed_in: SignIn
) -> None:
    root, json = "/api/v1/statement-templates/", "application/json"
    ends = (NOW + timedelta(days=9)).isoformat()
    said = {
        "brand": brand.slug, "name": "First", "text": TEXT, "language": "en",
        "is_holding": True, "expires_at": ends, "void_if": ["Is anybody hurt?"],
    }  # fmt: skip
    assert signed_in(bob).post(root, said, json).status_code == 403
    made = signed_in(alice).post(root, said, json).json()
    assert (made["is_ready"], made["variables"][1]) == (False, "place")
    own = f"{root}{made['id']}/"
    shown = signed_in(karl).post(own + "approve/", {"sha256": made["sha256"]}, json).json()
    assert shown["is_ready"]
    assert signed_in(bob).get(root).json()[0]["approved_by"] == karl.email
    address = f"/api/v1/incidents/{incident.reference}/templates/{made['id']}/"
    fill = {"sha256": made["sha256"], "values": {"place": "x"}, "holds": [True]}
    assert signed_in(bob).post(address, fill, json).status_code in {400, 409, 422}
    begun = signed_in(bob).post(address, fill | {"holds": [False]}, json)
    assert (begun.status_code, begun.json()["number"]) == (201, 1)
    stale = signed_in(alice).put(own, said | {"base": 7}, json)
    assert stale.status_code == 409
    assert signed_in(alice).delete(own).status_code == 204
