// A training run: progress, a curve that grows, a stop button. In a static page: the recorded run.

/** Round values that divide low…high into about four. */
function ticks(low, high) {
  const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough), all = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9; value += step) all.push(value);
  return { all, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** Labels at heights `y`, pushed apart so that none covers another. */
function spread(labels, gap = 15) {
  labels.sort((a, b) => a.y - b.y);
  for (let i = 1; i < labels.length; i++) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + gap);
  return labels;
}

function curve({ points, validation, baselines, total, unit }, W) {
  const labels = baselines.map(({ label, value }) => ({ text: label, value }));
  if (validation.length) labels.push({ text: `held out ${validation.at(-1)[1].toFixed(2)}`, value: validation.at(-1)[1], weight: 700 });
  const longest = Math.max(8, ...labels.map(({ text }) => text.length));
  const H = 250, left = 44, right = Math.min(16 + 6.6 * longest, W * .4), top = 22, bottom = 34, floor = H - bottom, end = W - right;
  const levels = [...points, ...validation].map(([, y]) => y).concat(baselines.map(({ value }) => value));
  const says = `${unit} by training step${validation.length ? `; on held-out text it ends at ${validation.at(-1)[1].toFixed(2)}` : ""}`;
  const picture = drawing(W, H, says, s("text", { x: 0, y: 11 }, unit));
  if (!levels.length) return picture;
  const spanned = Math.max(...levels) - Math.min(...levels) || 1, high = Math.max(...levels) + .04 * spanned, low = Math.min(...levels) - .06 * spanned;
  const x = (step) => left + ((end - left) * step) / total, y = (value) => top + ((floor - top) * (high - value)) / (high - low);
  const path = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
  const { all, digits } = ticks(low, high);
  for (const value of all) picture.append(s("path", { d: `M${left} ${y(value)}H${end}`, stroke: "var(--lm-line)" }),
    s("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(digits)));
  for (const share of [0, .5, 1]) picture.append(s("text", { x: x(total * share), y: floor + 18, "text-anchor": share === 1 ? "end" : "middle" }, count(total * share)));
  picture.append(s("text", { x: x(total / 4), y: floor + 32, "text-anchor": "middle" }, "step"));
  for (const { value } of baselines) picture.append(
    s("path", { d: `M${left} ${y(value)}H${end}`, stroke: "var(--lm-baseline)", "stroke-width": 1.5, "stroke-dasharray": "6 4" }));
  if (points.length) picture.append(s("path", { d: path(points), fill: "none", stroke: "var(--lm-causal)", "stroke-width": 1.6 }));
  if (validation.length) picture.append(s("path", { d: path(validation), fill: "none", stroke: "var(--lm-highlight)", "stroke-width": 2.5 }));
  for (const [a, b] of validation) picture.append(s("circle", { cx: x(a), cy: y(b), r: 3.5, fill: "var(--lm-highlight)" }));
  for (const { text, weight = 400, y: at } of spread(labels.map((label) => ({ ...label, y: y(label.value) + 4 }))))
    picture.append(s("text", { x: end + 8, y: at, "font-weight": weight }, text));
  return picture;
}

/** The run against its baselines, in words. */
function reading({ points, validation, baselines }) {
  const last = (validation.at(-1) ?? points.at(-1))?.[1];
  if (last === undefined) return "";
  const said = validation.length ? `Held-out loss ${last.toFixed(2)}` : `Loss ${last.toFixed(2)}`;
  const names = (beaten) => baselines.filter(({ value }) => last < value === beaten).map(({ label }) => label).join(" and ");
  const parts = [[true, "below"], [false, "not below"]].filter(([beaten]) => names(beaten)).map(([beaten, word]) => `${word} ${names(beaten)}`);
  return `${[said, ...parts].join(", ")}.`;
}

const KEYS = ["points", "validation", "baselines", "total", "unit", "step", "line", "finished"];

export default {
  render({ model, el }) {
    const progress = h("progress", { max: model.get("total"), value: 0, "aria-label": "Training progress" });
    const halt = button("Stop and keep what was learned", () => { model.set("stop_requested", true); model.save_changes(); halt.disabled = true; }, { name: "stop" });
    const outcome = h("output", {}), words = h("p", { class: "lm-soft" }), picture = h("div", { class: "lm-picture" });
    frame(el, "training-monitor", "Training", progress, h("div", { class: "lm-row lm-close" }, outcome, halt), words, picture);
    let state = {};
    const read = () => { state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)])); };
    read();
    const paint = fitted(picture, (width) => curve(state, width));
    function show() {
      read();
      const of = `${count(state.step)} of ${count(state.total)}`;
      progress.value = state.step;
      outcome.setAttribute("aria-live", state.finished ? "polite" : "off");  // four updates a second are no news
      outcome.textContent = state.finished ? `A recorded run: ${of} steps. ${state.line}` : `step ${of} · ${state.line || "starting"}`;
      words.textContent = reading(state);
      halt.hidden = state.finished;
      paint();
    }
    for (const key of ["step", "validation", "finished"]) model.on(`change:${key}`, show);
    show();
  },
};
