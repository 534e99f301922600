"""The browser that tests drive. `python -m tests.chromium` installs it when it is missing, if that needs no question."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL

from playwright.sync_api import sync_playwright

SHELL = "chromium-headless-shell"
"""Chromium without windows: the same engine for half the processor time. Debian has it."""
REMEDY = f"Chromium is missing: `apt-get install {SHELL} libatomic1` as root, or `.venv/bin/playwright install chromium`."
UPDATE = ("apt-get", "update", "-qq")
INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", SHELL, "fonts-liberation", "libatomic1")


def find() -> str | None:
    """Its path: the system's, or Playwright's own."""
    system = shutil.which(SHELL) or shutil.which("chromium") or shutil.which("chromium-browser")
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
    if has_apt() and run(*UPDATE) and run(*INSTALL):
        return
    with_system_packages = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    run(sys.executable, "-m", "playwright", "install", *with_system_packages, "chromium")


def has_apt() -> bool:
    """Whether we are root on a Debian."""
    release = Path("/etc/os-release")
    debian = release.exists() and "ID=debian" in release.read_text().splitlines()
    return debian and os.geteuid() == 0 and bool(shutil.which("apt-get"))


def run(*command: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=environment, stdin=DEVNULL, stdout=DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    if not (find() and drivable()):
        install()
    elif has_apt() and not shutil.which(SHELL):
        print("Installing Chromium without windows for the tests ...", flush=True)
        run(*INSTALL)  # what is there would do, but takes twice as long
    if not (find() and drivable()):
        sys.exit(REMEDY)
