"""How a version lists the parts of its threads: by account, word by word as they go out."""

import json
from collections.abc import Mapping, Sequence


def listed(threads: Mapping[int, Sequence[str]]) -> str:
    """Write a version's threads down as its digest covers them, by account; "" for none."""
    rows = {str(account): list(parts) for account, parts in threads.items() if parts}
    return json.dumps(rows, ensure_ascii=False, sort_keys=True) if rows else ""


def read(parts: str, account_id: int) -> list[str]:
    """Return the parts that go out through an account; [] where the text goes out whole."""
    return list(json.loads(parts).get(str(account_id), [])) if parts else []
