/* The verdicts with other tolerances: the rules of imc.claims.verdicts for readings that a tolerance decides, given as the
   tolerances at which their verdict turns (imc.pages.tolerances). Other readings keep their verdict. */
"use strict";

(() => {
  function judge({ fixed, tolerance, holds, misses, miss }, factor) {
    if (fixed) return fixed;
    if (factor * tolerance >= holds) return "reproduced";
    return factor * tolerance < misses ? miss : "open";
  }

  /* Of a sentence that says something of several cases. */
  function joint(outcomes) {
    if (outcomes.every((outcome) => outcome === outcomes[0])) return outcomes[0];
    return ["contradicted", "not reproduced"].find((outcome) => outcomes.includes(outcome)) ?? "open";
  }

  const verdict = (claim, factor) => joint(claim.readings.map((reading) => judge(reading, factor)));

  const model = { judge, joint, verdict };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  const SHOWN = ["reproduced", "open", "not reproduced", "contradicted"], LEAST = 1 / 8, MOST = 8, STEPS = 48, LISTED = 12;

  imcPlay.players.verdicts = ({ claims = [], papers = [] }, { make, panel, text }) => {
    const counts = panel("Verdicts by tolerance"), list = make("div", { class: "imc-play-scroll" });
    const factors = Array.from({ length: STEPS + 1 }, (_, i) => LEAST * (MOST / LEAST) ** (i / STEPS));

    function row([claim, before, after]) {
      const words = claim.link ? make("a", { href: claim.link }, claim.text) : claim.text;
      return make("tr", {}, make("td", { class: "imc-play-words" }, words), make("td", {}, before), make("td", {}, after));
    }

    function compute(state) {
      const factor = 2 ** +state.times, chosen = claims.filter((c) => state.paper === "all" || c.paper === state.paper);
      const tally = (f) => {
        const found = Object.fromEntries(SHOWN.map((outcome) => [outcome, 0]));
        for (const claim of chosen) found[verdict(claim, f)] = (found[verdict(claim, f)] ?? 0) + 1;
        return found;
      };
      const curves = factors.map((f) => [f, tally(f)]), now = tally(factor), own = tally(1);
      const present = SHOWN.filter((outcome) => curves.some(([, found]) => found[outcome]));
      counts.draw({
        x: { range: [LEAST, MOST], log: true, ticks: [1 / 8, 1 / 2, 1, 2, 8], label: "tolerances, times their own" },
        y: { range: [0, Math.max(1, chosen.length)], label: "claims" },
        said: present.map((outcome) => `${outcome}: ${own[outcome]} with the book's tolerances, ${now[outcome]} with these`).join("; "),
        items: [...present.map((outcome, series) => ({ series, label: outcome, line: curves.map(([f, found]) => [f, found[outcome]]) })),
          { vertical: 1, ink: true, title: "the book's tolerances" }, { vertical: factor, ink: true, dash: "", title: "these" }],
      });
      const changed = chosen.map((claim) => [claim, verdict(claim, 1), verdict(claim, factor)]).filter(([, a, b]) => a !== b);
      const heads = ["claim", "in the book", "here"].map((head, i) => make("th", { scope: "col", class: !i && "imc-play-words" }, head));
      list.replaceChildren(make("table", {},
        make("caption", {}, changed.length > LISTED ? `The first ${LISTED} of ${changed.length} verdicts that change` : "Verdicts that change"),
        make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...changed.slice(0, LISTED).map(row))));
      list.hidden = !changed.length;
      const times = factor === 1 ? "With the tolerances as they were written before the runs" : `With ${text(factor, 3)} times the tolerances`;
      const told = SHOWN.filter((outcome) => now[outcome] || own[outcome]).map((outcome) => `${now[outcome]} ${outcome}`).join(", ");
      return `${times}, of the ${chosen.length} claims that a tolerance decides: ${told || "none"}.` +
        (factor === 1 ? " Move the slider to see which verdicts hang on that choice." : ` ${changed.length || "No"} verdict${changed.length === 1 ? "" : "s"} would change.`);
    }

    return {
      controls: [
        { kind: "range", name: "times", label: "doublings of every tolerance", min: -3, max: 3, step: 0.125, value: 0 },
        { kind: "choice", name: "paper", label: "document", options: [["all", "all"], ...papers.map((p) => [p, p])], value: "all" },
      ],
      parts: [counts.svg, list],
      compute,
    };
  };
})();
