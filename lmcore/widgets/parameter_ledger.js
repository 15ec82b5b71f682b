// The ledger of a GPT, a BERT or a student of one: tables, blocks, and what each part adds that not
// all of them have. Mirrors lmcore/ledger.py.
const DARK = "#1b1f24";  // the one ink that reads on orange, in light and in dark mode

const PARTS = {  // that a model has or has not
  segments: "two segments, as in BERT", embedding_norm: "a LayerNorm on the embeddings, as in BERT",
  final_norm: "a final LayerNorm, as in GPT-2", pooler: "a pooler, as in BERT",
};

function ledger({ V, C, L, H, F, ...has }) {
  const soft = "var(--lm-soft)";
  return [
    ["token embeddings (and output head)", "V·H", V * H, "var(--lm-highlight)", DARK],
    ["position embeddings", "C·H", C * H, "var(--lm-baseline)"],
    has.segments && ["segment embeddings", "2·H", 2 * H, soft],
    has.embedding_norm && ["embedding LayerNorm", "2·H", 2 * H, soft],
    ["attention", "L·(4H² + 4H)", L * (4 * H * H + 4 * H), "var(--lm-causal)"],
    ["feed-forward", "L·(2HF + F + H)", L * (2 * H * F + F + H), "var(--lm-teacher)"],
    ["LayerNorms", "L·4H", L * 4 * H, "var(--lm-bidirectional)"],
    has.final_norm && ["final LayerNorm", "2H", 2 * H, soft],
    has.pooler && ["pooler", "H² + H", H * H + H, soft],
  ].filter(Boolean).map(([part, formula, parameters, color, ink = "var(--lm-paper)"], i) =>
    ({ letter: String.fromCharCode(65 + i), part, formula, parameters, color, ink }));
}

function reading({ L, H, F }, rows, total) {
  const naming = (rows[0].parameters + rows[1].parameters) / total, block = 4 * H * H + 2 * H * F + 9 * H + F;
  const sum = F === 4 * H ? `12·${count(H)}² + 13·${count(H)}` : `4·${count(H)}² + 2·${count(H)}·${count(F)} + 9·${count(H)} + ${count(F)}`;
  const blocks = `${L === 1 ? "the one block holds" : `each of the ${count(L)} blocks holds`} ${sum} = ${count(block)}`;
  const most = naming > .5 ? ": more than everything that computes" : "";
  return `Naming tokens and places takes ${percent(naming)} of it${most}; ${blocks}.`;
}

function bar(rows, total, width) {
  const picture = drawing(width, 34, `To scale: ${rows.map((row) => `${row.part} ${percent(row.parameters / total, 1)}`).join(", ")}`);
  let x = 0;
  for (const { letter, part, parameters, color, ink } of rows) {
    const wide = (width * parameters) / total;
    picture.append(s("rect", { x, y: 1, width: wide, height: 32, fill: color, stroke: "var(--lm-paper)" },
      s("title", {}, `${part}: ${percent(parameters / total, 1)}`)));
    if (wide > 18) picture.append(s("text", { x: x + wide / 2, y: 21, "text-anchor": "middle", style: `fill: ${ink}; font-weight: 700` }, letter));
    x += wide;
  }
  return picture;
}

function line({ letter, part, formula, parameters, color, ink }, total) {
  return h("tr", {},
    h("th", { scope: "row" }, h("span", { class: "lm-key", style: `background: ${color}; color: ${ink}` }, letter), part),
    h("td", { class: "lm-formula" }, formula), h("td", { class: "lm-number" }, count(parameters)),
    h("td", { class: "lm-number" }, percent(parameters / total, 1)));
}

const LIMITS = { V: 1e6, C: 1e6, L: 1000, H: 1e5, F: 4e5 };
const NAMES = { V: "vocabulary V", C: "context C", L: "layers L", H: "hidden size H", F: "feed-forward F" };
const SIZES = Object.keys(NAMES), KEYS = [...SIZES, ...Object.keys(PARTS)];

export default {
  render({ model, el }) {
    const inputs = {}, checks = {}, controls = h("div", { class: "lm-row" });
    for (const key of SIZES) {
      inputs[key] = h("input", { type: "number", name: key, min: 1, max: LIMITS[key], step: 1, oninput: read });
      controls.append(labeled(NAMES[key], inputs[key]));
    }
    for (const key of Object.keys(PARTS)) checks[key] = h("input", { type: "checkbox", name: key, onchange: read });
    const presets = model.get("presets"), jumps = h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to a model" });
    const names = presets.map((one) => button(one.name, () => jump(one)));
    jumps.append(...names, button("Reset", () => jump(presets[0])));
    const large = h("span", { class: "lm-large" }), words = h("span", {});
    const outcome = h("output", { "aria-live": "polite" }, large, " parameters", h("br"), words);
    const error = h("p", { class: "lm-error", role: "alert", hidden: true });
    const picture = h("div", { class: "lm-picture" }), body = h("tbody");
    const table = h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "part"), h("th", { scope: "col", class: "lm-formula" }, "formula"),
      h("th", { scope: "col", class: "lm-number" }, "parameters"), h("th", { scope: "col", class: "lm-number" }, "share"))), body);
    frame(el, "parameter-ledger", "How many parameters, and where?", jumps, controls,
      ...Object.entries(PARTS).map(([key, words]) => h("label", { class: "lm-check" }, checks[key], words)), error, outcome, picture,
      h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "Parameters by part" }, table));
    let rows = [], total = 1;
    const paint = fitted(picture, (width) => bar(rows, total, width));

    function jump(one) {
      for (const key of KEYS) model.set(key, one[key]);
      model.save_changes(); show(true);
    }
    function read(event) {
      const follows = event.target === inputs.H && Number(inputs.H.value) >= 1 && model.get("F") === 4 * model.get("H");
      if (follows) inputs.F.value = 4 * Number(inputs.H.value);  // F is 4H until it is given by itself
      for (const [key, input] of Object.entries(inputs)) {
        const value = Number(input.value), good = Number.isInteger(value) && value >= 1 && value <= LIMITS[key];
        input.setAttribute("aria-invalid", String(!good));
        if (good) continue;
        error.textContent = `${NAMES[key]} is ${input.value || "empty"}: a whole number from 1 to ${count(LIMITS[key])} is needed. The last good outcome stays.`;
        error.hidden = false;
        return;
      }
      for (const [key, input] of Object.entries(inputs)) model.set(key, Number(input.value));
      for (const [key, check] of Object.entries(checks)) model.set(key, check.checked);
      model.save_changes(); show(false);
    }
    function show(refill) {
      const sizes = Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
      for (const [key, input] of Object.entries(inputs)) if (refill) { input.value = sizes[key]; input.removeAttribute("aria-invalid"); }
      for (const [key, check] of Object.entries(checks)) check.checked = sizes[key];
      error.hidden = true;
      rows = ledger(sizes);
      total = rows.reduce((sum, row) => sum + row.parameters, 0);
      presets.forEach((one, i) => names[i].setAttribute("aria-pressed", String(KEYS.every((key) => one[key] === sizes[key]))));
      large.textContent = count(total);
      words.textContent = reading(sizes, rows, total);
      paint();
      body.replaceChildren(...rows.map((row) => line(row, total)));
      if (model.get("total") !== total) { model.set("total", total); model.save_changes(); }
    }
    show(true);
    for (const key of KEYS) model.on(`change:${key}`, () => show(document.activeElement !== inputs[key]));
  },
};
