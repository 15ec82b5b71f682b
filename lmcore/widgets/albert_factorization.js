// ALBERT's factorized embedding: one V×H table against V×E and E×H, counted and drawn to scale.
function factorized({ V, H, E }) {
  const whole = V * H, first = V * E, second = E * H;
  return { whole, first, second, both: first + second, breakEven: whole / (V + H) };
}

function reading({ V, H, E }, { whole, first, second, both, breakEven }) {
  const sums = `${count(V)}×${count(H)} = ${count(whole)} against ${count(V)}×${count(E)} + ${count(E)}×${count(H)} = ${count(first)} + ${count(second)}.`;
  const even = breakEven.toLocaleString("en-US", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
  const limit = `It pays while E is below V·H / (V + H) = ${even}.`;
  if (both < whole) return `${sums} That is ${(whole / both).toFixed(1)} times fewer. ${limit}`;
  if (both === whole) return `${sums} Neither is smaller. ${limit}`;
  return `${sums} ${limit}`;
}

const HIGHEST = 220, GAP = 34, CAPTION = 22;

/** The three matrices in one scale, so that an area is a count. */
function matrices(sizes, { whole, first, second }, width) {
  const { V, H, E } = sizes;
  const scale = Math.min((width - 2 * GAP - 4) / (2 * H + E), HIGHEST / Math.max(V, E));
  const shapes = [
    { name: "V×H", rows: V, columns: H, parameters: whole, color: "var(--lm-baseline)", sign: "or" },
    { name: "V×E", rows: V, columns: E, parameters: first, color: "var(--lm-bidirectional)", sign: "·" },
    { name: "E×H", rows: E, columns: H, parameters: second, color: "var(--lm-highlight)" },
  ];
  const high = Math.max(V, E) * scale;
  const picture = drawing(width, high + CAPTION + 6, `To scale: ${shapes.map((one) => `${one.name} holds ${count(one.parameters)}`).join(", ")}`);
  let x = 2;
  for (const { name, rows, columns, parameters, color, sign } of shapes) {
    const wide = Math.max(1, columns * scale), tall = Math.max(1, rows * scale);
    picture.append(s("rect", { x, y: 2, width: wide, height: tall, fill: color, stroke: "currentColor" },
      s("title", {}, `${name}: ${count(parameters)}`)));
    picture.append(s("text", { x: x + Math.max(wide / 2, 12), y: high + CAPTION, "text-anchor": "middle" }, name));
    x += wide + GAP;
    if (sign) picture.append(s("text", { x: x - GAP / 2, y: Math.min(high, 40) / 2 + 8, "text-anchor": "middle" }, sign));
  }
  return picture;
}

const LIMITS = { V: 1e6, H: 1e5, E: 1e5 };
const NAMES = { V: "vocabulary V", H: "hidden size H", E: "embedding size E" };

export default {
  render({ model, el }) {
    const inputs = {}, controls = h("div", { class: "lm-row" });
    for (const key of Object.keys(LIMITS)) {
      inputs[key] = h("input", { type: "number", name: key, min: 1, max: LIMITS[key], step: 1, oninput: read });
      controls.append(labeled(NAMES[key], inputs[key]));
    }
    const presets = model.get("presets");
    const names = presets.map((one) => button(one.name, () => jump(one)));
    const jumps = h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to an example" }, ...names, button("Reset", () => jump(presets[0])));
    const large = h("span", { class: "lm-large" }), words = h("span", {});
    const outcome = h("output", { "aria-live": "polite" }, large, h("br"), words);
    const error = h("p", { class: "lm-error", role: "alert", hidden: true });
    const warning = h("p", { class: "lm-warning", role: "status", hidden: true });
    const picture = h("div", { class: "lm-picture" });
    frame(el, "albert-factorisation", "One table, or two thin ones?", jumps, controls, error, outcome, warning, picture);
    let sizes, found;
    const paint = fitted(picture, (width) => matrices(sizes, found, width));

    function jump(one) {
      for (const key of Object.keys(LIMITS)) model.set(key, one[key]);
      model.save_changes(); show(true);
    }
    function read() {
      for (const [key, input] of Object.entries(inputs)) {
        const value = Number(input.value), good = Number.isInteger(value) && value >= 1 && value <= LIMITS[key];
        input.setAttribute("aria-invalid", String(!good));
        if (good) continue;
        error.textContent = `${NAMES[key]} is ${input.value || "empty"}: a whole number from 1 to ${count(LIMITS[key])} is needed. The last good outcome stays.`;
        error.hidden = false;
        return;
      }
      for (const [key, input] of Object.entries(inputs)) model.set(key, Number(input.value));
      model.save_changes(); show(false);
    }
    function show(refill) {
      sizes = Object.fromEntries(Object.keys(LIMITS).map((key) => [key, model.get(key)]));
      if (refill) for (const [key, input] of Object.entries(inputs)) { input.value = sizes[key]; input.removeAttribute("aria-invalid"); }
      error.hidden = true;
      found = factorized(sizes);
      presets.forEach((one, i) => names[i].setAttribute("aria-pressed", String(Object.keys(LIMITS).every((key) => one[key] === sizes[key]))));
      large.textContent = `${count(found.whole)} → ${count(found.both)}`;
      words.textContent = reading(sizes, found);
      warning.hidden = found.both <= found.whole;
      warning.textContent = `⚠ Factorizing costs more here: ${count(found.both - found.whole)} parameters are added.`;
      paint();
      if (model.get("total") !== found.both) { model.set("total", found.both); model.save_changes(); }
    }
    show(true);
    for (const key of Object.keys(LIMITS)) model.on(`change:${key}`, () => show(document.activeElement !== inputs[key]));
  },
};
