/* Sensing several junctions at once: exact distributions of their joint resistance and exact error rates, by the
   integration of imc.papers.imce.tails. Units: one nominal junction in P, resistances in R_P and conductances in 1/R_P. */
"use strict";

(() => {
  const { bell, ndtr } = typeof module === "object" ? require("./numbers.js") : imcPlay.numbers;
  const REACH = 9, LEAST = 0.02, LEAST_AP = 0.5, POINTS = 5, NODES = 8;

  /* The conductance of one cell as a random variable on a lattice. RA and TMR are normal with relative SDs ra and spread. */
  function cell(tmr, ra, spread, antiparallel, step) {
    let factors = [1], weights = [1];
    if (antiparallel) {
      const n = NODES * Math.ceil(2 * REACH * Math.max(1, spread / ra)) + 1;
      const z = Array.from({ length: n }, (_, i) => -REACH + (2 * REACH * i) / (n - 1));
      const kept = z.filter((v) => 1 + tmr * (1 + spread * v) > LEAST_AP);
      factors = kept.map((v) => 1 + tmr * (1 + spread * v));
      const total = kept.reduce((a, v) => a + bell(v), 0);
      weights = kept.map((v) => bell(v) / total);
    }
    const least = 1 / ((1 + REACH * ra) * Math.max(...factors)), most = 1 / (Math.max(1 - REACH * ra, LEAST) * Math.min(...factors));
    const first = Math.floor(least / step), start = first * step, points = Math.ceil(most / step) + 1 - first;
    const density = new Float64Array(points);
    for (let k = 0; k < points; k++) {
      const g = step * (first + k);
      for (let n = 0; n < factors.length; n++)
        density[k] += ((bell((1 / g / factors[n] - 1) / ra) / ra) / (factors[n] * g * g)) * weights[n];
    }
    /* P(conductance < g), or > g; a smaller conductance takes a larger RA. */
    const tail = (g, below) => {
      if (g <= 0) return below ? 0 : 1;
      let found = 0;
      for (let n = 0; n < factors.length; n++) {
        const z = (1 / g / factors[n] - 1) / ra;
        found += weights[n] * ndtr(below ? -z : z);
      }
      return found;
    };
    return { start, density, tail };
  }

  function convolve(a, b, step) {
    const out = new Float64Array(a.length + b.length - 1);
    for (let i = 0; i < a.length; i++) {
      const v = a[i] * step;
      if (v) for (let j = 0; j < b.length; j++) out[i + j] += v * b[j];
    }
    return out;
  }

  const together = (group, step) => ({
    start: group.reduce((a, c) => a + c.start, 0),
    density: group.slice(1).reduce((a, c) => convolve(a, c.density, step), group[0].density),
  });

  /* Joint resistance with 0 .. n ones, and the references midway between the two levels that AND and OR have to part. */
  function levels(tmr, n) {
    const states = Array.from({ length: n + 1 }, (_, ones) => 1 / (n - ones + ones / (1 + tmr)));
    return { states, and: (states[n - 1] + states[n]) / 2, or: (states[0] + states[1]) / 2 };
  }

  const answer = (gate, ones, n) => (gate === "or" ? ones >= 1 : ones === n);

  /* tmr: R_AP/R_P - 1; ra, spread, offset: relative SDs of RA, of TMR, and of the reference (of one R_P).
     Densities of the joint conductance by the number of ones, and P(wrong answer) of each gate by the same. */
  function sensing(tmr, ra, spread, offset, n) {
    const { states, and, or } = levels(tmr, n), references = { and, or };
    const narrowest = offset ? offset / Math.max(and, or) ** 2 : Infinity;
    const step = Math.min(ra / (1 + tmr), narrowest) / POINTS;
    const zero = cell(tmr, ra, spread, false, step), one = cell(tmr, ra, spread, true, step);
    const sums = [], wrong = { and: [], or: [] };
    for (let ones = 0; ones <= n; ones++) {
      const group = [...Array(ones).fill(one), ...Array(n - ones).fill(zero)], last = group.pop();
      const others = group.length ? together(group, step) : { start: 0, density: [1 / step] };
      const all = { start: others.start + last.start, density: convolve(others.density, last.density, step) };
      sums.push(all);
      for (const gate of ["and", "or"]) {
        const right = answer(gate, ones, n), reference = references[gate]; // 1 where the resistance lies above it
        let p = 0;
        if (offset) all.density.forEach((d, k) => {
          const z = (1 / (all.start + k * step) - reference) / offset;
          if (d > 1e-40) p += ndtr(right ? -z : z) * d * step;
        });
        else others.density.forEach((d, k) => {
          if (d > 1e-40) p += last.tail(1 / reference - others.start - k * step, !right) * d * step;
        });
        wrong[gate].push(p);
      }
    }
    return { states, references, step, sums, wrong };
  }

  const model = { sensing, levels };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  imcPlay.players.sensing = (data, { panel, text }) => {
    const { r_p: kilo, start } = data, LOW = 1e-5;
    const hills = panel("Joint resistance"), errors = panel("Wrong answers");
    const share = (p) => (p < 1e-12 ? "less than one answer in a trillion" : p > 0.01 ? `${text(100 * p, 3)} % of answers` : `one answer in ${text(+(1 / p).toPrecision(2))}`);

    function compute(state) {
      const n = +state.cells, tmr = state.tmr / 100, offset = state.reference / 100;
      const { states, references, step, sums, wrong } = sensing(tmr, state.ra / 100, state.spread / 100, offset, n);
      const curves = sums.map(({ start: first, density }) => {
        const points = [];
        density.forEach((d, k) => {
          const g = first + k * step;
          points.push([kilo / g, (d * g * g) / kilo]); // density of resistance: dg = g^2 dr
        });
        return points.filter(([, d]) => d > 1e-7).reverse();
      });
      const top = Math.max(...curves.flat().map(([, d]) => d)), shown = curves.map((c) => c.filter(([, d]) => d > top * LOW / 2));
      const ends = shown.flat().map(([r]) => r), gates = n > 1 ? ["or", "and"] : ["and"], name = (gate) => (n > 1 ? gate.toUpperCase() : "read");
      hills.draw({
        x: { range: [Math.min(...ends), Math.max(...ends)], label: "joint resistance (kΩ)" },
        y: { range: [top * LOW, top], log: true, label: "density (1/kΩ)" },
        said: `Densities of the joint resistance of ${n} cells with 0 to ${n} ones, and the references`,
        items: [
          ...shown.map((points, ones) => ({ area: thin(points), series: ones, label: ones === 1 ? "1 one" : `${ones}`, title: `${ones} ones: ${text(kilo * states[ones])} kΩ` })),
          ...gates.flatMap((gate) => [
            ...(offset ? [{ band: [[kilo * (references[gate] - offset), top * LOW, top], [kilo * (references[gate] + offset), top * LOW, top]], ink: true }] : []),
            { vertical: kilo * references[gate], ink: true, title: `${name(gate)}: ${text(kilo * references[gate])} kΩ` }])],
      });
      errors.draw({
        x: { range: [-0.3, n + 0.3], label: "ones among the cells", ticks: states.map((_, i) => i) },
        y: { range: [1e-12, 1], log: true, label: "share of wrong answers" },
        said: gates.map((gate) => `${name(gate)}: ${wrong[gate].map((p, k) => `${k} ones ${share(p)}`).join(", ")}`).join("; "),
        items: [{ horizontal: 1e-3, ink: true, title: "one in a thousand" }, ...gates.map((gate, series) => ({
          series, label: name(gate), line: wrong[gate].map((p, k) => [k, Math.max(p, 1e-13)]),
          dots: wrong[gate].map((p, k) => [k, Math.max(p, 1e-13), `${name(gate)}, ${k} ones: ${share(p)}`]) }))],
      });
      const worst = (gate) => Math.max(...wrong[gate]), good = gates.filter((gate) => worst(gate) < 1e-3);
      const stands = n === 1 ? (good.length ? "It stays" : "It does not stay")
        : good.length === 2 ? "Both stay" : good.length ? `Only ${name(good[0])} stays` : "Neither stays";
      return `${n === 1 ? "One cell" : `${n} cells at once`}: on the worst input ` +
        gates.map((gate) => `${name(gate)} is wrong for ${share(worst(gate))}`).join(", ") + `. ${stands} below one in a thousand.`;
    }

    return {
      controls: [
        { kind: "range", name: "cells", label: "cells sensed together", min: 1, max: 4, step: 1, value: start.cells },
        { kind: "range", name: "tmr", label: "TMR", unit: "%", min: 50, max: 400, step: 0.1, value: start.tmr },
        { kind: "range", name: "ra", label: "spread of RA", unit: "%", min: 1, max: 12, step: 0.5, value: start.ra },
        { kind: "range", name: "spread", label: "spread of TMR", unit: "%", min: 1, max: 20, step: 0.5, value: start.spread },
        { kind: "range", name: "reference", label: "spread of the reference, of one cell's R", unit: "%", min: 0, max: 10, step: 0.5, value: 0 },
      ],
      parts: [hills.svg, errors.svg],
      compute,
    };
  };

  /* At most some 150 points of a curve. */
  const thin = (points) => points.filter((_, i) => i % Math.ceil(points.length / 150) === 0 || i === points.length - 1);
})();
