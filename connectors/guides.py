"""The page about a network in docs/networks, as HTML: what to apply for, rights, cost, limits."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

FOLDER = Path(settings.BASE_DIR) / "docs" / "networks"


def exists(network: str) -> bool:
    return network.isidentifier() and (FOLDER / f"{network}.md").is_file()


@lru_cache(maxsize=64)
def guide(network: str) -> SafeString:
    """Return our own page about the network. Raises FileNotFoundError where there is none.

    The page is part of the program, and HTML in it is shown, not obeyed.
    """
    if not exists(network):
        raise FileNotFoundError(network)
    text = (FOLDER / f"{network}.md").read_text(encoding="utf-8")
    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return mark_safe(made)  # noqa: S308 - see above
