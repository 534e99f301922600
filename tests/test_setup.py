"""What sets Parley up: the lock, the migrations, the Makefile."""

import os
import re
import shutil
import signal
import subprocess
import time
import tomllib
from contextlib import suppress
from importlib.metadata import requires
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

import httpx
import psutil
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import free_port
from tests.parley import home

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
TARGETS = {"run", "test", "check", "faults", "bench", "migrate", "format", "lock"}
PATH = "/usr/bin:/bin"
SQL_NAMES = {
    "TIMESTAMPTZ": "timestamp with time zone", "VARCHAR": "character varying", "BYTEA": "bytea", "JSONB": "jsonb",
    "REAL[]": "ARRAY", "TEXT[]": "ARRAY", "UUID": "uuid", "TEXT": "text", "INTEGER": "integer",
    "BIGINT": "bigint", "SMALLINT": "smallint", "BOOLEAN": "boolean",
}  # fmt: skip


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for, with the embedded parts and the tools."""
    project = PYPROJECT["project"]
    parts = (project["dependencies"], project["optional-dependencies"]["embedded"], PYPROJECT["dependency-groups"]["dev"])
    return [Requirement(text) for part in parts for text in part]


def locked() -> dict[str, str]:
    """Name and version of every package in the lock."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", LOCK, re.M))


def test_the_lock_holds_what_pyproject_asks_for() -> None:
    lock = locked()
    for one in wanted():
        version = lock.get(canonicalize_name(one.name))
        assert version, f"{one.name} is not in requirements.lock: `make lock`"
        assert one.specifier.contains(version, prereleases=True), f"{one} but requirements.lock has {version}: `make lock`"


def test_the_lock_holds_nothing_that_nobody_asked_for() -> None:
    direct = {
        name
        for name, why in re.findall(r"^([a-z0-9-]+)==(.*?)(?=^\S|\Z)", LOCK, re.M | re.S)
        if "parley (pyproject.toml" in why
    }
    assert direct == {canonicalize_name(one.name) for one in wanted()}, "the lock is old: `make lock`"


def test_the_lock_holds_what_the_extras_bring() -> None:
    for one in wanted():
        for extra in one.extras:
            for needed in map(Requirement, requires(one.name) or []):
                if needed.marker and needed.marker.evaluate({"extra": extra}) and not needed.marker.evaluate({"extra": ""}):
                    assert canonicalize_name(needed.name) in locked(), f"{one} needs {needed.name}: `make lock`"


def test_the_lock_has_a_hash_for_every_package_and_no_address() -> None:
    for name, rest in re.findall(r"^([a-z0-9-]+)==(.*?)(?=^\S|\Z)", LOCK, re.M | re.S):
        assert "--hash=sha256:" in rest, name
    assert "://" not in LOCK
    assert not re.search(r"^--?[a-z]", LOCK, re.M)


def test_the_uv_that_is_installed_builds_the_project_without_a_download() -> None:
    (builder,) = map(Requirement, PYPROJECT["build-system"]["requires"])
    assert builder.specifier.contains(locked()["uv"])


async def test_the_migrations_made_the_tables_that_the_code_knows(migrated: None) -> None:
    from app.database import sql
    from app.domain.piccolo_app import APP_CONFIG

    rows = await sql(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns "
        "WHERE table_schema = 'public'"
    )
    kept = {(table, column): (kind, null) for table, column, kind, null in rows}
    tables = {table._meta.tablename for table in APP_CONFIG.table_classes}
    wanted = {
        (table._meta.tablename, column._meta.db_column_name): (
            SQL_NAMES[column.column_type.split("(")[0]],
            column._meta.params["null"],
        )
        for table in APP_CONFIG.table_classes
        for column in table._meta.columns
    }
    assert {place: kind for place, kind in kept.items() if place[0] in tables} == wanted


def test_the_makefile_has_every_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert targets >= TARGETS
    assert "make check" in (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize(
    ("python", "remedy"),
    [
        ("case $1 in --version) echo Python 3.9.2;; *) exit 1;; esac", "needs Python 3.11 or newer; here is Python 3.9.2"),
        ("case $2 in *ensurepip*) exit 1;; *) exit 0;; esac", "apt-get install python3-venv"),
        (None, "needs Python 3.11 or newer; here is"),
    ],
)
def test_a_machine_that_lacks_something_is_told_what(tmp_path: Path, python: str | None, remedy: str) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "grep", "rm", "test", "touch", "echo"):
        (programs / name).symlink_to(shutil.which(name, path=PATH) or "/bin/false")
    if python:
        (programs / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (programs / "python3").chmod(0o755)
    make = shutil.which("make") or "make"
    tried = subprocess.run([make, "ready"], cwd=tmp_path, env={"PATH": str(programs)}, capture_output=True, text=True)
    assert tried.returncode == 2
    assert remedy in tried.stderr


def test_make_run_says_where_it_is_and_ctrl_c_leaves_nothing() -> None:
    port = str(free_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    # Set up it is, or this test wouldn't run; and it must not be set up anew under the feet of the others.
    command = ["make", "--assume-old=ready", "run"]
    with home() as folder:
        environment = kept | {"PARLEY_PORT": port, "PARLEY_DATA_DIR": str(folder / "data")}
        running = Popen(command, cwd=ROOT, env=environment, stdout=PIPE, stderr=STDOUT, text=True, start_new_session=True)
        try:
            told = until_it_said(running, "Ctrl-C")
            until_it_is_ready(f"http://127.0.0.1:{port}")
            family = psutil.Process(running.pid).children(recursive=True)
            os.killpg(running.pid, signal.SIGINT)
            rest, _ = running.communicate(timeout=30)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    assert f"Parley is at http://127.0.0.1:{port}" in told
    assert "The first to sign up becomes admin" in told
    assert "Embedded: PostgreSQL, Valkey, language model" in told
    for noise in ("***", "Traceback", "error"):
        assert noise not in rest, rest
    gone, alive = psutil.wait_procs(family, timeout=5)
    assert not alive
    assert len(gone) >= 5


def until_it_said(running: Popen[str], word: str) -> str:
    """What it says, up to the line with this word."""
    said = ""
    assert running.stdout is not None
    for line in running.stdout:
        said += line
        if word in line:
            break
    return said


def until_it_is_ready(url: str) -> None:
    """Until the web process and a worker have told that they live."""
    latest = time.monotonic() + 60
    while time.monotonic() < latest:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health/ready", trust_env=False).json()["status"] == "ok":
                return
        time.sleep(0.1)
    pytest.fail(f"{url} does not become ready")
