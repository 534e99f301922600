"""At the end of a run: one line for each row that ran."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.table import LINES, table


@pytest.fixture(scope="session", autouse=True)
async def slow_disk(migrated: None) -> AsyncIterator[None]:
    """Here PostgreSQL waits for the disk, as it does for people: how long a run takes is part of the promise."""
    await fsync("on")
    yield
    await fsync("off")


async def fsync(state: str) -> None:
    from app.database import sql

    await sql(f"ALTER SYSTEM SET fsync = {state}")
    await sql("SELECT pg_reload_conf()")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LINES:
        terminalreporter.write_sep("=", "promises under faults")
        terminalreporter.write_line(table())
