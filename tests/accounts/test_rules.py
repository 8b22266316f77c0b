"""The one table of rights, row by row."""

import pytest

from accounts.enums import Permission, Role
from accounts.models import Brand, User
from accounts.rules import allowed, require, roles_with
from accounts.selectors import members
from core.errors import Forbidden
from tests.factories.accounts import MembershipFactory, UserFactory

ALL = set(Permission)
WORK = ALL - {Permission.MANAGE_BRAND, Permission.APPROVE, Permission.WRITE_PLANS}
TABLE = {
    Role.ADMINISTRATOR: ALL,
    Role.LEAD: WORK | {Permission.APPROVE, Permission.WRITE_PLANS},
    Role.RESPONDER: WORK,
    Role.APPROVER: {
        Permission.VIEW,
        Permission.OPEN_INCIDENT,
        Permission.WRITE_TIMELINE,
        Permission.DRAFT,
        Permission.APPROVE,
        Permission.PAUSE_MARKETING,
    },
    Role.OBSERVER: {Permission.VIEW},
    Role.TRAINEE: {Permission.VIEW},
}


def test_every_role_has_its_row() -> None:
    assert set(TABLE) == set(Role)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_grants_what_its_row_says_in_its_brand_only(
    role: Role, permission: Permission, brand: Brand, other_brand: Brand
) -> None:
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=role)
    assert allowed(user, permission, brand) is (permission in TABLE[role])
    assert allowed(user, permission, brand.pk) is (permission in TABLE[role])
    assert allowed(user, permission, other_brand) is False
    assert (role in roles_with(permission)) is (permission in TABLE[role])


def test_being_a_superuser_grants_nothing(brand: Brand) -> None:
    user = UserFactory.create(is_superuser=True)
    assert not allowed(user, Permission.VIEW, brand)


def test_a_refusal_names_what_is_missing(alice: User, brand: Brand) -> None:
    require(alice, Permission.APPROVE, brand)
    with pytest.raises(Forbidden, match="Manage brand, people and sources"):
        require(alice, Permission.MANAGE_BRAND, brand)


def test_members_are_the_active_people_with_the_right_by_name(
    alice: User, bob: User, charlie: User, brand: Brand
) -> None:
    gone = UserFactory.create(is_active=False)
    MembershipFactory.create(user=gone, brand=brand, role=Role.LEAD)
    assert list(members(brand)) == [alice, bob]
    assert list(members(brand.pk, permission=Permission.APPROVE)) == [alice]
    assert list(members(brand, roles=[Role.RESPONDER])) == [bob]
    assert list(members(brand, permission=Permission.APPROVE, roles=[Role.RESPONDER])) == []
