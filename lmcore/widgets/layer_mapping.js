// Which teacher layer each student layer starts from (DistilBERT) or imitates (TinyBERT): g(m).
const KINDS = { uniform: "uniform, g(m) = m·N/M", top: "top, g(m) = m + N − M", bottom: "bottom, g(m) = m", spread: "first, last and between", custom: "your own" };

/** g(1) … g(M), layers counted from 1; mirrors lmcore/distill/layers.py. */
function layerMap(kind, M, N) {
  const layers = Array.from({ length: M }, (_, i) => i + 1);
  if (kind === "uniform") return layers.map((m) => Math.floor((m * N) / M));
  if (kind === "top") return layers.map((m) => m + N - M);
  if (kind === "spread") return layers.map((m) => 1 + halfToEven(((m - 1) * (N - 1)) / Math.max(M - 1, 1)));
  return layers;
}

/** Python's round: a half goes to the even neighbor. */
function halfToEven(x) {
  const low = Math.floor(x), rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 ? low + 1 : low;
}

/** "1, 2 and 4 to 6": numbers in words, runs of three or more drawn together. */
function listed(numbers) {
  const runs = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last && n === last[1] + 1) last[1] = n;
    else runs.push([n, n]);
  }
  const parts = runs.flatMap(([a, b]) => (b - a > 1 ? [`${a} to ${b}`] : a === b ? [`${a}`] : [`${a}`, `${b}`]));
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0] ?? "none";
}

function reading(kind, layers, N) {
  const M = layers.length, used = new Set(layers), left = Array.from({ length: N }, (_, i) => i + 1).filter((n) => !used.has(n));
  const unused = left.length ? `${left.length === 1 ? "Layer" : "Layers"} ${listed(left)} of the teacher ${left.length === 1 ? "has" : "have"} no pupil.` : "Every layer of the teacher has a pupil.";
  const crossed = layers.some((g, i) => i && g < layers[i - 1]), top = layers[M - 1] === N;
  const last = top ? "The student's last layer is held to the teacher's last." : `Nobody is held to the teacher's last layer, on which its answers rest.`;
  const known = { uniform: "TinyBERT's choice: every level of the teacher is represented.", top: "The student must be in the teacher's upper half from its first layer on.",
    bottom: "The student learns how the teacher begins, and has to end by itself.", spread: `Counted from 0, as DistilBERT's code does: ${layers.map((g) => g - 1).join(", ")}.`,
    custom: crossed ? "The order is turned around somewhere: a later layer would have to undo an earlier one." : "A map of your own." };
  return `${known[kind]} ${last} ${unused}`;
}

const ROW = 26, HIGH = 19;

/** Two columns of layers, the first at the bottom, and an arrow for each m. */
function picture_(layers, N, width) {
  const M = layers.length, wide = Math.min(width, 560), box = Math.min(150, wide * .34), high = (N + 1) * ROW + 8, right = wide - box - 2;
  const yOf = (n, of) => high - 4 - HIGH - (of === N ? n : (n * N) / of) * ROW, used = new Set(layers);
  const label = `${layers.map((g, i) => `student layer ${i + 1} from teacher layer ${g}`).join(", ")}; the embeddings from the embeddings`;
  const drawn = drawing(wide, high + 24, label), id = `lm-tip-${++lmSerial}`;
  drawn.append(s("defs", {}, s("marker", { id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto" }, s("path", { d: "M0 0L10 5L0 10z", fill: "var(--lm-ink)" }))));
  const layer = (x, y, name, color, on) => drawn.append(
    s("rect", { x, y, width: box, height: HIGH, rx: 4, fill: color, "fill-opacity": on ? .3 : 0, stroke: color, "stroke-width": 1.8, "stroke-dasharray": on ? null : "3 3" }),
    s("text", { x: x + box / 2, y: y + 14, "text-anchor": "middle" }, name));
  for (let n = 1; n <= N; n++) layer(2, yOf(n, N), `${n}`, "var(--lm-teacher)", used.has(n));
  layer(2, yOf(0, N), "embeddings", "var(--lm-teacher)", true);
  layers.forEach((_, i) => layer(right, yOf(i + 1, M), `${i + 1}`, "var(--lm-bidirectional)", true));
  layer(right, yOf(0, M), "embeddings", "var(--lm-bidirectional)", true);
  [0, ...layers].forEach((g, m) => drawn.append(s("path", { d: `M${box + 4} ${yOf(g, N) + HIGH / 2}L${right - 3} ${yOf(m, M) + HIGH / 2}`, stroke: "var(--lm-ink)", "stroke-width": 1.6, fill: "none", "marker-end": `url(#${id})` })));
  drawn.append(s("text", { x: 2 + box / 2, y: high + 18, "text-anchor": "middle" }, `teacher, N = ${N}`), s("text", { x: right + box / 2, y: high + 18, "text-anchor": "middle" }, `student, M = ${M}`));
  return drawn;
}

export default {
  render({ model, el }) {
    const most = model.get("most"), presets = model.get("presets");
    const number = (name) => h("input", { type: "number", name, min: 1, max: most, step: 1, oninput: read });
    const teacher = number("teacher"), student = number("student");
    const kind = h("select", { name: "kind", onchange: read }, ...Object.entries(KINDS).map(([value, text]) => h("option", { value }, text)));
    const jumps = presets.map((one) => button(one.name, () => put(one))), own = h("div", { class: "lm-row" });
    const error = h("p", { class: "lm-error", role: "alert", hidden: true }), picture = h("div", { class: "lm-picture" });
    const large = h("span", { class: "lm-large" }), words = h("span", {}), outcome = h("output", { "aria-live": "polite" }, large, h("br"), words);
    frame(el, "layer-mapping", "Who learns from whom?", h("div", { class: "lm-row lm-close", role: "group", "aria-label": "Jump to a map" }, ...jumps, button("Reset", () => put(presets[0]))),
      h("div", { class: "lm-row" }, labeled("teacher's layers N", teacher), labeled("student's layers M", student), labeled("map", kind)), own, error, outcome, picture);
    let now;
    const paint = fitted(picture, (width) => picture_(now.layers, now.teacher, width));

    function put({ teacher: N, kind: name, layers }) {
      now = { teacher: N, kind: name, layers: [...layers] };
      teacher.value = N; student.value = layers.length; kind.value = name;
      show(true);
    }
    function read() {
      const N = Number(teacher.value), M = Number(student.value);
      const good = Number.isInteger(N) && Number.isInteger(M) && M >= 1 && M <= N && N <= most;
      error.hidden = good;
      error.textContent = good ? "" : `Layers are whole numbers, 1 ≤ M ≤ N ≤ ${most}. The last good map stays.`;
      if (!good) return;
      const kept = Array.from({ length: M }, (_, i) => Math.min(now.layers[i] ?? N, N));
      now = { teacher: N, kind: kind.value, layers: kind.value === "custom" ? kept : layerMap(kind.value, M, N) };
      show(true);
    }
    /** One choice for each student layer; moving one makes the map the reader's own. */
    function fields() {
      const { layers, teacher: N } = now;
      own.replaceChildren(...layers.map((g, i) => {
        const pick = h("select", { name: `layer-${i + 1}`, onchange: () => { now.layers[i] = Number(pick.value); now.kind = kind.value = "custom"; show(false); } },
          ...Array.from({ length: N }, (_, n) => h("option", { value: n + 1, selected: n + 1 === g }, `${n + 1}`)));
        return labeled(`g(${i + 1})`, pick);
      }));
    }
    function show(anew) {
      const { teacher: N, kind: name, layers } = now;
      error.hidden = true;
      if (anew) fields();
      presets.forEach((one, i) => jumps[i].setAttribute("aria-pressed", String(one.teacher === N && one.layers.join() === layers.join())));
      large.textContent = `g = (${layers.join(", ")})`;
      words.textContent = reading(name, layers, N);
      model.set("teacher", N); model.set("kind", name); model.set("layers", [...layers]); model.save_changes();
      paint();
    }
    put({ teacher: model.get("teacher"), kind: model.get("kind"), layers: model.get("layers") });
  },
};
