/* Tables that sort: a column's head becomes a button. Up, down, and back to the page's own order. Numbers go by value (95.97 ± 0.21,
   −3, 1.5 × 10⁻³, 118 016), everything else by words; cells without a value stay last. Without this script the table stands as it is. */
"use strict";

(() => {
  const LEAST = 4; // rows that are worth sorting

  /* What a cell is sorted by: a number where its text begins with one, else NaN. */
  function number(cell) {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll("sup").forEach((sup) => sup.replaceWith(`^${sup.textContent}`));
    copy.querySelectorAll(".imc-place").forEach((place) => place.remove());
    const text = copy.textContent.replace(/(\d)[\u202f\u00a0,](?=\d{3}(?!\d))/g, "$1").replaceAll("−", "-").trim();
    const match = /^[^\w\d.∞-]*\+?(-?(?:\d+\.?\d*|\.\d+|∞)(?:e[+-]?\d+)?)(?:\s*[×·]\s*10\^(-?\d+))?/i.exec(text);
    if (!match) return NaN;
    return Number(match[1].replace("∞", "Infinity")) * 10 ** Number(match[2] ?? 0);
  }
  const words = (cell) => cell.textContent.trim().replace(/^[^\p{L}\d]+/u, "");

  function order(rows, column) {
    const filled = rows.filter((row) => words(row.cells[column]));
    const numbers = new Map(rows.map((row) => [row, number(row.cells[column])]));
    const numeric = filled.filter((row) => !Number.isNaN(numbers.get(row))).length > 0.6 * filled.length;
    return (a, b, up) => {
      const empty = (row) => (numeric ? Number.isNaN(numbers.get(row)) : !words(row.cells[column]));
      if (empty(a) || empty(b)) return empty(a) - empty(b);
      const by = numeric ? numbers.get(a) - numbers.get(b) : words(a.cells[column]).localeCompare(words(b.cells[column]), "en", { numeric: true });
      return up ? by : -by;
    };
  }

  function enhance(table) {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
    if (rows.length < LEAST || rows.some((row) => row.cells.length !== heads.length || [...row.cells].some((c) => c.colSpan > 1 || c.rowSpan > 1))) return;
    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "imc-sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] ?? "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (next !== "none") head.setAttribute("aria-sort", next);
        const compare = order(rows, column);
        body.append(...(next === "none" ? rows : [...rows].sort((a, b) => compare(a, b, next === "ascending"))));
      });
    });
  }

  document.querySelectorAll(".bd-article table.table").forEach((table) => {
    if (table.tHead?.rows.length === 1 && table.tBodies.length === 1) enhance(table);
  });
})();
