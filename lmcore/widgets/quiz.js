// Multiple choice with a reason for every option.
export default {
  render({ model, el }) {
    const questions = model.get("questions"), right = new Map();
    const score = h("output", { "aria-live": "polite" });
    const root = frame(el, "quiz", "Check yourself");
    questions.forEach(({ question, options }, q) => {
      const group = `lm-quiz-${++lmSerial}`, reason = h("p", { role: "status" });
      const set = h("fieldset", {}, h("legend", {}, `${q + 1}. ${question}`));
      options.forEach((option, o) => set.append(h("label", { class: "lm-option" },
        h("input", { type: "radio", name: group, value: o, onchange: () => choose(q, option, reason) }), h("span", {}, option.text))));
      set.append(reason);
      root.append(set);
    });
    function choose(q, option, reason) {
      if (!right.has(q)) right.set(q, option.correct);  // the first answer counts
      reason.className = option.correct ? "lm-right" : "lm-wrong";
      reason.textContent = `${option.correct ? "✓ Right." : "✗ Not quite."} ${option.reason}`;
      const good = [...right.values()].filter(Boolean).length;
      score.textContent = `${good} of ${right.size} right at the first try; ${questions.length - right.size} to go.`;
    }
    score.textContent = `${questions.length} questions; every option has its reason.`;
    root.append(score);
  },
};
