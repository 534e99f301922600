"""The browser that tests drive. `python -m tests.chromium` installs it when it is missing, if that needs no question."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL

from playwright.sync_api import sync_playwright

REMEDY = "Chromium is missing: `apt-get install chromium libatomic1` as root, or `.venv/bin/playwright install chromium`."
DEBIAN = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation", "libatomic1"),
)


def find() -> str | None:
    """Its path: the system's, or Playwright's own."""
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    if system and Path("/snap") not in Path(system).resolve().parents:
        return system
    with suppress(Exception), sync_playwright() as playwright:
        if Path(own := playwright.chromium.executable_path).exists():
            return own
    return None


def drivable() -> bool:
    """Whether Playwright's driver runs (on a bare machine it lacks a library)."""
    with suppress(Exception), sync_playwright():
        return True
    return False


def install() -> None:
    """By apt where root has Debian's (Ubuntu's is only a snap), else by Playwright."""
    print("Installing Chromium for the tests ...", flush=True)
    if os.geteuid() == 0 and is_debian() and all(run(*command) for command in DEBIAN):
        return
    with_system_packages = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    run(sys.executable, "-m", "playwright", "install", *with_system_packages, "chromium")


def is_debian() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and "ID=debian" in release.read_text().splitlines() and bool(shutil.which("apt-get"))


def run(*command: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=environment, stdin=DEVNULL, stdout=DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    if not (find() and drivable()):
        install()
    if not (find() and drivable()):
        sys.exit(REMEDY)
