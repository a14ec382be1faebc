"""Find a browser for the tests, or get one: the distribution's chromium, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_installed() -> str | None:
    """Find a chromium that is on this machine, None where there is none."""
    given = os.environ.get("CLOSER_BROWSER")
    found = given or next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or playwrights_own()


def playwrights_own() -> str | None:
    """Find the chromium that Playwright downloaded earlier, None where there is none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and os.path.exists(path) else None


def get() -> str:
    """Find a browser's path, installing one when there is none; exit with one line when that fails."""
    found = find_installed()
    if found:
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-q"], check=False, stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-q", "chromium"], check=False, stdout=subprocess.DEVNULL)
    if not find_installed():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    found = find_installed()
    if not found:
        raise SystemExit("No browser for the tests: install chromium, or set CLOSER_BROWSER to a Chrome's path.")
    return found
