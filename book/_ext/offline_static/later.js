// MathJax is a megabyte of script, and running it holds up all else: it is fetched while the page is
// read, and runs when the widgets answer. `html[data-math=ready]` says that the formulas are set.
(() => {
  const waiting = document.querySelector('script[type="text/later"]');
  if (!waiting) return;
  const early = document.createElement("link");
  document.head.append(Object.assign(early, { rel: "preload", as: "script", href: waiting.src }));
  function begin() {
    const script = document.createElement("script");
    script.onload = async () => {
      await window.MathJax.startup.promise;
      document.documentElement.dataset.math = "ready";
      document.dispatchEvent(new Event("math-ready"));
    };
    script.src = waiting.src;
    document.head.append(script);
  }
  const widgets = () => document.querySelector('script[type="application/vnd.jupyter.widget-view+json"]');
  document.addEventListener("widgets-ready", begin);
  document.addEventListener("DOMContentLoaded", () => widgets() || begin());
})();
