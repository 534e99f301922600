"""The browser that tests drive. `python -m tests.chromium` installs it when it is missing, if that needs no question."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

REMEDY = "Chromium is missing. Install it: `apt-get install chromium` as root, or `.venv/bin/playwright install chromium`."
DEBIAN = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"),
)


def find() -> str | None:
    """Its path: the system's, or Playwright's own."""
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    if system and Path("/snap") not in Path(system).resolve().parents:
        return system
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


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
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    if not find():
        install()
    if not find():
        sys.exit(REMEDY)
