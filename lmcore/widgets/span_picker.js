// Where does the answer start, where does it end, or is there none? Mirrors lmcore/squad.py.
const LONGEST_ANSWER = 30;  // tokens, as in BERT's code

/** The `n` best legal spans: from a token to itself or a later one, at most 30 tokens long. */
function bestSpans({ starts, ends }, n) {
  const found = [];
  starts.forEach((start, first) => {
    for (let last = first; last < Math.min(first + LONGEST_ANSWER, ends.length); last++) found.push({ first, last, score: start + ends[last] });
  });
  return found.sort((a, b) => b.score - a.score).slice(0, n);
}

const textOf = ({ tokens }, { first, last }) => tokens.slice(first, last + 1).join("").trim();

/** Lower case; no punctuation, no articles, single spaces: the official script's rules. */
function words(text) {
  const bare = text.toLowerCase().replace(/[!-/:-@[-`{-~]/g, "");
  return bare.replace(/(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu, " ").split(/\p{White_Space}+/u).filter((word) => word);
}

/** F1 of the words of two answers; an empty one is no answer. */
function overlap(given, gold) {
  const [mine, right] = [words(given), words(gold)], left = [...right];
  if (!mine.length || !right.length) return Number(mine.length === right.length);
  const common = mine.filter((word) => left.includes(word) && left.splice(left.indexOf(word), 1)).length;
  return (2 * common) / (mine.length + right.length);
}

const number = (value, digits = 1) => value.toFixed(digits).replace("-", "−");

function judge(given, answer) {
  if (answer === null) return given === "" ? "✓ Right: the passage does not say." : "✗ Wrong: the passage does not say.";
  if (given === "") return `✗ Wrong: the passage says “${answer}”.`;
  if (words(given).join(" ") === words(answer).join(" ")) return "✓ Right: an exact match.";
  const f1 = overlap(given, answer);
  return `${f1 > 0 ? "◐ Partly right" : "✗ Wrong"}: “${answer}” was asked for, F1 ${number(f1, 2)}.`;
}

function reading(example, best, threshold) {
  const margin = best.score - example.null_score, sum = `${number(example.starts[best.first])} + ${number(example.ends[best.last])} = ${number(best.score)}`;
  const above = margin > threshold, given = above ? textOf(example, best) : "";
  return `“${textOf(example, best)}” scores ${sum}, no answer ${number(example.null_score)}: a margin of ${number(margin, 2)}, ${above ? "above" : "not above"} the threshold of ${number(threshold, 2)}. ${judge(given, example.answer)}`;
}

/** The passage with two bars over each token, as high as its scores; pieces of a word together. */
function passage({ tokens, starts, ends }, best, given) {
  const all = [...starts, ...ends], low = Math.min(...all), span = Math.max(...all) - low || 1, words = [];
  const bar = (kind, score) => h("i", { class: `lm-bar lm-${kind}`, style: `--share: ${((score - low) / span).toFixed(3)}` });
  tokens.forEach((token, i) => {
    const mark = i < best.first || i > best.last ? "" : given ? " lm-best" : " lm-withheld";
    if (i === 0 || /^\s/.test(token)) words.push([]);
    words.at(-1).push(h("span", { class: `lm-scored${mark}`, title: `start ${number(starts[i])}, end ${number(ends[i])}` },
      h("span", { class: "lm-bars", "aria-hidden": "true" }, bar("start", starts[i]), bar("end", ends[i])), token.trim()));
  });
  return words.flatMap((pieces) => [h("span", { class: "lm-word" }, ...pieces), " "]);
}

function rows(example, spans) {
  const row = (name, cells) => h("tr", {}, h("th", { scope: "row" }, name), ...cells.map((cell) => h("td", { class: "lm-number" }, cell)));
  return [...spans.map((span) => row(`“${textOf(example, span)}”`, [example.starts[span.first], example.ends[span.last], span.score, span.score - example.null_score].map((v) => number(v)))),
    row("no answer, at [CLS]", ["", "", number(example.null_score), number(0)])];
}

export default {
  render({ model, el }) {
    const examples = model.get("examples"), margins = examples.map((one) => bestSpans(one, 1)[0].score - one.null_score);
    const ends = [0, model.get("threshold"), ...margins];
    const which = h("select", { name: "question", onchange: show }, ...examples.map(({ question }, i) => h("option", { value: i }, question)));
    const threshold = h("input", { type: "range", name: "threshold", min: Math.floor(Math.min(...ends) - 1), max: Math.ceil(Math.max(...ends) + 1), step: .1, oninput: () => { limit = Number(threshold.value); show(); } });
    const level = h("b", {}), large = h("span", { class: "lm-large" }), said = h("span", {}), asked = h("p", {}), body = h("tbody");
    const text = h("div", { class: "lm-passage", role: "group", "aria-label": "The passage" }), wide = labeled("question", which), slide = labeled("threshold ", threshold);
    wide.classList.add("lm-wide"); slide.firstChild.append(level);
    const heads = ["the best spans", "start", "end", "sum", "minus no answer"];
    frame(el, "span-picker", "Which words answer the question?", wide,
      h("div", { class: "lm-row" }, slide, h("div", { class: "lm-row lm-close" }, button("Threshold 0", () => set(0)), button("Reset", reset))),
      h("output", { "aria-live": "polite" }, large, h("br"), said), asked, text,
      h("p", { class: "lm-soft" }, "Over each token: a solid bar for its start score, a striped one for its end score, from the lowest in the passage to the highest."),
      h("div", { class: "lm-scroll", tabindex: 0, role: "region", "aria-label": "The best spans and their scores" },
        h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head, i) => h("th", { scope: "col", class: i ? "lm-number" : "" }, head)))), body)));

    let limit = 0;  // what Python chose may lie between two steps of the slider

    function show() {
      const example = examples[Number(which.value)], spans = bestSpans(example, 3);
      const given = spans[0].score - example.null_score > limit;
      level.textContent = number(limit, 2);
      large.textContent = given ? `“${textOf(example, spans[0])}”` : "No answer";
      asked.replaceChildren(h("b", {}, example.question));
      said.textContent = reading(example, spans[0], limit);
      text.replaceChildren(...passage(example, spans[0], given));
      body.replaceChildren(...rows(example, spans));
    }
    function set(value) { limit = value; threshold.value = value; show(); }
    function reset() { which.value = 0; set(model.get("threshold")); }
    reset();
  },
};
