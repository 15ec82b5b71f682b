// A prompt of examples, and a trained model's answer at each number of them.
const SHOWN = 5;

/** Which keys the examples ask, in order, as indices: the first K of them make the K-shot prompt. */
function order(keys, question, repeat, most, seed) {
  const random = mulberry32(seed);
  if (repeat) return Array.from({ length: most }, () => Math.floor(random() * keys.length));
  const left = keys.map((_, i) => i).filter((i) => keys[i] !== question);
  for (let i = left.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [left[i], left[j]] = [left[j], left[i]];
  }
  return left.slice(0, most);
}

/** Probabilities (V,) of the answer to `question` after 0, 1, … examples: one reading, with the
 *  question asked and taken back at each line's end. */
function answers(transformer, lines, lineEnd, question) {
  const cache = transformer.newCache(), found = [];
  for (let k = 0; k <= lines.length; k++) {
    cache.length = 3 * k;
    found.push(softmax(transformer.lastLogits(transformer.forward([question], { cache }))));
    cache.length = 3 * k;
    if (k < lines.length) transformer.forward([...lines[k], lineEnd], { cache });
  }
  return found;
}

const shots = (k) => (k === 0 ? "No example" : k === 1 ? "One example" : `${k} examples`);

function reading(k, probabilities, right, words, shown, repeat) {
  const best = argmax(probabilities), place = repeat
    ? ` The question ${shown ? "has stood" : "has not stood"} in the prompt${shown ? "" : ", so that no rule could know its answer"}.` : "";
  const verdict = best === right ? "which is right" : `which is wrong: ${words[right]} has ${percent(probabilities[right])}`;
  return `${shots(k)}: the model gives ${percent(probabilities[best])} to ${words[best]}, ${verdict}.${place}`;
}

function bars(probabilities, right, words, width) {
  const left = 112, picture = drawing(width, SHOWN * 24 + 2, "The likeliest answers and their probabilities");
  likeliest(probabilities, SHOWN).forEach((id, i) => {
    const y = i * 24 + 2, long = Math.max((Math.min(width, 560) - left - 96) * probabilities[id], 1), isRight = id === right;
    picture.append(s("text", { x: left - 8, y: y + 14, "text-anchor": "end", style: isRight ? "font-weight: 700" : "" }, words[id] === "\n" ? "↵" : words[id]),
      s("rect", { x: left, y, width: long, height: 18, rx: 2, fill: isRight ? "var(--lm-causal)" : "var(--lm-baseline)" }),
      s("text", { x: left + 6 + long, y: y + 14 }, percent(probabilities[id], 1) + (isRight ? " ✓ right" : "")));
  });
  return picture;
}

/** The right answer's probability against the number of examples, the present one marked. */
function curve(values, k, width) {
  const wide = Math.min(width, 560), high = 130, left = 38, bottom = 100, most = values.length - 1;
  const x = (i) => left + (wide - left - 16) * (most ? i / most : 0), y = (p) => bottom - (bottom - 12) * p;
  const picture = drawing(width, high + 14, `Probability of the right answer: ${values.map((p, i) => `${percent(p)} at ${i}`).join(", ")} examples`);
  for (const level of [0, .5, 1]) picture.append(s("path", { d: `M${left} ${y(level)}H${wide - 16}`, stroke: "var(--lm-line)" }),
    s("text", { x: left - 6, y: y(level) + 4, "text-anchor": "end", style: "fill: var(--lm-soft)" }, percent(level)));
  picture.append(s("path", { d: values.map((p, i) => `${i ? "L" : "M"}${x(i)} ${y(p)}`).join(""), fill: "none", stroke: "var(--lm-causal)", "stroke-width": 2 }));
  values.forEach((p, i) => picture.append(
    s("circle", { cx: x(i), cy: y(p), r: i === k ? 7 : 4, fill: i === k ? "var(--lm-highlight)" : "var(--lm-causal)", stroke: "var(--lm-paper)" }),
    s("text", { x: x(i), y: bottom + 18, "text-anchor": "middle", style: i === k ? "font-weight: 700" : "fill: var(--lm-soft)" }, i)));
  picture.append(s("text", { x: left, y: bottom + 36, style: "fill: var(--lm-soft)" }, "examples in the prompt; height: probability of the right answer"));
  return picture;
}

export default {
  async render({ model, el }) {
    const source = await model.widget_manager.get_model(model.get("page_model").replace("IPY_MODEL_", ""));
    const transformer = unpackTransformer(source), words = [];
    for (const [word, id] of Object.entries(JSON.parse(source.get("tokenizer")).model.vocab)) words[id] = word;
    const keys = model.get("key_ids"), tasks = model.get("tasks"), most = model.get("most"), lineEnd = model.get("line_end");
    const repeat = model.get("repeat"), meanings = model.get("meanings"), own = "your own";
    const option = (id) => h("option", { value: id }, words[id]);
    const task = h("select", { name: "task", onchange: choose }, ...tasks.map(({ name }) => h("option", { value: name }, name)),
      meanings.length ? h("option", { value: own }, own) : null);
    const question = h("select", { name: "question", onchange: look }, ...keys.map(option));
    const shown = h("span", {}), number = h("input", { type: "range", name: "examples", min: 0, max: most, step: 1, oninput: show });
    const hands = keys.map((key, i) => h("select", { name: `meaning-${i}`, onchange: () => { task.value = own; look(); } }, ...meanings.map(option)));
    const prompt = h("pre", { class: "lm-text lm-prompt", tabindex: 0, role: "region", "aria-label": "The prompt" });
    const line = h("output", { "aria-live": "polite" }), odds = h("div", { class: "lm-picture" }), graph = h("div", { class: "lm-picture" });
    const slide = labeled("examples K: ", number);
    slide.firstChild.append(shown);
    frame(el, "prompt-builder", `Ask ${source.get("name")}: examples in the prompt, weights frozen`,
      h("div", { class: "lm-row" }, labeled("task", task), labeled("question", question), slide),
      meanings.length ? h("div", { class: "lm-row", role: "group", "aria-label": "What each word means" }, ...keys.map((key, i) => labeled(`${words[key]} means`, hands[i]))) : null,
      h("div", { class: "lm-row lm-close" }, button("Other examples", () => { seed++; look(); }, { name: "other" }), button("Reset", reset)),
      prompt, line, odds, graph);
    let seed = 1, lines = [], found = [], right = 0;
    const k = () => Number(number.value), paintOdds = fitted(odds, (width) => (found.length ? bars(found[k()], right, words, width) : ""));
    const paintCurve = fitted(graph, (width) => (found.length ? curve(found.map((p) => p[right]), k(), width) : ""));

    function choose() {
      const chosen = tasks.find(({ name }) => name === task.value);
      if (chosen) hands.forEach((hand, i) => { hand.value = chosen.values[i]; });
      look();
    }
    function look() {
      const asked = Number(question.value), chosen = tasks.find(({ name }) => name === task.value);
      const values = chosen ? chosen.values : hands.map((hand) => Number(hand.value));
      lines = order(keys, asked, repeat, most, seed).map((i) => [keys[i], values[i]]);
      right = values[keys.indexOf(asked)];
      found = answers(transformer, lines, lineEnd, asked);
      show();
    }
    function show() {
      const asked = Number(question.value), now = lines.slice(0, k());
      shown.textContent = String(k());
      prompt.replaceChildren(...now.map(([key, value]) => `${words[key]} ${words[value]}\n`), h("strong", {}, `${words[asked]} …`));
      line.textContent = reading(k(), found[k()], right, words, now.some(([key]) => key === asked), repeat);
      paintOdds();
      paintCurve();
    }
    function reset() {
      seed = 1;
      question.value = model.get("question"); number.value = model.get("examples"); task.value = tasks[0].name;
      choose();
    }
    reset();
  },
};
