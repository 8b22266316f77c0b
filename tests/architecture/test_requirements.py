"""Every package that the product imports is one that it asks for."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

from tests.architecture.rooms import FLOORS, ROOT, modules

OURS = {*FLOORS, "tests", "bench"}


def required(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = (
        re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith(("#", "-"))
    )
    return {_plain(match[0]) for match in found if match}


def imported(room: str) -> dict[str, str]:
    """Return the top-level names that a room imports, each with one place."""
    names: dict[str, str] = {}
    for path in modules(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name in _names(node):
                names.setdefault(name.split(".")[0], str(path.relative_to(ROOT)))
    return names


def test_what_is_imported_is_required() -> None:
    asked = required("requirements.txt")
    distributions = packages_distributions()
    missing = {
        name: place
        for room in FLOORS
        for name, place in imported(room).items()
        if name not in OURS and name not in sys.stdlib_module_names
        if not asked & {_plain(each) for each in distributions.get(name, [])}
    }
    assert missing == {}


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module]
    return []


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
