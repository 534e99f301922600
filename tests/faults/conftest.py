"""At the end of a run: one line for each row that ran."""

import pytest

from tests.faults.table import LINES, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LINES:
        terminalreporter.write_sep("=", "promises under faults")
        terminalreporter.write_line(table())
