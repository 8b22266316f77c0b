"""A whole installation under `manage.py up`, in a folder of its own, for tests that break it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

PACKAGES = sysconfig.get_path("purelib")
ROOT = Path(__file__).resolve().parent.parent.parent
# Nothing of the test run's own services or settings may reach the installation.
FOREIGN = (
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "SECRET_KEY",
    "PYTEST_XDIST_WORKER",
)
# A shell without job control has what it starts in the background ignore Ctrl-C.
IN_BACKGROUND = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")


class Installation:
    """`start` it, ask it, `kill` its parts, `stop` it. `said` is all that it has printed."""

    def __init__(self, var: Path | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="crisisdesk-up-"))
        self.home.chmod(0o711)
        self.var = var or self.home / "var"
        self.port = free_port()
        self.command = [sys.executable, "manage.py", "up"]
        self.tree = ROOT
        # Further settings.
        self.more: dict[str, str] = {}
        self.background = False
        self.process: subprocess.Popen[bytes] | None = None
        self.output = self.home / "output"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        ours = {"CRISISDESK_VAR": str(self.var), "PORT": str(self.port), "DEMO": "0"}
        return {**kept, **ours, **self.more}

    @property
    def said(self) -> str:
        return self.output.read_text()

    def become(self, account: pwd.struct_passwd) -> None:
        """Run as `account` from a copy of the tree that belongs to it."""
        self.tree = self.home / "tree"
        skipped = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", "node_modules")
        shutil.copytree(ROOT, self.tree, ignore=skipped)
        self.var = self.tree / "var"
        subprocess.run(["chown", "-R", str(account.pw_uid), str(self.tree)], check=True)
        self.command = [
            *(
                "setpriv",
                f"--reuid={account.pw_uid}",
                f"--regid={account.pw_gid}",
                "--clear-groups",
            ),
            *("env", f"PYTHONPATH={PACKAGES}", python_for(account), "manage.py", "up"),
        ]

    def start(self, *, wait: bool = True) -> None:
        """Start it; wait until its first page answers."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*(IN_BACKGROUND if self.background else ()), *self.command],
                cwd=self.tree,
                env=self.environment,
                stdout=output,
                stderr=output,
            )
        if wait:
            eventually(self._answers_or_fails, 60)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop it and return its exit code."""
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(40)

    def refuses(self) -> str:
        """Start it, expect it to give up, and return what it said."""
        self.start(wait=False)
        assert self.process
        assert self.process.wait(60) != 0
        return self.said

    def remove(self) -> None:
        if self.process and self.process.poll() is None:
            self.end(signal.SIGTERM)
        shutil.rmtree(self.home, ignore_errors=True)

    def status(self, path: str) -> int:
        """The HTTP status of a page; 0 if nobody answers."""
        try:
            address = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(address, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ready(self) -> bool:
        return self.status("/readyz") == 200

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to it, the supervisor first."""
        assert self.process
        try:
            supervisor = psutil.Process(self.process.pid)
            return [supervisor, *supervisor.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def part(self, name: str) -> psutil.Process | None:
        """The process of web, worker, engine, auditor, postgres or valkey."""
        assert self.process
        for process in psutil.Process(self.process.pid).children():
            # One that ends while we look is nobody's part any more.
            with suppress(psutil.NoSuchProcess):
                if process.name() in {f"desk-{name}", name, f"{name}-server"}:
                    return process
        return None

    def _answers_or_fails(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.said
        return self.status("/healthz") == 200


def python_for(account: pwd.struct_passwd) -> str:
    """An interpreter with our packages that `account` may run: ours may lie below /root."""
    drop = ["setpriv", f"--reuid={account.pw_uid}", "--clear-groups", "env"]
    for path in (sys.executable, "/usr/bin/python3"):
        command = [*drop, f"PYTHONPATH={PACKAGES}", path, "-c", "import django, redis.asyncio"]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            return path
    pytest.skip(f"{account.pw_name} may run no Python that has the packages")


def eventually(check: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"it did not happen within {seconds} s"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
