"""What a start does, and what a second one does not do again."""

import os
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from crisisdesk.embedded import preparation


def test_static_files_are_collected_again_only_after_a_change(
    settings: Settings, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.css").write_text("a {}")
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = tmp_path / "collected"
    assert preparation.collect_static()
    assert (tmp_path / "collected" / "one.css").exists()
    assert not preparation.collect_static()
    os.utime(source / "one.css", (1, 1))
    assert preparation.collect_static()


@pytest.mark.django_db
def test_a_start_says_how_to_get_in(django_user_model, settings: Settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8123"
    address, advice = preparation.greeting()
    assert "http://127.0.0.1:8123" in address
    assert "first administrator" in advice
    django_user_model.objects.create_user("alice@example.org", "x", name="Alice")
    assert "Sign in" in preparation.greeting()[1]


@pytest.mark.django_db
def test_the_mark_of_the_migrations_is_kept_in_the_database() -> None:
    digest = preparation.migrations_digest()
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE django_migrations IS '{digest}'")
        cursor.execute(preparation.READ_MARK)
        assert cursor.fetchone() == (digest,)
    assert len(digest) == 64
