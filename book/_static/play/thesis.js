/* The thesis's binary network on its crossbars: columns against reference currents, a comparator a neuron, cells that vary
   lognormally. Currents in units of one weight, as in imc.papers.reram.circuit. The reader draws the digit. */
"use strict";

(() => {
  const { generator, sum } = typeof module === "object" ? require("./numbers.js") : imcPlay.numbers;

  /* {bits (base 64, row by row), bias, rows} to {w: rows of +1 and -1, bias}. */
  function unpack({ bits, bias, rows }) {
    const bytes = Uint8Array.from(atob(bits), (c) => c.charCodeAt(0)), columns = bias.length;
    const w = Array.from({ length: rows }, (_, i) =>
      Int8Array.from({ length: columns }, (_, j) => ((bytes[(i * columns + j) >> 3] >> (7 - ((i * columns + j) & 7))) & 1 ? 1 : -1)));
    return { w, bias };
  }

  /* Standard normals of one chip: a matrix a layer, and an offset for each neuron but the last layer's. */
  function chip(layers, seed) {
    const { normals } = generator(seed);
    return layers.map(({ w, bias }) => ({ cells: w.map(() => normals(bias.length)), offsets: normals(bias.length) }));
  }

  /* Currents of every layer over their references for inputs 0 and 1. spread: SD of resistance over mean; ratio: R_off over
     R_on; offset: SD of the comparators, in weights; draws: a chip, or undefined for exact cells. */
  function currents(layers, inputs, { spread = 0, ratio = 100, offset = 0 } = {}, draws) {
    const v = Math.log1p(spread * spread), s = Math.sqrt(v), on = 1, off = 1 / ratio, half = (on + off) / 2, unit = (on - off) / 2;
    const found = [];
    let x = inputs;
    layers.forEach(({ w, bias }, layer) => {
      const y = Float64Array.from(bias);
      for (let i = 0; i < w.length; i++) {
        if (!x[i]) continue; // an input of 0 gives the reference current: nothing is left
        const row = w[i], z = draws?.[layer].cells[i];
        for (let j = 0; j < y.length; j++) {
          if (!spread || !z) y[j] += row[j];
          else y[j] += ((row[j] > 0 ? on : off) * Math.exp(v / 2 - s * z[j]) - half) / unit;
        }
      }
      if (offset && draws && layer < layers.length - 1) for (let j = 0; j < y.length; j++) y[j] += offset * draws[layer].offsets[j];
      found.push(y);
      x = y.map((current) => (current >= 0 ? 1 : 0));
    });
    return found;
  }

  const answer = (found) => found.at(-1).indexOf(Math.max(...found.at(-1)));

  /* Pixels whose turning alone changes the answer of exact cells: the first layer's currents move by one row. */
  function tipping(layers, inputs) {
    const [first, ...rest] = layers, base = currents([first], inputs)[0], is = answer(currents(layers, inputs)), found = [];
    for (let i = 0; i < inputs.length; i++) {
      const sign = inputs[i] ? -1 : 1, bits = base.map((y, j) => (y + sign * first.w[i][j] >= 0 ? 1 : 0));
      if (answer(currents(rest, bits)) !== is) found.push(i);
    }
    return found;
  }

  const model = { unpack, chip, currents, answer, tipping };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  const CHIPS = 20, SPREADS = [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5];

  imcPlay.players.thesis = (data, { set, panel, text }) => {
    const { side } = data, layers = data.layers.map(unpack);
    const outputs = panel("The ten output currents"), chips = panel(`Of ${CHIPS} chips`);
    let drawing, pixels = [], cursor = [0, 0], seed, draws = [];

    function build() {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
      svg.setAttribute("class", "imc-play-drawing");
      svg.setAttribute("tabindex", "0");
      svg.setAttribute("role", "application");
      svg.setAttribute("aria-label", `drawing of ${side} by ${side} pixels: arrow keys move, the space bar turns a pixel`);
      const squares = Array.from({ length: side * side }, (_, i) => {
        const square = document.createElementNS(svg.namespaceURI, "rect");
        for (const [k, v] of Object.entries({ x: i % side, y: Math.floor(i / side), width: 1, height: 1 })) square.setAttribute(k, v);
        return svg.appendChild(square);
      });
      let ink;
      const paint = (list, value) => {
        const next = [...pixels];
        for (const [x, y] of list) if (x >= 0 && y >= 0 && x < side && y < side) next[y * side + x] = value;
        set({ sample: "own", pixels: (pixels = next).join("") });
      };
      const place = (event) => {
        const box = svg.getBoundingClientRect();
        return [Math.floor(((event.clientX - box.x) / box.width) * side), Math.floor(((event.clientY - box.y) / box.height) * side)];
      };
      /* A pen two pixels wide; it rubs out where it was set down on ink. */
      const dab = ([x, y]) => paint(ink ? [[x, y], [x + 1, y], [x, y + 1], [x + 1, y + 1]] : [[x, y]], ink);
      svg.addEventListener("pointerdown", (event) => {
        const [x, y] = place(event);
        ink = 1 - (pixels[y * side + x] ?? 1);
        svg.setPointerCapture(event.pointerId);
        dab([x, y]);
      });
      svg.addEventListener("pointermove", (event) => { if (event.buttons && ink !== undefined) dab(place(event)); });
      svg.addEventListener("pointerup", () => { ink = undefined; });
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      svg.addEventListener("keydown", (event) => {
        const [x, y] = cursor;
        if (event.key === " ") paint([cursor], 1 - pixels[y * side + x]);
        else if (moves[event.key]) {
          cursor = [x + moves[event.key][0], y + moves[event.key][1]].map((v) => Math.min(side - 1, Math.max(0, v)));
          show();
        } else return;
        event.preventDefault();
      });
      return { svg, squares };
    }
    drawing = build();
    let tips = new Set();
    function show() {
      drawing.squares.forEach((square, i) => {
        square.setAttribute("class", `${pixels[i] ? "ink" : "paper"}${tips.has(i) ? " tips" : ""}${cursor[1] * side + cursor[0] === i ? " cursor" : ""}`);
      });
    }

    function compute(state) {
      pixels = [...(state.sample === "own" ? state.pixels : data.digits[+state.sample])].map(Number);
      if (seed !== state.chip) {
        seed = state.chip;
        draws = Array.from({ length: CHIPS }, (_, k) => chip(layers, CHIPS * seed + k));
      }
      const setting = { spread: state.spread / 100, ratio: +state.ratio, offset: +state.offset };
      const exact = currents(layers, pixels), found = currents(layers, pixels, setting, draws[0]);
      const is = answer(exact), here = answer(found);
      tips = new Set(tipping(layers, pixels));
      show();
      const ends = [...exact.at(-1), ...found.at(-1)], low = Math.min(...ends, 0), high = Math.max(...ends, 0);
      outputs.draw({
        x: { range: [-0.5, 9.5], label: "output column", ticks: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
        y: { range: [low - 4, high + 4], label: "current − reference (weights)" },
        said: `Exact cells answer ${is}, this chip ${here}`,
        items: [{ horizontal: 0, ink: true },
          { dots: [...exact.at(-1)].map((y, j) => [j - 0.12, y, `exact, ${j}: ${text(y)}`]), label: "exact", size: 4.5 },
          { dots: [...found.at(-1)].map((y, j) => [j + 0.12, y, `this chip, ${j}: ${text(y)}`]), series: 1, label: "this chip", size: 4 }],
      });
      const share = (spread) => (100 / CHIPS) * sum(draws.map((d) => (answer(currents(layers, pixels, { ...setting, spread }, d)) === is ? 1 : 0)));
      const curve = SPREADS.map((spread) => [100 * spread, share(spread)]);
      chips.draw({
        x: { range: [0, 50], label: "spread of resistance (%)" }, y: { range: [0, 104], label: "answering as exact cells (%)", ticks: [0, 25, 50, 75, 100] },
        said: curve.map(([s, p]) => `${s} %: ${p} %`).join(", "),
        items: [{ line: curve, dots: curve.map(([s, p]) => [s, p, `spread ${s} %: ${text(p)} %`]), dash: "" }, { vertical: +state.spread, ink: true }],
      });
      const flips = sum(exact.slice(0, -1).map((y, layer) => sum([...y].map((v, j) => ((v >= 0) !== (found[layer][j] >= 0) ? 1 : 0)))));
      const first = curve.find(([, p]) => p < 100);
      return `Exact cells answer ${is}; this chip answers ${here}${flips ? `, with ${flips} of 256 hidden bits turned over` : ", bit for bit the same"}. ` +
        `${first ? `From a spread of ${first[0]} % on, some of ${CHIPS} chips answer otherwise` : `All ${CHIPS} chips agree up to 50 %`}. ` +
        (tips.size ? `Any one of ${tips.size} pixel${tips.size > 1 ? "s" : ""} (marked) would turn the answer.` : "No single pixel would turn the answer.");
    }

    return {
      controls: [
        { kind: "choice", name: "sample", label: "digit", options: [...data.digits.map((_, d) => [String(d), String(d)]), ["own", "your own"]], value: data.start },
        { kind: "range", name: "spread", label: "spread of resistance", unit: "%", min: 0, max: 50, step: 1, value: 10 },
        { kind: "choice", name: "ratio", label: "on/off ratio", options: [1.5, 2, 3, 5, 10, 30, 100].map((r) => [String(r), `${r}`]), value: 100 },
        { kind: "range", name: "offset", label: "offset of comparators", unit: "weights", min: 0, max: 16, step: 1, value: 0 },
        { kind: "again", name: "chip", label: "other chips" },
        { kind: "kept", name: "pixels", pattern: `[01]{${side * side}}`, value: data.digits[data.start] },
      ],
      parts: [drawing.svg, outputs.svg, chips.svg],
      compute,
    };
  };
})();
