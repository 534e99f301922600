"""A PostgreSQL that outlived its Parley."""

from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

import psutil

PATIENCE = ((SIGINT, 10), (SIGQUIT, 3), (SIGKILL, 3))  # fast shutdown, immediate, none; seconds


def end_orphans(directory: Path) -> list[int]:
    """Ends every PostgreSQL process of this very cluster; answers the ids of those that do not end."""
    orphans = [process for process in psutil.process_iter() if _serves(process, directory)]
    for number, patience_s in PATIENCE:
        pids = {process.pid for process in orphans}
        for process in orphans:
            with suppress(psutil.Error):
                if process.ppid() not in pids:  # the others follow their parent
                    process.send_signal(number)
        _, orphans = psutil.wait_procs(orphans, timeout=patience_s)
    return [process.pid for process in orphans]


def _serves(process: psutil.Process, directory: Path) -> bool:
    """Every process of PostgreSQL stands in its data directory; the name alone would find other people's."""
    try:
        return bool(process.name() == "postgres" and Path(process.cwd()).samefile(directory))
    except (psutil.Error, OSError):
        return False
