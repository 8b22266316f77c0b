"""What the code says about its own events, loops and audits, as the page docs/events.md."""

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.conf import settings

from core.engine import AUDITS, LOOPS
from core.events import REGISTRY

PAGE = Path(settings.BASE_DIR) / "docs" / "events.md"
HEAD = """# Events, loops and audits

Written by `manage.py reference` from the code; a test compares the two.

## Events

An event is announced after the commit and carries ids only. Losing one costs seconds: the fact is a
row, and a loop of the engine sweeps up the rows that nobody took.

"""


def page() -> str:
    """Return the whole page in Markdown."""
    for room in _rooms():
        if (Path(room.path) / "events.py").exists():
            import_module(f"{room.name}.events")
    events = _table(
        ("event", "carries", "what, its row and its sweep", "announced", "heard"), _events()
    )
    loops = _table(("loop", "every", "what it does", "where"), _loops())
    audits = _table(("audit", "what it raises", "where"), _audits())
    return (
        f"{HEAD}{events}"
        f"\n## Loops\n\n`manage.py engine` runs each in a thread of its own.\n\n{loops}"
        f"\n## Audits\n\n`manage.py auditor` asks each every ten seconds.\n\n{audits}"
    )


def _events() -> Iterator[tuple[str, ...]]:
    announced = dict(_announcements())
    remarks = dict(_remarks())
    rooms = {each.label for each in _rooms()}
    for event in sorted(REGISTRY.values(), key=lambda event: event.name):
        room, _, name = event.name.partition(".")
        if room not in rooms:
            # A test's own.
            continue
        heard = ", ".join(sorted(_place(listener) for listener in event.listeners))
        where = announced.get((room, name), "")
        yield (event.name, ", ".join(event.fields), remarks.get((room, name), ""), where, heard)


def _loops() -> Iterator[tuple[str, ...]]:
    for loop in sorted(LOOPS.values(), key=lambda loop: loop.name):
        yield (loop.name, f"{loop.every:g} s", _first_sentences(loop.run), _place(loop.run))


def _audits() -> Iterator[tuple[str, ...]]:
    for name, check in sorted(AUDITS.items()):
        yield (name, _first_sentences(check), _place(check))


def _announcements() -> Iterator[tuple[tuple[str, str], str]]:
    """Find every `something.announce(` and the function that it stands in."""
    for room in _rooms():
        for path in sorted(Path(room.path).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    place = f"{_module(path)}.{node.name}"
                    yield from (((room.label, name), place) for name in _announced_in(node))


def _announced_in(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr == "announce":
            yield ast.unparse(node.value).rpartition(".")[2]


def _remarks() -> Iterator[tuple[tuple[str, str], str]]:
    """Read the comment above each declaration in the rooms' events.py."""
    for room in _rooms():
        path = Path(room.path) / "events.py"
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        for comment, name in re.findall(r"((?:^# .*\n)+)^(\w+) = Event\(", source, re.MULTILINE):
            yield (room.label, name), " ".join(re.findall(r"^# (.*)$", comment, re.MULTILINE))


def _rooms() -> list:
    return [each for each in apps.get_app_configs() if _ours(each.path)]


def _ours(path: str) -> bool:
    found = Path(path)
    return found.parent == Path(settings.BASE_DIR) and found.name != "crisisdesk"


def _module(path: Path) -> str:
    parts = path.relative_to(settings.BASE_DIR).with_suffix("").parts
    return ".".join(parts)


def _place(function: Callable) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', '')}"


def _first_sentences(function: Callable) -> str:
    """Return the first paragraph of the docstring on one line."""
    return " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |\n" for row in lines)


def undocumented() -> list[str]:
    """Return what the page would have nothing to say about."""
    silent = [name for name, *_, remark, _, _ in _events() if not remark]
    return silent + [row[0] for row in (*_loops(), *_audits()) if not row[-2]]
