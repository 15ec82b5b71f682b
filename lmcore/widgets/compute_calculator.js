// Training compute as 6ND and what it takes; mirrors training_cost in compute_calculator.py.
const PF_DAY = 8.64e19;  // 10^15 operations a second for a day

function trainingCost({ parameters, tokens, peak_tflops, gpus, utilization, price }) {
  const flop = 6 * parameters * tokens, seconds = flop / (peak_tflops * 1e12 * gpus * utilization);
  const gpuHours = gpus * seconds / 3600;
  return { flop, pfDays: flop / PF_DAY, days: seconds / 86400, gpuHours, dollars: gpuHours * price };
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** 3.14e23 as 3.14 × 10²³. */
function scientific(value) {
  const [digits, power] = value.toExponential(2).split("e"), number = Number(power);
  return `${digits} × 10${number < 0 ? "⁻" : ""}${[...String(Math.abs(number))].map((d) => RAISED[d]).join("")}`;
}

/** Three significant digits, whole from a hundred on. */
const rounded = (value) => (value >= 100 ? count(value) : String(Number(value.toPrecision(3))));
const plural = (value, unit) => `${rounded(value)} ${unit}${rounded(value) === "1" ? "" : "s"}`;

function duration(days) {
  if (days >= 730) return plural(days / 365.25, "year");
  if (days >= 2) return plural(days, "day");
  if (days * 24 >= 2) return plural(days * 24, "hour");
  return days * 1440 >= 2 ? plural(days * 1440, "minute") : plural(days * 86400, "second");
}

function money(dollars) {
  for (const [unit, size] of [["billion", 1e9], ["million", 1e6]]) if (dollars >= size) return `$${rounded(dollars / size)} ${unit}`;
  return dollars < .01 ? "less than a cent" : `$${dollars < 100 ? dollars.toFixed(2) : count(dollars)}`;
}

function reading(values, cost) {
  const each = values.tokens / values.parameters;
  const data = each < 20 ? "fewer than the 20 that Chinchilla later advised"
    : each > 25 ? "more than the 20 that Chinchilla later advised" : "about what Chinchilla later advised";
  return `${duration(cost.days)} on ${count(values.gpus)} GPUs, ${rounded(cost.gpuHours)} GPU hours, ${money(cost.dollars)}. `
    + `The run reads ${rounded(each)} tokens for each parameter: ${data}.`;
}

/** A ruler of powers of ten with the landmarks on it and this run below. */
function ruler(landmarks, flop, width) {
  const low = Math.min(14, Math.floor(Math.log10(flop))), high = Math.max(26, Math.ceil(Math.log10(flop)));
  const x = (value) => 14 + (width - 28) * (Math.log10(value) - low) / (high - low), middle = 74;
  const picture = drawing(width, 118, `On a scale of powers of ten this run stands at ${scientific(flop)}; ${landmarks.map((one) => `${one.name} at ${scientific(one.flop)}`).join(", ")}`,
    s("path", { d: `M14 ${middle}H${width - 14}`, stroke: "var(--lm-edge)", "stroke-width": 2 }));
  for (let power = low; power <= high; power += 2) {
    picture.append(s("path", { d: `M${x(10 ** power)} ${middle - 4}v8`, stroke: "var(--lm-edge)" }),
      s("text", { x: x(10 ** power), y: middle + 18, "text-anchor": "middle", style: "fill: var(--lm-soft)" }, `10${[...String(power)].map((d) => RAISED[d]).join("")}`));
  }
  landmarks.forEach((one, i) => {
    const at = x(one.flop), y = 14 + 18 * i;
    picture.append(s("path", { d: `M${at} ${y + 4}V${middle}`, stroke: "var(--lm-baseline)", "stroke-dasharray": "2 3" }),
      s("circle", { cx: at, cy: middle, r: 4, fill: "var(--lm-baseline)" }),
      s("text", i === landmarks.length - 1 ? { x: at + 5, y: y + 4 } : { x: at - 5, y: y + 4, "text-anchor": "end" }, one.name));
  });
  const here = x(flop);
  picture.append(s("path", { d: `M${here} ${middle + 3}l-7 12h14z`, fill: "var(--lm-causal)" }),
    s("text", { x: Math.min(Math.max(here, 32), width - 32), y: middle + 40, "text-anchor": "middle", style: "font-weight: 700" }, "this run"));
  return picture;
}

// name: [label, what one unit of the field is worth, least, most]
const FIELDS = {
  parameters: ["parameters N, billions", 1e9, 1e-7, 1e6], tokens: ["tokens D, billions", 1e9, 1e-7, 1e9],
  peak_tflops: ["peak TFLOP/s of a GPU", 1, 1e-3, 1e6], gpus: ["number of GPUs", 1, 1, 1e7],
  utilization: ["utilization, %", .01, .1, 100], price: ["$ a GPU hour", 1, 0, 1e4],
};

export default {
  render({ model, el }) {
    const inputs = {}, controls = h("div", { class: "lm-row" }), start = {};
    const kinds = model.get("kinds");
    const kind = h("select", { name: "kind", onchange: choose }, ...kinds.map(({ name }) => h("option", { value: name }, name)), h("option", { value: "" }, "another"));
    for (const [key, [label, , least, most]] of Object.entries(FIELDS)) {
      if (key === "peak_tflops") controls.append(labeled("GPU", kind));
      inputs[key] = h("input", { type: "number", name: key, min: least, max: most, step: "any", oninput: () => read(key) });
      controls.append(labeled(label, inputs[key]));
    }
    const runs = model.get("runs");
    const jumps = runs.map((one) => button(one.name, () => { for (const key of ["parameters", "tokens"]) model.set(key, one[key]); model.save_changes(); show(); }));
    const large = h("span", { class: "lm-large" }), days = h("span", {}), words = h("span", {});
    const outcome = h("output", { "aria-live": "polite" }, large, " FLOP", h("br"), days, h("br"), words);
    const error = h("p", { class: "lm-error", role: "alert", hidden: true }), picture = h("div", { class: "lm-picture" });
    frame(el, "compute-calculator", "What does a training run cost? 6 · N · D", 
      h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to a run" }, ...jumps, button("Reset", reset)), controls, error, outcome, picture);
    let flop = 1;
    const paint = fitted(picture, (width) => ruler(model.get("landmarks"), flop, width));
    const values = () => Object.fromEntries(Object.keys(FIELDS).map((key) => [key, model.get(key)]));
    Object.assign(start, values());

    function reset() { for (const key of Object.keys(FIELDS)) model.set(key, start[key]); model.save_changes(); show(); }
    function choose() {
      const one = kinds.find(({ name }) => name === kind.value);
      if (!one) { inputs.peak_tflops.focus(); return; }
      model.set("peak_tflops", one.tflops); model.save_changes(); show();
    }
    /** Take one field over; the others keep what the model holds, unrounded. */
    function read(key) {
      const input = inputs[key], [, unit, least, most] = FIELDS[key], value = Number(input.value);
      const good = input.value !== "" && value >= least && value <= most;
      input.setAttribute("aria-invalid", String(!good));
      if (good) { model.set(key, value * unit); model.save_changes(); show(false); }
      const bad = Object.keys(FIELDS).find((name) => inputs[name].getAttribute("aria-invalid") === "true");
      error.hidden = !bad;
      if (bad) error.textContent = `${FIELDS[bad][0]}: ${inputs[bad].value || "empty"} is not from ${FIELDS[bad][2]} to ${count(FIELDS[bad][3])}. The last good outcome stays.`;
    }
    function show(refill = true) {
      const now = values(), cost = trainingCost(now);
      if (refill) for (const [key, input] of Object.entries(inputs)) {
        input.value = Number((now[key] / FIELDS[key][1]).toPrecision(6)); input.removeAttribute("aria-invalid");
      }
      error.hidden = true;
      kind.value = kinds.find(({ tflops }) => tflops === now.peak_tflops)?.name ?? "";
      runs.forEach((one, i) => jumps[i].setAttribute("aria-pressed", String(["parameters", "tokens"].every((key) => one[key] === now[key]))));
      flop = cost.flop;
      large.textContent = scientific(flop);
      days.textContent = `= ${rounded(cost.pfDays)} petaflop/s-days`;
      words.textContent = reading(now, cost);
      paint();
    }
    show();
    for (const key of Object.keys(FIELDS)) model.on(`change:${key}`, () => show(document.activeElement !== inputs[key]));
  },
};
