"""The networks that marketing goes out through."""

from connectors.registry import NETWORKS

# Speaks to the public about a crisis, and of nothing else.
_NOT_FOR_MARKETING = {"statement"}


def carries_marketing(name: str) -> bool:
    """Whether planned posts can be sent through the network."""
    network = NETWORKS.get(name)
    return network is not None and network.publisher is not None and name not in _NOT_FOR_MARKETING


def marketing_networks() -> list[str]:
    return [name for name in NETWORKS if carries_marketing(name)]
