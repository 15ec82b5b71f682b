// One head's attention weights over a text: rows look, columns are looked at.
const MOST = 24;

function matrix(tokens, weights, chosen, onpick) {
  const T = tokens.length, cell = Math.max(16, Math.min(26, Math.floor(460 / T))), left = 92, top = 84;
  const width = left + T * cell + 4, picture = s("svg", {
    viewBox: `0 0 ${width} ${top + T * cell + 4}`, width, role: "img",
    "aria-label": "Attention matrix: each row is a token that looks, each column one that is looked at; the future is hatched",
  });
  picture.append(s("defs", {}, s("pattern", { id: `lm-hatch-${++lmSerial}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
    s("path", { d: "M0 6 L6 0", stroke: "var(--lm-soft)", "stroke-width": 1, opacity: .55 }))));
  const hatch = `url(#lm-hatch-${lmSerial})`;
  tokens.forEach((token, row) => {
    const label = visible(token), y = top + row * cell + cell / 2 + 4, x = left + row * cell + cell / 2 + 4;
    picture.append(s("text", { x: left - 6, y, "text-anchor": "end", "font-weight": row === chosen ? 700 : 400 }, label),
      s("text", { x, y: top - 6, transform: `rotate(-60 ${x} ${top - 6})` }, label));
    for (let column = 0; column < T; column++) {
      const future = column > row, share = weights[row * T + column];
      const square = s("rect", {
        x: left + column * cell, y: top + row * cell, width: cell - 1, height: cell - 1,
        fill: future ? hatch : "var(--lm-causal)", "fill-opacity": future ? 1 : Math.max(share, .03),
        onclick: () => onpick(row),
      }, s("title", {}, future ? `${label} cannot see ${visible(tokens[column])}: it comes later` : `${label} → ${visible(tokens[column])}: ${percent(share)}`));
      picture.append(square);
    }
  });
  picture.append(s("rect", { x: left - 1, y: top + chosen * cell - 1, width: (chosen + 1) * cell + 1, height: cell + 1,
    fill: "none", stroke: "var(--lm-highlight)", "stroke-width": 2.5 }));
  return picture;
}

function reading(tokens, weights, chosen, layer, head) {
  const T = tokens.length, row = Array.from(weights.slice(chosen * T, chosen * T + chosen + 1));
  if (chosen === 0) return "The first token can only look at itself: 100 %, whatever the head has learned.";
  const best = row.indexOf(Math.max(...row)), back = chosen - best;
  const where = back === 0 ? "itself" : `“${visible(tokens[best])}”, ${back} back`;
  const even = 1 / (chosen + 1);
  const much = row[best] > 3 * even ? "far more than an even spread" : row[best] > 1.5 * even ? "more than an even spread" : "about an even spread";
  return `At “${visible(tokens[chosen])}”, head ${head} of layer ${layer} puts ${percent(row[best])} on ${where}: ${much} (${percent(even)} each).`;
}

export default {
  async render({ model, el }) {
    const { transformer, tokenizer } = await openModel(model);
    const { num_layers, num_heads } = transformer.config;
    const choices = (n, value) => Array.from({ length: n }, (_, i) => h("option", { value: i + 1, selected: i + 1 === value }, String(i + 1)));
    const text = h("input", { type: "text", name: "text", value: model.get("text"), autocomplete: "off", spellcheck: "false", oninput: later(retype) });
    const layer = h("select", { name: "layer", onchange: redraw }, ...choices(num_layers, model.get("layer")));
    const head = h("select", { name: "head", onchange: redraw }, ...choices(num_heads, model.get("head")));
    const strip = h("div", { class: "lm-tokens", role: "group", "aria-label": "Which token looks? Arrow keys move" });
    const picture = h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "Attention matrix" });
    const outcome = h("output", { "aria-live": "polite" }), note = h("p", { class: "lm-note" });
    const wide = labeled("your text", text); wide.classList.add("lm-wide");
    frame(el, "attention-explorer", "Where does each head look?", h("div", { class: "lm-row" }, wide,
      labeled("layer", layer), labeled("head", head), button("Reset", reset)), strip, outcome, picture, note,
      h("p", { class: "lm-soft" }, "Darker is more. Hatched squares are the future, which the causal mask hides."));
    let tokens = [], layers = [], chosen = 0;

    function retype() {
      const ids = tokenizer.encode(text.value), kept = ids.slice(0, MOST);
      note.textContent = ids.length > MOST ? `Your text has ${ids.length} tokens: the first ${MOST} are drawn.` : ids.length ? "" : "Type a few words to see attention.";
      tokens = kept.map((id) => tokenizer.decode([id]));
      layers = [];
      if (kept.length) transformer.forward(kept, { trace: layers });
      chosen = Math.max(kept.length - 1, 0);
      redraw();
    }
    function redraw() {
      if (!tokens.length) { picture.replaceChildren(); strip.replaceChildren(); outcome.textContent = ""; return; }
      const T = tokens.length, from = (Number(head.value) - 1) * T * T;
      const weights = layers[Number(layer.value) - 1].subarray(from, from + T * T);
      picture.replaceChildren(matrix(tokens, weights, chosen, pick));
      strip.replaceChildren(...tokens.map((token, i) => button(visible(token), () => pick(i), { "aria-pressed": String(i === chosen) })));
      outcome.textContent = reading(tokens, weights, chosen, layer.value, head.value);
    }
    function pick(i) {
      chosen = i; redraw();
    }
    function reset() {
      text.value = model.get("text"); layer.value = model.get("layer"); head.value = model.get("head"); retype();
    }
    strip.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      pick(Math.min(Math.max(chosen + step, 0), tokens.length - 1));
      strip.children[chosen].focus();
    });
    retype();
  },
};
