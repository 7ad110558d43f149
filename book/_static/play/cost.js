/* Energy, area and time of any network on three machines: the models of imc.papers.imce.mapping and energy, of imc.papers.reram.mapped,
   and BATMANN's cells, with the components' values from the page. Networks in the notation of imc.cost.matrices. */
"use strict";

(() => {
  const { sum } = typeof module === "object" ? require("./numbers.js") : imcPlay.numbers;
  const FORM = /^(\d+)x(\d+)(?:x(\d+))?(?:w(\d+))?(?:i(\d+))?(?:g(\d+))?$/;

  /* "75x48x1296w8i8 512x10" to layers, or undefined if it is none. */
  function parse(words) {
    const layers = words.trim().split(/\s+/).map((word) => {
      const match = FORM.exec(word);
      if (!match) return undefined;
      const [inputs, outputs, reads, weightBits, inputBits, groups] = match.slice(1).map((v) => (v === undefined ? 1 : +v));
      return { inputs, outputs, reads, weightBits, inputBits, groups };
    });
    return layers.every((layer) => layer && Object.values(layer).every((v) => v >= 1)) ? layers : undefined;
  }
  const weights = ({ inputs, outputs, groups }) => inputs * outputs * groups;
  const macs = (layer) => weights(layer) * layer.reads;

  /* A layer on IMCE's sub-arrays of rows x columns; `next` is the layer after it. each: pJ of a use; undefined if the rows do not do. */
  function imce(layer, next, { rows, columns, sensed }, { each, cell_mm2: cell, write_ns: write, and_ns: and }) {
    const { inputs, outputs, reads, weightBits, inputBits, groups } = layer, fitting = Math.floor((rows - inputBits) / weightBits);
    if (fitting < 1) return undefined;
    const slices = Math.ceil(inputs / columns), blocks = Math.ceil(outputs / fitting), arrays = slices * blocks * groups;
    const rowAnds = reads * groups * outputs * slices * weightBits * inputBits;
    const bits = sensed === "rows" ? rowAnds * columns : macs(layer) * weightBits * inputBits;
    const read = reads * groups * inputs * inputBits, results = reads * groups * outputs;
    const uses = { and: bits, read, count: bits, shift: rowAnds, sum: rowAnds, write: read * blocks + results * next.inputBits, dpu: results };
    return {
      arrays, cells: arrays * rows * columns, area: arrays * rows * columns * cell,
      energy: 1e-6 * sum(Object.entries(uses).map(([part, number]) => number * each[part])),
      latency: 1e-3 * reads * (inputBits * write + Math.ceil(outputs / blocks) * weightBits * inputBits * and),
    };
  }

  /* The same on the thesis's arrays of side x side, with {cell, driver, neuron, column}: {area_um2, power_uw}. */
  function thesis({ inputs, outputs, reads, weightBits, inputBits, groups }, side, { parts, cycle_ns: cycle }) {
    const rows = inputs * inputBits, width = outputs * weightBits, down = Math.ceil(rows / side), across = Math.ceil(width / side);
    const counts = { cell: rows * width * groups, driver: rows * across * groups, neuron: outputs * groups, column: width * down * groups };
    const total = (what) => sum(Object.entries(counts).map(([part, number]) => number * parts[part][what]));
    return { arrays: down * across * groups, cells: counts.cell, area: 1e-6 * total("area_um2"), energy: 1e-9 * reads * cycle * total("power_uw"), latency: 1e-3 * reads * cycle };
  }

  /* BATMANN's cells alone: two a weight, `joule` a use of a weight. */
  const batmann = (layer, joule) => ({ cells: 2 * weights(layer), energy: 1e6 * joule * macs(layer) });

  const model = { parse, macs, imce, thesis, batmann };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  imcPlay.players.cost = (data, { make, panel, text, set }) => {
    const table = make("table"), energies = panel("Energy by layer");
    const known = Object.fromEntries(data.networks.map((network) => [network.name, network])), first = data.networks[0];
    let chosen;
    const short = (v) => (v === undefined ? "–" : text(+v.toPrecision(3)));
    const three = ["IMCE", "thesis's ReRAM", "BATMANN's cells"];

    function compute(state) {
      const named = (n) => known[n]?.layers.join(" ");
      if (state.network !== chosen && chosen !== undefined && named(state.network)) set({ layers: (state.layers = named(state.network)) });
      else if (named(state.network) !== state.layers && state.network !== "own") set({ network: (state.network = "own") });
      chosen = state.network;
      const written = parse(state.layers);
      if (!written) return "These are no layers: write inputs x outputs, then places, bits and groups if need be, as in 400x128 or 75x48x1296w8i8.";
      const fixed = (layer) => (state.bits === "as" ? layer : { ...layer, weightBits: +state.bits.split("_")[0], inputBits: +state.bits.split("_")[1] });
      const layers = written.map(fixed), [rows, columns] = state.array.split("_").map(Number), side = +state.side;
      const found = [
        layers.map((layer, k) => imce(layer, layers[Math.min(k + 1, layers.length - 1)], { rows, columns, sensed: data.sensed }, data.imce)),
        layers.map((layer) => thesis(layer, side, data.thesis)),
        layers.map((layer) => batmann(layer, data.joule_a_weight)),
      ];
      const total = (machine, what) => (machine.every((m) => m?.[what] !== undefined) ? sum(machine.map((m) => m[what])) : undefined);
      const quantities = { cells: "cells", arrays: "arrays", energy: "µJ a picture", area: "mm²", latency: "µs a picture" };
      table.replaceChildren(make("caption", {}, "All layers on the chip once"),
        make("thead", {}, make("tr", {}, make("td"), ...three.map((h) => make("th", { scope: "col" }, h)))),
        make("tbody", {}, ...Object.entries(quantities).map(([what, head]) => make("tr", {}, make("th", { scope: "row" }, head),
          ...found.map((machine) => make("td", {}, short(total(machine, what))))))));
      const values = found.flat().map((m) => m?.energy).filter((e) => e > 0), low = 10 ** Math.floor(Math.log10(Math.min(...values))), high = 10 ** Math.ceil(Math.log10(Math.max(...values)));
      energies.draw({
        x: { range: [0.5, layers.length + 0.5], label: "layer", ticks: layers.length > 9 ? undefined : layers.map((_, k) => k + 1) },
        y: { range: [low, Math.max(high, 10 * low)], log: true, label: "energy (µJ)" },
        said: three.map((name, k) => `${name}: ${short(total(found[k], "energy"))} microjoule`).join("; "),
        items: found.map((machine, series) => ({ series, label: three[series].split("'")[0], dots: machine.flatMap((m, k) => (m ? [[k + 1, m.energy, `${three[series]}, layer ${k + 1}: ${short(m.energy)} µJ`]] : [])), size: 4 })),
      });
      const [a, b] = found.map((machine) => total(machine, "energy"));
      const number = sum(layers.map(macs));
      return `${number < 1e7 ? text(number) : `${text(+(number / 1e6).toPrecision(4))} million`} multiply-accumulates a picture. ` + (a === undefined ? `A sub-array of ${rows} rows holds no such weight beside its inputs.`
        : `IMCE takes ${short(a)} µJ, ${short(a / b)} times the ${short(b)} µJ of the thesis's circuits; in area it is ${short(total(found[0], "area"))} against ${short(total(found[1], "area"))} mm².`);
    }

    return {
      controls: [
        { kind: "choice", name: "network", label: "network", options: [...data.networks.map((n) => [n.name, n.title]), ["own", "your own"]], value: first.name },
        { kind: "text", name: "layers", label: "layers: inputs x outputs x places w bits i bits", pattern: "[0-9xwig ]{3,400}", value: first.layers.join(" "), size: 36 },
        { kind: "choice", name: "bits", label: "bits W:I of all layers", options: [["as", "as written"], ...["1_1", "1_2", "1_4", "2_2", "4_4", "8_8"].map((b) => [b, b.replace("_", ":")])], value: "as" },
        { kind: "choice", name: "array", label: "IMCE's sub-array", options: ["64_128", "128_256", "256_512", "512_1024", "1024_1024"].map((a) => [a, a.replace("_", " × ")]), value: `${data.rows}_${data.columns}` },
        { kind: "choice", name: "side", label: "thesis's array", options: [32, 64, 128, 256, 512].map((s) => [String(s), `${s} × ${s}`]), value: data.side },
      ],
      parts: [make("div", { class: "imc-play-scroll" }, table), energies.svg],
      compute,
    };
  };
})();
