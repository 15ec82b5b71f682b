"""What tests share: one browser in a process, and the table of planted bugs at the end."""

import shutil
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))  # for every_model and bugs

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def find_browser():
    """An installed Chromium, or None for Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return None


@pytest.fixture(scope="session")
def chromium():
    """A Chromium that can reach nothing but loopback."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        yield browser
        browser.close()


PLANTED = pytest.StashKey[list]()


@pytest.fixture
def bug_table(request):
    """Rows (bug, check, whether it was caught) that are printed when all tests are through."""
    return request.config.stash.setdefault(PLANTED, [])


def pytest_terminal_summary(terminalreporter, config):
    """Print which planted bug was caught by which check."""
    rows = config.stash.get(PLANTED, [])
    if not rows:
        return
    terminalreporter.section(
        f"planted bugs: {sum(caught for *_, caught in rows)} of {len(rows)} caught"
    )
    width = max(len(name) for name, *_ in rows)
    for name, check, caught in rows:
        terminalreporter.write_line(f"{name:{width}}  {'caught' if caught else 'MISSED'}  {check}")
