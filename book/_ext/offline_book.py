"""Everything that a built page needs comes from installed wheels or from this repository.

MathJax and its fonts come out of the sphinx-mathjax-offline wheel, and run when the widgets answer
(``later.js``); the widgets' runtime is our own ``widgets.js``; what the theme would fetch from
elsewhere (thebe) is cut out.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
from pathlib import Path

from icons import cut_icons
from sphinx.application import Sphinx
from sphinx.config import Config

HERE = Path(__file__).parent
MATHJAX_PARTS = ("output/chtml/fonts", "input/tex/extensions")


def wheel_folder(distribution: str, ending: str) -> Path:
    """The folder of the installed file whose path ends so."""
    for file in importlib.metadata.distribution(distribution).files or ():
        if str(file).endswith(ending):
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError(f"{ending} is not in the wheel of {distribution}")


def stage(app: Sphinx, config: Config) -> None:
    """Gather the static files, and tie their content to the build so that changes are noticed."""
    static = Path(app.outdir).parent / "offline_static"
    target = static / "offline"
    shutil.rmtree(static, ignore_errors=True)
    target.mkdir(parents=True)
    for script in (HERE / "offline_static").glob("*.js"):
        shutil.copy(script, target)
    mathjax = wheel_folder("sphinx-mathjax-offline", "mathjax/tex-chtml.js")
    (target / "mathjax").mkdir()
    shutil.copy(mathjax / "tex-chtml.js", target / "mathjax")
    for part in MATHJAX_PARTS:
        shutil.copytree(mathjax / part, target / "mathjax" / part)
    cut_icons(target)
    config.mathjax_path = "offline/mathjax/tex-chtml.js"
    config.mathjax_options = {"type": "text/later"}  # later.js runs it
    # The theme's style sheet already draws its icons from a font; the script that draws them
    # again as pictures is half of a page's weight. Ours takes its place.
    (static / "scripts").mkdir()
    (static / "scripts" / "fontawesome.js").write_text("// The icons come from the style sheet.\n")
    config.nb_ipywidgets_js = {"offline/widgets.js": {}}  # in the head, behind the state
    config.html_static_path.append(str(static))
    ours = [*HERE.glob("offline_static/*"), *(Path(app.srcdir) / "book" / "_static").glob("*.css")]
    content = b"".join(path.read_bytes() for path in sorted([*ours, target / "icons.css"]))
    config.offline_book_hash = hashlib.sha256(content).hexdigest()


def cut_thebe(app: Sphinx, env: object, docnames: list[str]) -> None:
    """The theme's live-code button names a host in every page although nothing here uses it."""

    def is_thebe(filename: object, attributes: dict) -> bool:
        return "thebe" in str(filename) or "THEBE_JS_URL" in (attributes.get("body") or "")

    app.registry.js_files = [(f, a) for f, a in app.registry.js_files if not is_thebe(f, a)]
    app.registry.css_files = [(f, a) for f, a in app.registry.css_files if not is_thebe(f, a)]
    for name in ("_js_files", "_css_files"):
        files = getattr(app.builder, name, [])
        setattr(app.builder, name, [f for f in files if not is_thebe(f.filename, f.attributes)])


def setup(app: Sphinx) -> dict:
    """Connect to Sphinx."""
    app.add_config_value("offline_book_hash", "", "html", (str,))
    app.add_css_file("offline/icons.css")
    app.add_js_file("offline/repair.js", loading_method="defer")
    app.add_js_file("offline/later.js", priority=900)  # behind MathJax's own line
    app.connect("config-inited", stage, priority=100)
    app.connect("env-before-read-docs", cut_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
