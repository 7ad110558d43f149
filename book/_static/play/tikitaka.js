/* Devices that are trained by pulses, as in imc.analog: one cell and its symmetry point, and two ways to learn one number:
   gradient descent on one array, and Tiki-Taka on two (the slides' Algorithm 1). */
"use strict";

(() => {
  const { generator } = typeof module === "object" ? require("./numbers.js") : imcPlay.numbers;

  /* r(u): size of a pulse at u = w/bound in its own direction, relative to the one at 0. */
  const RESPONSES = {
    constant: () => 1,
    soft: (u) => 1 - u,
    power: (u) => (1 - u) ** 2,
    exponential: (u) => Math.expm1(1 - u) / Math.expm1(1),
  };
  const up = (device, w) => (1 + device.asymmetry) * RESPONSES[device.response](w / device.bound);
  const down = (device, w) => (1 - device.asymmetry) * RESPONSES[device.response](-w / device.bound);

  /* The weight after one pulse; z is a standard normal, device.cycle the spread from pulse to pulse. */
  function pulsed(device, w, sign, z) {
    const step = ((2 * device.bound) / device.states) * (sign > 0 ? up(device, w) : -down(device, w));
    return Math.min(device.bound, Math.max(-device.bound, w + step * (1 + device.cycle * z)));
  }

  /* Where up and down steps are equal, by bisection; undefined if nowhere or everywhere. */
  function symmetryPoint(device) {
    const g = (w) => down(device, w) - up(device, w);
    let left = -device.bound, right = device.bound;
    if (!(g(left) < -1e-9 && g(right) > 1e-9)) return undefined;
    for (let k = 0; k < 60; k++) {
      const middle = (left + right) / 2;
      if (g(middle) > 0) right = middle;
      else left = middle;
    }
    return (left + right) / 2;
  }

  /* Weights of a cell that starts at w and gets pulses up and down in turn. */
  function alternate(device, w, pulses, z) {
    const found = [w];
    for (let k = 0; k < pulses; k++) found.push((w = pulsed(device, w, k % 2 ? -1 : 1, z[k])));
    return found;
  }

  /* A change of `wanted`, in whole pulses of one direction: rounded by chance, u uniform; z as many normals as needed. */
  function write(device, w, wanted, u, normal) {
    const exact = Math.abs(wanted) / ((2 * device.bound) / device.states), count = Math.floor(exact) + (u < exact % 1 ? 1 : 0);
    for (let k = 0; k < count; k++) w = pulsed(device, w, Math.sign(wanted), normal());
    return w;
  }

  /* One weight learns `target` from errors with noise of SD `noise`, `steps` samples; two ways side by side:
     descent: w <- w - lr (w - target + noise).
     tikitaka: W = gamma (A - reference) + C; A gets the gradient, every `every` samples transfer (A - reference) is written to C.
     chance: {uniform(), normal()}. */
  function learn(device, { target, noise, lr, gamma, every, transfer, steps, shift = 0 }, chance) {
    const reference = (symmetryPoint(device) ?? 0) + shift, found = { descent: [0], tikitaka: [0], a: [0], c: [0] };
    let w = 0, a = symmetryPoint(device) ?? 0, c = 0;
    for (let k = 1; k <= steps; k++) {
      const error = noise * chance.normal();
      w = write(device, w, -lr * (w - target + error), chance.uniform(), chance.normal);
      a = write(device, a, -lr * (gamma * (a - reference) + c - target + error), chance.uniform(), chance.normal);
      if (k % every === 0) c = write(device, c, transfer * (a - reference), chance.uniform(), chance.normal);
      found.descent.push(w);
      found.a.push(a - reference);
      found.c.push(c);
      found.tikitaka.push(gamma * (a - reference) + c);
    }
    return found;
  }

  const model = { RESPONSES, up, down, pulsed, symmetryPoint, alternate, learn };
  if (typeof module === "object") {
    module.exports = model;
    return;
  }

  // ---- the page --------------------------------------------------------------------------------------------------
  imcPlay.players.tikitaka = (data, { panel, text }) => {
    const steps = panel("One pulse"), cell = panel("Up, down, up, down"), learning = panel("Learning one number");
    const PULSES = 600, STEPS = 4000, LABELS = { constant: "constant step", soft: "soft bounds", power: "power 2", exponential: "exponential" };
    const thinned = (values, every) => values.flatMap((v, k) => (k % every ? [] : [[k, v]]));

    function compute(state) {
      const device = { response: state.response, states: +state.states, bound: 1, asymmetry: +state.asymmetry, cycle: state.cycle / 100 };
      const { normals, uniform } = generator(+state.chip), point = symmetryPoint(device), grid = Array.from({ length: 41 }, (_, k) => -1 + k / 20);
      const mark = point === undefined ? [] : [{ vertical: point, ink: true, title: `symmetry point ${text(point)}` }];
      steps.draw({
        x: { range: [-1, 1], label: "weight" }, y: { range: [0, 2 * (1 + Math.abs(device.asymmetry))], label: "step (dw min)" },
        said: `Sizes of up and down pulses against the weight${point === undefined ? "" : `, equal at ${text(point)}`}`,
        items: [...mark, { line: grid.map((w) => [w, up(device, w)]), label: "up" }, { line: grid.map((w) => [w, down(device, w)]), series: 1, label: "down" }],
      });
      const traces = [-0.8, 0, 0.8].map((w) => alternate(device, w, PULSES, normals(PULSES)));
      cell.draw({
        x: { range: [0, PULSES], label: "pulses" }, y: { range: [-1, 1], label: "weight" },
        said: traces.map((t) => `from ${t[0]} to ${text(t.at(-1), 2)}`).join(", "),
        items: [...(point === undefined ? [] : [{ horizontal: point, ink: true }]), ...traces.map((t, series) => ({ line: thinned(t, 4), series, dash: "", width: 1.5 }))],
      });
      const normal = () => normals(1)[0];
      const found = learn(device, { target: +state.target, noise: +state.noise, lr: 0.02, gamma: 0, every: 2, transfer: 0.1, steps: STEPS, shift: +state.shift }, { uniform, normal });
      learning.draw({
        x: { range: [0, STEPS], label: "samples" }, y: { range: [-1, 1], label: "weight" },
        said: `Gradient descent ends at ${text(found.descent.at(-1), 2)}, Tiki-Taka at ${text(found.tikitaka.at(-1), 2)}, the number is ${state.target}`,
        items: [{ horizontal: +state.target, ink: true }, { line: thinned(found.descent, 16), label: "one array", dash: "", width: 1.3 },
          { line: thinned(found.tikitaka, 16), series: 1, label: "Tiki-Taka: C", dash: "", width: 1.6 }, { line: thinned(found.a, 16), series: 2, label: "A", dash: "", width: 1 }],
      });
      const two = (v) => v.toFixed(2).replace("-", "−");
      const late = (values) => two(values.slice(STEPS / 2).reduce((sum, v) => sum + v, 0) / (STEPS / 2 + 1));
      return `${point === undefined ? "Up and down steps differ alike at every weight: the cell has no symmetry point" : `Steps up and down are equal at ${text(point, 3)}: there pulses in turn drive the cell`}. ` +
        `In the second half, one array stays at ${late(found.descent)} on average, Tiki-Taka at ${late(found.tikitaka)}; the number is ${two(+state.target)}.`;
    }

    return {
      controls: [
        { kind: "choice", name: "response", label: "device", options: Object.entries(LABELS), value: "soft" },
        { kind: "choice", name: "states", label: "states", options: [20, 60, 200, 600].map((n) => [String(n), `${n}`]), value: 200 },
        { kind: "range", name: "asymmetry", label: "asymmetry", min: -0.5, max: 0.5, step: 0.05, value: 0.2 },
        { kind: "range", name: "cycle", label: "spread from pulse to pulse", unit: "%", min: 0, max: 100, step: 10, value: 30 },
        { kind: "range", name: "target", label: "number to learn", min: -0.8, max: 0.8, step: 0.1, value: -0.5 },
        { kind: "range", name: "noise", label: "noise of the gradient", min: 0, max: 2, step: 0.1, value: 1 },
        { kind: "range", name: "shift", label: "error of A's zero", min: -0.3, max: 0.3, step: 0.02, value: 0 },
        { kind: "again", name: "chip", label: "other noise" },
      ],
      parts: [steps.svg, cell.svg, learning.svg],
      compute,
    };
  };
})();
