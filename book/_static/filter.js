/* Makes tables filterable: <div class="imc-filterable" data-filter="paper,kind"><table>…</table></div>.
   One choice a named column, one field for words, a live count. The choices stand in the address
   (…html?paper=reram&verdict=contradicted), so that a selection can be linked. Without this script the
   whole table stands there. */
"use strict";

(() => {
  const value = (cell) => cell.textContent.trim().replace(/^[^\p{L}\d]+/u, "");

  function labelled(text, control) {
    const label = document.createElement("label");
    label.append(text, control);
    return label;
  }

  function choice(name, values) {
    const select = document.createElement("select");
    select.name = name;
    select.add(new Option("all", ""));
    for (const v of values) select.add(new Option(v, v));
    return select;
  }

  function enhance(box) {
    const table = box.querySelector("table");
    const heads = [...table.tHead.rows[0].cells].map(value);
    const rows = [...table.tBodies[0].rows];
    const form = document.createElement("form");
    form.className = "imc-filter";
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Filter the table below");

    const columns = box.dataset.filter.split(",").map((name) => {
      const index = heads.indexOf(name);
      const values = [...new Set(rows.map((row) => value(row.cells[index])))];
      const select = choice(name, values);
      form.append(labelled(name, select));
      return { index, select };
    });
    const words = Object.assign(document.createElement("input"), { type: "search", name: "words" });
    const reset = Object.assign(document.createElement("button"), { type: "reset", textContent: "Show all" });
    const count = document.createElement("output");
    count.setAttribute("aria-live", "polite");
    form.append(labelled("words", words), reset, count);

    function apply() {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden =
          columns.some(({ index, select }) => select.value && value(row.cells[index]) !== select.value) ||
          wanted.some((word) => !text.includes(word));
        shown += !row.hidden;
      }
      count.value = `${shown} of ${rows.length}`;
      const chosen = new URLSearchParams([...new FormData(form)].filter(([, v]) => v)).toString();
      history.replaceState(null, "", location.pathname + (chosen ? `?${chosen}` : "") + location.hash);
    }

    for (const [name, v] of new URLSearchParams(location.search)) {
      if (form.elements[name]) form.elements[name].value = v;
    }
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    box.prepend(form);
    apply();
  }

  document.querySelectorAll(".imc-filterable").forEach(enhance);
})();
