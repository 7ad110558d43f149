/* What sigma means: laws of variation as in imc.crossbar.variation, a layer of binary weights in double columns that the
   reader's browser programs, and the record's accuracy under the same meaning. */
"use strict";

(() => {
  const { generator } = typeof module === "object" ? require("./numbers.js") : imcPlay.numbers;

  const FLOOR = 1; // ohm
  /* Each law: (resistance aimed at, sigma of its state, z, y, r_on, r_off, sigma of ON, of OFF, further normals) to
     conductance, siemens. z and y are standard normal. */
  const LAWS = {
    gaussian: (r, s, z) => 1 / Math.max(FLOOR, r + s * z),
    truncated: (r, s, z, y, on, off, sOn, sOff, again) => {
      while (r + s * z < FLOOR) z = again();
      return 1 / (r + s * z);
    },
    clip: (r, s, z, y, on, off, sOn, sOff) =>
      Math.max(Math.min(1 / r, 1 / Math.max(FLOOR, on + sOn * z)), 1 / Math.max(FLOOR, off + sOff * y)),
    conductance: (r, s, z, y, on) => Math.max(0, 1 / r + (s / (on * on)) * z),
    lognormal: (r, s, z, y, on) => {
      const v = Math.log1p((s / on) ** 2);
      return 1 / (r * Math.exp(Math.sqrt(v) * z - v / 2));
    },
  };

  function correlate(a, b) {
    const n = a.length;
    let ma = 0, mb = 0, saa = 0, sbb = 0, sab = 0;
    for (let i = 0; i < n; i++) (ma += a[i] / n), (mb += b[i] / n);
    for (let i = 0; i < n; i++) {
      const u = a[i] - ma, v = b[i] - mb;
      (saa += u * u), (sbb += v * v), (sab += u * v);
    }
    return sab / Math.sqrt(saa * sbb);
  }

  /* A layer of side x side weights -1 and +1 and its draws; `program` makes cells of them. */
  function layer(side, batch, seed) {
    const { uniform, normals } = generator(seed), cells = side * side;
    const sign = (n) => Float32Array.from({ length: n }, () => (uniform() < 0.5 ? -1 : 1));
    const w = sign(cells), x = sign(batch * side), z = normals(2 * cells), y = normals(2 * cells), pool = normals(65536);
    const matrix = new Float32Array(cells);
    const products = (m) => {
      const out = new Float64Array(batch * side);
      for (let b = 0, k = 0; b < batch; b++)
        for (let o = 0; o < side; o++, k++) {
          let total = 0;
          for (let i = 0, p = o * side, q = b * side; i < side; i++) total += m[p + i] * x[q + i];
          out[k] = total;
        }
      return out;
    };
    const ideal = products(w);
    /* law: a name; on, off: ohm; sOn, sOff: sigma of the two states; bins: {n, width}, the last holding all beyond. */
    function program(law, on, off, sOn, sOff, bins) {
      const f = LAWS[law], counts = { on: new Float64Array(bins.n), off: new Float64Array(bins.n) };
      let next = 0;
      const again = () => pool[next++ & 65535];
      for (let i = 0; i < cells; i++) {
        const up = w[i] > 0, plus = up ? "on" : "off", minus = up ? "off" : "on";
        const a = f(up ? on : off, up ? sOn : sOff, z[2 * i], y[2 * i], on, off, sOn, sOff, again);
        const b = f(up ? off : on, up ? sOff : sOn, z[2 * i + 1], y[2 * i + 1], on, off, sOn, sOff, again);
        matrix[i] = a - b;
        counts[plus][Math.min(bins.n - 1, Math.floor(1 / a / bins.width))]++;
        counts[minus][Math.min(bins.n - 1, Math.floor(1 / b / bins.width))]++;
      }
      const found = products(matrix), unit = 1 / on - 1 / off;
      return { correlation: correlate(ideal, found), counts, cells: 2 * cells, ideal, found: found.map((p) => p / unit) };
    }
    return { program };
  }

  /* Row of a table of [mean, low, high] by sigma, linear in between. */
  function interpolate(sigmas, rows, s) {
    const i = Math.min(sigmas.length - 2, Math.max(0, sigmas.findIndex((v) => v > s) - 1));
    if (s >= sigmas.at(-1)) return rows.at(-1);
    const u = (s - sigmas[i]) / (sigmas[i + 1] - sigmas[i]);
    return rows[i].map((v, k) => v + u * (rows[i + 1][k] - v));
  }

  const model = { LAWS, layer, correlate, interpolate };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  const LABELS = { gaussian: "Gaussian resistance", truncated: "truncated at 1 Ω", clip: "MemTorch's limits",
    conductance: "Gaussian conductance", lognormal: "lognormal" };

  imcPlay.players.variation = (data, { panel, text }) => {
    const { side, batch, sigmas, meanings, r_on: on0, r_off: off0, start } = data, last = sigmas.at(-1), N = 60;
    const cellsPanel = panel("Cells, programmed by your browser"), productPanel = panel("Their products"), accuracyPanel = panel("Accuracy, from the record");
    let chip, seed;

    /* The meaning in the record that this setting is, if any. */
    const recorded = (s) => {
      if (+s.on !== on0 || +s.off !== off0) return undefined;
      const times = +s.times, name = s.law === "clip" && times === 2 ? "clip-2" : s.law;
      return times === (name === "clip-2" ? 2 : 1) ? name : undefined;
    };

    function compute(state) {
      const s = +state.sigma, on = +state.on, off = +state.off, bins = { n: N, width: (1.8 * off) / N };
      if (seed !== state.chip) chip = layer(side, batch, (seed = state.chip));
      const found = chip.program(state.law, on, off, s, s * state.times, bins), name = recorded(state);
      cellsPanel.draw({
        x: { range: [0, 1.8 * off / 1e3], label: "resistance (kΩ)" }, y: { range: [1e-6, 1], log: true, label: "share of cells" },
        said: `Histogram of ${text(found.cells)} resistances`,
        items: ["on", "off"].map((kind, series) => {
          const counts = found.counts[kind], total = counts.reduce((a, b) => a + b, 0), points = [];
          counts.forEach((c, i) => points.push([i * bins.width / 1e3, Math.max(c / total, 1e-7)], [(i + 1) * bins.width / 1e3, Math.max(c / total, 1e-7)]));
          return { area: points, series, label: kind.toUpperCase(), dash: "" };
        }),
      });
      const reach = 4 * Math.sqrt(side), every = Math.ceil(found.ideal.length / 600), dots = [];
      for (let k = 0; k < found.ideal.length; k += every) dots.push([found.ideal[k], found.found[k]]);
      productPanel.draw({
        x: { range: [-reach, reach], label: "ideal product" }, y: { range: [-2 * reach, 2 * reach], label: "product of the cells" },
        said: `Products against ideal ones, correlation ${found.correlation.toFixed(3)}`,
        items: [{ line: [[-reach, -reach], [reach, reach]], ink: true, width: 1 }, { dots, size: 1.4, opacity: 0.6 }],
      });
      const curves = Object.entries(meanings).filter(([n]) => n === name);
      accuracyPanel.draw({
        x: { range: [0, last], label: "σ (Ω)" }, y: { range: [0, 100], label: "accuracy (%)" },
        said: name ? "The record's accuracy against sigma" : "No record of this setting",
        items: [
          ...Object.values(meanings).map((m) => ({ line: m.accuracy.map(([v], i) => [sigmas[i], v]), series: 5, width: 1, dash: "", title: m.label })),
          ...curves.flatMap(([, m]) => [
            { band: m.accuracy.map(([, low, high], i) => [sigmas[i], low, high]) },
            { line: m.accuracy.map(([v], i) => [sigmas[i], v]), width: 2.5 },
            { dots: m.accuracy.map(([v, low, high], i) => [sigmas[i], v, `σ = ${sigmas[i]} Ω: ${text(v)} % (${text(low)} to ${text(high)})`]), size: 3 }]),
          { vertical: s, ink: true }],
      });
      let words = `Your browser has just programmed ${text(found.cells)} cells: their products correlate with the ideal ones by ${found.correlation.toFixed(4)}`;
      if (!name) return `${words}. The record has no network with these cells: it was run with σ and σ (for MemTorch's limits also σ and 2σ) at ${text(on0 / 1e3)} and ${text(off0 / 1e3)} kΩ.`;
      const [mean, low, high] = interpolate(sigmas, meanings[name].accuracy, s), at = sigmas.indexOf(s);
      if (at >= 0) {
        const [c, from, to] = meanings[name].correlation[at], agrees = found.correlation >= from && found.correlation <= to;
        words += `; the record of such layers has ${c.toFixed(4)} (99 % of chips from ${from.toFixed(4)} to ${to.toFixed(4)}): ${agrees ? "it agrees" : "this chip is a rare one"}`;
      }
      return `${words}. The network's recorded accuracy at σ = ${s}\u00a0Ω is ${mean.toFixed(1)} % (${low.toFixed(1)} to ${high.toFixed(1)}${at < 0 ? ", between two points of the record" : ""}).`;
    }

    return {
      controls: [
        { kind: "choice", name: "law", label: "meaning of σ", options: Object.entries(LABELS), value: start.law },
        { kind: "range", name: "sigma", label: "σ of ON", unit: "Ω", min: 0, max: last, step: 50, value: start.sigma },
        { kind: "range", name: "times", label: "σ of OFF, times that", min: 0, max: 3, step: 0.5, value: start.times },
        { kind: "choice", name: "on", label: "R ON", options: [500, 1000, 2000, 5000].map((r) => [String(r), `${r / 1e3} kΩ`]), value: on0 },
        { kind: "choice", name: "off", label: "R OFF", options: [10000, 20000, 50000, 100000].map((r) => [String(r), `${r / 1e3} kΩ`]), value: off0 },
        { kind: "again", name: "chip", label: "another chip" },
      ],
      parts: [cellsPanel.svg, productPanel.svg, accuracyPanel.svg],
      compute,
    };
  };
})();
