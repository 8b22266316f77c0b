"""All tests call from one address: what was counted of earlier ones is forgotten here."""

from core.outsiders import client, prefix


def forget_calls() -> None:
    keys = list(client().scan_iter(match=f"{prefix()}*"))
    if keys:
        client().delete(*keys)
