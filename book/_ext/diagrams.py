"""``{diagram}``: an SVG of book/figures, put into the page itself so that it follows dark mode.

A linked picture cannot see the page's colors; an inlined one can. The alternative text is asked
for and becomes the picture's label, its caption a numbered figure's.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FIGURES = Path(__file__).resolve().parents[1] / "figures"


class Diagram(SphinxDirective):
    """Inline ``book/figures/NAME.svg`` as a numbered figure."""

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged, "alt": directives.unchanged_required}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Build the figure."""
        path = FIGURES / self.arguments[0]
        if not path.is_file():
            return [
                self.warn(f"diagram {self.arguments[0]}: there is no such file in book/figures")
            ]
        if not self.options.get("alt"):
            return [self.warn(f"diagram {self.arguments[0]}: an :alt: text is needed")]
        self.env.note_dependency(str(path))
        figure = nodes.figure("", classes=["diagram"])
        self.set_source_info(figure)
        svg = label(path.read_text("utf-8"), self.options["alt"], path.stem)
        # On a phone the picture keeps a readable size and this box scrolls.
        figure += nodes.raw("", f'<div class="diagram-scroll">{svg}</div>', format="html")
        if self.content:
            caption = nodes.caption("", "")
            parsed, _ = self.state.inline_text(" ".join(self.content), self.lineno)
            caption += parsed
            figure += caption
        self.add_name(figure)
        return [figure]

    def warn(self, message: str) -> nodes.Node:
        """A warning, which fails the build under -W."""
        return self.state.document.reporter.warning(message, line=self.lineno)


def label(svg: str, alt: str, stem: str) -> str:
    """The <svg> element with its label, its ids made unique to this figure."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{stem}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{stem}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{stem}-\1"', svg)
    svg = re.sub(r'\saria-labelledby="[^"]*"', "", svg)
    svg = re.sub(r'\srole="[^"]*"', "", svg, count=1)
    text = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")
    return svg.replace("<svg", f'<svg role="img" aria-label="{text}"', 1)


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("diagram", Diagram)
    # A change to this file reads the pages anew: Sphinx compares this number with the last build's.
    version = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
