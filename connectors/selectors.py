"""Accounts as their pages, and the rooms above, look for them."""

from django.db.models import QuerySet

from accounts.models import User
from accounts.selectors import administered

from .models import ConnectedAccount
from .network import Group, Network
from .registry import NETWORKS


def accounts(user: User) -> QuerySet[ConnectedAccount]:
    """Accounts of the brands that `user` belongs to, brand by brand."""
    found = ConnectedAccount.objects.filter(brand_id__in=user.roles).select_related("brand")
    return found.order_by("brand__name", "network", "name")


def managed_accounts(user: User) -> QuerySet[ConnectedAccount]:
    """Accounts of the brands that `user` manages."""
    return accounts(user).filter(brand_id__in=administered(user))


def usable(brand_id: int, network: str) -> QuerySet[ConnectedAccount]:
    """The brand's accounts on a network that are switched on."""
    return ConnectedAccount.objects.filter(brand_id=brand_id, network=network, is_active=True)


def by_group(
    networks: dict[str, Network], *, q: str = ""
) -> list[tuple[Group, list[tuple[str, Network]]]]:
    """Return networks under their headings, in the order of Group, those whose name holds `q`."""
    wanted = q.casefold().strip()
    found = [
        (name, network)
        for name, network in sorted(networks.items(), key=lambda each: str(each[1].label))
        if wanted in f"{name} {network.label} {network.group.value}".casefold()
    ]
    under = [(group, [each for each in found if each[1].group is group]) for group in Group]
    return [(group, members) for group, members in under if members]


def connectable() -> dict[str, Network]:
    """Return the networks on which there is an account to connect."""
    return {name: network for name, network in NETWORKS.items() if network.can_connect}
