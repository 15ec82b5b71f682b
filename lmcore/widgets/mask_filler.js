// Fill the gaps in the reader's text: the likeliest tokens at each [MASK], by a model in the page.
const MASK = "[MASK]", SHOWN = 5;

/** One gap's best tokens as bars. */
function bars({ probabilities, best }, label, width, which) {
  const left = 100, picture = drawing(width, SHOWN * 24 + 2, `The likeliest tokens for gap ${which}: ${best.map((id) => `${label(id)} ${percent(probabilities[id], 1)}`).join(", ")}`);
  best.forEach((id, i) => {
    const y = i * 24 + 2, long = Math.max((width - left - 56) * probabilities[id], 1);
    picture.append(s("text", { x: left - 8, y: y + 15, "text-anchor": "end", "font-size": 14 }, visible(label(id))),
      s("rect", { x: left, y, width: long, height: 19, rx: 2, fill: "var(--lm-bidirectional)" }),
      s("text", { x: left + 6 + long, y: y + 14 }, percent(probabilities[id], 1)));
  });
  return picture;
}

/** Among how many equally likely tokens the model would be as unsure: e to the entropy, nats. */
function choicesLeft(probabilities) {
  let entropy = 0;
  for (const p of probabilities) if (p > 0) entropy -= p * Math.log(p);
  return Math.exp(entropy);
}

function reading(gaps, label) {
  if (!gaps.length) return `Write ${MASK} where a word is to be guessed.`;
  const said = gaps.map(({ probabilities, best }, i) => {
    const top = probabilities[best[0]], left = choicesLeft(probabilities), where = gaps.length > 1 ? `gap ${i + 1}` : "the gap";
    return `In ${where}, “${visible(label(best[0]))}” has ${percent(top)}, and the model is as unsure as between ${left < 10 ? left.toFixed(1) : count(left)} even choices.`;
  });
  return gaps.length > 1 ? `${said.join(" ")} Each gap is filled by itself: the model does not know what it puts into the others.` : said[0];
}

export default {
  async render({ model, el }) {
    const { transformer, tokenizer, name } = await openModel(model), mask = tokenizer.id(MASK);
    const room = transformer.config.context_length - 2, label = (id) => tokenizer.label(id), examples = model.get("examples");
    const text = h("textarea", { name: "text", rows: 2, maxlength: 4000, spellcheck: "false", oninput: later(fillIn) }, model.get("text"));
    const outcome = h("output", { "aria-live": "polite" }), note = h("p", { class: "lm-note" }), host = h("div", { class: "lm-picture" }), wide = labeled(`your text, with ${MASK} in the gaps`, text);
    wide.classList.add("lm-wide");
    frame(el, "mask-filler", `Fill the gaps with ${name}`, wide, h("div", { class: "lm-row lm-close" },
      button(`Insert ${MASK}`, insert, { name: "insert" }), ...examples.map((one, i) => button(`Example ${i + 1}`, () => put(one), { title: one })),
      button("Reset", () => put(model.get("text")))), note, outcome, host);
    let typed = 0, shown = [];
    const paint = fitted(host, (width) => h("div", {}, ...shown.flatMap((gap, i) =>
      [shown.length > 1 ? h("p", { class: "lm-soft" }, `gap ${i + 1}`) : "", bars(gap, label, Math.min(width, 560), i + 1)])));

    async function fillIn() {
      const encoded = tokenizer.encode(text.value, [MASK]), ids = tokenizer.framed(encoded.slice(0, room)), mine = ++typed, pause = pauses();
      const places = [...ids.keys()].filter((i) => ids[i] === mask), steps = transformer.steps(ids), gaps = [];
      note.textContent = encoded.length > room ? `Your text has ${encoded.length} tokens: the first ${room} are read.` : "";
      let step = places.length ? steps.next() : { done: true };
      for (; !step.done; step = steps.next()) {
        await pause();
        if (mine !== typed) return;  // the reader has typed on
      }
      for (const place of places) {
        const probabilities = softmax(transformer.logitsAt(step.value, [place])[0]);
        gaps.push({ probabilities, best: likeliest(probabilities, SHOWN) });
        await pause();
        if (mine !== typed) return;
      }
      outcome.textContent = reading(gaps, label);
      shown = gaps;
      paint();
    }
    function insert() {
      text.setRangeText(MASK, text.selectionStart, text.selectionEnd, "end"); text.focus(); fillIn();
    }
    function put(value) { text.value = value; fillIn(); }
    await fillIn();
  },
};
