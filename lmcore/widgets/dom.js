// Small helpers shared by the book's widgets. A reader's text only ever becomes a text node.
const SVG = "http://www.w3.org/2000/svg";
let lmSerial = 0;

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const count = (n) => Math.round(n).toLocaleString("en-US");
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}%`;
const visible = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "↵").replaceAll("\t", "⇥");

/** The light frame that holds a widget: a title line, then what the widget puts into it. */
function frame(el, name, title, ...children) {
  const id = `lm-${name}-${++lmSerial}`;
  const root = h("div", { class: "lm-widget", "data-name": name, role: "group", "aria-labelledby": id },
    h("p", { class: "lm-title", id }, title), ...children);
  el.append(root);
  return root;
}

/** A control with its label in front of it. */
const labeled = (text, control) => h("label", { class: "lm-field" }, h("span", {}, text), control);
const button = (text, onclick, attributes = {}) => h("button", { type: "button", onclick, ...attributes }, text);

/** Run `act` once things have been quiet for `wait` milliseconds. */
function later(act, wait = 60) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(act, wait); };
}

/** A pause to await inside long work: the page gets its turn whenever `slice` ms have gone by. */
function pauses(slice = 12) {
  let begin = performance.now();
  return async () => {
    if (performance.now() - begin < slice) return;
    await new Promise((done) => setTimeout(done));
    begin = performance.now();
  };
}

/** Keep `draw(width)` in `host` as wide as the host is, so that a picture's words stay as large on
 *  a phone. Returns what draws it anew. */
function fitted(host, draw) {
  let width = Math.floor(host.clientWidth) || 680;
  const paint = () => host.replaceChildren(draw(width));
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now && now !== width) { width = now; requestAnimationFrame(paint); }
  }).observe(host);
  return paint;
}

/** An SVG of that size, with what a screen reader says of it. */
const drawing = (width, height, label, ...shapes) =>
  s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label }, ...shapes);
