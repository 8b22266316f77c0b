"""Children that are bound to the life of the process that started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Never, Protocol

from .places import Account

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@contextlib.contextmanager
def holding_back_endings() -> Iterator[None]:
    """Have the signals that ask to end wait: Python swallows what is raised around a fork."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Process(Protocol):
    """What is known of a started child; `poll` gives its exit code once it has ended."""

    pid: int

    def poll(self) -> int | None: ...


class Forked:
    """A child made by fork alone: it shares the parent's modules and memory."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Have the kernel send `number` when the parent ends, by whatever means.

    Must be called after a change of user, which clears it.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def spawn(
    args: Sequence[str | Path],
    *,
    account: Account | None,
    log: Path,
    cwd: Path,
    on_orphaned: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start a server in the foreground, in a session of its own, its output at the end of `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in args],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            env=_environment(),
            start_new_session=True,
            preexec_fn=_settling(on_orphaned),  # noqa: PLW1509 - the supervisor has one thread
        )


def run(
    args: Sequence[str | Path], *, account: Account | None, cwd: Path, given: str
) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end as `account`, with `given` on its standard input."""
    return subprocess.run(
        [str(word) for word in args],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        env=_environment(),
    )


def call_oneself(name: str) -> None:
    """Set the name that `ps` and `top` show for this process (15 letters at most)."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def give_way(sacrifice: int) -> None:
    """Have the kernel end this process rather than others where memory runs out.

    `sacrifice`, 0 to 1000, is added to its score. It needs no rights: it only makes it worse for
    oneself.
    """
    # Not everywhere, and what is at the most already cannot be raised.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(sacrifice))


def fork(name: str, function: Callable[[], int]) -> Forked:
    """Run `function` in a child that shares this process's memory; its result is the exit code.

    The child is killed when this process ends: every part of CrisisDesk bears being killed.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    with holding_back_endings():
        pid = os.fork()
        if not pid:
            _live(name, function, parent)
    return Forked(pid)


def _live(name: str, function: Callable[[], int], parent: int) -> Never:
    """The life of a forked child, from its first moment to its exit."""
    code = 1
    try:
        os.setsid()
        for number in ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        die_with_parent(signal.SIGKILL, parent)
        call_oneself(f"desk-{name}")
        code = function()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def wait(process: Process, *, seconds: float) -> bool:
    """Whether the process has ended within that time."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() >= end:
            return False
        time.sleep(0.01)
    return True


def stop(process: Process, number: signal.Signals, *, patience: float) -> None:
    """Ask the process to end, and end it when `patience` seconds have passed."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)
    if not wait(process, seconds=patience):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        wait(process, seconds=5)


def working_in(folder: Path, pid: int, account: Account | None) -> bool:
    """Whether the process `pid` exists, is `account`'s and has `folder` as its working directory.

    The question is put as that account: even root may not look at another's process everywhere.
    """
    found = run(["readlink", f"/proc/{pid}/cwd"], account=account, cwd=Path("/"), given="")
    return found.stdout.strip() == str(folder)


def _environment() -> dict[str, str]:
    """Servers get no secrets of ours, and no settings of somebody else's PostgreSQL."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _settling(on_orphaned: signal.Signals) -> Callable[[], None]:
    """What a child does between fork and exec: hear signals again, die with its parent."""
    parent = os.getpid()

    def settle() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        die_with_parent(on_orphaned, parent)

    return settle
