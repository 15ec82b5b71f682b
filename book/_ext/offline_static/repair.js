// Repairs to the theme's markup, so that keyboard and screen reader reach everything.
(() => {
  const BOXES = [
    ".highlight pre", "div.highlight", ".cell_output .output", ".pst-scrollable-table-container",
    ".cell_output:has(> img)", "mjx-container", ".diagram-scroll",
  ].join(", ");

  /** The arrows of the sidebar are pictures without a name. */
  function name() {
    for (const summary of document.querySelectorAll(".bd-sidebar-primary summary")) {
      const link = summary.closest("li")?.querySelector("a");
      if (link) summary.setAttribute("aria-label", `Pages under ${link.textContent.trim()}`);
    }
    // A list may hold list items only; the older role of these says less.
    for (const entry of document.querySelectorAll(".citation-list > .citation")) entry.setAttribute("role", "listitem");
  }

  /** What scrolls sideways takes the focus, so that arrow keys can move it; a formula that does not,
   *  of which MathJax makes a stop of the tab key as well, gives it back. All is measured before
   *  anything changes: else the page would be laid out again for each box. */
  function mark() {
    const boxes = [...document.querySelectorAll(BOXES)], wide = boxes.filter((box) => box.scrollWidth > box.clientWidth);
    const scrolling = new Set(wide.filter((box) => getComputedStyle(box).overflowX !== "visible"));
    for (const box of boxes) {
      if (scrolling.has(box)) box.setAttribute("tabindex", "0");
      else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
    }
  }
  let waiting;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(mark, 150); };
  document.addEventListener("DOMContentLoaded", name);
  addEventListener("load", later);
  document.addEventListener("math-ready", mark);
  addEventListener("resize", later);
  document.addEventListener("toggle", later, true);   // a folded solution that opens has a width now
  document.addEventListener("click", later);
})();
