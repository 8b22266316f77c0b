"""axe-core in a page: what it finds is a list of sentences, empty when all is well."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"


@cache
def _script() -> str:
    return AXE.read_text(encoding="utf-8") + ";0"


def violations(page: Page, within: str = "") -> list[str]:
    """Return what axe finds on the page, or within a selector: rule, place and what to mend.

    Every rule counts, best practices too. The policy of the page stays as it is: the script runs
    through the debugger.
    """
    page.evaluate(_script())
    found = page.evaluate(
        "place => axe.run(place || document, {resultTypes: ['violations']})", within
    )
    return [
        f"{rule['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
