"""Who is told that a holding statement ends, and when: once before, once after, whatever dies."""

# ruff: noqa: F811 - fixtures of another module
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from core.engine import AUDITS
from incidents.models import Incident
from notifications.models import Notice
from responses.models_templates import StatementTemplate
from responses.plan import holding
from responses.services.plan import keeping, templates
from tests.threads import together

from .test_holding import HOLDING, approve, karl, ready, written  # noqa: F401 - fixtures
from .test_kills import publish_and_die

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ENDS = HOLDING.expires_at
assert ENDS


def told(kind: str = "holding") -> list[tuple[str, str]]:
    rows = Notice.objects.filter(kind__startswith=f"responses.{kind}").order_by("pk")
    return [(row.kind.removeprefix("responses."), row.user.name) for row in rows]


def remind_all(now: object) -> None:
    while templates.remind_next(now=now):
        pass


def soon(template: StatementTemplate) -> object:
    return holding.warned_at(ENDS, template.brand.time_zone)


def test_its_owner_is_told_a_week_before_and_when_it_has_ended_once_each(
    brand: Brand,
    ready: StatementTemplate,
    alice: User,
    karl: User,
) -> None:
    keeping.set_review(brand, owner=alice, review_on=None, by=alice, now=timezone.now())
    at = soon(ready)
    remind_all(at - timedelta(minutes=1))
    assert told() == []
    for _again in range(2):
        remind_all(at)
    assert told() == [("holding_ends", str(alice))]
    for _again in range(2):
        remind_all(ENDS)
    assert told() == [("holding_ends", str(alice)), ("holding_over", str(alice))]
    ready.refresh_from_db()
    assert ready.remind_at is None


def test_without_an_owner_who_may_still_write_everybody_who_may_is_told(
    brand: Brand,
    ready: StatementTemplate,
    alice: User,
    bob: User,
    olga: User,
    charlie: User,
) -> None:
    keeping.set_review(brand, owner=alice, review_on=None, by=alice, now=timezone.now())
    boss = User.objects.create(email="boss@example.org", name="Boss")
    Membership.objects.create(user=boss, brand=brand, role=Role.ADMINISTRATOR)
    Membership.objects.filter(user=alice).update(role=Role.OBSERVER)
    remind_all(soon(ready))
    assert told() == [("holding_ends", "Boss")]


def test_of_what_is_not_approved_changed_or_put_away_nobody_is_told(
    brand: Brand,
    written: StatementTemplate,
    alice: User,
    karl: User,
) -> None:
    remind_all(ENDS)
    assert told() == []
    approve(written, karl)
    written.refresh_from_db()
    assert written.remind_at == soon(written)
    # Other words are a version without an approval: the old end means nothing.
    changed = replace(HOLDING, text="Other words.", expires_at=ENDS + timedelta(days=30))
    templates.save_template(brand, changed, by=alice, now=timezone.now(), template=written, base=1)
    remind_all(ENDS)
    assert told() == []
    approve(written, karl)
    templates.retire_template(written, by=alice, now=timezone.now())
    remind_all(ENDS + timedelta(days=40))
    assert told() == []


def test_one_approved_in_its_last_week_is_told_of_when_it_ends(
    written: StatementTemplate,
    karl: User,
) -> None:
    templates.approve_template(
        written,
        sha256=holding.latest(written).sha256,
        by=karl,
        now=ENDS - timedelta(days=2),
    )
    remind_all(ENDS - timedelta(days=1))
    assert told() == []
    remind_all(ENDS)
    assert {kind for kind, _name in told()} == {"holding_over"}


def test_plan_and_api_show_what_ends(
    brand: Brand,
    ready: StatementTemplate,
    alice: User,
    olga: User,
    signed_in: SignIn,
) -> None:
    page = f"/settings/communication/{brand.slug}/"
    api = f"/api/v1/communication-plans/{brand.slug}/"
    client = signed_in(alice)
    assert "First word" not in client.get(page).content.decode()
    assert client.get(api).json()["holding_ending"] == []
    for days, over, words in (
        (3, False, "“First word” ends"),
        (-1, True, "“First word” has ended"),
    ):
        end = timezone.now() + timedelta(days=days)
        template = _ending(brand, end, alice)
        assert words in client.get(page).content.decode()
        shown = {each["id"]: each for each in client.get(api).json()["holding_ending"]}
        assert shown[template.pk]["is_over"] is over
        template.delete()
    assert signed_in(olga).get(page).status_code == 200


def _ending(brand: Brand, end: object, by: User) -> StatementTemplate:
    template = StatementTemplate.objects.create(
        brand=brand, name="First word", language="en", is_holding=True, created_at=timezone.now()
    )
    approver = User.objects.exclude(pk=by.pk).first()
    template.versions.create(
        number=1, text="T", void_if=["?"], expires_at=end, sha256="x" * 64, editor=by,
        created_at=timezone.now(), approved_by=approver, approved_at=timezone.now(),
    )  # fmt: skip
    return template


def test_an_end_of_which_nobody_was_told_is_told_aloud(ready: StatementTemplate) -> None:
    assert AUDITS["holding_ends"]() == []
    StatementTemplate.objects.update(remind_at=timezone.now() - timedelta(hours=1))
    assert AUDITS["holding_ends"]() == [f"{ready.brand.slug}: nobody was told that First word ends"]


@pytest.mark.django_db(transaction=True)
def test_two_engines_at_once_tell_once(ready: StatementTemplate, incident: Incident) -> None:
    together(*(partial(remind_all, soon(ready)) for _engine in range(4)))
    people = [name for _kind, name in told()]
    assert people
    assert len(people) == len(set(people))


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_in_the_middle_loses_nothing_and_tells_nobody_twice(
    when: str,
    ready: StatementTemplate,
) -> None:
    StatementTemplate.objects.update(remind_at=timezone.now())
    publish_and_die('UPDATE "responses_statementtemplate"', 1, when, "responses.loops.holding_ends")
    assert told() == []
    remind_all(timezone.now())
    people = [name for _kind, name in told()]
    assert people
    assert len(people) == len(set(people))
