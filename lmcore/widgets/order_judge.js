// Does B follow A? A sentence-order model's answer, and beside it a next-sentence model's.
const UNSURE = .2;  // from one half: a verdict is given beyond it

/** The pair as a model reads it: ids and segments, each text cut to its half of the room. */
function packPair(tokenizer, context, first, second) {
  const room = Math.floor((context - 3) / 2), texts = [first, second].map((text) => tokenizer.encode(text));
  const [a, b] = texts.map((ids) => ids.slice(0, room)), ids = tokenizer.framed(a, b);
  const segments = ids.map((_, i) => (i < a.length + 2 ? 0 : 1));
  return { ids, segments, empty: !a.length || !b.length, cut: texts.some((all) => all.length > room), unknown: ids.filter((id) => id === tokenizer.unknown).length };
}

/** The probability of label 0: B follows A. */
function follows(transformer, { ids, segments }) {
  const hidden = transformer.forward(ids, { segments });
  return softmax(transformer.pairLogits(hidden))[0];
}

const verdict = (p) => (p > .5 + UNSURE ? "yes" : p < .5 - UNSURE ? "no" : "unsure");

function reading(order, next) {
  const own = { yes: "The sentence-order model finds A and B in their order", no: "The sentence-order model says that B came before A", unsure: "The sentence-order model cannot tell which came first" }[verdict(order)];
  if (next === null) return `${own}.`;
  const other = { yes: "the next-sentence model takes B for A's continuation", no: "the next-sentence model says that B is of another text", unsure: "the next-sentence model cannot tell whether B belongs to A" }[verdict(next)];
  return `${own}; ${other}.`;
}

function bars(rows, width) {
  const left = 132, wide = Math.min(width, 560) - left - 52;
  const picture = drawing(width, rows.length * 32 + 22, rows.map(({ name, p }) => `${name}: ${percent(p)} that B follows A`).join("; "));
  const half = left + wide / 2;
  rows.forEach(({ name, p, color }, i) => {
    const y = i * 32 + 4;
    picture.append(s("text", { x: left - 8, y: y + 17, "text-anchor": "end", "font-size": 14 }, name),
      s("rect", { x: left, y, width: wide, height: 24, rx: 2, fill: "none", stroke: "var(--lm-line)" }),
      s("rect", { x: left, y, width: Math.max(wide * p, 1), height: 24, rx: 2, fill: color }),
      s("text", { x: left + wide + 8, y: y + 17 }, percent(p)));
  });
  picture.append(s("path", { d: `M${half} 0V${rows.length * 32 + 4}`, stroke: "currentColor", "stroke-dasharray": "3 3" }),
    s("text", { x: half, y: rows.length * 32 + 18, "text-anchor": "middle", style: "fill: var(--lm-soft)" }, "a coin toss"));
  return picture;
}

export default {
  async render({ model, el }) {
    const judge = await openModel(model), examples = model.get("examples"), reference = model.get("rival");
    const rival = reference ? unpackModel(await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""))) : null;
    const area = (name) => h("textarea", { name, rows: 2, maxlength: 2000, spellcheck: "false", oninput: later(look) });
    const first = area("first"), second = area("second"), fields = [labeled("text A", first), labeled("text B", second)];
    fields.forEach((field) => field.classList.add("lm-wide"));
    const jumps = examples.map((one) => button(one.name, () => put(one.first, one.second)));
    const outcome = h("output", { "aria-live": "polite" }), note = h("p", { class: "lm-note" }), host = h("div", { class: "lm-picture" });
    frame(el, "order-judge", `Does B follow A? Ask ${judge.name}${rival ? ` and ${rival.name}` : ""}`,
      h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to an example" }, ...jumps,
        button("Swap A and B", () => put(second.value, first.value), { name: "swap" }), button("Reset", () => put(examples[0].first, examples[0].second))),
      ...fields, note, outcome, host);
    let rows = [];
    const paint = fitted(host, (width) => (rows.length ? bars(rows, width) : ""));

    function look() {
      examples.forEach((one, i) => jumps[i].setAttribute("aria-pressed", String(one.first === first.value && one.second === second.value)));
      const pair = packPair(judge.tokenizer, judge.transformer.config.context_length, first.value, second.value);
      const said = [pair.unknown ? `${pair.unknown} of its tokens ${pair.unknown === 1 ? "is" : "are"} not in the vocabulary.` : "", pair.cut ? "The texts are cut to the model's room." : ""];
      note.textContent = said.filter(Boolean).join(" ");
      if (pair.empty) { outcome.textContent = "Two texts are needed."; rows = []; paint(); return; }
      const order = follows(judge.transformer, pair), next = rival ? follows(rival.transformer, pair) : null;
      outcome.textContent = reading(order, next);
      rows = [{ name: "sentence order", p: order, color: "var(--lm-bidirectional)" }];
      if (rival) rows.push({ name: "next sentence", p: next, color: "var(--lm-baseline)" });
      paint();
    }
    function put(a, b) { first.value = a; second.value = b; look(); }
    put(examples[0].first, examples[0].second);
  },
};
