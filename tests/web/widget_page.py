"""Widgets in a page of their own, without a chapter around them."""

import base64
import json

from ipywidgets import Widget

HOST = """
const states = STATES, made = {};
function open_(id) {
  if (made[id]) return made[id];
  const state = states[id.replace("IPY_MODEL_", "")];
  for (const [key, value] of Object.entries(state)) if (value?.base64)
    state[key] = new DataView(Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer);
  const widget_manager = { get_model: async (name) => open_(name) };
  return made[id] = { get: (key) => state[key], set: (key, value) => { state[key] = value; },
    save_changes() {}, on() {}, widget_manager };
}
"""
DARK = "html[data-theme=dark] { background: #121212; color: #ddd }"
ONE = """
<div id="host-ID"></div>
<script type="module">
SCRIPT
await widget.render({ model: open_("ID"), el: document.getElementById("host-ID") });
document.getElementById("host-ID").dataset.ready = "yes";
</script>
"""


def write_page(path, widgets, theme="light"):
    """An HTML file at ``path`` that shows ``widgets``; returns its address."""
    states = {}
    for widget in widgets:
        _collect(widget, states)
    bodies = [
        ONE.replace("ID", widget.model_id).replace(
            "SCRIPT", widget._esm.replace("export default", "const widget =")
        )
        for widget in widgets
    ]
    host = HOST.replace("STATES", json.dumps(states).replace("</", "<\\/"))
    path.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">'
        '<title>Widgets</title><meta name="viewport" content="width=device-width">'
        f"<style>{DARK} {widgets[0]._css}</style></head>"
        f"<body><main><h1>Widgets</h1><script>{host}</script>{''.join(bodies)}</main></body></html>"
    )
    return path.as_uri()


def _collect(widget, states):
    own = {key for key in widget.trait_names(sync=True) if not key.startswith("_")}
    state = {}
    for key in own - {"layout", "tabbable", "tooltip"}:
        value = getattr(widget, key)
        if isinstance(value, Widget):
            _collect(value, states)
            value = f"IPY_MODEL_{value.model_id}"
        elif isinstance(value, bytes):
            value = {"base64": base64.b64encode(value).decode()}
        state[key] = value
    states[widget.model_id] = state
