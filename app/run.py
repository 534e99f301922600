"""`parley run`: everything on one machine, with its own PostgreSQL, Valkey and language model where none is configured."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import asyncpg

from app.auth.first_visitor import first_sign_up_url
from app.child import Program
from app.embedded import Started, lock_data_dir, start_model, start_postgres, start_valkey
from app.migrate import migrate
from app.settings import LLMProvider, Settings, settings
from app.supervisor import Backoff, Supervisor
from app.tls import Tls


class CannotRun(Exception):
    """Parley can't start; the text says why and what to do."""


Beside = Callable[[Settings, list[str]], Program | None]


def run(tls: Tls | None = None, beside: Beside = lambda *_: None) -> None:
    """Start everything, and what goes `beside` it, say where it is, and keep it running until SIGINT or SIGTERM."""
    configured = settings()
    with ExitStack() as stack:
        stack.enter_context(lock_data_dir(configured.data_dir))
        listening = stack.enter_context(listen(configured.host, configured.port))
        supervisor = Supervisor(Backoff())
        started = start_what_is_missing(configured, stack)
        sandbox = beside(configured, parley())
        settings.cache_clear()
        say_hello(asyncio.run(_prepare()), started, bool(sandbox))
        for _, embedded in started:
            supervisor.add(embedded.child)
        for program in [*([sandbox] if sandbox else []), *programs(listening.fileno(), tls)]:
            supervisor.add(program)
        supervisor.run()


def listen(host: str, port: int) -> socket.socket:
    """The web processes' shared socket. CannotRun when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise CannotRun(
            f"PARLEY_PORT: can't listen on {host}:{port} ({error.strerror}). Stop what uses it, or set another PARLEY_PORT."
        ) from error
    listening.set_inheritable(True)
    return listening


def start_what_is_missing(configured: Settings, stack: ExitStack) -> list[tuple[str, Started]]:
    """Start what no setting names, and tell this process and its children where it is."""
    data, logs = configured.data_dir, configured.data_dir / "logs"
    started: list[tuple[str, Started]] = []
    if not configured.database_url:
        started.append(("PostgreSQL", stack.enter_context(start_postgres(data, logs))))
        os.environ["PARLEY_DATABASE_URL"] = started[-1][1].url
    if not configured.valkey_url:
        started.append(("Valkey", stack.enter_context(start_valkey(data, logs))))
        os.environ["PARLEY_VALKEY_URL"] = started[-1][1].url
    if configured.llm_provider == LLMProvider.LOCAL and not configured.llm_base_url:
        model = stack.enter_context(start_model(data, logs))
        started.append((f"language model {model.model}", model))
        os.environ |= {
            "PARLEY_LLM_BASE_URL": model.url, "PARLEY_LLM_API_KEY": model.api_key, "PARLEY_LLM_MODEL": model.model,
        }  # fmt: skip
    return started


async def _prepare() -> str:
    """Bring the database up to date; the address to open first."""
    await migrate()
    connection = await asyncpg.connect(settings().database_url)
    somebody = await connection.fetchval("SELECT EXISTS (SELECT FROM users)")
    await connection.close()
    return "" if somebody else first_sign_up_url()


def say_hello(sign_up_url: str, started: list[tuple[str, Started]], sandbox: bool = False) -> None:
    """Where Parley is and what it brought along."""
    own = ", ".join(name for name, _ in started)
    lines = [f"Parley is at {settings().base_url}"]
    if sign_up_url:
        lines.append(f"The first to sign up becomes admin: {sign_up_url}")
    lines.append(f"Embedded: {own} (data in {settings().data_dir.resolve()})" if own else "Embedded: nothing")
    if sandbox:
        lines.append(f"A Slack and mailboxes to try all this in: {settings().base_url}/sandbox/slack and /sandbox/mail")
    lines.append("Ctrl-C stops everything.")
    print("\n".join(["", *lines, ""]), flush=True)


def parley() -> list[str]:
    """The command by which this one was started."""
    script = str(Path(sys.argv[0]).resolve()) if Path(sys.argv[0]).name == "parley" else ""
    return [sys.executable, script] if script else [sys.executable, "-m", "app"]


def programs(listening_fd: int, tls: Tls | None = None) -> list[Program]:
    """The web processes, sharing one socket, and the worker."""
    command = parley()
    web = Program(
        "web", [*command, "web", "--fd", str(listening_fd), *(tls.options if tls else [])], pass_fds=[listening_fd]
    )
    return [*[web] * settings().web_processes, Program("worker", [*command, "worker"])]
