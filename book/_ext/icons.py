"""The theme's icons as a font of a few kilobytes.

Its own has some 1,400, weighs 156 kB and comes with every page. Those that this book shows are cut
out of it; should a page show another one, its browser fetches the whole font for that.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from fontTools import subset

# What the theme's templates and scripts name; icons that its style sheet names are found there.
NAMES = (
    "angle-down", "angle-left", "angle-right", "arrow-up", "bars", "chevron-down",
    "circle-half-stroke", "download", "expand", "file", "file-pdf", "list", "magnifying-glass",
    "moon", "outdent", "rocket", "sun", "xmark",
)  # fmt: skip
PRIVATE = re.compile("[\ue000-\uf8ff]")


def cut_icons(folder: Path) -> None:
    """Write ``icons.woff`` and ``icons.css`` into ``folder``. Raises KeyError for a name that the
    theme's style sheet lacks."""
    theme = files("pydata_sphinx_theme") / "theme/pydata_sphinx_theme/static"
    sheet = theme.joinpath("styles/pydata-sphinx-theme.css").read_text("utf-8")
    named = {
        name: code
        for names, code in re.findall(r'([^{}]*:before)\{content:"\\([0-9a-f]+)"\}', sheet)
        for name in re.findall(r"\.fa-([a-z0-9-]+):before", names)
    }
    points = {int(named[name], 16) for name in NAMES} | {ord(c) for c in PRIVATE.findall(sheet)}
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    font = subset.load_font(str(theme / "vendor/fontawesome/webfonts/fa-solid-900.ttf"), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points)
    cutter.subset(font)
    subset.save_font(font, str(folder / "icons.woff"), options)
    inside = ", ".join(f"U+{point:x}" for point in sorted(points & font.getBestCmap().keys()))
    (folder / "icons.css").write_text(
        '@font-face { font-family: "Font Awesome 6 Free"; font-weight: 900; font-display: block; '
        f'src: url("icons.woff") format("woff"); unicode-range: {inside}; }}\n'
    )
