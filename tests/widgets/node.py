"""Run pieces of the book's JavaScript under Node and read what they print as JSON."""

import json
import shutil
import subprocess
from importlib.resources import files

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")

MODULE_END = "export default"


def script(name):
    """A widget's script up to its view, to be run under Node."""
    text = files("lmcore.widgets").joinpath(name).read_text("utf-8")
    return text[: text.index(MODULE_END)]


def run(tmp_path, scripts, code, **values):
    """Run the named widget scripts, then ``code``, which sees ``values`` and calls ``say``."""
    folder = files("lmcore.widgets")
    sources = [folder.joinpath(name).read_text("utf-8") for name in scripts]
    (tmp_path / "values.json").write_text(json.dumps(values))
    prelude = (
        'import { readFileSync } from "node:fs";\n'
        f"const given = JSON.parse(readFileSync({json.dumps(str(tmp_path / 'values.json'))}));\n"
        "const say = (value) => console.log(JSON.stringify(value));\n"
    )
    script = tmp_path / "script.mjs"
    script.write_text("\n".join([prelude, *sources, code]))
    done = subprocess.run([NODE, str(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
