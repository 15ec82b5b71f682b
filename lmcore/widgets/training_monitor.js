// A training run: progress, a curve that grows, a stop button. In a static page: the recorded run.
function curve({ points, validation, baselines, total, unit }) {
  const W = 680, H = 260, left = 52, right = 96, top = 12, bottom = 36;
  const picture = s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img" });
  const levels = [...points, ...validation].map(([, y]) => y).concat(baselines.map(({ value }) => value));
  if (!levels.length) return picture;
  const high = Math.max(...levels) * 1.04, low = Math.min(0.9 * Math.min(...levels), Math.min(...levels) - .05);
  const x = (step) => left + ((W - left - right) * step) / total;
  const y = (value) => top + ((H - top - bottom) * (high - value)) / (high - low);
  const path = (line) => line.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
  for (let i = 0; i <= 4; i++) {
    const value = low + ((high - low) * i) / 4;
    picture.append(s("path", { d: `M${left} ${y(value)}H${W - right}`, stroke: "var(--lm-line)" }),
      s("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(2)));
  }
  for (const share of [0, .5, 1]) picture.append(s("text", { x: x(total * share), y: H - 18, "text-anchor": "middle" }, count(total * share)));
  picture.append(s("text", { x: (left + W - right) / 2, y: H - 3, "text-anchor": "middle" }, `step · ${unit}`));
  for (const { label, value } of baselines) picture.append(
    s("path", { d: `M${left} ${y(value)}H${W - right}`, stroke: "var(--lm-baseline)", "stroke-width": 1.5, "stroke-dasharray": "6 4" }),
    s("text", { x: W - right + 6, y: y(value) + 4 }, label));
  if (points.length) picture.append(s("path", { d: path(points), fill: "none", stroke: "var(--lm-causal)", "stroke-width": 1.6, opacity: .8 }));
  if (validation.length) {
    picture.append(s("path", { d: path(validation), fill: "none", stroke: "var(--lm-highlight)", "stroke-width": 2.5 }));
    for (const [a, b] of validation) picture.append(s("circle", { cx: x(a), cy: y(b), r: 3.5, fill: "var(--lm-highlight)" }));
    const [a, b] = validation.at(-1);
    picture.append(s("text", { x: x(a) + 7, y: y(b) + 4, "font-weight": 700 }, `held out ${b.toFixed(2)}`));
  }
  picture.setAttribute("aria-label", `${unit} by training step${validation.length ? `; on held-out text it ends at ${validation.at(-1)[1].toFixed(2)}` : ""}`);
  return picture;
}

export default {
  render({ model, el }) {
    const progress = h("progress", { max: model.get("total"), value: 0, "aria-label": "Training progress" });
    const halt = button("Stop and keep what was learned", () => { model.set("stop_requested", true); model.save_changes(); halt.disabled = true; }, { name: "stop" });
    const outcome = h("output", {}), picture = h("div", {});
    frame(el, "training-monitor", "Training", progress, h("div", { class: "lm-row" }, outcome, halt), picture);
    function show() {
      const state = {};
      for (const key of ["points", "validation", "baselines", "total", "unit", "step", "line", "finished"]) state[key] = model.get(key);
      progress.value = state.step;
      const recorded = `A recorded run: ${count(state.step)} of ${count(state.total)} steps.`;
      outcome.textContent = state.finished ? `${recorded} ${state.line}` : `step ${count(state.step)} of ${count(state.total)} · ${state.line || "starting"}`;
      halt.hidden = state.finished;
      picture.replaceChildren(curve(state));
    }
    for (const key of ["step", "validation", "finished"]) model.on(`change:${key}`, show);
    show();
  },
};
