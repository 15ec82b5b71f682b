// Byte-pair encoding by hand: each step merges the pair of neighbors that was learned first.
const MOST_LETTERS = 200, CANDIDATES = 6;
const EXAMPLES = [["emoji", "🙂👩‍👩‍👧"], ["Korean", "한국어는 어떻게 나뉘나요?"], ["code", "for i in range(10):\n        print(i ** 2)"]];
const LETTER_BYTES = new Map(BYTE_LETTERS.map((letter, byte) => [letter, byte]));

/** A token's letters as its bytes' text; bytes that are no text by themselves in hexadecimal. */
function readable(token) {
  const bytes = Uint8Array.from(token, (letter) => LETTER_BYTES.get(letter));
  try {
    return visible(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return `‹${Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ")}›`;
  }
}

/** The pairs of neighbors that have a rank, the winner first: {pair, rank, places}. */
function candidates(words, ranks) {
  const found = new Map();
  for (const { parts } of words) for (let i = 0; i + 1 < parts.length; i++) {
    const pair = `${parts[i]} ${parts[i + 1]}`, rank = ranks.get(pair);
    if (rank === undefined) continue;
    if (!found.has(pair)) found.set(pair, { pair, rank, places: 0 });
    found.get(pair).places += 1;
  }
  return [...found.values()].sort((a, b) => a.rank - b.rank);
}

/** The words after `pair` has been merged wherever it stands; `fresh` marks what is new. */
function mergePair(words, pair) {
  const [left, right] = pair.split(" ");
  return words.map(({ parts }) => {
    const merged = [], fresh = [];
    for (let i = 0; i < parts.length; i++) {
      const hit = parts[i] === left && parts[i + 1] === right;
      merged.push(hit ? left + right : parts[i]);
      fresh.push(hit);
      if (hit) i++;
    }
    return { parts: merged, fresh };
  });
}

/** Every state from single bytes to where no pair has a rank: {words, choices, made}. */
function allSteps(text, ranks) {
  let words = Array.from(text.matchAll(PIECES), ([piece]) => {
    const parts = Array.from(new TextEncoder().encode(piece), (byte) => BYTE_LETTERS[byte]);
    return { parts, fresh: parts.map(() => false) };
  });
  const states = [];
  for (let made = null; ;) {
    const choices = candidates(words, ranks);
    states.push({ words, choices, made });
    if (!choices.length) return states;
    made = choices[0];
    words = mergePair(words, made.pair);
  }
}

const lengthOf = (words) => words.reduce((sum, { parts }) => sum + parts.length, 0);
const both = (pair) => pair.split(" ").map(readable);

function telling({ words, choices, made }, step, bytes, name) {
  const tokens = lengthOf(words), left = `${tokens} token${tokens === 1 ? "" : "s"} for ${bytes} byte${bytes === 1 ? "" : "s"}`;
  if (!bytes) return "Type something to cut it into bytes.";
  const done = choices.length ? "" : ` No pair left has a rank: this is what ${name} reads.`;
  if (!made) return `Each byte is a token by itself: ${left}.${done}`;
  const [a, b] = both(made.pair), where = made.places === 1 ? "one place" : `${made.places} places`;
  return `Step ${step}: “${a}” + “${b}”, rank ${count(made.rank + 1)}, merged at ${where}: ${left}.${done}`;
}

function chips(words, idOf) {
  return words.map(({ parts, fresh }) => h("span", { class: "lm-word" }, ...parts.map((part, i) =>
    h("span", { class: `lm-token${fresh[i] ? " lm-fresh" : ""}` }, readable(part), h("small", {}, String(idOf(part)))))));
}

function lines(choices) {
  return choices.slice(0, CANDIDATES).map(({ pair, rank, places }, i) => h("tr", {},
    h("th", { scope: "row" }, both(pair).map((part) => `“${part}”`).join(" + ")), h("td", { class: "lm-number" }, count(rank + 1)),
    h("td", { class: "lm-number" }, String(places)), h("td", {}, i ? "" : "← wins")));
}

export default {
  render({ model, el }) {
    const pairs = model.get("merges").split("\n"), name = model.get("name");
    const ranks = new Map(pairs.map((pair, rank) => [pair, rank]));
    const ids = new Map(Array.from(model.get("letters"), (letter, i) => [letter, model.get("first_letter") + i]));
    pairs.forEach((pair, rank) => ids.set(pair.replace(" ", ""), model.get("first_merge") + rank));
    const text = h("textarea", { name: "text", rows: 2, maxlength: MOST_LETTERS, spellcheck: "false", oninput: later(retype) });
    const slider = h("input", { type: "range", name: "step", min: 0, step: 1, value: 0, oninput: () => go(Number(slider.value)) });
    const outcome = h("output", { "aria-live": "polite" }), tokens = h("div", { class: "lm-cut", role: "group", "aria-label": "The tokens, with their ids" });
    const body = h("tbody"), more = h("p", { class: "lm-note" });
    const wide = labeled("your text", text);
    wide.classList.add("lm-wide");
    const back = button("Back", () => go(at - 1), { name: "back" }), next = button("Merge", () => go(at + 1), { name: "next", class: "lm-first" });
    const all = button("To the end", () => go(states.length - 1), { name: "all" });
    frame(el, "bpe-stepper", `Merge a text as ${name} does`, wide,
      h("div", { class: "lm-row lm-close" }, next, back, all, labeled("step", slider)),
      h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to a text" },
        ...EXAMPLES.map(([label, example]) => button(label, () => put(example))), button("Reset", () => put(model.get("text")))),
      outcome, tokens,
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "pairs that could merge next"), h("th", { scope: "col", class: "lm-number" }, "rank"),
        h("th", { scope: "col", class: "lm-number" }, "places"), h("th", { scope: "col" }, h("span", { class: "lm-hush" }, "outcome")))), body), more);
    let states = [], at = 0, bytes = 0;

    function put(value) { text.value = value; retype(); }
    function retype() {
      states = allSteps(text.value, ranks);
      bytes = lengthOf(states[0].words);
      slider.max = Math.max(states.length - 1, 1);
      go(0);
    }
    function go(step) {
      at = Math.min(Math.max(step, 0), states.length - 1);
      const state = states[at];
      slider.value = at; slider.setAttribute("aria-valuetext", `step ${at} of ${states.length - 1}`);
      back.disabled = at === 0; next.disabled = all.disabled = at === states.length - 1;
      outcome.textContent = telling(state, at, bytes, name);
      tokens.replaceChildren(...chips(state.words, (part) => ids.get(part)));
      body.replaceChildren(...lines(state.choices));
      const left = state.choices.length - CANDIDATES;
      more.textContent = left > 0 ? `and ${count(left)} more with later ranks` : state.choices.length ? "" : "none: the text is encoded";
    }
    put(model.get("text"));
  },
};
