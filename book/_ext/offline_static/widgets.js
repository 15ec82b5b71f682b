// Anywidgets in a static page: their models from the page's saved state, their views where they
// were shown. No Jupyter code, no kernel, no network.
(() => {
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const KERNEL_NOTE = "This control calls Python: it moves only in JupyterLab. The picture is the saved one.";

  /** A megabyte takes a few milliseconds so; letter by letter through a function, a hundred. */
  function bytes(base64) {
    if (Uint8Array.fromBase64) return new DataView(Uint8Array.fromBase64(base64).buffer);
    const letters = atob(base64), found = new Uint8Array(letters.length);
    for (let i = 0; i < found.length; i++) found[i] = letters.charCodeAt(i);
    return new DataView(found.buffer);
  }

  /** What an anywidget sees of its model. */
  class Model {
    constructor(state, manager) {
      this.state = state;
      this.handlers = new Map();
      this.widget_manager = manager;
    }
    get(key) { return this.state[key]; }
    set(key, value) {
      if (this.state[key] === value) return;
      this.state[key] = value;
      for (const event of [`change:${key}`, "change"]) for (const act of this.handlers.get(event) ?? []) act(this, value);
    }
    save_changes() {}
    send() {}
    on(events, act) {
      for (const event of events.split(/\s+/)) this.handlers.set(event, [...(this.handlers.get(event) ?? []), act]);
    }
    off(event, act) {
      if (!event) this.handlers.clear();
      else this.handlers.set(event, (this.handlers.get(event) ?? []).filter((one) => act && one !== act));
    }
  }

  class Manager {
    constructor(saved) {
      this.saved = saved;
      this.models = new Map();
      this.modules = new Map();
      this.sheets = new Set();
      this.ended = new AbortController();   // what widgets started ends with the page
      addEventListener("pagehide", (event) => event.persisted || this.ended.abort());
    }
    async get_model(reference) {
      const id = reference.replace("IPY_MODEL_", "");
      if (!this.models.has(id)) this.models.set(id, this.open(id));
      return this.models.get(id);
    }
    async open(id) {
      if (!this.saved[id]) throw new Error("its saved state is missing from this page");
      const { state, buffers = [] } = this.saved[id];
      for (const { path, data } of buffers) {
        let at = state;
        for (const key of path.slice(0, -1)) at = at[key];
        // decoded when a widget asks: a model may be further down than the reader ever goes
        const key = path.at(-1), settle = (value) => Object.defineProperty(at, key, { value, writable: true, enumerable: true, configurable: true });
        Object.defineProperty(at, key, { get: () => settle(bytes(data))[key], set: settle, enumerable: true, configurable: true });
      }
      const model = new Model(state, this);
      if (state._esm) await (await this.module(state._esm)).initialize?.({ model, signal: this.ended.signal });
      return model;
    }
    /** The module of an `_esm`, loaded once however many widgets share it. */
    async module(source) {
      if (!this.modules.has(source)) {
        const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        this.modules.set(source, import(url).then(async (loaded) => typeof loaded.default === "function" ? loaded.default() : loaded.default));
      }
      return this.modules.get(source);
    }
    /** Widgets of one kind share a style sheet. */
    style(source) {
      if (!source || this.sheets.has(source)) return;
      this.sheets.add(source);
      document.head.appendChild(document.createElement("style")).textContent = source;
    }
    async show(id, host) {
      const model = await this.get_model(id);
      const widget = await this.module(model.get("_esm"));
      await widget.render?.({ model, el: host, signal: this.ended.signal });
    }
  }

  function note(host, text) {
    host.className = "widget-note";
    host.textContent = text;
  }

  /** The outputs that a core control had when the page was made: pictures first, else text. */
  function savedPictures(saved, id, found = []) {
    const { model_name, state } = saved[id] ?? {};
    if (model_name === "OutputModel") for (const { data, text } of state.outputs ?? []) {
      const join = (value) => (Array.isArray(value) ? value.join("") : value);
      const svg = join(data?.["image/svg+xml"]), png = join(data?.["image/png"]);
      const source = svg ? `data:image/svg+xml,${encodeURIComponent(svg)}` : png && `data:image/png;base64,${png.trim()}`;
      const node = document.createElement(source ? "img" : "pre");
      if (source) Object.assign(node, { src: source, alt: "The picture that this control showed when the page was made" });
      else node.textContent = join(text ?? data?.["text/plain"] ?? "");
      found.push(node);
    }
    for (const child of state?.children ?? []) savedPictures(saved, child.replace("IPY_MODEL_", ""), found);
    return found;
  }

  const saved = {};
  for (const script of document.querySelectorAll(STATE)) Object.assign(saved, JSON.parse(script.textContent).state);
  const manager = new Manager(saved);
  // This script stands in the head, behind the state: modules and styles are on their way while the
  // page is still read. Who asks for a module hears of its fault.
  for (const { state } of Object.values(saved)) if (state._esm) {
    manager.module(state._esm).catch(() => {});
    manager.style(state._css);
  }

  async function main() {
    performance.mark("widgets");
    for (const script of document.querySelectorAll(VIEW)) {
      const { model_id } = JSON.parse(script.textContent), host = document.createElement("div");
      script.before(host);
      if (saved[model_id]?.model_module !== "anywidget") {
        note(host, KERNEL_NOTE);
        host.append(...savedPictures(saved, model_id));
        continue;
      }
      try {
        await manager.show(model_id, host);
      } catch (error) {
        console.error(error);
        note(host, `This widget could not be shown: ${error.message}`);
      }
    }
    performance.measure("widgets", "widgets");  // what tests/web/test_weight.py reads
    document.documentElement.dataset.widgets = "ready";
    document.dispatchEvent(new Event("widgets-ready"));
  }
  // When the page is read, and before the theme's scripts, which measure it.
  document.addEventListener("readystatechange", main, { once: true });
})();
