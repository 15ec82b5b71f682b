// The odds of the next token before and after temperature, top-k and nucleus.
const BARS = 14, OPEN = { temperature: 1, topK: Infinity, topP: 1 };
const RULES = {
  "top-k 40": { ...OPEN, topK: 40 }, "nucleus 0.9": { ...OPEN, topP: .9 },
  "cool (0.5)": { ...OPEN, temperature: .5 }, "hot (1.5)": { ...OPEN, temperature: 1.5 },
};

/** Bars of the odds that are drawn from, a tick at the model's own; the cut ones hatched. */
function bars({ tokenizer, own, drawn, order }, width) {
  const left = 92, long = Math.min(width, 560) - left - 58, top = Math.max(own[order[0]], drawn[order[0]]), row = 23;
  const picture = drawing(width, order.length * row + 4, "The likeliest next tokens: the model's odds, and the odds that are left");
  const id = `lm-cut-${++lmSerial}`, size = (share) => Math.max((long * share) / top, 1);
  picture.append(s("defs", {}, s("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, s("path", { d: "M0 6 L6 0", stroke: "var(--lm-soft)", opacity: .7 }))));
  order.forEach((token, i) => {
    const y = i * row + 2, cut = drawn[token] === 0;
    picture.append(s("text", { x: left - 8, y: y + 14, "text-anchor": "end" }, visible(tokenizer.decode([token]))));
    if (cut) picture.append(s("rect", { x: left, y, width: size(own[token]), height: 17, rx: 2, fill: `url(#${id})`, stroke: "var(--lm-soft)", "stroke-width": 1.5 }));
    else {
      const mark = left + size(own[token]);
      picture.append(s("rect", { x: left, y, width: size(drawn[token]), height: 17, rx: 2, fill: "var(--lm-causal)" }),
        s("path", { d: `M${mark} ${y - 1}V${y + 18}`, stroke: "var(--lm-ink)", "stroke-width": 2.5 }));
    }
    picture.append(s("text", { x: left + 7 + size(Math.max(own[token], drawn[token])), y: y + 14 }, cut ? "cut" : percent(drawn[token], 1)));
  });
  return picture;
}

/** The outcome in words: how many tokens are left, what they held, how undecided the odds are. */
function verdict(own, drawn) {
  let kept = 0, held = 0;
  drawn.forEach((p, id) => { if (p > 0) { kept += 1; held += own[id]; } });
  const [before, after] = [entropy(own), entropy(drawn)];
  const choices = 2 ** after, round = choices < 10 ? choices.toFixed(1) : count(choices);
  const change = Math.abs(after - before) < .05 ? "As the model left it" : after < before ? "Narrower than the model's own" : "Wider than the model's own";
  return { large: `${after.toFixed(1)} bits`, words: `${change}, ${before.toFixed(1)} bits: as undecided as among ${round} equal tokens. ${
    count(kept)} of ${count(own.length)} tokens can be drawn; the model gave them ${percent(held)}.` };
}

export default {
  async render({ model, el }) {
    const { transformer, tokenizer } = await openModel(model), { context_length, vocab_size } = transformer.config;
    const text = h("input", { type: "text", name: "text", maxlength: 1000, autocomplete: "off", spellcheck: "false", oninput: later(read) });
    const temperature = h("input", { type: "range", name: "temperature", min: 0, max: 2, step: .1, oninput: show });
    const topK = h("input", { type: "number", name: "top_k", min: 1, max: vocab_size, step: 1, oninput: show });
    const topP = h("input", { type: "range", name: "top_p", min: .05, max: 1, step: .05, oninput: show });
    const heat = h("span", {}), share = h("span", {}), large = h("span", { class: "lm-large" }), words = h("span", {});
    const outcome = h("output", { "aria-live": "polite" }, "entropy ", large, h("br"), words), picture = h("div", { class: "lm-picture" });
    const wide = labeled("your text", text), warm = labeled("temperature ", temperature), part = labeled("nucleus, top-p ", topP);
    wide.classList.add("lm-wide"); warm.firstChild.append(heat); part.firstChild.append(share);
    frame(el, "sampling", "Which tokens may come next?", wide, h("div", { class: "lm-row" }, warm, labeled("top-k", topK), part),
      h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to a rule" },
        ...Object.entries(RULES).map(([label, rule]) => button(label, () => { set(rule); show(); })), button("Reset", reset)),
      outcome, picture, h("p", { class: "lm-soft" }, "Bars: the odds that are drawn from. Ticks: the model's own. Hatched: cut."));
    let logits = null, view = null, typed = 0;
    const paint = fitted(picture, (width) => (view ? bars(view, width) : ""));

    async function read() {
      const ids = tokenizer.encode(text.value), mine = ++typed, pause = pauses();
      const steps = transformer.steps(ids.length ? ids.slice(-context_length) : [model.get("stop")]);
      for (;;) {
        const { done, value } = steps.next();
        if (done) { logits = transformer.lastLogits(value); break; }
        await pause();
        if (mine !== typed) return;  // the reader has typed on
      }
      show();
    }
    function show() {
      heat.textContent = Number(temperature.value).toFixed(1); share.textContent = Number(topP.value).toFixed(2);
      if (!logits) return;
      const own = distribution(logits, 1, vocab_size);
      const drawn = distribution(logits, Number(temperature.value), Math.max(1, Math.floor(Number(topK.value)) || 1), Number(topP.value));
      view = { tokenizer, own, drawn, order: likeliest(own, BARS) };
      const told = verdict(own, drawn);
      large.textContent = told.large; words.textContent = told.words;
      paint();
    }
    function set(rule) { temperature.value = rule.temperature; topK.value = Math.min(rule.topK, vocab_size); topP.value = rule.topP; }
    function reset() { text.value = model.get("text"); set(RULES["nucleus 0.9"]); return read(); }
    await reset();
  },
};
