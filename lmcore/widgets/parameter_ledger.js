// The ledger of a GPT or a BERT: tables, blocks of 12H² + 13H, and what one of them adds. Mirrors
// lmcore/ledger.py.
const DARK = "#1b1f24";  // the one ink that reads on orange, in light and in dark mode

function ledger({ V, C, L, H, final_norm, bert_parts }) {
  const rows = [
    ["token embeddings (and output head)", "V·H", V * H, "var(--lm-highlight)", DARK],
    ["position embeddings", "C·H", C * H, "var(--lm-baseline)"],
    ["attention", "L·(4H² + 4H)", L * (4 * H * H + 4 * H), "var(--lm-causal)"],
    ["feed-forward", "L·(8H² + 5H)", L * (8 * H * H + 5 * H), "var(--lm-teacher)"],
    ["LayerNorms", "L·4H", L * 4 * H, "var(--lm-bidirectional)"],
  ];
  if (final_norm) rows.push(["final LayerNorm", "2H", 2 * H, "var(--lm-soft)"]);
  if (bert_parts) {
    rows.splice(2, 0, ["segment embeddings", "2·H", 2 * H, "var(--lm-soft)"], ["embedding LayerNorm", "2·H", 2 * H, "var(--lm-soft)"]);
    rows.push(["pooler", "H² + H", H * H + H, "var(--lm-soft)"]);
  }
  return rows.map(([part, formula, parameters, color, ink = "var(--lm-paper)"], i) =>
    ({ letter: String.fromCharCode(65 + i), part, formula, parameters, color, ink }));
}

function reading({ L, H }, rows, total) {
  const naming = (rows[0].parameters + rows[1].parameters) / total, block = 12 * H * H + 13 * H;
  const blocks = `${L === 1 ? "the one block holds" : `each of the ${count(L)} blocks holds`} 12·${count(H)}² + 13·${count(H)} = ${count(block)}`;
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

const LIMITS = { V: 1e6, C: 1e6, L: 1000, H: 1e5 };
const NAMES = { V: "vocabulary V", C: "context C", L: "layers L", H: "hidden size H" };

export default {
  render({ model, el }) {
    const inputs = {}, controls = h("div", { class: "lm-row" });
    for (const key of ["V", "C", "L", "H"]) {
      inputs[key] = h("input", { type: "number", name: key, min: 1, max: LIMITS[key], step: 1, oninput: read });
      controls.append(labeled(NAMES[key], inputs[key]));
    }
    const norm = h("input", { type: "checkbox", name: "final_norm", onchange: read });
    const parts = h("input", { type: "checkbox", name: "bert_parts", onchange: read });
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
      h("label", { class: "lm-check" }, norm, "a final LayerNorm, as in GPT-2"),
      h("label", { class: "lm-check" }, parts, "two segments, a LayerNorm on the embeddings and a pooler, as in BERT"), error, outcome, picture,
      h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "Parameters by part" }, table));
    let rows = [], total = 1;
    const paint = fitted(picture, (width) => bar(rows, total, width));

    function jump(one) {
      for (const key of [...Object.keys(inputs), "final_norm", "bert_parts"]) model.set(key, one[key]);
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
      model.set("final_norm", norm.checked);
      model.set("bert_parts", parts.checked);
      model.save_changes(); show(false);
    }
    function show(refill) {
      const sizes = { final_norm: model.get("final_norm"), bert_parts: model.get("bert_parts") };
      for (const [key, input] of Object.entries(inputs)) {
        sizes[key] = model.get(key);
        if (refill) { input.value = sizes[key]; input.removeAttribute("aria-invalid"); }
      }
      norm.checked = sizes.final_norm; parts.checked = sizes.bert_parts; error.hidden = true;
      rows = ledger(sizes);
      total = rows.reduce((sum, row) => sum + row.parameters, 0);
      presets.forEach((one, i) => names[i].setAttribute("aria-pressed", String(Object.keys(sizes).every((key) => one[key] === sizes[key]))));
      large.textContent = count(total);
      words.textContent = reading(sizes, rows, total);
      paint();
      body.replaceChildren(...rows.map((row) => line(row, total)));
      if (model.get("total") !== total) { model.set("total", total); model.save_changes(); }
    }
    show(true);
    for (const key of ["V", "C", "L", "H", "final_norm", "bert_parts"]) model.on(`change:${key}`, () => show(document.activeElement !== inputs[key]));
  },
};
