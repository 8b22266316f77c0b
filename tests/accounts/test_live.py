"""Who hears a brand's frames."""

from accounts.models import Brand, User
from accounts.services import remove_member
from core import live


def test_members_hear_their_brand_until_they_leave(
    alice: User, bob: User, charlie: User, brand: Brand, other_brand: Brand
) -> None:
    assert live.may_join(alice, f"brand.{brand.pk}")
    assert not live.may_join(alice, f"brand.{other_brand.pk}")
    assert not live.may_join(charlie, f"brand.{brand.pk}")
    remove_member(brand, user=alice, by=bob)
    assert not live.may_join(alice, f"brand.{brand.pk}")


def test_everyone_hears_only_themselves(alice: User, charlie: User) -> None:
    assert live.may_join(alice, f"user.{alice.pk}")
    assert not live.may_join(charlie, f"user.{alice.pk}")
