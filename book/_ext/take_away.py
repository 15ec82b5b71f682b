"""What a reader takes along from a chapter's page: its notebook, its exercise sheet, a launch.

``book_repository`` (in _config.yml) is where the book is published, as ``HOST/OWNER/NAME``. With a
repository on GitHub each chapter gets the theme's launch button, a link to Colab under its title,
and beside it the cell to run there first. Until it is set no page offers to open a notebook
elsewhere, and the lines that install ``lmcore`` show a placeholder.
"""

from __future__ import annotations

import hashlib
import html
import posixpath
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

COLAB = "https://colab.research.google.com"
GITHUB = "github.com/"
INSTALL = """!git clone --quiet --depth 1 https://{repository} pretrained
%pip install --quiet --editable pretrained
%cd pretrained/chapters"""


def links(pagename: str, repository: str, documents: set[str]) -> list[tuple[str, str, str]]:
    """What the page of a chapter offers: (label, address, more attributes) each."""
    here, name = posixpath.split(pagename)
    found = [("Download the notebook", f"_sources/{pagename}.ipynb", f'download="{name}.ipynb"')]
    if (sheet := f"book/exercises/{name}") in documents:
        found.append(("Exercise sheet", f"{sheet}.html", ""))
    found = [(label, posixpath.relpath(path, here), more) for label, path, more in found]
    if on_github(repository):
        address = f"{COLAB}/github/{repository.removeprefix(GITHUB)}/blob/main/{pagename}.ipynb"
        found.append(("Open in Colab", address, ""))
    return found


def on_github(repository: str) -> bool:
    """Colab opens notebooks from there only."""
    return repository.startswith(GITHUB)


def offer_launch(app: Sphinx, config: Config) -> None:
    """Give the theme what it needs for its own launch button."""
    if on_github(config.book_repository):
        options = config.html_theme_options
        options["repository_url"] = f"https://{config.book_repository}"
        options["repository_branch"] = "main"
        options["launch_buttons"] = options.get("launch_buttons", {}) | {"colab_url": COLAB}


def first_cell(repository: str) -> str:
    """The cell that a hosted notebook runs before its first, folded; empty without a repository."""
    if not on_github(repository):
        return ""
    lines = html.escape(INSTALL.format(repository=repository))
    return (
        '<details class="take-away"><summary>In Colab, run this cell first</summary>'
        f'<div class="highlight"><pre>{lines}</pre></div></details>'
    )


def add_links(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    """Put the links of a chapter under its title."""
    if not pagename.startswith("chapters/") or "body" not in context:
        return
    offered = links(pagename, app.config.book_repository, app.env.found_docs)
    items = "".join(
        f'<li><a href="{html.escape(address)}" {more}>{label}</a></li>'
        for label, address, more in offered
    )
    bar = f'<ul class="take-away" aria-label="Take along">{items}</ul>'
    bar += first_cell(app.config.book_repository)
    context["body"] = context["body"].replace("</h1>", f"</h1>{bar}", 1)


class InstallLines(SphinxDirective):
    """The lines that make ``lmcore`` and the studies available in a hosted notebook."""

    def run(self) -> list[nodes.Node]:
        """Build the block of code."""
        text = INSTALL.format(repository=self.config.book_repository or "HOST/OWNER/NAME")
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Sphinx) -> dict:
    """Connect to Sphinx."""
    app.add_config_value("book_repository", "", "env", (str,))
    app.add_directive("install-lines", InstallLines)
    app.connect("config-inited", offer_launch)
    app.connect("html-page-context", add_links)
    version = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
