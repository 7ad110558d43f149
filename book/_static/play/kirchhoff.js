/* A small crossbar: cells and wires solved node by node, as imc.crossbar.wires has it; signed weights in double columns
   (BATMANN's equations 1 and 2) or in single ones behind a bias column (3 and 4). */
"use strict";

(() => {
  const { generator, solve, sum } = typeof module === "object" ? require("./numbers.js") : imcPlay.numbers;

  /* Currents, ampere, out of the bitlines of cells g (rows x columns, siemens) for voltages v. Every stretch of wire has
     `ohm`; wordlines are driven at their left ends, bitlines held at ground at their lower ends. */
  function currents(g, v, ohm) {
    const rows = g.length, columns = g[0].length, cells = rows * columns;
    if (!ohm) return g[0].map((_, j) => sum(v.map((volt, i) => volt * g[i][j])));
    const a = Array.from({ length: 2 * cells }, () => new Float64Array(2 * cells)), b = new Float64Array(2 * cells);
    const word = (i, j) => i * columns + j, bit = (i, j) => cells + word(i, j), wire = 1 / ohm;
    const join = (p, q, conductance) => {
      a[p][p] += conductance;
      a[q][q] += conductance;
      a[p][q] -= conductance;
      a[q][p] -= conductance;
    };
    for (let i = 0; i < rows; i++) {
      a[word(i, 0)][word(i, 0)] += wire;
      b[word(i, 0)] = v[i] * wire;
      for (let j = 0; j < columns; j++) {
        join(word(i, j), bit(i, j), g[i][j]);
        if (j) join(word(i, j - 1), word(i, j), wire);
        if (i) join(bit(i - 1, j), bit(i, j), wire);
      }
    }
    for (let j = 0; j < columns; j++) a[bit(rows - 1, j)][bit(rows - 1, j)] += wire;
    const potential = solve(a, b);
    return Array.from({ length: columns }, (_, j) => potential[bit(rows - 1, j)] * wire);
  }

  /* Conductances of weights +1 and -1 (rows x outputs); `factors` (as many as cells) say by how much each is off. */
  function cells(weights, scheme, on, off, factors) {
    let next = 0;
    const cell = (target) => target * factors[next++];
    return weights.map((row) => scheme === "double"
      ? row.flatMap((w) => (w > 0 ? [on, off] : [off, on])).map(cell)
      : [(on + off) / 2, ...row.map((w) => (w > 0 ? off : on))].map(cell));
  }

  /* What currents stand for: sums of voltages times weights. */
  function outputs(found, scheme, on, off) {
    if (scheme === "double") return found.filter((_, j) => j % 2 === 0).map((plus, j) => (plus - found[2 * j + 1]) / (on - off));
    return found.slice(1).map((current) => (found[0] - current) * (2 / (on - off)));
  }

  const model = { currents, cells, outputs };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  imcPlay.players.kirchhoff = (data, { make, set, text }) => {
    const { volts, weights, r_on: on, r_off: off } = data, rows = volts.length, outs = weights[0].length;
    const number = "-?(?:1(?:\\.0)?|0?\\.\\d|0(?:\\.0)?)";
    const caption = make("caption"), head = make("thead"), body = make("tbody"), foot = make("tfoot");
    const table = make("table", { class: "imc-play-array" }, caption, head, body, foot);
    let shape = "", inputs = [], buttons = [], bias = [];

    const spell = (matrix) => matrix.flat().map((w) => (w > 0 ? "p" : "n")).join("");
    const unspell = (word) => Array.from({ length: rows }, (_, i) => [...word.slice(i * outs, (i + 1) * outs)].map((c) => (c === "p" ? 1 : -1)));
    const milli = (current) => (1e3 * current).toFixed(2).replace("-", "−"), signed = (v) => (v > 0 ? `+${v}` : String(v).replace("-", "−"));

    /* The table's nodes, made once a scheme, so that what is in focus stays there. */
    function build(scheme) {
      const names = scheme === "double" ? weights[0].flatMap((_, j) => [`I${j + 1}+`, `I${j + 1}−`]) : ["bias", ...weights[0].map((_, j) => `I${j + 1}`)];
      head.replaceChildren(make("tr", {}, make("th", {}, "volt"), ...names.map((n) => make("th", { scope: "col" }, n))));
      inputs = volts.map((_, i) => {
        const input = make("input", { type: "number", min: -1, max: 1, step: 0.1, "aria-label": `voltage of row ${i + 1}` });
        input.addEventListener("input", (event) => {
          event.stopPropagation();
          if (input.validity.valid && input.value !== "") set({ volts: inputs.map((n) => String(+n.value)).join("_") });
        });
        return input;
      });
      buttons = volts.map((_, i) => weights[0].map((_, j) => {
        const button = make("button", { type: "button" });
        button.addEventListener("click", () => {
          const now = unspell(kept);
          now[i][j] *= -1;
          set({ weights: spell(now) });
        });
        return button;
      }));
      bias = volts.map(() => make("span", { class: "imc-play-cell" }));
      body.replaceChildren(...volts.map((_, i) => make("tr", {}, make("th", { scope: "row" }, inputs[i]),
        ...(scheme === "single" ? [make("td", {}, bias[i])] : []),
        ...buttons[i].map((b) => make("td", scheme === "double" ? { colspan: 2 } : {}, b)))));
      shape = scheme;
    }

    function cell(conductance, gOn) {
      const node = make("span", { class: "imc-play-cell" }, (1e3 * conductance).toFixed(2));
      node.style.setProperty("--share", `${Math.round(45 * Math.min(1, conductance / gOn))}%`);
      return node;
    }

    let kept = spell(weights);
    function compute(state) {
      const { scheme } = state, v = state.volts.split("_").map(Number), gOn = 1 / on, gOff = 1 / (+state.ratio * on);
      kept = state.weights;
      if (scheme !== shape) build(scheme);
      const w = unspell(kept), z = generator(+state.chip).normals(2 * rows * outs);
      const factors = [...z].map((n) => Math.max(0.02, 1 + (state.spread / 100) * n));
      const g = cells(w, scheme, gOn, gOff, factors), found = currents(g, v, +state.wire);
      const here = outputs(found, scheme, gOn, gOff), right = here.map((_, j) => sum(v.map((volt, i) => volt * w[i][j])));
      g.forEach((row, i) => {
        if (document.activeElement !== inputs[i]) inputs[i].value = v[i];
        if (scheme === "single") bias[i].replaceWith((bias[i] = cell(row[0], gOn)));
        buttons[i].forEach((button, j) => {
          const mine = scheme === "double" ? row.slice(2 * j, 2 * j + 2) : [row[j + 1]];
          button.replaceChildren(...mine.map((conductance) => cell(conductance, gOn)), make("small", { style: `grid-column: 1 / span ${mine.length}` }, signed(w[i][j])));
          button.setAttribute("aria-label", `row ${i + 1}, output ${j + 1}: weight ${w[i][j]}, ${mine.map((c) => text(1e3 * c, 3)).join(" and ")} millisiemens`);
        });
      });
      const span = scheme === "double" ? 2 : 1;
      const line = (title, values, each) => make("tr", {}, make("th", { scope: "row" }, title),
        ...(scheme === "single" && each > 0 ? [make("th", {}, "")] : []), ...values.map((s) => make("th", each > 0 ? { colspan: span } : {}, s)));
      foot.replaceChildren(line("mA", found.map(milli), 0), line("output", here.map((y) => text(+y.toFixed(3))), 1),
        line("exact", right.map((y) => text(+y.toFixed(3))), 1));
      caption.textContent = "Press a weight to turn it round. In the boxes, conductances (mS).";
      const worst = Math.max(...here.map((y, j) => Math.abs(y - right[j])));
      const answer = here.map((y) => text(+y.toFixed(3))).join(", "), exact = right.map((y) => text(+y.toFixed(3))).join(", ");
      return `The ${g.flat().length} cells answer ${answer}; the weighted sums are ${exact}. ` +
        (worst < 5e-4 ? "The circuit multiplies exactly." : `The largest error is ${text(worst, 2)}, where one weight at one volt is worth 1.`);
    }

    return {
      controls: [
        { kind: "choice", name: "scheme", label: "columns for a weight", options: [["double", "two"], ["single", "one, and a bias column"]], value: "double" },
        { kind: "range", name: "wire", label: "wire between cells", unit: "Ω", min: 0, max: 100, step: 1, value: 0 },
        { kind: "range", name: "spread", label: "spread of cells", unit: "%", min: 0, max: 30, step: 1, value: 0 },
        { kind: "choice", name: "ratio", label: "OFF over ON", options: [2, 3, 5, 10, 30, 100].map((r) => [String(r), `${r} : 1`]), value: off / on },
        { kind: "kept", name: "volts", pattern: `(?:${number}_){${rows - 1}}${number}`, value: volts.join("_") },
        { kind: "kept", name: "weights", pattern: `[pn]{${rows * outs}}`, value: spell(weights) },
        { kind: "again", name: "chip", label: "other cells" },
      ],
      parts: [make("div", { class: "imc-play-scroll" }, table)],
      compute,
    };
  };
})();
