"""`python -m bench [ONLY]`: measure, print the table, write bench/results.json.

Ends with 1 if a figure does not hold or could not be measured; the table is complete either way.
PostgreSQL and Valkey are embedded ones in a temporary folder; with DATABASE_URL set, a database
of its own is made on that server and dropped afterwards.
"""

import json
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
FRAME = {"__main__", "figures", "serving"}
COLUMNS = ("figure", "value", "unit", "limit", "ratio", "must", "")


def main(only: str) -> int:
    _name_models()
    with _services():
        chosen = _chosen(only)
        if not chosen:
            print(f"No figure is called {only}.", file=sys.stderr)
            return 2
        entries = [entry for group in _by_module(chosen) for entry in _apart(group)]
    _write(entries)
    _print_table(entries)
    return 0 if all(entry["ok"] for entry in entries) else 1


def _name_models() -> None:
    """Measure with the models that this installation uses, though all else is in a temporary
    folder: `manage.py train` writes them into var/."""
    var = Path(os.environ.get("CRISISDESK_VAR") or RESULTS.parent.parent / "var").resolve()
    for name, file in (("SCORING_MODEL", "scoring.npz"), ("SCORING_SECOND", "second.npz")):
        if not os.environ.get(name) and (var / file).exists():
            os.environ[name] = str(var / file)


@contextmanager
def _services() -> Iterator[None]:
    from tests import services

    services.addresses()
    running = services.Running(quick=False)
    running.start()
    try:
        with _database():
            yield
    finally:
        running.stop()


@contextmanager
def _database() -> Iterator[None]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")
    import django

    django.setup()
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    os.environ["BENCH_DATABASE"] = connection.settings_dict["NAME"]
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def _chosen(only: str) -> list[Any]:
    import bench

    for module in pkgutil.iter_modules(bench.__path__):
        if module.name not in FRAME:
            import_module(f"bench.{module.name}")
    return [figure for name, figure in bench.FIGURES.items() if only.lower() in name.lower()]


def _by_module(figures: list[Any]) -> list[list[Any]]:
    grouped = groupby(figures, key=lambda figure: figure.measure.__module__)
    return [list(group) for _module, group in grouped]


def _apart(figures: list[Any]) -> list[dict[str, Any]]:
    """Measure in a child of its own: a figure that forks must not inherit another one's threads."""
    from django.db import connections

    connections.close_all()
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        with os.fdopen(send, "w") as answer:
            json.dump([_measured(figure) for figure in figures], answer)
        connections.close_all()
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return list(json.loads(told)) if told else [figure.failed() for figure in figures]


def _measured(figure: Any) -> dict[str, Any]:
    _empty_tables()
    began = time.monotonic()
    print(f"{figure.name} ...", end=" ", flush=True, file=sys.stderr)
    try:
        entry: dict[str, Any] = figure.entry(figure.measure())
    except Exception:
        traceback.print_exc()
        entry = figure.failed()
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return entry


def _empty_tables() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename NOT IN"
            " ('django_migrations', 'django_content_type', 'auth_permission')"
        )
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} RESTART IDENTITY CASCADE")


def _write(entries: list[dict[str, Any]]) -> None:
    """Keep the entries of figures that were not measured this time."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    names = {entry["name"] for entry in entries}
    entries = [*(entry for entry in kept if entry["name"] not in names), *entries]
    RESULTS.write_text(json.dumps(entries, indent=1) + "\n")


def _print_table(entries: list[dict[str, Any]]) -> None:
    rows = [COLUMNS, *(_row(entry) for entry in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    numbers = (_short(entry["value"]), _short(entry["limit"]), _short(entry["ratio"]))
    verdict = "ok" if entry["ok"] else "NOT OK"
    value, limit, ratio = numbers
    # Entries of earlier runs say nothing beside.
    note = entry.get("note") or ""
    verdict = f"{verdict}, {note}" if note else verdict
    return (entry["name"], value, entry["unit"], limit, ratio, entry["must"], verdict)


def _short(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
