// Two texts as BERT's input: [CLS] A [SEP] B [SEP], and for each token three vectors summed.
const WIDEST = 512;

/** The texts' tokens that fit into `length`, markers included: as lmcore's PairPacking, which cuts
 *  the longer text's end first. `b` is null where there is one text. */
function cutToFit(a, b, length) {
  if (b === null) return [a.slice(0, length - 2), null];
  const room = length - 3, longest = Math.max(room - b.length, Math.floor((room + 1) / 2)), kept = a.slice(0, longest);
  return [kept, b.slice(0, room - kept.length)];
}

/** Segment of each token: it changes behind a [SEP]. */
function segmentsOf(ids, sep) {
  let seps = 0;
  return ids.map((id) => {
    const segment = seps > 0 ? 1 : 0;
    if (id === sep) seps++;
    return segment;
  });
}

function reading({ a, b, cut, length }) {
  const [first, second] = cut, markers = second === null ? 2 : 3, used = first.length + (second?.length ?? 0) + markers;
  const parts = `${markers} markers, ${first.length} of A${second === null ? "" : `, ${second.length} of B`}`;
  const lost = [["A", a.length - first.length], ["B", second === null ? 0 : b.length - second.length]].filter(([, n]) => n > 0);
  const said = `${used} of ${length} tokens are used: ${parts}.`;
  if (lost.length) return `${said} ${lost.map(([name, n]) => `${name} loses its last ${n}`).join(", ")}: the longer text gives way first.`;
  return second === null ? `${said} With one text all of it is segment A, its [SEP] too.` : `${said} The first [SEP] still belongs to A, the last one to B.`;
}

function card(label, id, segment, position) {
  return h("li", { class: segment ? "lm-second" : "lm-one" }, h("b", {}, visible(label)), h("small", {}, `token ${id}`),
    h("small", {}, `+ segment ${"AB"[segment]}`), h("small", {}, `+ position ${position}`));
}

export default {
  render({ model, el }) {
    const tokenizer = shared(model.get("tokenizer"), () => new WordPiece(model.get("tokenizer")));
    const fields = {};
    for (const name of ["a", "b"])
      fields[name] = h("textarea", { name, rows: 2, maxlength: 4000, spellcheck: "false", oninput: later(show) });
    const length = h("input", { type: "number", name: "length", min: 8, max: WIDEST, step: 1, oninput: show });
    const outcome = h("output", { "aria-live": "polite" }), error = h("p", { class: "lm-error", role: "alert", hidden: true });
    const cards = h("ul", { class: "lm-cards", "aria-label": "The input, token by token" });
    const [first, second] = [labeled("text A", fields.a), labeled("text B (may be empty)", fields.b)];
    for (const wide of [first, second]) wide.classList.add("lm-wide");
    frame(el, "input-composer", "How does BERT read a pair?", first, second,
      h("div", { class: "lm-row" }, labeled("context length", length),
        h("div", { class: "lm-row lm-close" }, button("Swap A and B", swap), button("A alone", () => { fields.b.value = ""; show(); }), button("Reset", reset))),
      error, outcome, cards, h("p", { class: "lm-soft" },
        "Each card is one input vector: a row of the token table, a row of the segment table and a row of the position table, summed. Striped cards are segment B."));

    function show() {
      const room = Number(length.value), good = Number.isInteger(room) && room >= 8 && room <= WIDEST;
      length.setAttribute("aria-invalid", String(!good));
      error.hidden = good;
      error.textContent = good ? "" : `A context length of ${length.value || "nothing"}: a whole number from 8 to ${WIDEST} is needed. The last good outcome stays.`;
      if (!good) return;
      const a = tokenizer.encode(fields.a.value), b = fields.b.value.trim() ? tokenizer.encode(fields.b.value) : null;
      const cut = cutToFit(a, b, room), ids = tokenizer.framed(...cut), segments = segmentsOf(ids, tokenizer.id("[SEP]"));
      outcome.textContent = reading({ a, b, cut, length: room });
      cards.replaceChildren(...ids.map((id, i) => card(tokenizer.label(id), id, segments[i], i)));
    }
    function swap() {
      [fields.a.value, fields.b.value] = [fields.b.value, fields.a.value]; show();
    }
    function reset() {
      fields.a.value = model.get("a"); fields.b.value = model.get("b"); length.value = model.get("context_length"); show();
    }
    reset();
  },
};
