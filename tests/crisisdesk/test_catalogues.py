"""Message catalogues are compiled when their source is newer, and only then."""

import gettext
import os
from pathlib import Path

from crisisdesk.catalogues import compile_changed

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Open"\nmsgstr "{}"\n'


def catalogue(folder: Path, word: str) -> Path:
    source = folder / "da" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(PO.format(word), encoding="utf-8")
    return source


def test_a_new_source_is_compiled_and_an_unchanged_one_left_alone(tmp_path: Path) -> None:
    source = catalogue(tmp_path, "Åbn")
    assert compile_changed(tmp_path) == [source.with_suffix(".mo")]
    with source.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Open") == "Åbn"
    assert compile_changed(tmp_path) == []


def test_a_changed_source_is_compiled_again(tmp_path: Path) -> None:
    source = catalogue(tmp_path, "Åbn")
    compile_changed(tmp_path)
    catalogue(tmp_path, "Luk op")
    later = source.stat().st_mtime + 10
    os.utime(source, (later, later))
    assert compile_changed(tmp_path)
    with source.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Open") == "Luk op"
