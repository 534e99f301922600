"""The rules of the house: which way imports flow, how large things are, what they are called, and that what one file
says of another is true."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.settings import PREFIX, Settings, known_names, read_settings
from tests.house import GENERATED, ROOT, files, functions, imported, module, sources, tree

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 40
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "misc"}

# What stands lower may be imported, never what stands in the same line or above. A name ending in * covers all that
# begin with it; a folder covers what lies in it, and what lies in one folder may import each other.
LAYERS = (
    (
        "app.settings",
        "app.clock",
        "app.baml_client",
        "app.private_folder",
        "app.child",
        "app.orphans",
        "app.garbage",
        "app.apart",
    ),
    ("app.cluster", "app.tls", "app.model_server", "app.valkey", "app.backoff"),
    ("app.embedded", "app.supervisor", "app.metrics"),
    (
        "app.database",
        "app.queue",
        "app.live",
        "app.encryption",
        "app.observability",
        "app.peer",
        "app.migrate",
        "app.markdown*",
    ),
    ("app.frames", "app.limits", "app.disk", "app.sealed"),
    ("app.domain",),
    ("app.auth", "app.channels", "app.agent"),
    ("app.rooms",),
    ("app.jobs", "app.web", "app.api"),
    ("app.sandbox",),
    ("app.main", "app.worker", "app.admins", "app.doctor"),
    ("app.run",),
    ("app.__main__",),
)
NEVER = {  # although the layers would let them
    "app.web": ("app.agent", "app.jobs"),
    "app.api": ("app.agent", "app.jobs"),
}
MAY_IMPORT_SANDBOX = {"app.__main__", "app.main", "app.sandbox"}

NAMING_FILES = ("README.md", "NOTICE", "Makefile", "Dockerfile", "compose.yaml", ".dockerignore", ".env.example", ".ci/run")
MADE_LATER = ("app/baml_client", "app/baml_client/__init__.py")


def place(name: str) -> tuple[int, str] | None:
    """In which layer a module stands, and with whom: its folder, or all that share its beginning."""
    for number, layer in enumerate(LAYERS):
        for entry in layer:
            if name == entry or name.startswith(f"{entry}.") or (entry.endswith("*") and name.startswith(entry[:-1])):
                return number, entry
    return None


def told(complaints: list[str]) -> str:
    return "\n" + "\n".join(complaints)


def test_every_module_has_its_place() -> None:
    nowhere = [path for path in sources("app/") if module(path) != "app" and place(module(path)) is None]
    assert not nowhere, f"give these a place in LAYERS of {Path(__file__).name}, as low as they can stand: {nowhere}"


def test_imports_flow_one_way() -> None:
    wrong = []
    for path in sources("app/"):
        own = place(module(path))
        for line, name in imported(path):
            other = place(name)
            if own and other and other[0] >= own[0] and other != own:
                wrong.append(f"{path}:{line} ({own[1]}) imports {name}: it may import only what stands below it in LAYERS")
    assert not wrong, told(wrong)


def test_pages_and_api_write_rows_and_nudge_instead_of_calling_jobs_or_the_agent() -> None:
    wrong = [
        f"{path}:{line} imports {name}: write a row and nudge instead"
        for path in sources("app/")
        for line, name in imported(path)
        for one, others in NEVER.items()
        if f"{module(path)}.".startswith(f"{one}.") and f"{name}.".startswith(tuple(f"{other}." for other in others))
    ]
    assert not wrong, told(wrong)


def test_mcp_is_loaded_by_nobody_before_its_first_client() -> None:
    """It takes a third of the time in which Parley starts: only app/api/mcp_door.py loads it, by its name."""
    wrong = [
        f"{path}:{line} imports {name}"
        for path in sources("app/")
        for line, name in imported(path)
        if name == "app.api.mcp_tools" or (name.split(".")[0] in ("mcp", "mcp_types") and path != "app/api/mcp_tools.py")
    ]
    assert not wrong, told(wrong)


def test_only_the_command_and_the_web_process_know_the_sandbox() -> None:
    wrong = [
        f"{path}:{line} imports {name}: only {sorted(MAY_IMPORT_SANDBOX)} and tests may"
        for path in sources("app/")
        for line, name in imported(path)
        if f"{name}.".startswith("app.sandbox.") and ".".join(module(path).split(".")[:2]) not in MAY_IMPORT_SANDBOX
    ]
    assert not wrong, told(wrong)


def test_nothing_that_runs_imports_tests() -> None:
    wrong = [f"{path}:{line}" for path in sources("app/") for line, name in imported(path) if name.split(".")[0] == "tests"]
    assert not wrong, told(wrong)


def test_files_are_short() -> None:
    ours = [
        path
        for path in files()
        if path.startswith(("app/", "tests/", "static/", "templates/")) and not path.startswith(GENERATED)
    ]
    texts = [path for path in ours if path.endswith((".py", ".js", ".css", ".html"))]
    lengths = {path: (ROOT / path).read_text().count("\n") for path in texts}
    long = [
        f"{path} has {lines} lines: does it hold two subjects?"
        for path, lines in lengths.items()
        if lines > MOST_LINES_OF_A_FILE
    ]
    assert not long, told(long)


def test_functions_are_short() -> None:
    long = [
        f"{path}:{function.lineno} {function.name} has {lines} lines: which part of it has a name?"
        for path in sources("app/", "tests/")
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]
    assert not long, told(long)


def test_names_say_something() -> None:
    """Of files, folders and classes: `manager` and its like fit anything."""
    wrong = [f"{path}: call it after what it is about" for path in files() if FORBIDDEN_NAMES & set(path_words(path))]
    for path in sources("app/", "tests/"):
        for node in ast.walk(tree(path)):
            words = re.findall(r"[A-Z][a-z]+", node.name) if isinstance(node, ast.ClassDef) else []
            if words and words[-1].lower() in FORBIDDEN_NAMES:
                wrong.append(f"{path}:{node.lineno} class {node.name}: call it after what it is about")
    assert not wrong, told(wrong)


def path_words(path: str) -> Iterator[str]:
    """The words of a path's folders and file, without the styles of Basecoat's layers, which have fixed names."""
    if path.startswith(("static/", "migrations/")):
        return
    for part in Path(path).with_suffix("").parts:
        yield part
        yield from re.split(r"[_.-]", part)


def test_every_job_is_registered_with_the_worker() -> None:
    """A job is the function that a file of app/jobs is called after; the worker names it in JOBS, or starts it itself."""
    used = {node.id for node in ast.walk(tree("app/worker.py")) if isinstance(node, ast.Name)}
    wrong = []
    for path in sources("app/jobs/"):
        name = Path(path).stem
        if name == "__init__":
            continue
        if name not in {function.name for function in tree(path).body if isinstance(function, ast.AsyncFunctionDef)}:
            wrong.append(f"{path}: its job is to be `async def {name}`")
        elif name not in used:
            wrong.append(f"{path}: name {name} in JOBS of app/worker.py, or start it there if it is timed")
    assert not wrong, told(wrong)


def test_every_nudge_names_a_job() -> None:
    jobs = {Path(path).stem for path in sources("app/jobs/")}
    wrong = [
        f"{path}:{line} nudges {name!r}: no file of app/jobs is called so"
        for path in sources("app/")
        for line, name in nudged(path)
        if name not in jobs
    ]
    assert not wrong, told(wrong)


def nudged(path: str) -> Iterator[tuple[int, str]]:
    """Line and job of each `nudge("job", ...)` and `after_commit(nudge, "job", ...)`."""
    for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
        for before, job in pairwise((call.func, *call.args)):
            if ast.unparse(before) in ("nudge", "queue.nudge") and isinstance(job, ast.Constant):
                yield call.lineno, str(job.value)


def example() -> dict[str, str]:
    """Names and values of .env.example, where each stands in a comment."""
    return dict(re.findall(rf"^#({PREFIX}\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.M))


def default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return ""
    return ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)


def test_every_setting_stands_in_the_example_with_words_and_its_default() -> None:
    assert set(example()) == known_names(), "every setting once in .env.example, as #NAME=default"
    for name, field in Settings.model_fields.items():
        shown = example()[f"{PREFIX}{name.upper()}"]
        assert shown == default(field) or not default(field), (
            f"{name}: .env.example says {shown}, the default is {default(field)}"
        )
    lines = (ROOT / ".env.example").read_text().splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if line.startswith(f"#{PREFIX}") and not before.startswith("# ")
    ]
    assert not bare, f"a line of words above each: {bare}"


def test_the_example_names_every_choice() -> None:
    text = (ROOT / ".env.example").read_text()
    for name, field in Settings.model_fields.items():
        choices = [*get_args(field.annotation), *getattr(field.annotation, "__members__", {}).values()]
        missing = [choice for choice in choices if isinstance(choice, str) and choice not in text]
        assert not missing, f"{name}: .env.example doesn't name {missing}"


def test_the_example_can_be_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    assert read_settings().port == 8000


def paths_in(text: str) -> set[str]:
    """Words that look like a path of this repository: what begins with one of its folders, or is a file at its top."""
    tops = {path.split("/")[0] for path in files()}
    words = re.findall(r"(?<![\w./@:-])\.?[\w-][\w.-]*(?:/[\w.*-]+)*/?", re.sub(r"https?://\S+", "", text))
    cleaned = {word.rstrip(".:,") for word in words}
    return {word for word in cleaned if "/" in word and word.split("/")[0] in tops}


def files_in(text: str) -> set[str]:
    """In a README, whatever is set in code letters and ends like a file or a folder."""
    words = re.findall(r"`([^`\s]+)`", text) + re.findall(r"\]\(([^)#:]+)\)", text)
    return {
        word
        for word in words
        if re.fullmatch(r"[\w./-]+\.(py|md|toml|html|css|js|yaml|baml|lock|txt|png|svg)|[\w./-]+/", word)
    }


@pytest.mark.parametrize("name", NAMING_FILES)
def test_every_path_that_a_file_names_exists(name: str) -> None:
    text = (ROOT / name).read_text()
    named = paths_in(text) | (files_in(text) if name.endswith(".md") else set())
    known = set(files()) | {str(parent) for path in files() for parent in Path(path).parents} | set(MADE_LATER)
    missing = sorted(
        path for path in named if path.rstrip("/") not in known and not any(Path(one).match(path) for one in files())
    )
    assert not missing, f"{name} names what isn't there: {missing}"
