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
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;
const visible = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "↵").replaceAll("\t", "⇥");

/** The light frame that holds a widget: a title line, then what the widget puts into it. */
function frame(el, name, title, ...children) {
  const id = `lm-${name}-${++lmSerial}`;
  const root = h("section", { class: "lm-widget", "data-name": name, "aria-labelledby": id },
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

/** Let the browser breathe: resolves after it has handled what waits. */
const breathe = () => new Promise((done) => setTimeout(done));
