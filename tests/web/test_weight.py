"""What a chapter's first visit costs: bytes over the wire, and the wait for its widgets."""

import gzip
import time

import pytest
from test_pages import CHAPTERS

pytestmark = pytest.mark.web
MOST_BYTES = 2_000_000
# Chapter 7 carries two models, teacher and student, that answer side by side.
TWO_MODELS, MOST_BYTES_OF_TWO = "chapters/07_distillation.html", 2_050_000
# Of the page's own thread, which a busy machine stretches less than the clock: a second of work.
MOST_SECONDS = 2.0


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_first_visit_is_light(page, server, visit, capsys):
    seen, sizes = visit(), {}

    def note(response):
        if response.url.startswith("http") and response.ok:
            sizes[response.url] = len(gzip.compress(response.body(), 6))

    seen.page.on("response", note)
    session = seen.page.context.new_cdp_session(seen.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    begin = time.perf_counter()
    seen.open(f"{server}/{page}")
    ready = time.perf_counter() - begin
    metrics = session.send("Performance.getMetrics")["metrics"]
    busy = {metric["name"]: metric["value"] for metric in metrics}["ThreadTime"]
    seen.page.wait_for_timeout(800)
    total = sum(sizes.values())
    with capsys.disabled():
        print(f"\n{page}: {total / 1e6:.2f} MB gzipped on the first visit, ", end="")
        print(f"{len(sizes)} files, widgets ready after {ready:.2f} s, {busy:.2f} s of them work")
    assert total < (MOST_BYTES_OF_TWO if page == TWO_MODELS else MOST_BYTES)
    assert busy < MOST_SECONDS
