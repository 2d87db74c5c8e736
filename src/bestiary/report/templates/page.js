"use strict";
// Draws the figures when they come near the window, in the colours of the theme, and all of them before printing.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = [...document.querySelectorAll("[data-figure]")];
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Set();

  // Figures name their colours as custom properties; Plotly needs the values.
  const coloured = (value, style) => {
    if (typeof value === "string") {
      return value.startsWith("var(--") ? style.getPropertyValue(value.slice(4, -1)).trim() || value : value;
    }
    if (Array.isArray(value)) return value.map((item) => coloured(item, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item, style)]));
  };

  const hasWebGL = () => {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
  };

  const draw = (plot) => {
    const figure = coloured(figures[plot.dataset.figure], getComputedStyle(root));
    const spatial = Boolean(figure.layout.scene);
    if (spatial && !hasWebGL()) {
      plot.classList.add("unavailable");
      plot.textContent = plot.dataset.fallback;
      return;
    }
    const config = {
      responsive: true,
      displaylogo: false,
      displayModeBar: spatial ? "hover" : false,
      scrollZoom: spatial,
      modeBarButtonsToRemove: ["toImage", "tableRotation"],
    };
    if (!spatial) figure.layout.dragmode = false;
    figure.layout.width = plot.clientWidth;
    if (spatial && plot.clientWidth < 600) {
      const eye = figure.layout.scene.camera.eye;
      for (const at of ["x", "y", "z"]) eye[at] *= 1.55;
    }
    drawn.add(plot);
    Plotly.react(plot, figure.data, figure.layout, config).then(() => plot.setAttribute("data-drawn", ""));
  };

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "400px 0px" });
  plots.forEach((plot) => seen.observe(plot));

  dark.addEventListener("change", () => drawn.forEach(draw));

  const print = (on) => {
    root.toggleAttribute("data-printing", on);
    plots.forEach(draw);
  };
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));

  // Legends outside the pictures show and hide a segment in the picture they belong to.
  document.querySelectorAll("[data-toggles]").forEach((button) => {
    button.addEventListener("click", () => {
      const plot = document.querySelector(`[data-figure="${button.dataset.toggles}"]`);
      const index = Number(button.dataset.trace);
      const show = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(show));
      figures[button.dataset.toggles].data[index].visible = show;
      if (drawn.has(plot)) draw(plot);
    });
  });
})();
