// Continue the reader's text: temperature, top-k, top-p, a seed, and the odds of the next token.
const NEW_TOKENS = 60, SHOWN = 8, CHUNK = 8;
const START = { temperature: .8, topK: 40, topP: 1, seed: 1 };
const JUMPS = { "greedy (0)": { ...START, temperature: 0 }, "hot (1.5)": { ...START, temperature: 1.5, topK: Infinity } };

function odds(tokenizer, probabilities, width) {
  const left = 92, picture = drawing(width, SHOWN * 22 + 4, "The likeliest next tokens and their odds");
  likeliest(probabilities, SHOWN).forEach((id, i) => {
    const y = i * 22 + 2, long = Math.max((Math.min(width, 560) - left - 56) * probabilities[id], 1);
    picture.append(s("text", { x: left - 8, y: y + 14, "text-anchor": "end" }, visible(tokenizer.decode([id]))),
      s("rect", { x: left, y, width: long, height: 17, rx: 2, fill: "var(--lm-causal)" }),
      s("text", { x: left + 6 + long, y: y + 14 }, percent(probabilities[id], 1)));
  });
  return picture;
}

/** A causal model that remembers what it has read: only what is new costs anything. */
class Reader {
  constructor(transformer) { this.transformer = transformer; this.cache = transformer.newCache(); this.ids = []; }

  /** Logits (V,) for what follows `ids`, read a few at a time; null as soon as `stale()`. */
  async read(ids, pause, stale) {
    let at = 0, hidden;
    while (at < ids.length - 1 && this.ids[at] === ids[at]) at++;
    this.cache.length = at;
    this.ids.length = at;
    while (at < ids.length) {
      const chunk = ids.slice(at, at + CHUNK);
      hidden = this.transformer.forward(chunk, { cache: this.cache });
      this.ids.push(...chunk);
      at += chunk.length;
      await pause();
      if (stale()) return null;
    }
    return this.transformer.lastLogits(hidden);
  }
}

const tokensOf = (n) => `${n} token${n === 1 ? "" : "s"}`;

export default {
  async render({ model, el }) {
    const { transformer, tokenizer, name } = await openModel(model), { context_length, vocab_size } = transformer.config;
    const prompt = h("textarea", { name: "prompt", rows: 2, maxlength: 4000, spellcheck: "false", oninput: later(look) }, model.get("prompt"));
    const temperature = h("input", { type: "range", name: "temperature", min: 0, max: 2, step: .1, oninput: later(look) });
    const topK = h("input", { type: "number", name: "top_k", min: 1, max: vocab_size, oninput: later(look) });
    const topP = h("input", { type: "number", name: "top_p", min: .05, max: 1, step: .05, oninput: later(look) });
    const seed = h("input", { type: "number", name: "seed", min: 0, step: 1 });
    const heat = h("span", {}), given = h("span", {}), fresh = h("span", { class: "lm-new" });
    const outcome = h("output", { "aria-live": "polite", role: "log", "aria-label": "The text", class: "lm-text" }, given, fresh);
    const line = h("p", { role: "status" }), picture = h("div", { class: "lm-picture" });
    const go = button("Continue", run, { name: "go", class: "lm-first" }), halt = button("Stop", () => turn++, { name: "halt", disabled: true });
    const wide = labeled("your text", prompt), warm = labeled("temperature ", temperature);
    wide.classList.add("lm-wide"); warm.firstChild.append(heat);
    frame(el, "text-generator", `Continue a text with ${name}`, wide,
      h("div", { class: "lm-row" }, warm, labeled("top-k", topK), labeled("top-p", topP), labeled("seed", seed)),
      h("div", { class: "lm-row lm-close" }, go, halt,
        ...Object.entries(JUMPS).map(([label, values]) => button(label, () => { set(values); look(); })), button("Reset", reset)),
      outcome, line, picture);
    const reader = new Reader(transformer);
    let turn = 0, running = false, shown = null;  // a new turn ends what still runs
    const paint = fitted(picture, (width) => (shown ? odds(tokenizer, shown, width) : ""));

    /** What fits the position table: the end of a text that is too long, with room to go on. */
    const fit = (ids) => (ids.length > context_length ? ids.slice(-Math.ceil(context_length / 2)) : ids);
    const start = () => { const ids = tokenizer.encode(prompt.value); return ids.length ? ids : [model.get("stop")]; };
    const share = () => Math.min(Number(topP.value) > 0 ? Number(topP.value) : 1, 1);
    const chances = (logits) => distribution(logits, Number(temperature.value), Math.max(1, Math.floor(Number(topK.value)) || 1), share());
    function set(values) {
      temperature.value = values.temperature; topK.value = Math.min(values.topK, vocab_size); topP.value = values.topP; seed.value = values.seed;
    }

    async function look() {
      heat.textContent = Number(temperature.value).toFixed(1);
      if (running) return;
      const mine = ++turn, logits = await reader.read(fit(start()), pauses(), () => mine !== turn);
      if (!logits) return;
      shown = chances(logits);
      given.textContent = prompt.value; fresh.textContent = "";
      const best = argmax(shown), kept = shown.filter((p) => p > 0).length;
      line.textContent = `Next, “${visible(tokenizer.decode([best]))}” has the best odds: ${percent(shown[best], 1)}. ${tokensOf(kept)} can be drawn; entropy ${entropy(shown).toFixed(1)} bits.`;
      paint();
    }

    async function run() {
      const mine = ++turn, random = mulberry32(Number(seed.value) || 0), made = [], pause = pauses(), begin = performance.now();
      let ids = start(), ended = false;
      given.textContent = prompt.value; fresh.textContent = "";
      busy(true);
      while (made.length < NEW_TOKENS) {
        ids = fit(ids);
        const logits = await reader.read(ids, pause, () => mine !== turn);
        if (!logits) break;
        shown = chances(logits);
        const id = drawFrom(shown, random);
        if (id === model.get("stop")) { ended = true; break; }
        made.push(id);
        ids.push(id);
        fresh.textContent = tokenizer.decode(made);
        if (made.length % 8 === 0) paint();
      }
      const pace = made.length / ((performance.now() - begin) / 1000 || 1);
      line.textContent = `${tokensOf(made.length)} at ${count(pace)} a second${ended ? "; the model ended the text here" : ""}. Below, the odds of the last one.`;
      paint();
      busy(false);
    }
    function busy(now) {
      running = now; go.disabled = now; halt.disabled = !now;
      outcome.setAttribute("aria-busy", String(now));
    }
    async function reset() {
      turn++;
      while (running) await new Promise((done) => setTimeout(done));
      prompt.value = model.get("prompt"); set(START); look();
    }
    set(START);
    await look();
  },
};
