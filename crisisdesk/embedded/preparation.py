"""What happens between the database being there and the first page: migrations, static files.

Each step is skipped when its input is what it was: a second start does no work that the first
has done.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader

from accounts.selectors import anyone
from core.clock import database_now
from crisisdesk.catalogues import compile_changed
from crisisdesk.demo.load import load
from crisisdesk.demo.people import how_to_sign_in, is_loaded
from crisisdesk.staticfiles import OnlyUsed

from .errors import CannotStart, Unreachable
from .supervisor import say

# Where the digest of the migrations that were run is kept: no table of its own to migrate.
READ_MARK = "SELECT obj_description(to_regclass('django_migrations'), 'pg_class')"
ADVICE = "Update CrisisDesk to the version that made it, or restore a copy from before."


def prepare(*, demo: bool) -> None:
    """Bring database and files up to this version. Runs in a child of the supervisor."""
    compile_changed()
    _tell_checks()
    try:
        _migrate()
    except OperationalError as error:
        raise Unreachable(f"The database cannot be reached: {_first_line(error)}") from error
    collect_static()
    if demo and not anyone():
        say("Loading the demo organisation ...")
        load(now=database_now())


def _tell_checks() -> None:
    """Say what the settings have amiss; an error is a reason not to start."""
    for message in run_checks(tags=[Tags.security, "notifications"]):
        words = f"{message.msg} {message.hint or ''}".strip()
        if message.is_serious():
            raise CannotStart(words)
        say(words)


def greeting() -> list[str]:
    """Return the lines that tell how to get in."""
    address = f"CrisisDesk runs at {settings.PUBLIC_URL}"
    if not anyone():
        return [address, "Open it to make the first administrator. Ctrl-C stops everything."]
    if is_loaded():
        return [address, *how_to_sign_in(), "Ctrl-C stops everything."]
    return [address, "Sign in with your e-mail address. Ctrl-C stops everything."]


def _migrate() -> None:
    digest = migrations_digest()
    with connection.cursor() as cursor:
        cursor.execute(READ_MARK)
        if cursor.fetchone()[0] == digest:
            return
    _refuse_newer()
    say("Bringing the database up to this version ...")
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    with connection.cursor() as cursor:
        # The digest is made of hexadecimal digits: nothing to quote.
        cursor.execute(f"COMMENT ON TABLE django_migrations IS '{digest}'")


def migrations_digest() -> str:
    """Return the digest of every migration file of every installed app."""
    digest = hashlib.sha256(django.__version__.encode())
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(f"{config.label}/{path.name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _refuse_newer() -> None:
    loader = MigrationLoader(connection)
    labels = {config.label for config in apps.get_app_configs()}
    known = set(loader.disk_migrations or ()) | {
        replaced for migration in loader.replacements.values() for replaced in migration.replaces
    }
    applied = {key for key in loader.applied_migrations or () if key[0] in labels}
    unknown = sorted(f"{label}.{name}" for label, name in applied - known)
    if unknown:
        raise CannotStart(f"The database is of a newer CrisisDesk ({unknown[-1]}). {ADVICE}")


def collect_static() -> bool:
    """Copy, hash and compress the static files if any has changed; whether it did."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    digest = _digest_of(path for finder in get_finders() for path in _files(finder))
    if stamp.exists() and stamp.read_text() == digest:
        return False
    say("Preparing the static files ...")
    call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    stamp.write_text(digest)
    return True


def _files(finder) -> Iterable[str]:
    for path, storage in finder.list(OnlyUsed.ignore_patterns):
        yield storage.path(path)


def _digest_of(paths: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        found = os.stat(path)  # noqa: PTH116 - many files, at every start
        digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
