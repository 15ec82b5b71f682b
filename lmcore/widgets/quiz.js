// Multiple choice with a reason for every option.
export default {
  render({ model, el }) {
    const questions = model.get("questions"), first = new Map(), body = h("div", {});
    const score = h("output", { "aria-live": "polite" });
    frame(el, "quiz", "Check yourself", body, h("div", { class: "lm-row lm-close" }, score, button("Start over", begin)));

    function begin() {
      first.clear();
      body.replaceChildren(...questions.map(ask));
      tell();
    }
    function ask({ question, options }, q) {
      const group = `lm-quiz-${++lmSerial}`, reason = h("p", { role: "status", class: "lm-reason" });
      const choose = (option) => {
        if (!first.has(q)) first.set(q, option.correct);  // the first answer counts
        reason.className = `lm-reason ${option.correct ? "lm-right" : "lm-wrong"}`;
        reason.textContent = `${option.correct ? "✓ Right." : "✗ Not quite."} ${option.reason}`;
        tell();
      };
      return h("fieldset", {}, h("legend", {}, `${q + 1}. ${question}`), ...options.map((option, o) => h("label", { class: "lm-option" },
        h("input", { type: "radio", name: group, value: o, onchange: () => choose(option) }), h("span", {}, option.text))), reason);
    }
    function tell() {
      const right = [...first.values()].filter(Boolean).length, open = questions.length - first.size;
      score.textContent = first.size === 0 ? `${questions.length} questions; every option has its reason.`
        : `${right} of ${first.size} right at the first try; ${open ? `${open} to go` : "all answered"}.`;
    }
    begin();
  },
};
