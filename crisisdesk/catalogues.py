"""Compile the message catalogues that changed: locale/*/LC_MESSAGES/*.po to .mo.

The compiled files are not part of the repository. Run as `python -m crisisdesk.catalogues`.
"""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_changed(folder: Path = LOCALE) -> list[Path]:
    """Return the catalogues that were older than their source and have been written anew."""
    sources = sorted(folder.glob("*/LC_MESSAGES/*.po"))
    return [_compiled(source) for source in sources if _changed(source)]


def _changed(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _compiled(source: Path) -> Path:
    """Write beside and rename: a process that reads at this moment sees the old or the new."""
    with source.open("rb") as text:
        catalogue = read_po(text, abort_invalid=True)
    target = source.with_suffix(".mo")
    half = target.with_suffix(".half")
    with half.open("wb") as out:
        write_mo(out, catalogue)
    half.replace(target)
    return target


if __name__ == "__main__":
    compile_changed()
