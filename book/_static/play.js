/* Pages that can be played with: <div class="imc-play" data-model="kirchhoff" data-name="array" data-play='{JSON}' hidden>
   becomes a form with a drawing that computes in the reader's browser, in place of the static figure before it.
   Classic scripts without imports, which work from file://; a page loads the model that it names and no other.
   In print and without this script the static figure stands. What was chosen is kept behind the address's #. */
"use strict";

(() => {
  const folder = new URL("play/", document.currentScript.src);
  const players = {};
  globalThis.imcPlay = { players };

  /* Scripts run in the order in which they were asked for, each once. */
  const asked = new Map();
  function script(name) {
    if (!asked.has(name))
      asked.set(name, new Promise((done, fail) => {
        const node = Object.assign(document.createElement("script"), { src: new URL(`${name}.js`, folder), async: false });
        node.onload = done;
        node.onerror = () => fail(new Error(`play/${name}.js cannot be loaded`));
        document.head.append(node);
      }));
    return asked.get(name);
  }

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    node.append(...children);
    return node;
  };

  // ---- controls: each has a name, a label and a starting value, and reads and writes text ------------------------
  const KINDS = {
    range({ name, label, unit = "", min, max, step }) {
      const input = make("input", { type: "range", name, min, max, step });
      const shown = make("b"), said = unit && `\u00a0${unit}`;
      const tell = () => {
        shown.textContent = imcPlay.text(+input.value) + said;
        input.setAttribute("aria-valuetext", `${input.value}${said}`);
      };
      input.addEventListener("input", tell);
      return { node: make("label", {}, make("span", {}, label, " ", shown), input), read: () => input.value,
        write: (v) => { input.value = v; tell(); }, fits: (v) => v !== "" && +v >= min && +v <= max };
    },
    choice({ name, label, options }) {
      const input = make("select", { name });
      for (const [value, text] of options) input.add(new Option(text, value));
      return { node: make("label", {}, make("span", {}, label), input), read: () => input.value,
        write: (v) => { input.value = v; }, fits: (v) => options.some(([value]) => String(value) === v) };
    },
    text({ name, label, pattern, size = 16 }) {
      const input = make("input", { type: "text", name, size, spellcheck: "false", autocomplete: "off", inputmode: "text" });
      const fits = (v) => new RegExp(`^(?:${pattern})$`).test(v);
      let last = "";
      input.addEventListener("input", () => input.setAttribute("aria-invalid", !fits(input.value)));
      return { node: make("label", {}, make("span", {}, label), input), fits,
        read: () => (fits(input.value) ? (last = input.value) : last),
        write: (v) => { input.value = last = v; input.removeAttribute("aria-invalid"); } };
    },
    /* A button that counts: its value is the seed of what is drawn anew. */
    again({ label }) {
      let value = "1";
      const node = make("button", { type: "button" }, label);
      node.addEventListener("click", () => {
        value = String(+value + 1);
        node.dispatchEvent(new Event("input", { bubbles: true }));
      });
      return { node, read: () => value, write: (v) => { value = v; }, fits: (v) => /^\d{1,6}$/.test(v) };
    },
    /* Kept by the player's own drawing, which sets it. */
    kept({ pattern }) {
      let value = "";
      return { node: "", read: () => value, write: (v) => { value = v; }, fits: (v) => new RegExp(`^(?:${pattern})$`).test(v) };
    },
  };

  // ---- one player ------------------------------------------------------------------------------------------------
  function mount(box) {
    const name = box.dataset.name, data = JSON.parse(box.dataset.play);
    const result = make("output", { "aria-live": "polite" });
    const form = make("form", { class: "imc-play-form", "aria-label": `Try it: ${box.dataset.title}` });
    const controls = {};
    const set = (changes) => {
      for (const [key, value] of Object.entries(changes)) controls[key].write(String(value));
      ask();
    };
    const player = players[box.dataset.model](data, { make, set, panel: imcPlay.panel, text: imcPlay.text });
    for (const control of player.controls) {
      controls[control.name] = KINDS[control.kind](control);
      form.append(controls[control.name].node);
    }
    const restart = make("button", { type: "button" }, "start again");
    form.append(restart);

    const start = Object.fromEntries(player.controls.map((c) => [c.name, String(c.value ?? 1)]));
    const state = () => Object.fromEntries(Object.entries(controls).map(([key, c]) => [key, c.read()]));
    function adopt(values) {
      for (const [key, control] of Object.entries(controls)) {
        const value = values[key];
        control.write(value !== undefined && control.fits(value) ? value : start[key]);
      }
    }
    /* #name?law=clip&sigma=1000: only what differs from the start. */
    function ofAddress() {
      const [head, tail] = location.hash.slice(1).split("?");
      return head === name && tail !== undefined ? Object.fromEntries(new URLSearchParams(tail)) : undefined;
    }
    function remember(now) {
      const changed = Object.entries(now).filter(([key, value]) => value !== start[key]);
      const hash = changed.length ? `#${name}?${new URLSearchParams(changed)}` : ofAddress() ? `#${name}` : location.hash;
      try {
        if (hash !== location.hash) history.replaceState(null, "", hash);
      } catch {
        // some viewers forbid it, and everything else works there
      }
    }
    let waiting = false;
    function compute(first) {
      waiting = false;
      const now = state();
      result.value = player.compute(now);
      if (first !== true) remember(now);
    }
    function ask() {
      if (!waiting) requestAnimationFrame(compute);
      waiting = true;
    }
    form.addEventListener("input", ask);
    form.addEventListener("submit", (event) => event.preventDefault());
    restart.addEventListener("click", () => { adopt({}); ask(); });
    addEventListener("hashchange", () => { const given = ofAddress(); if (given) { adopt(given); ask(); } });

    const given = ofAddress();
    adopt(given ?? {});
    box.append(form, make("div", { class: "imc-play-parts" }, ...player.parts), result);
    compute(true);
    replaceFigure(box);
    box.hidden = false;
    if (given) box.scrollIntoView();
  }

  /* The last figure before the box gives its place to it, on screen. */
  function replaceFigure(box) {
    const before = [...document.querySelectorAll(".imc-picture, svg.imc-figure")].filter(
      (node) => node.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING);
    const figure = before.at(-1)?.closest(".imc-picture") ?? before.at(-1);
    figure?.classList.add("imc-played");
    figure?.after(box);
  }

  document.querySelectorAll(".imc-play").forEach((box) => {
    Promise.all(["numbers", "panel", box.dataset.model].map(script)).then(() => mount(box));
  });
})();
