"use strict";
// Draws the figures when they come near the window, in the colours of the theme, and all of them before printing;
// changes the report's language; sorts tables.
(() => {
  const { arrays, books } = JSON.parse(document.getElementById("figures").textContent);
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let figures = {};
  let plots = [];
  const drawn = new Set();

  // Figures name their colours as custom properties, of which Plotly needs the values, and long arrays by their place.
  const whole = (value, style) => {
    if (typeof value === "string") {
      return value.startsWith("var(--") ? style.getPropertyValue(value.slice(4, -1)).trim() || value : value;
    }
    if (Array.isArray(value)) return value.map((item) => whole(item, style));
    if (value === null || typeof value !== "object") return value;
    if ("$array" in value) return whole(arrays[value.$array], style);
    if ("bdata" in value) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, whole(item, style)]));
  };

  // What draws in three dimensions: nothing, a processor, which turns some thousand points at most, or a graphics card.
  const renderer = () => {
    const canvas = document.createElement("canvas");
    const gl = canvas.getContext("webgl2") || canvas.getContext("webgl");
    if (!gl) return "none";
    const told = gl.getExtension("WEBGL_debug_renderer_info");
    const name = told ? gl.getParameter(told.UNMASKED_RENDERER_WEBGL) : "";
    return /swiftshader|llvmpipe|software|basic render/i.test(name) ? "processor" : "card";
  };

  // Points stand in the order of their figures, so that every nth of them is as fair a sample as all.
  const FEW = 4000;
  const thinned = (typed, step) => {
    const bytes = Uint8Array.from(atob(typed.bdata), (sign) => sign.charCodeAt(0));
    const width = typed.shape ? Number(typed.shape.split(",")[1]) : 1;
    const all = new Float32Array(bytes.buffer);
    const rows = [];
    for (let at = 0; at < all.length; at += step * width) rows.push(width > 1 ? [...all.subarray(at, at + width)] : all[at]);
    return rows;
  };
  const thin = (figure, plot) => {
    const points = figure.data.reduce((sum, trace) => sum + atob(trace.x.bdata ?? "").length / 4, 0);
    const step = Math.ceil(points / FEW);
    if (step < 2) return;
    for (const trace of figure.data) {
      for (const key of ["x", "y", "z", "customdata"]) trace[key] = thinned(trace[key], step);
      trace.marker.size = 3;
      if (trace.text) trace.text = trace.text.filter((_, at) => at % step === 0);
    }
    const note = plot.closest("figure").querySelector("[data-thinned]");
    if (note) note.hidden = false;
  };

  // Plotly is so large that the page is shown first, and Plotly read after it; a report holds its text, a page its address.
  let reading = null;
  const read = () => {
    const held = document.getElementById("plotly");
    if (!held) return null;
    reading ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.onload = resolve;
      if (held.dataset.src) script.src = held.dataset.src;
      else script.textContent = held.textContent;
      document.body.append(script);
      if (window.Plotly) resolve();
    });
    return reading;
  };
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const painted = frame().then(frame).then(() => new Promise((resolve) => setTimeout(resolve)));
  const ready = painted.then(read);

  const draw = (plot) => {
    if (!plot.isConnected) return;
    const figure = whole(figures[plot.dataset.figure], getComputedStyle(root));
    const spatial = Boolean(figure.layout.scene);
    const drawer = spatial ? renderer() : "";
    if (drawer === "none") {
      plot.classList.add("unavailable");
      plot.textContent = plot.dataset.fallback;
      return;
    }
    if (drawer === "processor") thin(figure, plot);
    const config = {
      responsive: true,
      displaylogo: false,
      displayModeBar: false,  // its buttons are in English, and one of them sends the figure away
      scrollZoom: spatial,
      plotlyServerURL: "",
    };
    if (!spatial) figure.layout.dragmode = false;
    figure.layout.width = plot.clientWidth;
    if (spatial && plot.clientWidth < 600) {
      const eye = figure.layout.scene.camera.eye;
      for (const at of ["x", "y", "z"]) eye[at] *= 1.65;
    }
    drawn.add(plot);
    Plotly.react(plot, figure.data, figure.layout, config).then(() => plot.setAttribute("data-drawn", ""));
  };

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      ready.then(() => draw(entry.target));
    }
  }, { rootMargin: "400px 0px" });

  // Legends outside the pictures show and hide a segment in the picture they belong to.
  const toggle = (button) => {
    const plot = document.querySelector(`[data-figure="${button.dataset.toggles}"]`);
    const index = Number(button.dataset.trace);
    const show = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(show));
    figures[button.dataset.toggles].data[index].visible = show;
    if (drawn.has(plot)) draw(plot);
  };

  // The picture in space turns by buttons too: by an angle around the upright axis, or one over the ground.
  const turn = (button) => {
    const plot = document.querySelector(`[data-figure="${button.dataset.turns}"]`);
    const eye = plot._fullLayout?.scene?._scene?.getCamera().eye;  // as it is seen, also in the middle of a drag
    if (!eye) return;
    const [around, up] = button.dataset.by.split(" ").map(Number);
    const far = Math.hypot(eye.x, eye.y, eye.z);
    const angle = Math.atan2(eye.y, eye.x) + around;
    const height = Math.min(1.5, Math.max(-1.5, Math.asin(eye.z / far) + up));
    const flat = far * Math.cos(height);
    const to = { x: flat * Math.cos(angle), y: flat * Math.sin(angle), z: far * Math.sin(height) };
    Plotly.relayout(plot, { "scene.camera.eye": to });
  };

  // Tables sort by a click on a heading: by the numbers that cells begin with, after a currency where there is one, else
  // by their text. What is not defined stays last in both orders. A cell may say itself what it is sorted by.
  const number = (text) => {
    const [point, comma] = root.lang === "fr" ? [",", "."] : [".", ","];
    const plain = text.replace(/\s/g, "").replaceAll(comma, "").replace(point, ".").replaceAll("\u2212", "-");
    const found = plain.match(/^(?:\p{Sc}|\p{Lu}{2,8})?[×<+]*(-?\d+(?:\.\d+)?)/u);
    return found ? Number(found[1]) : null;
  };

  const sort = (heading) => {
    const table = heading.closest("table");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => {
      const cell = row.cells[heading.cellIndex];
      const text = (cell.dataset.sort ?? cell.textContent).trim();
      return { row, text, value: number(text), unknown: text === "" || text.startsWith("\u2013") };
    });
    const known = rows.filter((one) => !one.unknown);
    const numeric = known.filter((one) => one.value !== null).length * 2 > known.length && !heading.matches(".text");
    const [first, second] = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
    const order = heading.getAttribute("aria-sort") === first ? second : first;
    const sign = order === "ascending" ? 1 : -1;
    const missing = (one) => one.unknown || (numeric && one.value === null);
    rows.sort((a, b) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      return sign * (numeric ? a.value - b.value : a.text.localeCompare(b.text, root.lang));
    });
    body.append(...rows.map((one) => one.row));
    table.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", order);
  };

  const sortable = (table) => {
    if (table.tBodies.length !== 1 || table.tBodies[0].rows.length < 3 || table.querySelector("tbody [colspan]")) return;
    [...(table.tHead?.rows[0]?.cells ?? [])].forEach((heading) => {
      if (heading.querySelector("button") || !heading.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      heading.append(button);
    });
  };

  // What is wider than its box scrolls, also by keys: then the box takes the focus, under the name of what stands above.
  const named = (box) => {
    const above = [...document.querySelectorAll("h2, h3, h4, figcaption")];
    return above.filter((one) => one.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
  };
  const fit = (box) => {
    const more = box.scrollWidth > box.clientWidth;
    const said = { tabindex: "0", role: "group", "aria-label": more && named(box)?.textContent };
    for (const [name, value] of Object.entries(said)) {
      if (more) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  };
  const fits = new ResizeObserver((entries) => entries.forEach((one) => fit(one.target.closest(".scroll"))));

  const open = () => {
    const book = document.querySelector("div[data-book]");
    figures = books[book.dataset.book];
    plots = [...book.querySelectorAll("[data-figure]")];
    plots.forEach((plot) => seen.observe(plot));
    book.querySelectorAll("table").forEach(sortable);
    book.querySelectorAll(".scroll, .scroll > *").forEach((one) => fits.observe(one));
  };

  // The other language waits in a template; the reader stays at the section where they are.
  const change = (language) => {
    const sections = [...document.querySelectorAll("main section, main article[id]")];
    const here = sections.filter((one) => one.getBoundingClientRect().top < 200).at(-1);
    const book = document.querySelector("div[data-book]");
    const other = document.querySelector(`template[data-book="${language}"]`);
    seen.disconnect();
    fits.disconnect();
    drawn.forEach((plot) => Plotly.purge(plot));
    drawn.clear();
    const waiting = document.createElement("template");
    const next = document.createElement("div");
    next.className = book.className;
    for (const [to, from] of [[waiting, book], [next, other]]) {
      to.dataset.book = from.dataset.book;
      to.dataset.title = from.dataset.title;
    }
    plots.forEach((plot) => { plot.removeAttribute("data-drawn"); plot.replaceChildren(); });
    waiting.content.append(...book.childNodes);
    next.append(other.content);
    other.replaceWith(waiting);
    book.replaceWith(next);
    root.lang = language;
    document.title = next.dataset.title;
    open();
    if (here) document.getElementById(here.id)?.scrollIntoView({ behavior: "instant" });
    next.querySelector("[data-switch]").focus({ preventScroll: true });
  };

  open();
  // On a narrow page the row of pages scrolls: to the page that is shown.
  const page = document.querySelector(".bar nav [aria-current]");
  if (page) page.closest("ul").scrollLeft = page.offsetLeft - 40;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggles], [data-switch], [data-turns], .sort");
    if (!button) return;
    if (button.matches(".sort")) sort(button.parentElement);
    else if (button.dataset.switch) change(button.dataset.switch);
    else if (button.dataset.turns) turn(button);
    else toggle(button);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-submits]")) event.target.form.requestSubmit();
  });
  dark.addEventListener("change", () => drawn.forEach(draw));
  let unfolded = [];
  const print = (on) => {
    root.toggleAttribute("data-printing", on);
    // Of what is folded only what is said nowhere else is printed; what the reader has opened stays open.
    if (on) unfolded = [...document.querySelectorAll("details[data-paper]:not([open])")];
    unfolded.forEach((one) => { one.open = on; });
    read();
    if (window.Plotly) plots.forEach(draw);
  };
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
})();
