/* A sum of products by AND, bit count and shift, plane by plane, as imc.papers.imce.bitwise and imc.papers.imce.subarray do it. */
"use strict";

(() => {
  const { sum } = typeof module === "object" ? require("./numbers.js") : imcPlay.numbers;

  /* What the bits of a stored word are worth, the least first, and the weight whose bits are all 0. */
  function code(name, bits) {
    const worth = Array.from({ length: bits }, (_, n) => (name === "symmetric" ? 2 : 1) * 2 ** n);
    if (name === "twos-complement") worth[bits - 1] *= -1;
    return { worth, offset: name === "symmetric" ? 1 - 2 ** bits : 0 };
  }
  const value = ({ worth, offset }, word) => offset + sum(worth.map((w, n) => w * ((word >> n) & 1)));
  const values = (name, bits) => Array.from({ length: 2 ** bits }, (_, word) => value(code(name, bits), word));
  const planes = (words, bits) => Array.from({ length: bits }, (_, n) => words.map((word) => (word >> n) & 1));

  /* Steps of the sum over inputs (from 0 on, i bits) times weights (of `name`, w bits): highest planes first. */
  function dot(inputs, weights, i, w, name) {
    const how = code(name, w), known = values(name, w), stored = planes(weights.map((v) => known.indexOf(v)), w), given = planes(inputs, i);
    const steps = [];
    let total = 0;
    for (let n = w - 1; n >= 0; n--)
      for (let m = i - 1; m >= 0; m--) {
        const anded = stored[n].map((bit, k) => bit & given[m][k]), count = sum(anded), adds = count * how.worth[n] * 2 ** m;
        total += adds;
        steps.push({ n, m, anded, count, adds, total });
      }
    const alone = how.offset * sum(given.map((plane, m) => sum(plane) * 2 ** m));
    return { stored, given, steps, alone, total: total + alone };
  }

  const model = { code, values, dot };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  const NAMES = { unsigned: "from 0 on", "twos-complement": "two's complement", symmetric: "DoReFa-Net's levels" };

  imcPlay.players.bitwise = (data, { make, text }) => {
    const planesTable = make("table", { class: "imc-play-planes" }), stepsTable = make("table");
    const row = (head, cells, look = {}) => make("tr", look, make("th", { scope: "row" }, head), ...cells.map((c) => make("td", {}, String(c))));
    const numbers = (words) => words.trim().split(/[\s,]+/).map(Number);

    function compute(state) {
      const i = +state.i, w = +state.w, known = values(state.code, w), length = Math.max(1, Math.min(numbers(state.inputs).length, numbers(state.weights).length));
      const nearest = (v) => known.reduce((a, b) => (Math.abs(b - v) < Math.abs(a - v) ? b : a));
      const inputs = numbers(state.inputs).slice(0, length).map((v) => Math.min(2 ** i - 1, Math.max(0, Math.round(v))));
      const weights = numbers(state.weights).slice(0, length).map(nearest);
      const found = dot(inputs, weights, i, w, state.code), { worth, offset } = code(state.code, w);
      const signed = (v) => text(v);
      planesTable.replaceChildren(make("caption", {}, "The sub-array: planes as rows"),
        make("tbody", {}, row("W", weights.map(signed), { class: "imc-play-head" }),
          ...found.stored.map((p, n) => row(`C${n}(W), worth ${signed(worth[n])}`, p)).reverse(),
          row("I", inputs, { class: "imc-play-head" }), ...found.given.map((p, m) => row(`C${m}(I), worth ${2 ** m}`, p)).reverse()));
      stepsTable.replaceChildren(make("caption", {}, "Every pair of planes"),
        make("thead", {}, make("tr", {}, ...["n, m", "AND", "count", "adds", "sum"].map((h) => make("th", { scope: "col" }, h)))),
        make("tbody", {}, ...found.steps.map((s) => row(`${s.n}, ${s.m}`, [s.anded.join(""), s.count, signed(s.adds), signed(s.total)])),
          ...(offset ? [row("offset", ["", "", signed(found.alone), signed(found.total)])] : [])));
      const changed = inputs.join() !== numbers(state.inputs).join() || weights.join() !== numbers(state.weights).join();
      const plain = sum(inputs.map((v, k) => v * weights[k])), terms = inputs.map((v, k) => `${v}·${weights[k] < 0 ? `(${signed(weights[k])})` : weights[k]}`).join(" + ");
      return `By multiplication ${terms} = ${signed(plain)}; by ${found.steps.length} ANDs, counts and shifts ${signed(found.total)}. ` +
        `${found.total === plain ? "They are equal." : "They differ!"}${changed ? " (What does not fit in so few bits, or has no partner, was moved to the nearest number or left out.)" : ""}`;
    }

    const list = "\\s*(-?\\d{1,3}[\\s,]+){0,7}-?\\d{1,3}\\s*", bits = [1, 2, 3, 4].map((b) => [String(b), `${b}`]);
    return {
      controls: [
        { kind: "text", name: "inputs", label: "inputs I (up to 8)", pattern: list, value: data.inputs.join(" ") },
        { kind: "text", name: "weights", label: "weights W (up to 8)", pattern: list, value: data.weights.join(" ") },
        { kind: "choice", name: "i", label: "bits of I", options: bits, value: data.bits },
        { kind: "choice", name: "w", label: "bits of W", options: bits, value: data.bits },
        { kind: "choice", name: "code", label: "weights are", options: Object.entries(NAMES), value: "unsigned" },
      ],
      parts: [make("div", { class: "imc-play-scroll" }, planesTable), make("div", { class: "imc-play-scroll" }, stepsTable)],
      compute,
    };
  };
})();
