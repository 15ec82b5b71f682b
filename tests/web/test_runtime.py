"""The page's widget runtime by itself: core controls keep their picture, a broken widget says so,
a reference between widgets is followed."""

import base64
import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.web
RUNTIME = Path(__file__).resolve().parents[2] / "book" / "_ext" / "offline_static" / "widgets.js"
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.fixture
def open_widgets(tmp_path, visit):
    """Show the widgets of ``models`` named in ``views`` in a page that holds nothing else."""

    def start(models, views):
        view = "application/vnd.jupyter.widget-view+json"
        state = "application/vnd.jupyter.widget-state+json"
        body = "".join(
            f'<div><script type="{view}">{json.dumps({"model_id": v})}</script></div>'
            for v in views
        )
        body += f'<script type="{state}">{json.dumps({"state": models})}</script>'
        page = tmp_path / "page.html"
        page.write_text(f"<html><body>{body}<script>{RUNTIME.read_text()}</script></body></html>")
        seen = visit()
        seen.page.goto(page.as_uri())
        seen.page.wait_for_selector("html[data-widgets=ready]", state="attached")
        return seen

    return start


def anywidget(esm, **state):
    return {"model_module": "anywidget", "model_name": "AnyModel", "state": {"_esm": esm, **state}}


def test_a_core_control_shows_its_saved_picture_and_one_line(open_widgets):
    picture = {"output_type": "display_data", "data": {"image/png": PNG}}
    models = {
        "box": {
            "model_module": "@jupyter-widgets/controls",
            "model_name": "VBoxModel",
            "state": {"children": ["IPY_MODEL_out"]},
        },
        "out": {
            "model_module": "@jupyter-widgets/output",
            "model_name": "OutputModel",
            "state": {"outputs": [picture]},
        },
    }
    page = open_widgets(models, ["box"]).page
    note = page.locator(".widget-note")
    assert "moves only in JupyterLab" in note.inner_text()
    assert note.locator("img").evaluate("img => img.complete && img.naturalWidth") == 1


def test_a_widget_reads_another_s_bytes(open_widgets):
    read = """export default { async render({ model, el }) {
      const other = await model.widget_manager.get_model(model.get("other"));
      el.textContent = "sum " + (other.get("bytes").getUint8(0) + other.get("bytes").getUint8(1));
    } }"""
    holder = anywidget("export default { render() {} }")
    data = base64.b64encode(bytes([40, 2])).decode()
    holder["buffers"] = [{"path": ["bytes"], "encoding": "base64", "data": data}]
    page = open_widgets({"a": holder, "b": anywidget(read, other="IPY_MODEL_a")}, ["b"]).page
    assert page.get_by_text("sum 42").count() == 1


def test_a_change_is_heard(open_widgets):
    count = """export default { render({ model, el }) {
      model.on("change:n", () => { el.textContent = "n is " + model.get("n"); });
      model.set("n", 7);
    } }"""
    page = open_widgets({"a": anywidget(count, n=1)}, ["a"]).page
    assert page.get_by_text("n is 7").count() == 1


def test_a_broken_widget_says_so_and_spares_the_others(open_widgets):
    broken = anywidget("export default { render() { throw new Error('<i>no</i>') } }")
    fine = anywidget("export default { render({ el }) { el.textContent = 'fine' } }")
    seen = open_widgets({"a": broken, "b": fine}, ["a", "b"])
    assert "could not be shown: <i>no</i>" in seen.page.locator(".widget-note").inner_text()
    assert seen.page.get_by_text("fine").count() == 1


def test_a_shared_model_starts_once_and_hears_the_page_end(open_widgets):
    code = """export default {
      initialize({ model, signal }) {
        model.set("starts", model.get("starts") + 1);
        signal.addEventListener("abort", () => { document.title = "ended" });
      },
      render({ model, el }) { el.textContent = "starts " + model.get("starts"); },
    }"""
    page = open_widgets({"a": anywidget(code, starts=0)}, ["a", "a"]).page
    assert page.get_by_text("starts 1").count() == 2
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.title() == "ended"


def test_a_style_sheet_is_added_once_for_each_kind(open_widgets):
    code = "export default { render({ el }) { el.className = 'mine'; el.textContent = 'x' } }"
    red, blue = ".mine { color: rgb(255, 0, 0) }", ".other { color: blue }"
    models = {k: anywidget(code, _css=css) for k, css in {"a": red, "b": red, "c": blue}.items()}
    page = open_widgets(models, ["a", "b", "c"]).page
    assert page.locator("head style").count() == 2
    assert page.locator(".mine").first.evaluate("e => getComputedStyle(e).color") == (
        "rgb(255, 0, 0)"
    )


def test_a_listener_that_left_hears_nothing(open_widgets):
    code = """export default { render({ model, el }) {
      let heard = 0;
      const act = () => { heard += 1; };
      model.on("change:n", act); model.set("n", 2);
      model.off("change:n", act); model.set("n", 3);
      el.textContent = "heard " + heard;
    } }"""
    page = open_widgets({"a": anywidget(code, n=1)}, ["a"]).page
    assert page.get_by_text("heard 1").count() == 1


def test_a_widget_without_saved_state_says_so(open_widgets):
    code = """export default { async render({ model }) {
      await model.widget_manager.get_model("IPY_MODEL_gone");
    } }"""
    page = open_widgets({"a": anywidget(code)}, ["a"]).page
    assert "saved state is missing" in page.locator(".widget-note").inner_text()
