"""Runs Parley's processes: starts them, starts a dead one again, and ends them in order."""

import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from app.child import LAST_PATIENCE_S, Child, Program
from app.cluster import EmbeddedError

STOP_ORDER = ("web", "worker", "sandbox", "model", "valkey", "postgres")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backoff:
    """How long a dead child waits for its next start: doubling from `first_s` to `cap_s`, anew once it lived `steady_s`."""

    first_s: float = 0.5
    cap_s: float = 30.0
    steady_s: float = 60.0

    def wait_s(self, failures: int) -> float:
        return float(min(self.cap_s, self.first_s * 2 ** min(failures, 30)))


class _Supervised:
    """A child, how often it died in a row, and when it is to be started again."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.failures = 0
        self.since = time.monotonic()
        self.due: float | None = None if child.process else self.since

    def start_if_due(self, backoff: Backoff) -> None:
        if self.due is None or time.monotonic() < self.due:
            return
        self.since, self.due = time.monotonic(), None
        try:
            self.child.start()
        except (OSError, EmbeddedError, subprocess.SubprocessError) as refusal:
            self._failed(f"does not start ({refusal})", backoff)

    def look(self, backoff: Backoff) -> None:
        if self.due is None and not self.child.running:
            assert self.child.process is not None
            self._failed(f"(process {self.child.pid}) ended: {_how(self.child.process.returncode)}", backoff)

    def _failed(self, what: str, backoff: Backoff) -> None:
        now = time.monotonic()
        if now - self.since >= backoff.steady_s:
            self.failures = 0
        wait_s = backoff.wait_s(self.failures)
        self.failures, self.due = self.failures + 1, now + wait_s
        log.warning("%s %s; starting it again in %g s", self.child.program.name, what, wait_s)


class Supervisor:
    """Of the programs and already started children it is given. All of it belongs to the main thread."""

    def __init__(self, backoff: Backoff | None = None, stop_order: Sequence[str] = STOP_ORDER) -> None:
        self._backoff = backoff or Backoff()
        self._stop_order = stop_order
        self._supervised: list[_Supervised] = []

    def add(self, what: Program | Child) -> None:
        """A program is started by `run`; a child may already run."""
        self._supervised.append(_Supervised(what if isinstance(what, Child) else Child(what)))

    def run(self) -> None:
        """Blocks until SIGINT, SIGTERM or SIGHUP, then ends every child in order; a second signal hurries it."""
        with _signals() as inbox:
            try:
                while not STOP_SET.intersection(_received(inbox, self._next_due_s())):
                    self._tend()
            finally:
                self._stop(inbox)

    def _tend(self) -> None:
        for one in self._supervised:
            one.look(self._backoff)
            one.start_if_due(self._backoff)

    def _next_due_s(self) -> float | None:
        dues = [one.due for one in self._supervised if one.due is not None]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _stop(self, inbox: int) -> None:
        children = [one.child for one in self._supervised]
        names = [child.program.name for child in children]
        first = [name for name in dict.fromkeys(names) if name not in self._stop_order]
        for name in [*first, *self._stop_order]:
            _stop_together([child for child in children if child.program.name == name], inbox)


STOP_SET = frozenset(STOP_SIGNALS)


def _stop_together(children: list[Child], inbox: int) -> None:
    """Their stop signals one after the other, each with its patience, which another Ctrl-C ends; then SIGKILL."""
    asked = {child: iter((*child.program.stop_signals, signal.SIGKILL)) for child in children if child.process}
    patience_until = dict.fromkeys(asked, 0.0)
    first = set(asked)
    while asked := {child: signals for child, signals in asked.items() if child.running}:
        now = time.monotonic()
        for child, signals in asked.items():
            if now >= patience_until[child]:
                child.send(next(signals, signal.SIGKILL))
                patience_until[child] = now + (child.program.stop_timeout_s if child in first else LAST_PATIENCE_S)
                first.discard(child)
        wait_s = max(0.0, min(patience_until[child] for child in asked) - time.monotonic())
        if STOP_SET.intersection(_received(inbox, wait_s)):
            patience_until = dict.fromkeys(patience_until, 0.0)


@contextmanager
def _signals() -> Iterator[int]:
    """A pipe to which Python writes the number of each signal that arrives, so that waiting for one misses none."""
    inbox, outbox = os.pipe()
    os.set_blocking(inbox, False)
    os.set_blocking(outbox, False)
    heard = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup stays nohup
    handlers = {number: signal.signal(number, lambda *_: None) for number in (*heard, signal.SIGCHLD)}
    before = signal.set_wakeup_fd(outbox, warn_on_full_buffer=False)
    os.write(outbox, bytes([signal.SIGCHLD]))  # a child may have died before anyone listened
    try:
        yield inbox
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(inbox)
        os.close(outbox)


def _received(inbox: int, timeout_s: float | None) -> set[int]:
    ready, _, _ = select.select([inbox], [], [], timeout_s)
    return set(os.read(inbox, 4096)) if ready else set()


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"
