// Teacher and student fill the same gap: both answers, what each weighs, how long each takes here.
const MASK = "[MASK]", SHOWN = 5, WARM = 4, PASSES = 15;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One model's best tokens as bars; each model has its own color and pattern. */
function bars({ probabilities, best }, label, color, width, name) {
  const left = 92, picture = drawing(width, SHOWN * 24 + 2, `${name}: ${best.map((id) => `${label(id)} ${percent(probabilities[id], 1)}`).join(", ")}`);
  best.forEach((id, i) => {
    const y = i * 24 + 2, long = Math.max((width - left - 56) * probabilities[id], 1);
    picture.append(s("text", { x: left - 8, y: y + 15, "text-anchor": "end", "font-size": 14 }, visible(label(id))),
      s("rect", { x: left, y, width: long, height: 19, rx: 2, fill: color }),
      s("text", { x: left + 6 + long, y: y + 14 }, percent(probabilities[id], 1)));
  });
  return picture;
}

/** Of two lists of best tokens: the same first, or how many they share; and who was faster, once
 *  it has been measured. */
function reading([teacher, student], label, times) {
  const [a, b] = [teacher.best[0], student.best[0]], shared = teacher.best.filter((id) => student.best.includes(id)).length;
  const first = a === b ? `Both say “${visible(label(a))}”, the teacher with ${percent(teacher.probabilities[a])}, the student with ${percent(student.probabilities[b])}.`
    : `The teacher says “${visible(label(a))}” (${percent(teacher.probabilities[a])}), the student “${visible(label(b))}” (${percent(student.probabilities[b])}), to which the teacher gives ${percent(teacher.probabilities[b], 1)}.`;
  const said = `${first} They share ${shared} of their ${SHOWN} likeliest.`, ratio = times && times[0] / times[1];
  return times === null ? said : `${said} In this browser the student takes ${times[1].toFixed(1)} ms where the teacher takes ${times[0].toFixed(1)}: ${ratio.toFixed(1)} times as fast, ${percent(1 - 1 / ratio)} less time.`;
}

export default {
  async render({ model, el }) {
    const roles = [["teacher", "var(--lm-teacher)"], ["student", "var(--lm-bidirectional)"]], examples = model.get("examples");
    const both = [];
    for (const [role, color] of roles) {
      const source = await model.widget_manager.get_model(model.get(role).replace("IPY_MODEL_", ""));
      const kilobytes = source.get("payload").byteLength / 1000;
      both.push({ role, color, ...unpackModel(source), parameters: source.get("parameters"), kilobytes, host: h("div", { class: "lm-picture" }) });
    }
    const { tokenizer } = both[0], mask = tokenizer.id(MASK), label = (id) => tokenizer.label(id);
    const room = Math.min(...both.map((one) => one.transformer.config.context_length)) - 2;
    const text = h("textarea", { name: "text", rows: 2, maxlength: 4000, spellcheck: "false", oninput: later(fillIn) }, model.get("text"));
    const wide = labeled(`your text, with one ${MASK} where a word is to be guessed`, text), note = h("p", { class: "lm-note" });
    wide.classList.add("lm-wide");
    const words = h("output", { "aria-live": "polite" }), rows = both.map(({ role, name, parameters, kilobytes }) => {
      const time = h("td", { class: "lm-number" });
      return { time, row: h("tr", {}, h("th", { scope: "row" }, `${role}: ${name}`), h("td", { class: "lm-number" }, count(parameters)), h("td", { class: "lm-number" }, `${count(kilobytes)} kB`), time) };
    });
    const head = (name, end) => h("th", { scope: "col", class: end ? "lm-number" : null }, name);
    frame(el, "mask-comparison", "The same gap, two models", wide, h("div", { class: "lm-row lm-close" },
      ...examples.map((one, i) => button(`Example ${i + 1}`, () => put(one), { title: one })), button("Reset", () => put(model.get("text")))), note, words,
      ...both.flatMap(({ role, host }) => [h("p", { class: "lm-soft" }, `the ${role}`), host]),
      h("table", {}, h("thead", {}, h("tr", {}, head("model"), head("parameters", true), head("in this page", true), head("time here", true))), h("tbody", {}, ...rows.map(({ row }) => row))));
    let typed = 0;
    const paints = both.map((one) => fitted(one.host, (width) => (one.gap ? bars(one.gap, label, one.color, Math.min(width, 560), one.role) : "")));

    async function fillIn() {
      const encoded = tokenizer.encode(text.value, [MASK]), ids = tokenizer.framed(encoded.slice(0, room)), place = ids.indexOf(mask), mine = ++typed;
      note.textContent = place < 0 ? `Write ${MASK} where a word is to be guessed.` : encoded.length > room ? `Your text has ${encoded.length} tokens: the first ${room} are read.` : "";
      if (place < 0) return;
      const times = both.map(() => []);
      // who comes first after a pause pays for waking the processor: so they take turns
      for (let pass = 0; pass < PASSES; pass++) {
        for (const i of pass % 2 ? [1, 0] : [0, 1]) {
          const one = both[i], begin = performance.now(), hidden = one.transformer.forward(ids), logits = one.transformer.logitsAt(hidden, [place])[0];
          if (pass >= WARM) times[i].push(performance.now() - begin);  // the first ones are compiled while they run
          const probabilities = softmax(logits);
          one.gap = { probabilities, best: likeliest(probabilities, SHOWN) };
          if (pass > 0) await new Promise((done) => setTimeout(done));
          if (mine !== typed) return;  // the reader has typed on
        }
        if (pass === 0) answer(null);  // the answers are there at once, the times come after
      }
      const medians = times.map((all) => Math.max(median(all), 0.05));
      rows.forEach(({ time }, i) => { time.textContent = `${medians[i].toFixed(1)} ms`; });
      answer(medians);
    }
    function answer(times) {
      words.textContent = reading(both.map((one) => one.gap), label, times);
      paints.forEach((paint) => paint());
    }
    function put(value) { text.value = value; fillIn(); }
    fillIn();
  },
};
