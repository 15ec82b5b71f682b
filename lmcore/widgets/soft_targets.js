// A teacher's soft targets at one [MASK]: what dividing its logits by T shows a student.
const MASK = "[MASK]", SHOWN = 10, OPENS_AT = 2, HEATS = [1, 2, 8];

/** Logits divided by T, as probabilities. */
const softened = (logits, T) => softmax(logits.map((value) => value / T));

/** T² · KL(teacher ‖ student), both softened: lmcore.distill.soft_target_loss for one row. */
function softTargetLoss(student, teacher, T) {
  const p = softened(teacher, T), q = softened(student, T);
  return T * T * p.reduce((sum, share, i) => (share > 0 ? sum + share * Math.log(share / Math.max(q[i], 1e-38)) : sum), 0);
}

/** The loss of a label: minus the logarithm of the student's probability, at T = 1. */
const labelLoss = (student, answer) => -Math.log(softened(student, 1)[answer]);

const bits = (share) => entropy(share);
const choices = (share) => { const n = 2 ** bits(share); return n < 10 ? n.toFixed(1) : count(n); };

function reading({ teacher, student, answer, T, label }) {
  const soft = softened(teacher, T), [first] = likeliest(soft, 1), rest = 1 - soft[first];
  const told = `At T = ${T.toFixed(1)} the teacher's best, “${visible(label(first))}”, has ${percent(soft[first])}; the other ${count(soft.length - 1)} tokens share ${percent(rest)}, as undecided in all as among ${choices(soft)} even ones.`;
  const heat = T < 1 ? " Below 1 the targets turn into a label." : T <= 1.05 ? " This is the teacher's own opinion." : T < 4 ? " The runners-up have a say." : " Hotter than this, frequent and absurd tokens weigh alike.";
  const right = first === answer ? " It is the word that stood there." : ` The word that stood there is “${visible(label(answer))}”: the teacher gives it ${percent(soft[answer], 1)}, a label all.`;
  return `${told}${heat}${right} The soft targets cost the student ${softTargetLoss(student, teacher, T).toFixed(2)} nats, with T²; the label ${labelLoss(student, answer).toFixed(2)}.`;
}

/** Bars of the soft targets, a tick at T = 1, and the label's one at the right. */
function bars({ teacher, answer, T, label }, width) {
  const own = softened(teacher, 1), soft = softened(teacher, T), order = likeliest(own, SHOWN);
  if (!order.includes(answer)) order.push(answer);
  const wide = Math.min(width, 600), left = 96, row = 23, labels = 64, long = wide - left - labels - 64, top = Math.max(own[order[0]], soft[order[0]]);
  const size = (share) => Math.max((long * share) / top, 1), name = (id) => visible(label(id));
  const drawn = drawing(wide, order.length * row + 26, `Soft targets at T = ${T.toFixed(1)}: ${order.map((id) => `${name(id)} ${percent(soft[id], 1)}`).join(", ")}. The label: ${name(answer)} alone.`);
  drawn.append(s("text", { x: left, y: 13, "font-size": 12 }, "soft targets"), s("text", { x: wide - labels, y: 13, "font-size": 12 }, "label"));
  order.forEach((id, i) => {
    const y = i * row + 22, mark = left + size(own[id]), is = id === answer;
    drawn.append(s("text", { x: left - 8, y: y + 14, "text-anchor": "end", "font-weight": is ? 700 : 400 }, name(id)),
      s("rect", { x: left, y, width: size(soft[id]), height: 17, rx: 2, fill: "var(--lm-teacher)" }),
      s("path", { d: `M${mark} ${y - 1}V${y + 18}`, stroke: "var(--lm-ink)", "stroke-width": 2.5 }),
      s("text", { x: left + 7 + Math.max(size(soft[id]), size(own[id])), y: y + 14 }, percent(soft[id], 1)),
      s("rect", { x: wide - labels, y, width: is ? labels - 2 : 1, height: 17, rx: 2, fill: "var(--lm-highlight)" }),
      s("text", { x: wide - labels + 7, y: y + 14, "font-weight": is ? 700 : 400, style: is ? "fill: #1b1f24" : null }, is ? "1" : "0"));
  });
  return drawn;
}

async function opened(model, key) {
  return unpackModel(await model.widget_manager.get_model(model.get(key).replace("IPY_MODEL_", "")));
}

export default {
  async render({ model, el }) {
    const [teacher, student] = [await opened(model, "teacher"), await opened(model, "student")], { tokenizer } = teacher;
    const examples = model.get("examples"), label = (id) => tokenizer.label(id), mask = tokenizer.id(MASK);
    const sentence = h("select", { name: "sentence", onchange: ask }, ...examples.map(({ text, answer }, i) => h("option", { value: i }, text.replace(MASK, `▢ (${answer})`))));
    const heat = h("input", { type: "range", name: "temperature", min: 0.5, max: 10, step: 0.1, oninput: show }), told = h("span", {});
    const warm = labeled("temperature T ", heat), wide = labeled("a sentence that neither model has trained on, and the word that stood there", sentence);
    warm.firstChild.append(told); wide.classList.add("lm-wide");
    const large = h("span", { class: "lm-large" }), words = h("span", {}), picture = h("div", { class: "lm-picture" });
    const jumps = HEATS.map((T) => button(`T = ${T}`, () => set(T)));
    frame(el, "soft-targets", "What does the student see?", wide, h("div", { class: "lm-row" }, warm, h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to a temperature" }, ...jumps,
      button("Reset", () => { sentence.value = 0; heat.value = OPENS_AT; ask(); }))),
      h("output", { "aria-live": "polite" }, "entropy ", large, h("br"), words), picture,
      h("p", { class: "lm-soft" }, "Bars: the teacher's probabilities at this temperature. Ticks: at T = 1. Right: the label, 1 or 0."));
    let view = null;
    const paint = fitted(picture, (width) => (view ? bars(view, width) : ""));

    function ask() {
      const { text, answer } = examples[Number(sentence.value)], ids = tokenizer.framed(tokenizer.encode(text, [MASK])), at = ids.indexOf(mask);
      const logits = ({ transformer }) => transformer.logitsAt(transformer.forward(ids), [at])[0];
      view = { teacher: logits(teacher), student: logits(student), answer: tokenizer.id(answer), label };
      show();
    }
    function set(T) { heat.value = T; show(); }
    function show() {
      view.T = Number(heat.value);
      told.textContent = view.T.toFixed(1);
      jumps.forEach((one, i) => one.setAttribute("aria-pressed", String(HEATS[i] === view.T)));
      large.textContent = `${bits(softened(view.teacher, view.T)).toFixed(1)} bits`;
      words.textContent = reading(view);
      model.set("temperature", view.T); model.save_changes();
      paint();
    }
    heat.value = model.get("temperature");
    ask();
  },
};
