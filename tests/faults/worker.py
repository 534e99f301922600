"""`python -m tests.faults.worker COUNT NAME=URL ...`: so many workers, whose channels lead to providers of the fault runs.

Each is a process of its own, forked from this one, which has all modules loaded: a worker that is killed is followed by
another in some ms, so that a run tells what a death costs and not what starting Python does on two cores."""

import ctypes
import gc
import os
import signal
import sys
from typing import NoReturn

import uvloop

from app.channels.registry import connect
from app.observability import set_up_logging
from app.worker import run
from tests.faults.far_channel import FarChannel

PR_SET_PDEATHSIG = 1


def work(ways: dict[str, str]) -> NoReturn:
    """Be a worker until killed or told to end."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name, url in ways.items():
        connect(name, FarChannel(url))
    set_up_logging()
    uvloop.run(run())
    os._exit(0)


def main(count: int, ways: dict[str, str]) -> None:
    """Keep so many workers, until SIGTERM, which ends them too."""
    children: set[int] = set()

    def end(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)
        sys.exit(0)

    gc.freeze()
    signal.signal(signal.SIGTERM, end)
    while True:
        while len(children) < count:
            child = os.fork()
            if child == 0:
                work(ways)
            children.add(child)
        children.discard(os.wait()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]), dict(word.split("=", 1) for word in sys.argv[2:]))
