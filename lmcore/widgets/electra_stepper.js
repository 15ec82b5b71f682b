// A sentence through ELECTRA: as it was, masked, filled in by the generator, judged token by token.
const MASK = "[MASK]", STEPS = ["Original", "Masked", "Generated", "Detected"];
const LOOKS = {
  special: ["special", "", "a marker"], untouched: ["untouched", "", ""], masked: ["masked", "■", "hidden"],
  replaced: ["replaced", "⇄", "drawn"], lucky: ["kept", "◎", "drawn rightly"],
  found: ["found", "✓", "found"], missed: ["missed", "✗", "missed"], alarm: ["alarm", "!", "false alarm"],
};

/** Which of `ids` are hidden: a share of the plain ones, at least one, by dice that do not depend on
 *  the share: at a higher one the same tokens are hidden, and more. */
function chooseHidden(ids, special, rate, random) {
  const lots = ids.map(() => random()), plain = [...ids.keys()].filter((i) => !special.has(ids[i]));
  const places = Math.min(Math.max(Math.round(rate * plain.length), 1), plain.length);
  return plain.sort((i, j) => lots[j] - lots[i]).slice(0, places).sort((i, j) => i - j);
}

/** What became of each token, once `drawn` stand at the `hidden` places and `chances` (T,) say how
 *  likely each is to have been replaced; above `threshold` it is called so. A right draw is an
 *  original (section 2). */
function judge(ids, hidden, drawn, chances, special, threshold = .5) {
  const now = ids.slice();
  hidden.forEach((place, i) => { now[place] = drawn[i]; });
  return ids.map((id, i) => {
    const replaced = now[i] !== id, called = chances[i] > threshold;
    const fate = special.has(id) ? "special" : replaced ? (called ? "found" : "missed") : called ? "alarm" : "untouched";
    return { id, now: now[i], chance: chances[i], replaced, fate };
  });
}

const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

/** One line on the step shown. */
function reading(step, { plain, hidden, drawn, judged }, label) {
  if (!plain) return "Type a sentence: there is no token to hide yet.";
  if (step === 0) return `${many(plain, "token")}. Masking 15% of them teaches a masked language model ${many(hidden.length, "thing")}; the discriminator will be asked about all ${plain}.`;
  if (step === 1) return `${hidden.length} of ${many(plain, "token")} ${hidden.length === 1 ? "is" : "are"} hidden. The generator sees the rest and has to fill the gap${hidden.length === 1 ? "" : "s"}.`;
  const lucky = drawn.filter((one) => one.right).length, said = drawn.map((one) => `“${visible(label(one.id))}” (${percent(one.chance)}) for “${visible(label(one.was))}” (${percent(one.given)})`);
  if (step === 2) return `The generator drew ${said.slice(0, 3).join(", ")}${said.length > 3 ? ", …" : ""}. ${lucky ? `${many(lucky, "draw")} ${lucky === 1 ? "is" : "are"} the very token that stood there, so ${lucky === 1 ? "it counts" : "they count"} as original.` : "None is the token that stood there."}`;
  const tally = (fate) => judged.filter((one) => one.fate === fate).length, found = tally("found"), all = found + tally("missed"), alarms = tally("alarm");
  const score = all ? `Of ${many(all, "replaced token")} the discriminator finds ${found}` : "Nothing was replaced after all";
  const most = judged.filter((one) => one.fate !== "special").reduce((a, b) => (b.chance > a.chance ? b : a));
  const suspect = `“${visible(label(most.now))}” looks oddest to it (${percent(most.chance)}), ${most.replaced ? "rightly" : "an original"}.`;
  return `${score}, with ${many(alarms, "false alarm")} among ${plain - all} originals. ${suspect} Each of the ${plain} tokens counts in its loss, where masking counts ${hidden.length}.`;
}

function card(look, shown, note) {
  const [name, icon, says] = LOOKS[look];
  return h("li", { class: `lm-${name}` }, h("b", {}, shown),
    h("small", {}, icon ? h("span", { "aria-hidden": "true" }, `${icon} `) : null, [says, note].filter(Boolean).join(" ") || "\u00a0"));
}

export default {
  async render({ model, el }) {
    const open = async (key) => unpackModel(await model.widget_manager.get_model(model.get(key).replace("IPY_MODEL_", "")));
    const [{ transformer: generator, tokenizer }, { transformer: discriminator, name }] = [await open("generator"), await open("discriminator")];
    const special = new Set(tokenizer.special.values()), mask = tokenizer.id(MASK), label = (id) => tokenizer.label(id);
    const room = discriminator.config.context_length - 2, examples = model.get("examples");
    const text = h("textarea", { name: "text", rows: 2, maxlength: 1000, spellcheck: "false", oninput: later(run) });
    const rate = h("input", { type: "range", name: "rate", min: 5, max: 60, step: 5, oninput: later(run) }), share = h("b", {});
    const threshold = h("input", { type: "range", name: "threshold", min: 5, max: 95, step: 5, oninput: () => { judgeAll(); show(at); } }), limit = h("b", {});
    const seed = h("input", { type: "number", name: "seed", min: 0, step: 1, oninput: later(run) });
    const outcome = h("output", { "aria-live": "polite" }), note = h("p", { class: "lm-note" });
    const cards = h("ul", { class: "lm-cards" }), wide = labeled("your text", text), slide = labeled("hidden: ", rate), bar = labeled("called replaced above ", threshold);
    wide.classList.add("lm-wide"); slide.firstChild.append(share); bar.firstChild.append(limit);
    const tabs = STEPS.map((title, i) => button(`${i + 1} ${title}`, () => show(i), { name: `step-${i + 1}` }));
    const next = button("Next step", () => show((at + 1) % STEPS.length), { name: "next", class: "lm-first" });
    frame(el, "electra-stepper", `What does ${name} make of a text?`, wide,
      h("div", { class: "lm-row" }, slide, bar, labeled("seed", seed),
        button("Draw again", () => { seed.value = (Number(seed.value) || 0) + 1; run(); }, { name: "again" })),
      h("div", { class: "lm-row lm-close" }, ...examples.map((one, i) => button(`Example ${i + 1}`, () => put(one), { title: one })), button("Reset", reset)),
      h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Steps" }, ...tabs, next), note, outcome, cards);
    let at = 0, typed = 0, state = null;

    /** Both models on the present text; nothing is shown of a text that has been typed over. */
    async function run() {
      const mine = ++typed, encoded = tokenizer.encode(text.value), ids = tokenizer.framed(encoded.slice(0, room));
      const random = mulberry32(Number(seed.value) || 0), plain = ids.filter((id) => !special.has(id)).length, pause = pauses();
      share.textContent = percent(rate.value / 100);
      note.textContent = encoded.length > room ? `Your text has ${encoded.length} tokens: the first ${room} are used.` : "";
      const hidden = chooseHidden(ids, special, rate.value / 100, random), masked = ids.map((id, i) => (hidden.includes(i) ? mask : id));
      const pass = async (transformer, input) => {
        const steps = transformer.steps(input);
        for (let step = steps.next(); ; step = steps.next()) {
          if (step.done) return step.value;
          await pause();
          if (mine !== typed) return null;
        }
      };
      const states = plain ? await pass(generator, masked) : null, drawn = [];
      if (mine !== typed) return;
      for (const place of states ? hidden : []) {
        const odds = softmax(generator.logitsAt(states, [place])[0]), id = drawFrom(odds, random), was = ids[place];
        drawn.push({ id, was, chance: odds[id], given: odds[was], right: id === was });
        await pause();
        if (mine !== typed) return;
      }
      const now = ids.slice();
      drawn.forEach(({ id }, i) => { now[hidden[i]] = id; });
      const judging = plain ? await pass(discriminator, now) : null;
      if (mine !== typed) return;
      const chances = judging ? [...discriminator.detect(judging)].map((logit) => 1 / (1 + Math.exp(-logit))) : ids.map(() => 0);
      state = { ids, plain, hidden, drawn, chances };
      judgeAll();
      show(at);
    }
    function judgeAll() {
      limit.textContent = percent(threshold.value / 100);
      if (state) state.judged = judge(state.ids, state.hidden, state.drawn.map(({ id }) => id), state.chances, special, threshold.value / 100);
    }
    function show(step) {
      at = step;
      tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String(i === at)));
      next.textContent = at === STEPS.length - 1 ? "Back to the text" : "Next step";
      if (!state) return;
      const { ids, hidden, drawn, judged } = state, plainLook = (id) => (special.has(id) ? "special" : "untouched");
      cards.setAttribute("aria-label", `The text, step ${at + 1}: ${STEPS[at].toLowerCase()}`);
      cards.replaceChildren(...ids.map((id, i) => {
        const order = hidden.indexOf(i), shown = visible(label(id));
        if (at === 0 || (order < 0 && at < 3)) return card(plainLook(id), shown, "");
        if (at === 1) return card("masked", MASK, `: ${shown}`);
        if (at === 2) return card(drawn[order].right ? "lucky" : "replaced", visible(label(drawn[order].id)), drawn[order].right ? "" : `for ${shown}`);
        const { now, chance, fate } = judged[i];
        return card(fate, visible(label(now)), fate === "special" ? "" : percent(chance));
      }));
      outcome.textContent = reading(at, state, label);
    }
    function put(value) { text.value = value; run(); }
    function reset() { at = 0; rate.value = 15; threshold.value = 100 * model.get("threshold"); seed.value = model.get("seed"); put(model.get("text")); }
    reset();
  },
};
