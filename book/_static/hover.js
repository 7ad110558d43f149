/* Values on figures: where a reader points at a mark of a curve or a bar, its numbers are said beside it. The figure's SVG brings
   them along (data-values, written by imc.pages.hover); who does not point finds them in the figure's CSV. */
"use strict";

(() => {
  const NEAR = 14; // pixels of the screen
  const box = document.createElement("div");
  box.className = "imc-hover";
  box.setAttribute("aria-hidden", "true");
  box.hidden = true;

  const number = (v) => {
    if (typeof v !== "number") return v;
    const size = Math.abs(v);
    const text = size && (size < 1e-3 || size >= 1e7) ? v.toExponential().replace(/e\+?(-?\d+)/, (_, p) => ` × 10${p.replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[+c]))}`) : String(v);
    return text.replace("-", "−");
  };
  /* "accuracy (%)", 85.1 to "accuracy 85.1 %". */
  function quantity(label, value) {
    const match = /^(.*?)\s*\(([^()]+)\)$/.exec(label);
    return match && match[2].length < 12 ? `${match[1]} ${number(value)}\u00a0${match[2]}` : `${label} ${number(value)}`;
  }

  function enhance(svg) {
    const panels = JSON.parse(svg.dataset.values);
    const points = panels.flatMap(({ x, y, curves }) => curves.flatMap(({ label, points: of }) =>
      of.map(([right, down, a, b]) => ({ right, down, words: `${label ? `${label}: ` : ""}${quantity(x, a)}, ${quantity(y, b)}` }))));
    svg.addEventListener("pointermove", (event) => {
      const frame = svg.getBoundingClientRect(), view = svg.viewBox.baseVal, scale = frame.width / view.width;
      let best, least = NEAR;
      for (const point of points) {
        const far = Math.hypot(frame.x + (point.right - view.x) * scale - event.clientX, frame.y + (point.down - view.y) * scale - event.clientY);
        if (far < least) [best, least] = [point, far];
      }
      box.hidden = !best;
      if (!best) return;
      box.textContent = best.words;
      const left = frame.x + (best.right - view.x) * scale + scrollX, top = frame.y + (best.down - view.y) * scale + scrollY;
      box.style.left = `${Math.max(scrollX + 4, Math.min(left + 12, scrollX + document.documentElement.clientWidth - box.offsetWidth - 4))}px`;
      box.style.top = `${top - box.offsetHeight - 10}px`;
    });
    svg.addEventListener("pointerleave", () => { box.hidden = true; });
  }

  const figures = document.querySelectorAll("svg.imc-figure[data-values]");
  if (figures.length) document.body.append(box);
  figures.forEach(enhance);
})();
