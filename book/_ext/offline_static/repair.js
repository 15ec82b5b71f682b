// Small repairs to the theme's markup, so that keyboard and screen reader reach everything.
document.addEventListener("DOMContentLoaded", () => {
  // What scrolls sideways must be reachable by keyboard.
  for (const box of document.querySelectorAll("div.highlight pre, div.output, .pst-scrollable-table-container, mjx-container, .cell_output")) {
    if (box.scrollWidth > box.clientWidth && !box.hasAttribute("tabindex")) box.setAttribute("tabindex", "0");
  }
  for (const box of document.querySelectorAll(".highlight pre")) box.setAttribute("tabindex", "0");
});
