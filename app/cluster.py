"""Where the embedded PostgreSQL keeps its data, and as which user it runs.

Everything lies in the data directory. Only when root starts it (PostgreSQL refuses root, so another user runs it) and
that user could not reach the data directory, it lies in a system directory, and a link in the data directory leads there.
"""

import hashlib
import logging
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.private_folder import private_folder, socket_folder

SUPERUSER = DATABASE = "parley"
SYSTEM_USER = "parley"
SYSTEM_DIR = Path("/var/lib/parley")
NO_LOGIN = "/usr/sbin/nologin"
SOCKET_NAME = ".s.PGSQL.5432"
INIT = (
    # whoever reaches its socket is trusted: it lies in a folder that only its user may enter
    *("-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
)

log = logging.getLogger(__name__)


class EmbeddedError(Exception):
    """An embedded part cannot run; the words say what to do."""


@dataclass(frozen=True)
class Cluster:
    """PostgreSQL's data on disk."""

    home: Path
    binaries: Path
    user: tuple[int, int] | None  # uid and gid to run as; None: ours

    @property
    def directory(self) -> Path:
        return self.home / "postgres"

    @property
    def sockets(self) -> Path:
        return socket_folder(self.home / "postgres-socket", f"{SOCKET_NAME}.lock", self.user)

    def answers(self, pid: int | None) -> bool:
        """Whether the PostgreSQL of this process id takes connections: it says so in the last line of its pid file."""
        with suppress(FileNotFoundError):
            lines = (self.directory / "postmaster.pid").read_text().split("\n")
            return lines[0] == str(pid) and len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def clear_leftovers(self) -> None:
        """Ends a PostgreSQL that outlived its Parley on this very data, and removes the files of a dead one."""
        from app.orphans import end_orphans  # psutil comes with PostgreSQL's wheel, which may be absent

        if alive := end_orphans(self.directory):
            raise EmbeddedError(f"Processes of an earlier PostgreSQL on {self.directory} do not end: {alive}.")
        sockets = self.sockets
        for left in (self.directory / "postmaster.pid", sockets / SOCKET_NAME, sockets / f"{SOCKET_NAME}.lock"):
            left.unlink(missing_ok=True)


def open_cluster(data_dir: Path, binaries: Path) -> Cluster:
    """The cluster of this data directory, made when there is none. Raises EmbeddedError, OSError."""
    cluster = _for_root(data_dir, binaries) if os.geteuid() == 0 else _for_us(data_dir, binaries)
    if not cluster.directory.exists():
        _make(cluster)
    link = data_dir / "postgres"
    if cluster.home != data_dir and not link.is_symlink():
        link.symlink_to(cluster.directory)
    return cluster


def _for_us(data_dir: Path, binaries: Path) -> Cluster:
    directory = data_dir / "postgres"
    if directory.exists() and (owner := directory.stat().st_uid) != os.geteuid():
        raise EmbeddedError(
            f"The database in {directory} belongs to the user {_name(owner)}: an earlier start was root's. "
            f"Start as root again, or set another PARLEY_DATA_DIR."
        )
    return Cluster(data_dir, binaries, None)


def _for_root(data_dir: Path, binaries: Path) -> Cluster:
    directory = data_dir / "postgres"
    user = _owner(directory) or system_user()
    if directory.is_symlink():
        home = directory.readlink().parent
    elif _reaches(user, data_dir):
        home = data_dir
    else:
        home = _system_home(data_dir)
    return Cluster(home, _reachable_binaries(user, binaries), user)


def _owner(directory: Path) -> tuple[int, int] | None:
    """Who made an existing cluster; only they may run it."""
    with suppress(FileNotFoundError):
        found = directory.stat()
        if found.st_uid != 0:
            return found.st_uid, found.st_gid
    return None


def system_user() -> tuple[int, int]:
    """The user that PostgreSQL runs as for root, made when there is none."""
    if found := _ids(SYSTEM_USER):
        return found
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin") or "useradd"
    made = run_as(None, useradd, "--system", "--user-group", "--no-create-home", "--shell", NO_LOGIN, SYSTEM_USER)
    if found := _ids(SYSTEM_USER):
        return found
    raise EmbeddedError(
        f"PostgreSQL does not run as root. Start Parley as another user, or make one for it: "
        f"`useradd --system {SYSTEM_USER}`. ({made.stderr.strip()})"
    )


def _ids(name: str) -> tuple[int, int] | None:
    with suppress(KeyError):
        found = pwd.getpwnam(name)
        return found.pw_uid, found.pw_gid
    return None


def _reaches(user: tuple[int, int], path: Path) -> bool:
    """Asked of the system itself, which knows access lists and mounts that a look at the mode bits misses."""
    return run_as(user, "/bin/sh", "-c", 'test -x "$0"', str(path)).returncode == 0


def _system_home(data_dir: Path) -> Path:
    if (data_dir / "postgres").exists():
        raise EmbeddedError(
            f"PostgreSQL's user cannot reach its data in {data_dir} any more: this folder or one above it is closed. "
            f"Open the way to it (`chmod o+x`), or move the data directory."
        )
    home = SYSTEM_DIR / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    log.warning("PostgreSQL's user %s cannot reach %s: its data lives in %s", SYSTEM_USER, data_dir, home)
    return home


def _reachable_binaries(user: tuple[int, int], binaries: Path) -> Path:
    """The wheel's own, or a copy of them (once per version) where the wheel lies in a closed folder."""
    if run_as(user, str(binaries / "postgres"), "--version").returncode == 0:
        return binaries
    wheel = binaries.parents[1]
    stamp = (binaries / "postgres").stat()
    copy = SYSTEM_DIR / f"postgres-{hashlib.sha256(f'{stamp.st_size}-{stamp.st_mtime_ns}'.encode()).hexdigest()[:12]}"
    if not copy.exists():
        _copy_binaries(wheel, copy)
    there = copy / wheel.name / binaries.relative_to(wheel)
    tried = run_as(user, str(there / "postgres"), "--version")
    if tried.returncode != 0:
        raise EmbeddedError(
            f"PostgreSQL's user can run its programs neither in {binaries} nor in {there}: {tried.stderr.strip()}. "
            f"Install Parley where others may read it, or start it as another user."
        )
    return there


def _copy_binaries(wheel: Path, copy: Path) -> None:
    """With the libraries beside them, which they look for at this distance."""
    SYSTEM_DIR.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=SYSTEM_DIR, prefix="new-"))
    ignored = shutil.ignore_patterns("include", "*.a", "pginstall", "__pycache__")
    shutil.copytree(wheel, new / wheel.name, ignore=ignored, symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, new / libraries.name, symlinks=True)
    new.chmod(0o755)
    try:
        new.rename(copy)
    except OSError:  # another Parley was faster
        shutil.rmtree(new)
    log.warning("PostgreSQL's user cannot reach %s: a copy of its programs lives in %s", wheel, copy)


def _make(cluster: Cluster) -> None:
    """Under another name first: a start that is killed midway leaves no half-made cluster."""
    new = cluster.home / "postgres.new"
    shutil.rmtree(new, ignore_errors=True)
    private_folder(new, cluster.user)
    initdb = [str(cluster.binaries / "initdb"), "-D", str(new), *INIT]
    single = [str(cluster.binaries / "postgres"), "--single", "-D", str(new), "-j", "template1"]
    for argv, words in ((initdb, ""), (single, f"CREATE DATABASE {DATABASE};\n")):
        made = run_as(cluster.user, *argv, words=words)
        if made.returncode != 0 or "ERROR" in made.stderr:
            shutil.rmtree(new, ignore_errors=True)
            said = f"{made.stdout}\n{made.stderr}".strip()[-1500:]
            raise EmbeddedError(f"The database could not be made in {cluster.home}.{remedy_in(said)}\n{said}")
    new.rename(cluster.directory)


def remedy_in(said: str) -> str:
    return " The disk is full: free some space and start again." if "No space left" in said else ""


def run_as(user: tuple[int, int] | None, *argv: str, words: str = "") -> subprocess.CompletedProcess[str]:
    uid, gid = user or (None, None)
    try:
        return subprocess.run(
            argv,
            input=words,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=uid,
            group=gid,
            extra_groups=None if user is None else [],
        )
    except (PermissionError, FileNotFoundError) as refusal:  # the program itself cannot be reached
        return subprocess.CompletedProcess(argv, 127, "", str(refusal))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
