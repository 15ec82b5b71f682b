"""The chapter in a real JupyterLab: its widgets live beside a kernel as they do in the page."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import TimeoutError, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.web

STOPPABLE = """
import time
from IPython.display import display
from lmcore.widgets import TrainingMonitor
monitor = TrainingMonitor(total=600)
display(monitor)
"""
LOOP = """
for step in range(1, 601):
    time.sleep(0.05)
    monitor.update(step, 5.0 / step, 1000.0, 0.0)
    if monitor.stop_requested:
        break
monitor.finish(stopped=step < 600)
print("ended at", "once" if step < 500 else "last")
"""


def notebook(*cells):
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return book


def ledger_cell():
    """The cell of chapter 1 that shows the ledger, as the chapter has it."""
    chapter = nbformat.read(ROOT / "chapters" / "01_gpt1.ipynb", as_version=4)
    (cell,) = [c.source for c in chapter.cells if "\nParameterLedger()" in c.source]
    return cell


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    cell = ledger_cell().replace("ParameterLedger()", "ledger = ParameterLedger()\nledger")
    nbformat.write(notebook(cell, "ledger.total"), folder / "ledger.ipynb")
    nbformat.write(notebook(STOPPABLE, LOOP), folder / "stop.ipynb")
    shutil.copy(ROOT / "chapters" / "01_gpt1.ipynb", folder / "chapter.ipynb")
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--IdentityProvider.token="]
    command += ["--ServerApp.disable_check_xsrf=True", f"--notebook-dir={folder}"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class="]
    command[-1] += "jupyterlab.handlers.announcements.NeverCheckForUpdate"
    environment = os.environ | {"JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    log = (folder / "log").open("w")
    server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    url = None
    for _ in range(240):
        found = list((folder / "runtime").glob("jpserver-*.json"))
        if found:
            url = json.loads(found[0].read_text())["url"]
            try:
                urllib.request.urlopen(url + "api", timeout=2)
                break
            except OSError:
                pass
        time.sleep(0.25)
    else:
        pytest.fail("JupyterLab did not start:\n" + (folder / "log").read_text()[-2000:])
    yield url
    server.terminate()
    server.wait(20)


@pytest.fixture
def page():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1300, "height": 1000})
        browser.close()


def open_and_run_all(page, url, awaited):
    """Open a notebook, run all of it, and return the awaited widget.

    Lab shows its menu before it acts on it, so a click that came too early is repeated.
    """
    page.goto(url)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    widget = page.locator(f'.lm-widget[data-name="{awaited}"]')
    for _ in range(6):
        page.wait_for_timeout(2000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        with contextlib.suppress(TimeoutError):
            widget.first.wait_for(timeout=10_000)
            return widget.first
    pytest.fail("the notebook did not run")


def test_the_ledger_moves_in_lab_and_python_sees_it(lab, page):
    ledger = open_and_run_all(page, f"{lab}lab/tree/ledger.ipynb", "parameter-ledger")
    assert "116,534,784" in ledger.locator("output").inner_text()
    ledger.locator('input[name="L"]').fill("24")
    total = 116_534_784 + 12 * (12 * 768**2 + 13 * 768)
    assert f"{total:,}" in ledger.locator("output").inner_text()
    page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(f"() => document.body.innerText.includes('{total}')", timeout=20_000)


def test_the_stop_button_reaches_a_kernel_that_is_training(lab, page):
    monitor = open_and_run_all(page, f"{lab}lab/tree/stop.ipynb", "training-monitor")
    page.wait_for_timeout(1000)
    monitor.locator('button[name="stop"]').click()
    page.wait_for_function(
        "() => document.body.innerText.includes('ended at once')", timeout=20_000
    )


def test_the_chapter_opens_with_its_kept_outputs(lab, page):
    page.goto(f"{lab}lab/tree/chapter.ipynb")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    assert re.search("GPT-1", page.locator("h1").first.inner_text())
