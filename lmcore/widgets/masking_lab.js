// Which tokens are hidden, and behind what: the rule of lmcore/objectives/masking.py, with dice
// that fall the same for the same seed.
const SHARE_MASKED = .8, SHARE_RANDOM = .1, MOST_TOKENS = 126, DRAWS = 200;
const FATES = {
  masked: { icon: "■", says: (was) => `masked: ${was}` },
  replaced: { icon: "⇄", says: (was) => `replaced: ${was}` },
  kept: { icon: "◎", says: () => "kept, predicted" },
  untouched: { icon: "", says: () => "untouched" },
  special: { icon: "", says: () => "never chosen" },
};

/** How many of `n` tokens are chosen at `rate`: rounded half to even in single precision, as torch
 *  does, and at least one. */
function howMany(n, rate) {
  const wanted = Math.fround(Math.fround(rate) * n), down = Math.floor(wanted), rest = wanted - down;
  const rounded = rest > .5 || (rest === .5 && down % 2 === 1) ? down + 1 : down;
  return Math.min(Math.max(rounded, 1), n);
}

/** What happens to each of `ids`: its fate and the id that the model is shown. The dice do not
 *  depend on `rate`: at a higher one the same tokens are chosen, and more. */
function maskTokens(ids, { special, plain, mask }, rate, seed) {
  const random = mulberry32(seed);
  const dice = ids.map(() => ({ lot: random(), fate: random(), other: plain[Math.floor(random() * plain.length)] }));
  const allowed = [...ids.keys()].filter((i) => !special.has(ids[i]));
  const chosen = new Set(allowed.sort((i, j) => dice[j].lot - dice[i].lot).slice(0, howMany(allowed.length, rate)));
  return ids.map((id, i) => {
    if (special.has(id)) return { id, fate: "special", shown: id };
    if (!chosen.has(i)) return { id, fate: "untouched", shown: id };
    if (dice[i].fate < SHARE_MASKED) return { id, fate: "masked", shown: mask };
    if (dice[i].fate < SHARE_MASKED + SHARE_RANDOM) return { id, fate: "replaced", shown: dice[i].other };
    return { id, fate: "kept", shown: id };
  });
}

/** How often each fate came. */
function tally(results) {
  const counts = { masked: 0, replaced: 0, kept: 0, untouched: 0, special: 0 };
  for (const { fate } of results) counts[fate]++;
  return counts;
}

function reading({ masked, replaced, kept, untouched }, rate) {
  const chosen = masked + replaced + kept, all = chosen + untouched;
  if (!all) return "Type a sentence: there is nothing to hide yet.";
  const said = `${chosen} of ${all} tokens ${chosen === 1 ? "is" : "are"} chosen: ${masked} masked, ${replaced} replaced, ${kept} kept. The model has to name ${chosen === 1 ? "that one" : `all ${chosen}`}, and only ${chosen === 1 ? "that one" : "those"}.`;
  if (rate >= .4) return `${said} It has ${untouched} untouched ones to go by.`;
  if (replaced + kept === 0) return `${said} Of ${chosen} chosen, one expects ${(.1 * chosen).toFixed(1)} replaced and as many kept: draw again to meet one.`;
  return `${said} Whether a visible token is right it is not told.`;
}

function card({ id, fate, shown }, label) {
  const { icon, says } = FATES[fate];
  return h("li", { class: `lm-${fate}` }, h("b", {}, visible(label(shown))),
    h("small", {}, icon ? h("span", { "aria-hidden": "true" }, `${icon} `) : null, says(visible(label(id)))));
}

function line(fate, share, now, often) {
  const chosen = now.masked + now.replaced + now.kept, all = often.masked + often.replaced + often.kept;
  return h("tr", {}, h("th", { scope: "row" }, h("span", { "aria-hidden": "true" }, `${FATES[fate].icon} `), fate),
    h("td", { class: "lm-number" }, String(now[fate])), h("td", { class: "lm-number" }, (share * chosen).toFixed(1)),
    h("td", { class: "lm-number" }, all ? percent(often[fate] / all, 1) : "–"), h("td", { class: "lm-number" }, percent(share)));
}

export default {
  render({ model, el }) {
    const tokenizer = shared(model.get("tokenizer"), () => new WordPiece(model.get("tokenizer")));
    const special = new Set(tokenizer.special.values()), mask = tokenizer.id("[MASK]");
    const rule = { special, mask, plain: [...tokenizer.letters.keys()].filter((id) => !special.has(id)) };
    const text = h("textarea", { name: "text", rows: 2, maxlength: 1000, spellcheck: "false", oninput: later(show) });
    const rate = h("input", { type: "range", name: "rate", min: 1, max: 60, step: 1, oninput: show }), share = h("b", {});
    const seed = h("input", { type: "number", name: "seed", min: 0, step: 1, oninput: show });
    const outcome = h("output", { "aria-live": "polite" }), note = h("p", { class: "lm-note" }), body = h("tbody");
    const cards = h("ul", { class: "lm-cards", "aria-label": "What the model is shown" });
    const wide = labeled("your text", text), slide = labeled("chosen: k = ", rate);
    wide.classList.add("lm-wide"); slide.firstChild.append(share);
    const heads = ["of the chosen", "here", "expected", `${count(DRAWS)} draws`, "the rule"];
    frame(el, "masking-lab", "What does masking do to a text?", wide,
      h("div", { class: "lm-row" }, slide, labeled("seed", seed), button("Draw again", () => { seed.value = (Number(seed.value) || 0) + 1; show(); }, { name: "again", class: "lm-first" })),
      h("div", { class: "lm-row lm-close" }, ...[1, 15, 40].map((k) => button(`${k}%${k === 15 ? " (BERT)" : ""}`, () => { rate.value = k; show(); })), button("Reset", reset)),
      note, outcome, cards, h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "Counts of the three fates" },
        h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head, i) => h("th", { scope: "col", class: i ? "lm-number" : "" }, head)))), body)));

    function show() {
      const encoded = tokenizer.encode(text.value), k = Number(rate.value) / 100, first = Number(seed.value) || 0;
      const ids = tokenizer.framed(encoded.slice(0, MOST_TOKENS)), now = maskTokens(ids, rule, k, first), often = tally([]);
      for (let i = 0; i < DRAWS; i++)
        for (const [fate, times] of Object.entries(tally(maskTokens(ids, rule, k, first + i)))) often[fate] += times;
      share.textContent = percent(k);
      note.textContent = encoded.length > MOST_TOKENS ? `Your text has ${encoded.length} tokens: the first ${MOST_TOKENS} are used.` : "";
      outcome.textContent = reading(tally(now), k);
      cards.replaceChildren(...now.map((token) => card(token, (id) => tokenizer.label(id))));
      body.replaceChildren(...Object.entries({ masked: SHARE_MASKED, replaced: SHARE_RANDOM, kept: 1 - SHARE_MASKED - SHARE_RANDOM })
        .map(([fate, part]) => line(fate, part, tally(now), often)));
    }
    function reset() {
      text.value = model.get("text"); rate.value = model.get("rate"); seed.value = model.get("seed"); show();
    }
    reset();
  },
};
