"""The checkout as the tests of its rules read it: its files, and what stands in its Python."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED = ("app/baml_client/", "migrations/", "static/vendor/", "static/icons/", "requirements.lock")


@cache
def files() -> tuple[str, ...]:
    """Every file of the checkout that git knows or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(path for path in set(listed.stdout.splitlines()) if (ROOT / path).is_file()))


def sources(*beginnings: str) -> list[str]:
    """Python files written by hand, below these folders."""
    return [
        path for path in files() if path.endswith(".py") and path.startswith(beginnings) and not path.startswith(GENERATED)
    ]


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), path)


def module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def imported(path: str) -> list[tuple[int, str]]:
    """Line and full name of everything of ours that a file imports, wherever in the file that stands."""
    return list(_imported(path))


def _imported(path: str) -> Iterator[tuple[int, str]]:
    package = module(path).split(".") if path.endswith("__init__.py") else module(path).split(".")[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            found = [name if is_module(name := f"{source}.{alias.name}") else source for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in found if name.split(".")[0] in ("app", "tests"))


@cache
def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()


@cache
def functions(path: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
