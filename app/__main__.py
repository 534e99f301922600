"""The `parley` command."""

import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.settings import SettingsError, settings

cli = typer.Typer(
    help="Parley: people and an AI agent, one conversation.",
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
)  # fmt: skip

Certificate = Annotated[Path | None, typer.Option(help="Speak https with this certificate and its chain (PEM).")]
Key = Annotated[Path | None, typer.Option(help="The certificate's key (PEM), unless it stands in the same file.")]


@cli.command()
def run(ssl_certfile: Certificate = None, ssl_keyfile: Key = None) -> None:
    """Start everything: web, worker, and an own database, Valkey and model where none is configured."""
    from app.observability import set_up_logging
    from app.run import run as run_everything
    from app.sandbox.beside import beside
    from app.tls import tls_of

    tls = tls_of(ssl_certfile, ssl_keyfile)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the supervisor listens itself
    set_up_logging()
    run_everything(tls, beside)


@cli.command()
def web(
    fd: Annotated[int | None, typer.Option(help="A listening socket to take over.")] = None,
    ssl_certfile: Certificate = None,
    ssl_keyfile: Key = None,
) -> None:
    """Answer requests (one process)."""
    from app.tls import tls_of

    _need("database_url", "valkey_url")
    tls = tls_of(ssl_certfile, ssl_keyfile)
    from app.main import serve

    serve(socket.socket(fileno=fd) if fd is not None else None, tls)


@cli.command()
def worker() -> None:
    """Do what is due: the agent's turns."""
    import uvloop

    from app import observability
    from app.worker import run as work

    _need("database_url", "valkey_url", "llm_base_url" if settings().llm_provider == "local" else "llm_provider")
    observability.set_up_logging()
    uvloop.run(work())


@cli.command()
def migrate() -> None:
    """Bring the database up to date."""
    from app.migrate import migrate as bring_up_to_date

    _need("database_url")
    applied = asyncio.run(bring_up_to_date())
    typer.echo(f"Applied {len(applied)} migrations." if applied else "The database is up to date.")


@cli.command()
def slack_manifest() -> None:
    """Print the manifest by which one makes the app at Slack, in YAML."""
    from app.channels.slack_manifest import as_yaml

    typer.echo(as_yaml(), nl=False)


@cli.command()
def doctor() -> None:
    """Look at each part and say what is wrong with it."""
    from app.doctor import examine

    found = asyncio.run(examine())
    for part, well, words in found:
        typer.echo(f"{'ok  ' if well else 'BAD '} {part}: {words}")
    if not all(well for _, well, _ in found):
        raise typer.Exit(1)


@cli.command()
def sandbox(
    port: Annotated[int, typer.Option(help="The port of loopback to listen on.")] = 8010,
    folder: Annotated[Path | None, typer.Option(help="Where its workspace is kept; nowhere unless given.")] = None,
    base_url: Annotated[str, typer.Option(help="The Parley that it calls back; PARLEY_BASE_URL unless given.")] = "",
    rate: Annotated[float, typer.Option(help="Messages per second that each conversation takes.")] = 1.0,
) -> None:
    """Stand in for Slack and Gmail, on this machine only: their APIs, and pages at /sandbox/slack and /sandbox/mail."""
    from app.sandbox.server import serve as serve_sandbox
    from app.sandbox.slack.options import Addresses, Options

    addresses = Addresses.of(base_url or settings().base_url)
    serve_sandbox(Options(addresses=addresses, folder=folder, rate=rate), port)


@cli.command()
def create_admin(email: str) -> None:
    """Make an admin, or make the account EMAIL one."""
    from app.admins import create_admin as create

    _need("database_url")
    password = typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=sys.stdin.isatty())
    typer.echo(asyncio.run(create(email, password)))


def _need(*names: str) -> None:
    """The single processes start nothing of their own: their parts must be configured."""
    missing = [f"PARLEY_{name.upper()}" for name in names if not getattr(settings(), name)]
    if missing:
        raise SettingsError(f"{' and '.join(missing)}: not set. Set it, or use `parley run`, which brings its own.")


def main() -> None:
    """Run the command; what went wrong is said in one line, without a traceback."""
    from app.cluster import EmbeddedError
    from app.run import CannotRun

    try:
        settings()
        cli()
    except (SettingsError, EmbeddedError, CannotRun) as error:
        typer.echo(f"parley: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
