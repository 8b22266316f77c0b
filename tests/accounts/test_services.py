"""What changes people, brands and rights."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts import services
from accounts.enums import Role
from accounts.models import AuditEntry, Brand, Invitation, Membership, User
from core.errors import Conflict, Refused
from core.models import LiveSequence
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture
def administrator(brand: Brand) -> User:
    return MembershipFactory.create(
        user=UserFactory.create(email="ada@example.org", name="Ada"),
        brand=brand,
        role=Role.ADMINISTRATOR,
    ).user


def trail() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def test_whoever_makes_a_brand_administers_it(alice: User) -> None:
    brand = services.create_brand("  Café Æblegård ", by=alice)
    assert (brand.name, brand.slug) == ("Café Æblegård", "cafe-aeblegaard")
    assert alice.roles[brand.pk] == Role.ADMINISTRATOR
    assert trail() == ["brand.created"]


@pytest.mark.parametrize(
    ("name", "slug"), [("New", "new-2"), ("日本", "brand"), ("!!", "brand"), ("x" * 90, "x" * 40)]
)
def test_every_brand_gets_an_address_of_its_own(db: None, name: str, slug: str) -> None:
    assert services.create_brand(name).slug == slug
    assert services.create_brand(f"{name}!").slug != slug


def test_a_name_is_taken_whatever_its_case(brand: Brand, alice: User) -> None:
    with pytest.raises(Refused, match="already a brand"):
        services.create_brand(brand.name.upper())
    other = BrandFactory.create()
    with pytest.raises(Refused, match="already a brand"):
        services.update_brand(other, by=alice, name=brand.name, description="", time_zone="UTC")


def test_a_brand_may_change_the_case_of_its_own_name(brand: Brand, alice: User) -> None:
    services.update_brand(brand, by=alice, name="FJORDKAFFE", description="", time_zone="UTC")
    entry = AuditEntry.objects.get()
    assert entry.detail["changes"]["name"] == ["Fjordkaffe", "FJORDKAFFE"]


def test_saving_what_is_already_so_writes_nothing(brand: Brand, alice: User) -> None:
    services.update_brand(
        brand, by=alice, name=brand.name, description="", time_zone=brand.time_zone
    )
    assert trail() == []


def test_the_last_administrator_can_neither_leave_nor_step_down(
    brand: Brand, administrator: User, bob: User
) -> None:
    with pytest.raises(Refused, match="last administrator"):
        services.remove_member(brand, user=administrator, by=administrator)
    with pytest.raises(Refused, match="last administrator"):
        services.set_role(brand, user=administrator, role=Role.LEAD, by=administrator)
    services.set_role(brand, user=bob, role=Role.ADMINISTRATOR, by=administrator)
    services.remove_member(brand, user=administrator, by=bob)
    assert trail() == ["member.role", "member.removed"]


def test_an_administrator_who_cannot_sign_in_does_not_count(
    brand: Brand, administrator: User
) -> None:
    gone = UserFactory.create(is_active=False)
    MembershipFactory.create(user=gone, brand=brand, role=Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="last administrator"):
        services.remove_member(brand, user=administrator, by=administrator)


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_remove_each_other_one_stays(
    brand: Brand, administrator: User
) -> None:
    other = UserFactory.create()
    MembershipFactory.create(user=other, brand=brand, role=Role.ADMINISTRATOR)

    def remove(pair: tuple[User, User]) -> str:
        try:
            services.remove_member(brand, user=pair[0], by=pair[1])
        except Refused:
            return "refused"
        else:
            return "removed"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcome = sorted(pool.map(remove, [(administrator, other), (other, administrator)]))
    assert outcome == ["refused", "removed"]
    assert brand.memberships.filter(role=Role.ADMINISTRATOR).count() == 1


def test_who_is_no_member_cannot_be_changed(
    brand: Brand, administrator: User, charlie: User
) -> None:
    with pytest.raises(Conflict, match="no longer a member"):
        services.set_role(brand, user=charlie, role=Role.LEAD, by=administrator)
    with pytest.raises(Conflict, match="no longer a member"):
        services.remove_member(brand, user=charlie, by=administrator)


@pytest.mark.django_db(transaction=True)
def test_a_changed_role_is_told_to_the_persons_open_pages(
    brand: Brand, administrator: User, bob: User
) -> None:
    services.set_role(brand, user=bob, role=Role.OBSERVER, by=administrator)
    assert LiveSequence.objects.get(group=f"user.{bob.pk}").number == 1


def test_an_invitation_makes_a_member_once(
    brand: Brand, administrator: User, charlie: User
) -> None:
    invitation, secret = services.invite(
        brand, email="Charlie@Example.org", role=Role.APPROVER, by=administrator, now=NOW
    )
    assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values())
    assert services.accept_invitation(secret, user=charlie, now=NOW) == brand
    assert charlie.roles[brand.pk] == Role.APPROVER
    with pytest.raises(Conflict, match="has been used"):
        services.accept_invitation(secret, user=charlie, now=NOW)
    assert trail() == ["invitation.made", "invitation.accepted"]


def test_someone_new_joins_by_the_link(brand: Brand, administrator: User) -> None:
    _, secret = services.invite(
        brand, email="new@example.org", role=Role.LEAD, by=administrator, now=NOW
    )
    user = services.join(
        secret, name="New\x00", password=PASSWORD, language="da", time_zone="UTC", now=NOW
    )
    assert (user.email, user.name, user.language) == ("new@example.org", "New", "da")
    assert user.check_password(PASSWORD)
    assert user.roles == {brand.pk: Role.LEAD}


def test_a_weak_password_leaves_the_invitation_open(brand: Brand, administrator: User) -> None:
    invitation, secret = services.invite(
        brand, email="new@example.org", role=Role.LEAD, by=administrator, now=NOW
    )
    with pytest.raises(Refused, match="too short"):
        services.join(secret, name="N", password="short", language="en", time_zone="UTC", now=NOW)
    invitation.refresh_from_db()
    assert invitation.accepted_at is None
    assert not User.objects.filter(email="new@example.org").exists()


def test_a_link_ends_after_seven_days(brand: Brand, administrator: User, charlie: User) -> None:
    _, secret = services.invite(
        brand, email=charlie.email, role=Role.LEAD, by=administrator, now=NOW
    )
    with pytest.raises(Refused, match="expired"):
        services.accept_invitation(secret, user=charlie, now=NOW + timedelta(days=7))
    services.accept_invitation(secret, user=charlie, now=NOW + timedelta(days=6, hours=23))


def test_a_link_is_for_its_person_only(
    brand: Brand, administrator: User, bob: User, charlie: User
) -> None:
    _, secret = services.invite(
        brand, email="someone@example.org", role=Role.LEAD, by=administrator, now=NOW
    )
    with pytest.raises(Refused, match=r"for someone@example\.org.*signed in as charlie"):
        services.accept_invitation(secret, user=charlie, now=NOW)
    with pytest.raises(Refused, match="not valid"):
        services.accept_invitation("guessed", user=charlie, now=NOW)
    assert not charlie.memberships.filter(brand=brand).exists()


def test_a_second_invitation_ends_the_first_link(
    brand: Brand, administrator: User, charlie: User
) -> None:
    first, second = (
        services.invite(
            brand, email=charlie.email, role=Role.LEAD, by=administrator, now=NOW + later
        )[1]
        for later in (timedelta(0), timedelta(hours=1))
    )
    with pytest.raises(Refused, match="not valid"):
        services.accept_invitation(first, user=charlie, now=NOW)
    services.accept_invitation(second, user=charlie, now=NOW)


def test_a_withdrawn_link_is_dead(brand: Brand, administrator: User, charlie: User) -> None:
    invitation, secret = services.invite(
        brand, email=charlie.email, role=Role.LEAD, by=administrator, now=NOW
    )
    services.withdraw_invitation(brand, invitation_id=invitation.pk, by=administrator)
    with pytest.raises(Refused, match="not valid"):
        services.accept_invitation(secret, user=charlie, now=NOW)
    with pytest.raises(Conflict):
        services.withdraw_invitation(brand, invitation_id=invitation.pk, by=administrator)


def test_a_member_is_not_invited_again(brand: Brand, administrator: User, bob: User) -> None:
    with pytest.raises(Refused, match="already a member"):
        services.invite(brand, email=bob.email, role=Role.LEAD, by=administrator, now=NOW)


def test_who_became_a_member_meanwhile_keeps_the_role_they_have(
    brand: Brand, administrator: User, charlie: User
) -> None:
    _, secret = services.invite(
        brand, email=charlie.email, role=Role.LEAD, by=administrator, now=NOW
    )
    MembershipFactory.create(user=charlie, brand=brand, role=Role.OBSERVER)
    services.accept_invitation(secret, user=charlie, now=NOW)
    assert Membership.objects.get(user=charlie, brand=brand).role == Role.OBSERVER


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_a_link_at_once_one_is_refused(brand: Brand, administrator: User) -> None:
    _, secret = services.invite(
        brand, email="new@example.org", role=Role.LEAD, by=administrator, now=NOW
    )

    def join(name: str) -> str:
        try:
            services.join(
                secret, name=name, password=PASSWORD, language="en", time_zone="UTC", now=NOW
            )
        except Refused:
            return "refused"
        else:
            return "joined"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(join, ["One", "Two"])) == ["joined", "refused"]


@pytest.mark.django_db(transaction=True)
def test_of_two_browsers_that_start_at_once_one_wins() -> None:
    def start(number: int) -> str:
        try:
            services.start(
                email=f"first{number}@example.org",
                name="First",
                password=PASSWORD,
                language="en",
                brand=f"Brand {number}",
            )
        except Conflict:
            return "refused"
        else:
            return "started"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(start, range(4))) == ["refused"] * 3 + ["started"]
    assert (User.objects.count(), Brand.objects.count()) == (1, 1)
    user = User.objects.get()
    assert list(user.roles.values()) == [Role.ADMINISTRATOR]
    assert not user.is_superuser


def test_the_trail_never_holds_a_secret(brand: Brand, administrator: User) -> None:
    _, secret = services.issue_token(administrator, name="ci")
    _, link = services.invite(
        brand, email="new@example.org", role=Role.LEAD, by=administrator, now=NOW
    )
    services.change_password(administrator, password=PASSWORD)
    written = str(list(AuditEntry.objects.values()))
    assert "token.issued" in written
    for hidden in (secret, link, PASSWORD, administrator.password):
        assert hidden not in written


def test_a_token_of_somebody_else_cannot_be_revoked(alice: User, charlie: User) -> None:
    token, _ = services.issue_token(alice, name="ci")
    with pytest.raises(Conflict):
        services.revoke_token(charlie, token_id=token.pk)
    assert alice.tokens.count() == 1
