/* Small drawings with axes, as SVG in the house's colours: panel("title").draw({x, y, items}) draws anew. */
"use strict";

(() => {
  const WIDTH = 340, HEIGHT = 236, LEFT = 50, RIGHT = 322, TOP = 30, BOTTOM = 190;
  const DASHES = ["", "7 3", "2 3", "9 3 2 3", "4 2", "1 2"];

  /* 1234.5 as a reader wants it: four digits, powers of ten where they help, a proper minus. */
  function text(value, digits = 4) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
    const size = Math.abs(value);
    if (size && (size < 1e-3 || size >= 1e7)) {
      const [mantissa, power] = value.toExponential(digits - 1).split("e");
      return `${+mantissa} · 10${superscript(+power)}`.replace(/^1 · /, "").replace("-", "−");
    }
    const rounded = Number.isInteger(value) ? String(value) : String(+value.toPrecision(Math.max(digits, Math.floor(Math.log10(size || 1)) + 1)));
    const [whole, rest] = rounded.split(".");
    const grouped = whole.replace("-", "").length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
    return (rest ? `${grouped}.${rest}` : grouped).replace("-", "−");
  }
  const superscript = (n) => String(n).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[+c]));

  function node(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /* From data to drawing, and the ticks in between. */
  function scale({ range: [low, high], log = false, ticks }, start, end) {
    const f = log ? Math.log10 : (v) => v, span = f(high) - f(low) || 1;
    const at = (v) => start + ((f(log ? Math.max(v, low / 1e3) : v) - f(low)) / span) * (end - start);
    return { at, ticks: ticks ?? (log ? powers(low, high) : even(low, high)) };
  }
  function even(low, high) {
    const rough = (high - low) / 4, ten = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * ten).find((s) => s >= rough * 0.8);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(+(k * step).toPrecision(12));
    return found;
  }
  function powers(low, high) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9), step = Math.ceil((last - first) / 5) || 1;
    const found = [];
    for (let p = first; p <= last; p += step) found.push(10 ** p);
    return found;
  }
  const power = (v) => (v >= 0.01 && v <= 1000 ? text(v) : `10${superscript(Math.round(Math.log10(v)))}`);

  const colour = (series) => `var(--imc-play-${series})`;
  const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

  let clips = 0;

  /* A panel's items: {line: [[x, y], ...]}, {area: ..., to: y}, {dots: ...}, {band: [[x, low, high], ...]}, {vertical: x},
     {horizontal: y}; with series (colour and dash), label (in the legend) and title (said when hovered over). */
  function panel(title) {
    const svg = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "imc-play-panel", role: "img" });
    const clip = `imc-play-clip-${++clips}`;

    function draw({ x, y, items, said = title }) {
      const sx = scale(x, LEFT, RIGHT), sy = scale(y, BOTTOM, TOP);
      const words = (s, at) => node("text", { "font-size": 11, fill: "currentColor", ...at }, s);
      const inside = node("g", { "clip-path": `url(#${clip})` });
      const legend = node("g", {});
      svg.replaceChildren(
        node("clipPath", { id: clip }, node("rect", { x: LEFT - 4, y: TOP - 4, width: RIGHT - LEFT + 8, height: BOTTOM - TOP + 5 })),
        words(title, { x: 4, y: 12, "font-size": 12, "font-weight": 600 }), inside, legend,
        node("path", { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, fill: "none", stroke: "currentColor" }));
      svg.setAttribute("aria-label", said);
      for (const v of sx.ticks) {
        svg.append(words((x.log ? power : text)(v), { x: sx.at(v), y: BOTTOM + 14, "text-anchor": "middle" }),
          node("path", { d: `M${sx.at(v)} ${BOTTOM}v3`, stroke: "currentColor" }));
      }
      for (const v of sy.ticks)
        svg.append(words((y.log ? power : text)(v), { x: LEFT - 5, y: sy.at(v) + 4, "text-anchor": "end" }),
          node("path", { d: `M${LEFT} ${sy.at(v)}h-3`, stroke: "currentColor" }));
      svg.append(words(x.label, { x: (LEFT + RIGHT) / 2, y: BOTTOM + 31, "text-anchor": "middle" }),
        words(y.label, { transform: `translate(11 ${(TOP + BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }));
      let place = LEFT + 2;
      for (const item of items) {
        const { series = 0, width = 2 } = item, ink = item.ink ? "currentColor" : colour(series);
        const dash = item.dash ?? (item.ink ? "3 3" : DASHES[series]);
        const look = { fill: "none", stroke: ink, "stroke-width": width, "stroke-dasharray": dash };
        const map = ([a, b]) => [sx.at(a), sy.at(b)];
        const drawn = [];
        if (item.line) drawn.push(node("path", { d: path(item.line.map(map)), ...look }));
        if (item.area) {
          const floor = sy.at(item.to ?? y.range[0]), points = item.area.map(map);
          if (points.length)
            drawn.push(node("path", { d: `${path([[points[0][0], floor], ...points, [points.at(-1)[0], floor]])}Z`, fill: ink, "fill-opacity": 0.3, stroke: ink, "stroke-width": 1.2, "stroke-dasharray": dash }));
        }
        if (item.band) {
          const low = item.band.map(([a, b]) => map([a, b])), high = item.band.map(([a, , c]) => map([a, c])).reverse();
          drawn.push(node("path", { d: `${path([...low, ...high])}Z`, fill: ink, "fill-opacity": 0.2 }));
        }
        if (item.dots)
          for (const [a, b, about] of item.dots) {
            const dot = node(series % 2 ? "rect" : "circle", { ...mark(series, sx.at(a), sy.at(b), item.size ?? 3.5), fill: ink, "fill-opacity": item.opacity ?? 1 });
            if (about) dot.append(node("title", {}, about));
            drawn.push(dot);
          }
        if (item.vertical !== undefined) drawn.push(node("path", { d: `M${sx.at(item.vertical)} ${TOP - 4}V${BOTTOM}`, ...look, "stroke-width": 1.3 }));
        if (item.horizontal !== undefined) drawn.push(node("path", { d: `M${LEFT} ${sy.at(item.horizontal)}H${RIGHT}`, ...look, "stroke-width": 1.3 }));
        if (item.title) drawn[0]?.append(node("title", {}, item.title));
        inside.append(...drawn);
        if (item.label) {
          const dotted = item.dots && !item.line;
          legend.append(dotted ? node(series % 2 ? "rect" : "circle", { ...mark(series, place + 8, 22, 3.5), fill: ink })
            : node("path", { d: `M${place} 22h16`, ...look, "stroke-width": 2.5 }), words(item.label, { x: place + 20, y: 26 }));
          place += 30 + 5.9 * item.label.length;
        }
      }
    }
    return { svg, draw };
  }
  const mark = (series, x, y, r) => (series % 2 ? { x: x - r, y: y - r, width: 2 * r, height: 2 * r } : { cx: x, cy: y, r });

  Object.assign(globalThis.imcPlay, { panel, text });
})();
