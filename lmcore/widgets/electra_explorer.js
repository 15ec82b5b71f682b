// Generator width and λ over runs made before: a table to walk through, one measure at a time.
const MEASURES = {
  probe: { title: "probe accuracy, 400 labels", says: (v) => v.toFixed(2) },
  replaced: { title: "hidden tokens replaced", says: (v) => percent(v) },
  detected: { title: "replaced tokens found", says: (v) => percent(v) },
  false_alarms: { title: "originals called replaced", says: (v) => percent(v, 1) },
  generator: { title: "generator loss, nats a hidden token", says: (v) => v.toFixed(2) },
  discriminator: { title: "discriminator loss, nats a token", says: (v) => v.toFixed(3) },
};

/** A width as a part of the discriminator's: 1/4. */
function part(width, whole) {
  return width < whole ? `1/${Math.round(whole / width)}` : width === whole ? "1" : `${(width / whole).toFixed(1)}`;
}

const of = (width, whole) => (width === whole ? "as wide as the discriminator" : `of ${part(width, whole)} the width`);

/** Mean and spread over seeds; of a single one there is no spread. */
const spelled = ([mean, spread], seeds, says) => (seeds > 1 ? `${says(mean)} ± ${says(spread)}` : says(mean));

function reading(point, points, whole) {
  const { width, weight, probe, seeds } = point;
  const give = (key, from = point) => spelled(from[key], from.seeds, MEASURES[key].says);
  const best = points.reduce((a, b) => (b.probe[0] > a.probe[0] ? b : a));
  const said = `A generator ${of(width, whole)}, λ = ${weight}, ${seeds} seed${seeds === 1 ? "" : "s"}: it replaces ${give("replaced")} of the hidden tokens, and the discriminator finds ${give("detected")} of those, with ${give("false_alarms")} false alarms. The probe reaches ${give("probe")}`;
  if (best === point) return `${said}, the best mean of these ${points.length}.`;
  const apart = best.probe[0] - probe[0] > best.probe[1] + probe[1] || seeds === 1;
  return `${said}; the best mean, ${give("probe", best)}, has one ${of(best.width, whole)} and λ = ${best.weight}${apart ? "" : "; the spread over seeds does not tell the two apart"}.`;
}

export default {
  render({ model, el }) {
    const points = model.get("points"), whole = model.get("width");
    const values = (key) => [...new Set(points.map((point) => point[key]))], widths = values("width"), weights = values("weight");
    const at = (width, weight) => points.find((point) => point.width === width && point.weight === weight);
    const first = at(whole / 4, 50) ?? points[0];
    const choice = h("select", { name: "measure", onchange: draw }, ...Object.entries(MEASURES).map(([key, { title }]) => h("option", { value: key }, title)));
    const outcome = h("output", { "aria-live": "polite" }), body = h("tbody"), caption = h("caption", { class: "lm-soft" });
    const jumps = { "the paper's: 1/4, λ = 50": first, "λ = 1": at(whole / 4, 1), "as wide as the discriminator": at(whole, 50) };
    const wide = labeled("shown in the table", choice);
    wide.classList.add("lm-wide");
    frame(el, "electra-explorer", "How wide a generator, how much weight on detection?",
      h("div", { class: "lm-row lm-close" }, ...Object.entries(jumps).filter(([, point]) => point).map(([name, point]) => button(name, () => pick(point))), button("Reset", reset)),
      wide, h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "Runs by generator width and weight" },
        h("table", { class: "lm-heat" }, caption, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "generator width"), ...weights.map((w) => h("th", { scope: "col" }, `λ = ${w}`)))), body)), outcome);
    let chosen = first;

    function draw() {
      const key = choice.value, { title, says } = MEASURES[key], all = points.map((point) => point[key][0]);
      const low = Math.min(...all), range = Math.max(...all) - low || 1;
      caption.textContent = `${title}: ${points[0].seeds > 1 ? `mean ± standard deviation, ${points[0].seeds} seeds` : "one seed"}`;
      body.replaceChildren(...widths.map((width) => h("tr", {}, h("th", { scope: "row" }, `${part(width, whole)} (${width})`),
        ...weights.map((weight) => {
          const point = at(width, weight), value = point[key];
          const spread = point.seeds > 1 ? h("small", {}, ` ± ${says(value[1])}`) : null;
          return h("td", {}, button(h("span", {}, says(value[0]), spread), () => pick(point), {
            "aria-pressed": String(point === chosen), style: `--share: ${(value[0] - low) / range}`,
            "aria-label": `width ${part(width, whole)}, λ ${weight}: ${spelled(value, point.seeds, says)}`, "data-point": `${width}-${weight}`,
          }));
        }))));
      outcome.textContent = reading(chosen, points, whole);
    }
    function pick(point) {
      chosen = point;
      draw();
      body.querySelector('[aria-pressed="true"]').focus({ preventScroll: true });
    }
    function reset() { choice.value = "probe"; chosen = first; draw(); }
    reset();
  },
};
