// One head's attention weights over a text: rows look, columns are looked at.
const MOST = 48;

/** Square (row, column) of the matrix: darker is more, hatched is hidden. */
function square({ tokens, weights, masked }, row, column, hatch, place) {
  const hidden = masked && column > row, share = weights[row * tokens.length + column];
  return s("rect", { ...place, fill: hidden ? hatch : "var(--lm-own)", "fill-opacity": hidden ? 1 : Math.max(Math.sqrt(share), .04).toFixed(3) });
}

/** What a square says to who points at it. */
function told({ tokens, weights, masked }, row, column) {
  const [from, to] = [visible(tokens[row]), visible(tokens[column])];
  return masked && column > row ? `${from} cannot see ${to}: it comes later` : `${from} → ${to}: ${percent(weights[row * tokens.length + column])}`;
}

function matrix(view, width, onpick) {
  const { tokens, chosen, masked } = view, T = tokens.length, left = 76, top = 70;
  const cell = Math.max(15, Math.min(26, Math.floor((width - left - 30) / T))), end = left + T * cell;
  const picture = drawing(end + 34, top + T * cell + 4, `Attention matrix of ${T} tokens: each row looks, each column is looked at${masked ? "; the future is hatched" : ""}`);
  const id = `lm-hatch-${++lmSerial}`, hatch = `url(#${id})`;
  picture.append(s("defs", {}, s("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
    s("path", { d: "M0 6 L6 0", stroke: "var(--lm-soft)", opacity: .6 }))));
  tokens.forEach((token, row) => {
    const label = visible(token), y = top + row * cell + cell / 2 + 4, x = left + row * cell + cell / 2 + 4, weight = row === chosen ? 700 : 400;
    picture.append(s("text", { x: left - 6, y, "text-anchor": "end", "font-weight": weight }, label),
      s("text", { x, y: top - 6, "font-weight": weight, transform: `rotate(-60 ${x} ${top - 6})` }, label));
    for (let column = 0; column < T; column++)
      picture.append(square(view, row, column, hatch, { x: left + column * cell, y: top + row * cell, width: cell - 1, height: cell - 1 }));
  });
  if (masked && T > 8) picture.append(s("text", {
    x: end - 10, y: top + 2 * cell, "text-anchor": "end",
    style: "font-weight: 600; paint-order: stroke; stroke: var(--lm-paper); stroke-width: 5px",
  }, "hidden: the future"));
  picture.append(s("rect", { x: left - 1, y: top + chosen * cell - 1, width: T * cell + 1, height: cell + 1,
    fill: "none", stroke: "var(--lm-highlight)", "stroke-width": 2.5 }));
  const pointed = ({ clientX, clientY }) => {
    const { left: x, top: y } = picture.getBoundingClientRect();
    return [(clientY - y - top) / cell, (clientX - x - left) / cell].map(Math.floor);
  };
  picture.addEventListener("click", (event) => { const [row] = pointed(event); if (row >= 0 && row < T) onpick(row); });
  // one title for all squares, written when it is asked for: one each would double the picture
  const title = s("title", {});
  picture.prepend(title);
  picture.addEventListener("pointermove", (event) => {
    const [row, column] = pointed(event), inside = Math.min(row, column) >= 0 && Math.max(row, column) < T;
    title.textContent = inside ? told(view, row, column) : "";
  });
  return picture;
}

function reading({ tokens, weights, chosen, masked, causal }, layer, head) {
  const T = tokens.length, row = Array.from(weights.slice(chosen * T, (chosen + 1) * T));
  if (masked && chosen === 0) return "The first token can only look at itself: 100%, whatever the head has learned.";
  const best = row.indexOf(Math.max(...row)), steps = Math.abs(chosen - best), even = 1 / (masked ? chosen + 1 : T);
  const where = steps === 0 ? "itself" : `“${visible(tokens[best])}”, ${steps} ${best < chosen ? "back" : "ahead"}`;
  const much = row[best] > 3 * even ? "far more than an even spread" : row[best] > 1.5 * even ? "more than an even spread" : "about an even spread";
  const said = `At “${visible(tokens[chosen])}”, head ${head} of layer ${layer} puts ${percent(row[best])} on ${where}: ${much} (${percent(even)} each).`;
  if (masked || !causal || chosen === T - 1) return said;
  const ahead = row.slice(chosen + 1).reduce((sum, share) => sum + share, 0);
  return `${said} Without its mask it spends ${percent(ahead)} on tokens still to come, the very ones it is to predict.`;
}

/** The tokens as buttons that fill up with the chosen one's attention. Arrow keys move. */
function chips({ tokens, weights, chosen, masked }, onpick) {
  return tokens.map((token, i) => {
    const hidden = masked && i > chosen, share = hidden ? 0 : weights[chosen * tokens.length + i];
    return h("button", { type: "button", onclick: () => onpick(i), "aria-pressed": String(i === chosen), tabindex: i === chosen ? 0 : -1,
      class: hidden ? "lm-hidden" : "", style: `--share: ${share.toFixed(3)}` }, visible(token), h("small", {}, hidden ? "hidden" : percent(share)));
  });
}

const choices = (n, value) => Array.from({ length: n }, (_, i) => h("option", { value: i + 1, selected: i + 1 === value }, String(i + 1)));

export default {
  async render({ model, el }) {
    const { transformer, tokenizer } = await openModel(model), { config } = transformer;
    const unmasked = new Transformer({ ...config, causal: false }, transformer.tensors, transformer.ops), markers = tokenizer.framed([]).length;
    const room = Math.min(MOST, config.context_length) - markers;
    const text = h("input", { type: "text", name: "text", value: model.get("text"), maxlength: 1000, autocomplete: "off", spellcheck: "false", oninput: later(retype) });
    const layer = h("select", { name: "layer", onchange: redraw }, ...choices(config.num_layers, model.get("layer")));
    const head = h("select", { name: "head", onchange: redraw }, ...choices(config.num_heads, model.get("head")));
    const mask = h("input", { type: "checkbox", name: "mask", checked: true, onchange: retype });
    const strip = h("div", { class: "lm-tokens", role: "group", "aria-label": "Which token looks? Arrow keys move", onkeydown: move });
    const picture = h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "Attention matrix" });
    const outcome = h("output", { "aria-live": "polite" }), note = h("p", { class: "lm-note" }), legend = h("p", { class: "lm-soft" });
    const wide = labeled("your text", text); wide.classList.add("lm-wide");
    const root = frame(el, "attention-explorer", "Where does each head look?", h("div", { class: "lm-row" }, wide,
      labeled("layer", layer), labeled("head", head), config.causal ? h("label", { class: "lm-check" }, mask, "causal mask") : null,
      button("Reset", reset)), note, outcome, strip, picture, legend);
    root.style.setProperty("--lm-own", `var(--lm-${config.causal ? "causal" : "bidirectional"})`);
    let view = { tokens: [] }, layers = [], typed = 0;
    const paint = fitted(picture, (width) => (view.tokens.length ? matrix(view, width, pick) : ""));

    async function retype() {
      const ids = tokenizer.encode(text.value, ["[MASK]"]), kept = ids.length ? tokenizer.framed(ids.slice(0, room)) : [];
      const mine = ++typed, pause = pauses(), trace = [], gap = kept.indexOf(tokenizer.id("[MASK]"));
      const masked = config.causal && mask.checked, steps = (masked ? transformer : unmasked).steps(kept, { trace });
      note.textContent = ids.length > room ? `Your text has ${ids.length} tokens: the first ${room} are drawn.` : ids.length ? "" : "Type a few words to see attention.";
      while (kept.length && !steps.next().done) {
        await pause();
        if (mine !== typed) return;  // the reader has typed on
      }
      const same = kept.length === view.tokens.length;  // the mask was switched: stay at the token
      layers = trace;
      view = { tokens: kept.map((id) => tokenizer.label(id)), chosen: same ? view.chosen : gap >= 0 ? gap : kept.length - 1 - markers / 2, masked, causal: config.causal };
      legend.textContent = `The fuller its color, the more attention a square stands for.${masked ? " Hatched ones are the future, which the causal mask hides." : config.causal ? "" : " None is hidden: every token sees both sides."} Pick a token above, or a row.`;
      redraw();
    }
    function redraw() {
      const T = view.tokens.length, from = (Number(head.value) - 1) * T * T;
      if (T) view.weights = layers[Number(layer.value) - 1].subarray(from, from + T * T);
      strip.replaceChildren(...(T ? chips(view, pick) : []));
      outcome.textContent = T ? reading(view, layer.value, head.value) : "";
      paint();
    }
    function pick(i) {
      const focused = strip.contains(document.activeElement);
      view.chosen = i; redraw();
      if (focused) strip.children[i].focus();
    }
    function move(event) {
      const last = view.tokens.length - 1;
      const to = { ArrowRight: view.chosen + 1, ArrowLeft: view.chosen - 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      pick(Math.min(Math.max(to, 0), last));
    }
    function reset() {
      text.value = model.get("text"); layer.value = model.get("layer"); head.value = model.get("head"); mask.checked = true;
      view = { tokens: [] }; retype();
    }
    await retype();
  },
};
