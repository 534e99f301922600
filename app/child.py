"""A program of ours that runs as a child process and ends with us, even when we are killed."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOG_LIMIT_BYTES = 8_000_000
LAST_PATIENCE_S = 2.0
PR_SET_PDEATHSIG = 1

_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """How a child is started and ended. Children of the same name are stopped together."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None  # the whole environment; None: ours
    cwd: Path | None = None
    log: Path | None = None  # where its words are appended; None: our own stdout and stderr
    pass_fds: Sequence[int] = ()
    user: tuple[int, int] | None = None  # uid and gid; only root may change them
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM,)  # one after the other, then SIGKILL
    stop_timeout_s: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL  # what it gets when we die first
    before: Callable[[], None] | None = None  # clears what a dead one left, at every start


class Child:
    """One program and the process it runs in now. Start it from the main thread."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Raises OSError when the program or its log cannot be opened, and whatever its `before` raises."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a child dies with the thread that started it: start it from the main thread")
        if self.program.before:
            self.program.before()
        self.process = _spawn(self.program)

    def send(self, number: signal.Signals) -> None:
        """SIGKILL reaches everything in its process group, any other signal only the process itself."""
        if self.process is None or (self.process.poll() is not None and number != signal.SIGKILL):
            return
        with suppress(ProcessLookupError, PermissionError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                os.kill(self.process.pid, number)

    def stop(self) -> None:
        """Ends it: its stop signals one after the other, then SIGKILL. Returns when it has ended."""
        if self.process is None:
            return
        patience = self.program.stop_timeout_s
        for number in (*self.program.stop_signals, signal.SIGKILL):
            self.send(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
                return
            patience = LAST_PATIENCE_S


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    log = open_log(program.log) if program.log else None
    uid, gid = program.user or (None, None)
    try:
        return subprocess.Popen(
            list(program.argv),
            env=None if program.env is None else dict(program.env),
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log and subprocess.STDOUT,
            pass_fds=tuple(program.pass_fds),
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            process_group=0,  # a Ctrl-C in the terminal must not reach all at once, out of order
            preexec_fn=_tied_to(os.getpid(), program.death_signal),
        )
    finally:
        if log:
            log.close()


def open_log(path: Path) -> IO[bytes]:
    """Opened for appending; a long one is put aside first as `<name>.1`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def _tied_to(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    """Runs in the new process after its user is set (a change of user would forget the death signal)."""
    if (prctl := _prctl) is None:
        return None

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel knew
            os._exit(1)

    return tie


def wait_until(true: Callable[[], bool], timeout_s: float, every_s: float = 0.005) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True
