// Continue the reader's text: temperature, top-k, a seed, and the odds of the next token.
const NEW_TOKENS = 60, SHOWN = 8;

function odds(tokenizer, probabilities) {
  const order = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]).slice(0, SHOWN);
  const picture = s("svg", { viewBox: `0 0 560 ${SHOWN * 22 + 4}`, width: 560, role: "img", "aria-label": "The likeliest next tokens and their odds" });
  order.forEach((id, i) => {
    const y = i * 22 + 2, width = Math.max(360 * probabilities[id], .5);
    picture.append(s("text", { x: 112, y: y + 14, "text-anchor": "end" }, visible(tokenizer.decode([id]))),
      s("rect", { x: 120, y, width, height: 17, rx: 2, fill: "var(--lm-causal)" }),
      s("text", { x: 126 + width, y: y + 14 }, percent(probabilities[id], 1)));
  });
  return picture;
}

export default {
  async render({ model, el }) {
    const { transformer, tokenizer, name } = await openModel(model);
    const room = transformer.config.context_length;
    const prompt = h("textarea", { name: "prompt", rows: 2, spellcheck: "false", oninput: later(look) }, model.get("prompt"));
    const temperature = h("input", { type: "range", name: "temperature", min: 0, max: 2, step: .1, value: .8, oninput: later(look) });
    const topK = h("input", { type: "number", name: "top_k", min: 1, max: transformer.config.vocab_size, value: 40, oninput: later(look) });
    const seed = h("input", { type: "number", name: "seed", min: 0, value: 1 });
    const warmth = h("span", {}), words = h("span", {}), fresh = h("span", { class: "lm-new" });
    const outcome = h("output", { "aria-live": "polite", class: "lm-text" }, words, fresh);
    const line = h("p", { class: "lm-note", role: "status" }), picture = h("div", {});
    const go = button("Continue", run, { name: "go" }), halt = button("Stop", () => { running = false; }, { disabled: true });
    const wide = labeled("your text", prompt); wide.classList.add("lm-wide");
    const heat = labeled("temperature", temperature); heat.firstChild.append(" ", warmth);
    frame(el, "text-generator", `Continue a text with ${name}`, h("div", { class: "lm-row" }, wide, heat,
      labeled("top-k", topK), labeled("seed", seed), go, halt, button("Reset", reset)), outcome, line, picture);
    let running = false;

    /** The ids that still fit the position table, with room for `spare` more. */
    const tail = (ids, spare) => (ids.length > room - spare ? ids.slice(ids.length - Math.floor(room / 2)) : ids);
    const settings = () => [Number(temperature.value), Math.max(1, Math.floor(Number(topK.value)) || 1)];
    const start = () => { const ids = tokenizer.encode(prompt.value); return ids.length ? ids : [model.get("stop")]; };

    function look() {
      warmth.textContent = Number(temperature.value).toFixed(1);
      if (running) return;
      const logits = transformer.lastLogits(transformer.forward(tail(start(), 1)));
      const probabilities = distribution(logits, ...settings());
      words.textContent = prompt.value; fresh.textContent = "";
      picture.replaceChildren(odds(tokenizer, probabilities));
      const best = probabilities.indexOf(Math.max(...probabilities));
      line.textContent = `Next, “${visible(tokenizer.decode([best]))}” has the best odds: ${percent(probabilities[best], 1)}.`;
    }
    async function run() {
      running = true; go.disabled = true; halt.disabled = false;
      const random = mulberry32(Number(seed.value) || 0), from = start(), made = [];
      let cache = transformer.newCache(), unread = tail(from, NEW_TOKENS), ended = false;
      words.textContent = prompt.value;
      const begin = performance.now();
      while (running && made.length < NEW_TOKENS) {
        if (cache.length + unread.length > room) { cache = transformer.newCache(); unread = tail([...from, ...made], room / 2); }
        const probabilities = distribution(transformer.lastLogits(transformer.forward(unread, { cache })), ...settings());
        const id = drawFrom(probabilities, random);
        if (id === model.get("stop")) { ended = true; break; }
        made.push(id); unread = [id];
        fresh.textContent = tokenizer.decode(made);
        if (made.length % 4 === 0) { picture.replaceChildren(odds(tokenizer, probabilities)); await breathe(); }
      }
      const pace = made.length / ((performance.now() - begin) / 1000 || 1);
      line.textContent = `${made.length} tokens at ${count(pace)} a second${ended ? "; the model ended the text here" : ""}.`;
      running = false; go.disabled = false; halt.disabled = true;
    }
    function reset() {
      running = false; prompt.value = model.get("prompt"); temperature.value = .8; topK.value = 40; seed.value = 1; look();
    }
    look();
  },
};
