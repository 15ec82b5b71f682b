"""What a chapter's first visit costs: bytes over the wire, and the wait for its widgets."""

import gzip
import os
import statistics

import pytest
from test_pages import CHAPTERS

pytestmark = pytest.mark.web
MOST_BYTES = 2_000_000
# From the page opening until every widget answers. Work is what the page's own thread did; the
# clock is asserted only where no crowd of other processes wants the same cores.
LOADS, MOST_WORK, MOST_SECONDS = 3, 1.5, 1.7


def crowded():
    return os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_first_visit_is_light(page, server, visit, capsys):
    seen, sizes = visit(), {}

    def note(response):
        if response.url.startswith("http") and response.ok:
            sizes[response.url] = len(gzip.compress(response.body(), 6))

    seen.page.on("response", note)
    seen.open(f"{server}/{page}")
    seen.page.wait_for_timeout(800)
    total = sum(sizes.values())
    with capsys.disabled():
        print(f"\n{page}: {total / 1e6:.2f} MB gzipped on the first visit, {len(sizes)} files")
    assert total < MOST_BYTES
    whole = "fontawesome/webfonts"  # 150 kB, where an icon is not among those that were cut out
    assert not [address for address in sizes if whole in address]


READY = """() => {
  const [widgets] = performance.getEntriesByName("widgets", "measure");
  return [widgets.startTime + widgets.duration, widgets.duration];
}"""


@pytest.mark.parametrize("page", CHAPTERS)
def test_widgets_are_soon_ready(page, server, visit, capsys):
    found = []
    for _ in range(LOADS):
        seen = visit()
        session = seen.page.context.new_cdp_session(seen.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        seen.open(f"{server}/{page}")
        metrics = session.send("Performance.getMetrics")["metrics"]
        work = {metric["name"]: metric["value"] for metric in metrics}["ThreadTime"]
        found.append((work, *(t / 1000 for t in seen.page.evaluate(READY))))
    work, ready, widgets = (statistics.median(values) for values in zip(*found, strict=True))
    with capsys.disabled():
        print(
            f"\n{page}: widgets ready after {ready:.2f} s by the clock, {widgets:.2f} s of them ",
            end="",
        )
        print(f"the widgets' own; {work:.2f} s of work")
    assert work < MOST_WORK
    assert crowded() or ready < MOST_SECONDS
