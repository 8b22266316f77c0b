"""`manage.py up` as a whole: started, broken in every part, stopped, started again."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from crisisdesk.embedded import places, services
from crisisdesk.embedded.postgres import Postgres
from tests.crisisdesk.installation import Installation, eventually

# Beside the tests that break the same installation, apart from those with engines alone.
pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("desk")]

PARTS = ("web", "worker", "engine", "auditor", "valkey", "postgres")


def database(desk: Installation) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(places.find(desk.var).database_url, autocommit=True)


@contextmanager
def alone(found: places.Places) -> Iterator[None]:
    """The database of a desk that will not start, by itself."""
    server = Postgres(found)
    with services.lock(found):
        services.prepare(found, [server])
        process = server.start()
        services.await_ready(server, process, seconds=60)
        yield
        server.stop(process)


def test_a_second_start_does_no_work_again(desk: Installation) -> None:
    began = time.monotonic()
    desk.start()
    assert time.monotonic() - began < 15
    eventually(desk.ready, 10)
    assert f"CrisisDesk runs at http://127.0.0.1:{desk.port}" in desk.said
    assert "Bringing" not in desk.said
    assert "Preparing" not in desk.said
    assert all(desk.part(name) for name in PARTS)
    # Who gives way where memory runs out: never the engine.
    found = {name: desk.part(name) for name in ("engine", "web", "worker")}
    sacrifice = {
        name: int(Path(f"/proc/{part.pid}/oom_score_adj").read_text())
        for name, part in found.items()
        if part
    }
    assert sacrifice["engine"] < sacrifice["web"] < sacrifice["worker"]


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_is_back_and_it_is_said(desk: Installation, name: str) -> None:
    desk.start()
    eventually(desk.ready, 10)
    victim = desk.part(name)
    assert victim is not None
    victim.kill()
    eventually(lambda: (found := desk.part(name)) and found.pid != victim.pid, 5)
    eventually(desk.ready, 10)
    assert f"{name} was killed by SIGKILL; starting it again at once." in desk.said


def test_while_web_is_started_again_requests_wait(desk: Installation) -> None:
    desk.start()
    web = desk.part("web")
    assert web is not None
    web.kill()
    web.wait(5)
    assert desk.status("/healthz") == 200


def test_ctrl_c_stops_everything_in_order(desk: Installation) -> None:
    desk.start()
    eventually(desk.ready, 10)
    processes = desk.processes()
    assert len(processes) > len(PARTS)
    assert desk.end(signal.SIGINT) == 0
    assert not any(process.is_running() for process in processes)
    log = (places.find(desk.var).logs / "postgres.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


def test_ctrl_c_while_starting_ends_it_in_the_background_too(desk: Installation) -> None:
    desk.background = True
    try:
        desk.start(wait=False)
        eventually(lambda: desk.part("postgres"), 30)
        desk.end(signal.SIGINT)
    finally:
        desk.background = False
    assert "Stopped." in desk.said or "Stopping ..." in desk.said


@pytest.mark.parametrize("after", [0.3, 0.8, 1.3])
def test_term_while_starting_leaves_nothing_behind(desk: Installation, after: float) -> None:
    desk.start(wait=False)
    time.sleep(after)
    processes = desk.processes()
    desk.end(signal.SIGTERM)
    assert processes
    # Before it has set up its own answer to the signal, the kernel ends it and then its children.
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert alive == []


def test_a_killed_supervisor_leaves_nothing_running(desk: Installation) -> None:
    desk.start()
    eventually(desk.ready, 10)
    processes = desk.processes()
    assert len(processes) > len(PARTS)
    desk.end(signal.SIGKILL)
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert alive == []


def test_a_start_right_after_the_supervisor_was_killed_succeeds(desk: Installation) -> None:
    desk.start()
    desk.end(signal.SIGKILL)
    desk.start()
    eventually(desk.ready, 10)


def test_a_second_supervisor_says_where_the_first_one_runs(desk: Installation) -> None:
    desk.start()
    other = Installation(desk.var)
    try:
        said = other.refuses()
    finally:
        other.remove()
    assert f"CrisisDesk is already running at http://127.0.0.1:{desk.port}" in said
    assert "Traceback" not in said
    assert desk.status("/healthz") == 200


def test_a_port_in_use_is_named_with_a_way_out(desk: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        desk.port = taken.getsockname()[1]
        said = desk.refuses()
    assert f"Port {desk.port} of 127.0.0.1 cannot be used: Address already in use." in said
    assert f"make run PORT={desk.port + 1}" in said
    assert "Traceback" not in said


def test_lock_files_whose_number_another_process_got_are_dropped(desk: Installation) -> None:
    found = places.find(desk.var)
    other_uid = found.account.uid if found.account else os.getuid()
    other = subprocess.Popen(["sleep", "60"], user=other_uid)
    try:
        words = f"{other.pid}\n{found.cluster}\n1\n5432\n{found.sockets}\n"
        for lock in (found.cluster / "postmaster.pid", found.sockets / ".s.PGSQL.5432.lock"):
            lock.write_text(words)
            os.chown(lock, other_uid, -1)
        desk.start()
        eventually(desk.ready, 10)
    finally:
        other.kill()
        other.wait()


def test_a_server_that_is_still_running_is_waited_for(desk: Installation) -> None:
    """The data is never opened by two: a supervisor's orphan ends first."""
    desk.start()
    eventually(desk.ready, 10)
    postgres = desk.part("postgres")
    assert postgres is not None
    # Held up, it cannot follow the kernel's request to end.
    postgres.suspend()
    desk.end(signal.SIGKILL)
    desk.start(wait=False)
    time.sleep(2)
    assert desk.part("postgres") is None
    postgres.resume()
    eventually(desk.ready, 30)
    found = desk.part("postgres")
    assert found is not None
    assert found.pid != postgres.pid


def test_a_database_of_ones_own_that_is_away_is_named(desk: Installation) -> None:
    desk.more["DATABASE_URL"] = "postgresql://crisisdesk@/crisisdesk?host=/nonexistent"
    try:
        said = desk.refuses()
    finally:
        desk.more.clear()
    assert "The database cannot be reached: " in said
    assert "Traceback" not in said


def test_data_of_another_postgresql_is_refused_and_left_alone(desk: Installation) -> None:
    version = places.find(desk.var).cluster / "PG_VERSION"
    version.write_text("19\n")
    try:
        said = desk.refuses()
    finally:
        version.write_text("18\n")
    assert "was written by PostgreSQL 19" in said
    assert "Traceback" not in said
    desk.start()


def test_a_database_of_a_newer_crisisdesk_is_refused(desk: Installation) -> None:
    found = places.find(desk.var)
    desk.start()
    with database(desk) as connection:
        connection.execute("COMMENT ON TABLE django_migrations IS 'of another version'")
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('core', '9999_future', now())"
        )
    desk.end()
    said = desk.refuses()
    with alone(found), database(desk) as connection:
        connection.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
    desk.start()
    assert "The database is of a newer CrisisDesk (core.9999_future)." in said
    assert "Traceback" not in said


def test_the_apps_role_is_no_superuser_and_no_other_role_may_log_in(desk: Installation) -> None:
    desk.start()
    with database(desk) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolname FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, False, False, "crisisdesk")
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(places.find(desk.var).database_url, user="postgres")


def test_secrets_and_sockets_are_closed_to_others(desk: Installation) -> None:
    desk.start()
    found = places.find(desk.var)
    for name in ("secret_key", "credential_key"):
        assert (desk.var / name).stat().st_mode & 0o077 == 0
    for folder in (found.sockets, found.cluster, found.valkey):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_named() -> None:
    space = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "-m"]
    if subprocess.run([*space, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount anything")
    desk = Installation()
    desk.var.mkdir()
    mount = f"mount -t tmpfs -o size=50m,mode=711 tmpfs {desk.var}"
    desk.command = [*space, "sh", "-c", f"{mount} && exec {sys.executable} manage.py up"]
    try:
        said = desk.refuses()
    finally:
        desk.remove()
    assert "MB left; CrisisDesk needs 200 MB to start." in said
    assert "Traceback" not in said


def test_an_ordinary_user_starts_it_from_a_tree_of_his_own() -> None:
    """All that runs is his; root's files are not touched."""
    if os.getuid() != 0:
        pytest.skip("the other tests run as an ordinary user already")
    desk = Installation()
    nobody = pwd.getpwnam("nobody")
    try:
        desk.become(nobody)
        desk.start()
        eventually(desk.ready, 10)
        owners = {process.uids().real for process in desk.processes()}
        assert owners == {nobody.pw_uid}
        assert places.find(desk.var).cluster.owner() == "nobody"
        assert desk.end() == 0
    finally:
        desk.remove()


def test_root_keeps_the_state_where_the_servers_may_reach_it_if_the_tree_is_closed() -> None:
    if os.getuid() != 0:
        pytest.skip("only root starts servers as somebody else")
    closed = Path(tempfile.mkdtemp())
    desk = Installation(closed / "var")
    moved = places.find(desk.var).state
    try:
        assert moved.parent == places.MOVED
        desk.start()
        eventually(desk.ready, 10)
        assert (moved / "pg" / "18" / "PG_VERSION").exists()
        assert f"their data is kept in {moved}" in desk.said
        # Nobody but root gets in, as before.
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        desk.remove()
        shutil.rmtree(closed)
        shutil.rmtree(moved, ignore_errors=True)


def test_a_path_too_long_for_a_socket_does_no_harm() -> None:
    desk = Installation()
    desk.var = desk.home / ("deep" * 20) / ("deeper" * 10) / "var"
    desk.var.parent.mkdir(parents=True)
    sockets = places.find(desk.var).sockets
    try:
        assert not sockets.is_relative_to(desk.home)
        desk.start()
        eventually(desk.ready, 10)
        assert sockets.stat().st_mode & 0o077 == 0
    finally:
        desk.remove()
        shutil.rmtree(sockets, ignore_errors=True)
