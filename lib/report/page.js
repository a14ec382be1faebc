// Unpack plotly, which lies in the page compressed, and draw each map; without it the stills stand alone.
(async () => {
  "use strict";
  const holders = document.querySelectorAll("[data-figure]");
  const packed = document.getElementById("plotly");
  if (!holders.length || !packed) return;
  const say = (text) => holders.forEach((holder) => { holder.textContent = text; holder.classList.add("note"); });
  if (typeof DecompressionStream === "undefined") {
    say("This browser is too old for the moving map; base and tuned stand below.");
    return;
  }
  const bytes = Uint8Array.from(atob(packed.textContent.trim()), (sign) => sign.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const library = document.createElement("script");
  library.textContent = await new Response(unpacked).text();  // the policy names its hash
  document.head.append(library);
  if (!window.Plotly) {
    say("The moving map could not be loaded; base and tuned stand below.");
    return;
  }
  const style = getComputedStyle(document.documentElement);
  const colour = (name, theme) => style.getPropertyValue(`--${theme}-${name}`).trim().toLowerCase();
  const names = ["base", "tuned", "better", "worse", "same", "text", "faint", "grid", "paper", "label-better", "label-worse"];
  const numbers = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(",");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const translation = () => {
    const words = new Map();
    if (!dark.matches) return words;
    for (const name of names) {
      words.set(colour(name, "light"), colour(name, "dark"));
      words.set(numbers(colour(name, "light")), numbers(colour(name, "dark")));
    }
    return words;
  };
  const repaint = (words) => (key, value) => {
    if (typeof value !== "string" || key === "text" || key === "hovertext") return value;
    if (value[0] === "#") return words.get(value.toLowerCase()) ?? value;
    const parts = /^rgba\((\d+, ?\d+, ?\d+), ?([\d.]+)\)$/.exec(value);
    const other = parts && words.get(parts[1].replaceAll(" ", ""));
    return other ? `rgba(${other},${parts[2]})` : value;
  };
  const config = { displaylogo: false, scrollZoom: true, responsive: true, showSendToCloud: false, plotlyServerURL: "" };
  const draw = () => {
    const words = translation();
    for (const holder of holders) {
      const figure = JSON.parse(document.getElementById(holder.dataset.figure).textContent, repaint(words));
      figure.layout.font = { ...figure.layout.font, color: colour("text", dark.matches ? "dark" : "light") };
      window.Plotly.newPlot(holder, { ...figure, config });
    }
  };
  dark.addEventListener("change", draw);
  draw();
})();
