"""Arguments that several commands take."""

from django.core.management.base import CommandError, CommandParser

from monitoring.mapping import FIELDS


def add_map(parser: CommandParser) -> None:
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help=f"which column is what, where the name does not say: {', '.join(FIELDS)}",
    )


def read_map(pairs: list[str]) -> dict[str, str]:
    """Return {field: column}; CommandError for what is none."""
    columns: dict[str, str] = {}
    for pair in pairs:
        name, separator, column = pair.partition("=")
        if not separator or name not in FIELDS:
            raise CommandError(f"--map {pair}: write FIELD=COLUMN with one of {', '.join(FIELDS)}.")
        columns[name] = column
    return columns
