"""The chapter in a real JupyterLab: its widgets live beside a kernel as they do in the page."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import TimeoutError

ROOT = Path(__file__).resolve().parents[2]
DEEPER = 116_534_784 + 12 * (12 * 768**2 + 13 * 768)  # GPT-1 with 24 layers
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
    # Lab keeps its layout and settings in the home folder: a test must neither see nor leave any.
    own = {
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    environment = os.environ | {name: str(folder / place) for name, place in own.items()}
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
def tab(chromium):
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    # On a slow machine Lab asks which kernel to start before it has heard which there are.
    asks = page.locator("dialog", has_text="Select Kernel").get_by_role("button", name="Select")
    page.add_locator_handler(asks, lambda button: button.click())
    yield page
    page.close()
    inside = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
    assert not [url for url in asked if not url.startswith(inside)]


def open_notebook(tab, lab, name):
    """Open a notebook in a workspace of its own, so that no other one stands before it."""
    tab.goto(f"{lab}lab/workspaces/{name}/tree/{name}.ipynb")
    tab.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    tab.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=60_000)


def run_all(tab, awaited):
    """Run all of the notebook, and return the awaited widget.

    Lab shows its menu before it acts on it, so a click that came too early is repeated.
    """
    widget = tab.locator(f'.lm-widget[data-name="{awaited}"]')
    for _ in range(12):
        tab.get_by_role("menuitem", name="Run", exact=True).click()
        tab.get_by_text("Run All Cells", exact=True).click()
        with contextlib.suppress(TimeoutError):
            widget.first.wait_for(timeout=10_000)
            return widget.first
    pytest.fail("the notebook did not run")


def run_cell(tab, cell):
    """Run one cell by the keyboard as the kernel's first, again where Lab was not listening yet."""
    prompt = cell.locator(".jp-InputPrompt")
    saved = prompt.inner_text()
    for _ in range(12):
        if prompt.inner_text() == saved:  # neither run nor waiting for its kernel
            cell.locator(".cm-content").click()
            tab.keyboard.press("Control+Enter")
        with contextlib.suppress(TimeoutError):
            prompt.filter(has_text="[1]:").wait_for(timeout=10_000)
            return
    pytest.fail(f"the cell did not run: {prompt.inner_text()}")


def check_ledger(ledger):
    """GPT-1's own number, then another depth's."""
    assert "116,534,784" in ledger.locator("output").inner_text()
    ledger.locator('input[name="L"]').fill("24")
    assert f"{DEEPER:,}" in ledger.locator("output").inner_text()


def test_the_ledger_moves_in_lab_and_python_sees_it(lab, tab):
    open_notebook(tab, lab, "ledger")
    check_ledger(run_all(tab, "parameter-ledger"))
    tab.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    tab.keyboard.press("Control+Enter")
    tab.wait_for_function(f"() => document.body.innerText.includes('{DEEPER}')", timeout=20_000)


def test_the_stop_button_reaches_a_kernel_that_is_training(lab, tab):
    open_notebook(tab, lab, "stop")
    monitor = run_all(tab, "training-monitor")
    tab.wait_for_timeout(1000)
    monitor.locator('button[name="stop"]').click()
    tab.wait_for_function("() => document.body.innerText.includes('ended at once')", timeout=20_000)


def test_the_chapter_s_own_ledger_cell_runs_in_lab(lab, tab):
    open_notebook(tab, lab, "chapter")
    assert "GPT-1" in tab.locator("h1").first.inner_text()
    cell = tab.locator(".jp-CodeCell", has_text="ParameterLedger()").first
    run_cell(tab, cell)
    ledger = cell.locator('.lm-widget[data-name="parameter-ledger"]')
    ledger.wait_for(timeout=20_000)
    check_ledger(ledger)
