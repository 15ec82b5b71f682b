// GPT-1's ledger: token table, position table, blocks of 12H² + 13H. Mirrors lmcore/ledger.py.
function ledger({ V, C, L, H, final_norm }) {
  const rows = [
    ["token embeddings (and output head)", "V·H", V * H, "var(--lm-highlight)"],
    ["position embeddings", "C·H", C * H, "var(--lm-baseline)"],
    ["attention", "L·(4H² + 4H)", L * (4 * H * H + 4 * H), "var(--lm-causal)"],
    ["feed-forward", "L·(8H² + 5H)", L * (8 * H * H + 5 * H), "var(--lm-teacher)"],
    ["LayerNorms", "L·4H", L * 4 * H, "var(--lm-bidirectional)"],
  ];
  if (final_norm) rows.push(["final LayerNorm", "2H", 2 * H, "var(--lm-soft)"]);
  return rows;
}

function reading({ V, C, L, H }, rows, total) {
  const table = rows[0][2] + rows[1][2], block = 12 * H * H + 13 * H;
  const names = `Naming tokens and places takes ${percent(table / total)}`;
  const blocks = `each of the ${count(L)} blocks holds 12·${count(H)}² + 13·${count(H)} = ${count(block)}`;
  return `${names}; ${blocks}.`;
}

function bar(rows, total) {
  const picture = s("svg", { viewBox: "0 0 680 34", role: "img", "aria-label": "Share of each part, to scale" });
  let x = 0;
  rows.forEach(([part, , n, color], i) => {
    const width = (680 * n) / total;
    picture.append(s("rect", { x, y: 2, width, height: 30, fill: color, stroke: "var(--lm-paper)" },
      s("title", {}, `${part}: ${percent(n / total, 1)}`)));
    if (width > 34) {
      const text = s("text", { x: x + width / 2, y: 22, "text-anchor": "middle" }, String.fromCharCode(65 + i));
      text.style.fill = "var(--lm-paper)"; text.style.fontWeight = 700;
      picture.append(text);
    }
    x += width;
  });
  return picture;
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
    const jumps = h("div", { class: "lm-row", role: "group", "aria-label": "Jump to a model" });
    for (const one of model.get("presets")) jumps.append(button(one.name, () => jump(one)));
    const large = h("span", { class: "lm-large" }), words = h("span", {});
    const outcome = h("output", { "aria-live": "polite" }, large, h("br"), words);
    const error = h("p", { class: "lm-error", role: "alert", hidden: true });
    const picture = h("div", {}), body = h("tbody");
    const table = h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "part"), h("th", { scope: "col" }, "formula"),
      h("th", { scope: "col", class: "lm-number" }, "parameters"), h("th", { scope: "col", class: "lm-number" }, "share"))), body);
    frame(el, "parameter-ledger", "How many parameters, and where?", jumps, controls,
      h("label", { class: "lm-check" }, norm, "a final LayerNorm, as in GPT-2"), error, outcome, picture, h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "Parameters by part" }, table));

    function jump(one) {
      for (const key of [...Object.keys(inputs), "final_norm"]) model.set(key, one[key]);
      model.save_changes(); show(true);
    }
    function read() {
      for (const [key, input] of Object.entries(inputs)) {
        const value = Number(input.value);
        if (!Number.isInteger(value) || value < 1 || value > LIMITS[key]) {
          error.textContent = `${NAMES[key]} is ${input.value || "empty"}: a whole number from 1 to ${count(LIMITS[key])} is needed. The last good outcome stays.`;
          error.hidden = false;
          return;
        }
      }
      for (const [key, input] of Object.entries(inputs)) model.set(key, Number(input.value));
      model.set("final_norm", norm.checked);
      model.save_changes(); show(false);
    }
    function show(refill) {
      const sizes = { final_norm: model.get("final_norm") };
      for (const key of Object.keys(inputs)) {
        sizes[key] = model.get(key);
        if (refill) inputs[key].value = sizes[key];
      }
      norm.checked = sizes.final_norm; error.hidden = true;
      const rows = ledger(sizes), total = rows.reduce((sum, row) => sum + row[2], 0);
      large.textContent = count(total);
      words.textContent = reading(sizes, rows, total);
      picture.replaceChildren(bar(rows, total));
      body.replaceChildren(...rows.map(([part, formula, n], i) => h("tr", {},
        h("th", { scope: "row" }, `${String.fromCharCode(65 + i)}  ${part}`), h("td", {}, formula),
        h("td", { class: "lm-number" }, count(n)), h("td", { class: "lm-number" }, percent(n / total, 1)))));
      if (model.get("total") !== total) { model.set("total", total); model.save_changes(); }
    }
    show(true);
    for (const key of ["V", "C", "L", "H", "final_norm"]) model.on(`change:${key}`, () => show(document.activeElement !== inputs[key]));
  },
};
