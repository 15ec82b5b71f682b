"""Every page of the built book: nothing from outside, no error, links that lead somewhere,
legible in both themes, no sideways scroll on a phone, reachable by everyone."""

import functools
import html.parser
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.web


def toc_pages():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    found = [toc["root"]]

    def walk(entries):
        for entry in entries:
            if "file" in entry:
                found.append(entry["file"])
            walk(entry.get("chapters", []) + entry.get("sections", []))

    walk(toc["parts"])
    return [f"{name}.html" for name in found]


PAGES = [*toc_pages(), "genindex.html", "search.html"]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]


class Anchors(html.parser.HTMLParser):
    """The ids and links of a page, what it loads, and its pictures without a word on them."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.mute = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if values.get("id"):
            self.ids.add(values["id"])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag in ("script", "img", "iframe", "source") and values.get("src"):
            self.loads.append(values["src"])
        if tag == "img" and not (values.get("alt") or "logo" in values.get("class", "")):
            self.mute.append(values.get("src"))
        if tag == "svg" and not (values.get("aria-label") or values.get("aria-hidden")):
            self.mute.append("svg")
        if tag == "link" and values.get("rel") not in ("canonical", None):
            self.loads.append(values["href"])


@functools.cache
def anchors(path):
    return Anchors(path.read_text("utf-8"))


def test_every_page_of_the_build_is_looked_at(site):
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {page for page in built if not page.startswith("_static/")} - {"index.html"} == set(
        PAGES
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_has_an_alternative_text(page, site):
    assert not anchors(site / page).mute


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_outside(page, site):
    assert not [url for url in anchors(site / page).loads if re.match(r"(https?:)?//", url)]


def test_style_sheets_name_nothing_outside(site):
    outside = re.compile(r"""(?:@import|url\()\s*["'(]*\s*(?:https?:)?//""")
    sheets = list(site.rglob("*.css"))
    assert len(sheets) > 5
    assert not [sheet.name for sheet in sheets if outside.search(sheet.read_text("utf-8"))]


def test_the_style_sheet_draws_every_icon(site):
    """The theme's own icon script is left out of the book: its font must hold what pages use."""
    theme = (site / "_static" / "styles" / "pydata-sphinx-theme.css").read_text("utf-8")
    used = set()
    for page in PAGES:
        for names in re.findall(r'<i class="([^"]*)"', (site / page).read_text("utf-8")):
            used |= set(re.findall(r"fa-(?!solid|regular|brands|lg)[\w-]+", names))
    assert len(used) > 5
    assert not [name for name in used if f".{name}:before" not in theme]


@pytest.mark.parametrize("page", PAGES)
def test_internal_links_and_anchors_lead_somewhere(page, site):
    broken = []
    for link in anchors(site / page).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (site / page).parent / unquote(parts.path) if parts.path else site / page
        if not target.exists() or (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in anchors(target.resolve()).ids
        ):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_clean_over_http(page, server, visit):
    seen = visit().open(f"{server}/{page}")
    seen.page.wait_for_timeout(300)
    assert not seen.external(server)
    assert not seen.errors


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapter_opens_clean_from_a_folder(page, site, visit):
    seen = visit().open((site / page).as_uri())
    seen.page.wait_for_timeout(300)
    assert not seen.external("file://")
    assert not seen.errors
    assert seen.page.locator(".lm-widget").count() >= 4


@pytest.mark.parametrize("page", PAGES)
def test_no_serious_barrier(page, server, visit):
    seen = visit().open(f"{server}/{page}")
    serious = []
    for theme in ("light", "dark"):
        seen.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        seen.page.wait_for_timeout(400)  # colors fade over
        serious += [
            (theme, violation["id"], [node["target"] for node in violation["nodes"]][:4])
            for violation in Axe().run(seen.page).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
    assert not serious


INJECTED = "<img src=x onerror='window.injected = true'><b class=injected>x</b> [MASK] </textarea>"


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_readers_text_is_never_read_as_html(page, site, visit):
    seen = visit().open((site / page).as_uri()).page
    boxes = seen.locator(".lm-widget :is(textarea, input[type=text])").all()
    for box in boxes:
        box.fill(INJECTED)
        seen.wait_for_timeout(300)
        for press in box.locator("xpath=ancestor::*[@data-name]").get_by_role("button").all():
            if press.inner_text() in ("Reset", "Stop"):  # what there is to stop may end any moment
                continue
            if press.is_visible() and press.is_enabled():
                press.click()
        seen.wait_for_timeout(300)
    assert seen.evaluate("window.injected") is None
    assert seen.locator(".lm-widget :is(img, .injected)").count() == 0
    # The same text read as HTML would have been noticed.
    seen.evaluate("text => { document.querySelector('.bd-article').innerHTML = text }", INJECTED)
    seen.wait_for_function("window.injected === true")


CONTRAST = """selector => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const light = rgb => [.2126, .7152, .0722].reduce((sum, weight, i) => {
    const c = rgb[i] / 255;
    return sum + weight * (c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  }, 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(selector)].filter(e => e.innerText.trim()).map(e => {
    const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))];
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_button_keeps_text_legible(scheme, server, visit):
    page = visit().open(f"{server}/{CHAPTERS[0]}").page
    for _ in range(4):
        if page.evaluate("document.documentElement.dataset.theme") == scheme:
            break
        page.locator(".theme-switch-button:visible").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.wait_for_timeout(500)  # colors fade over
    for part in (".bd-article p", ".highlight span", "figcaption", ".lm-widget :is(p, output, td)"):
        ratios = page.evaluate(CONTRAST, part)
        assert ratios, part
        assert min(ratios) >= 4.5, part


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_needs_no_sideways_scroll(page, server, visit):
    seen = visit(viewport={"width": 375, "height": 800}).open(f"{server}/{page}")
    wide = seen.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
    assert wide <= 1


def test_search_finds_the_chapter(server, visit):
    seen = visit().open(f"{server}/search.html?q=GPT-1")
    seen.page.wait_for_selector("#search-results li a")
    found = seen.page.locator("#search-results li a").all_inner_texts()
    assert any(text.startswith("GPT-1: ") for text in found)


OVERFLOW = "all => all.map((one) => getComputedStyle(one).overflowX)"


def test_maths_is_typeset_with_local_fonts(server, visit):
    seen = visit().open(f"{server}/chapters/01_gpt1.html")
    seen.page.wait_for_selector("mjx-container")
    assert seen.page.locator("mjx-container").count() > 5
    assert seen.page.locator("mjx-merror, .merror").count() == 0
    assert any("fonts/" in url and "mathjax" in url for url in seen.requests)
    seen.page.evaluate("MathJax.startup.promise")
    seen.page.wait_for_timeout(300)
    inside = seen.page.locator("span.math mjx-container")
    assert inside.count() > 5
    stops = [at for at in inside.all() if at.get_attribute("tabindex")]
    assert not stops  # letters for the tab key to stop at
    assert set(seen.page.locator("span.math").evaluate_all(OVERFLOW)) == {"visible"}
