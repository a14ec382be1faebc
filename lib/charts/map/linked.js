// Two panels of one map: what is pointed at or selected in one gets a ring in the other. Plotly links their zoom by itself.
// It reads plotly's private _fullData and _fullLayout. Where they are not as expected, nothing is drawn.
(() => {
  if (window.closerLinked) return;
  window.closerLinked = true;
  const SVG = "http://www.w3.org/2000/svg", MOST = 400; // rings at once: more would hide the marks
  const states = new WeakMap(); // plot -> its overlay, the point that is pointed at, the points that are selected

  const isLinked = (plot) => Boolean(plot && plot._fullLayout && plot._fullLayout.meta && plot._fullLayout.meta.panels === 2 && Array.isArray(plot._fullData));

  const partnerOf = (plot, { curveNumber, pointNumber }) => {
    const half = plot._fullData.length / 2;
    return { trace: plot._fullData[curveNumber < half ? curveNumber + half : curveNumber - half], point: pointNumber };
  };

  const pixelOf = (plot, { trace, point }) => {
    const layout = plot._fullLayout, axes = [layout[`xaxis${trace.xaxis.slice(1)}`], layout[`yaxis${trace.yaxis.slice(1)}`]];
    const x = axes[0].l2p(trace.x[point]), y = axes[1].l2p(trace.y[point]);
    const isInside = x >= 0 && x <= axes[0]._length && y >= 0 && y <= axes[1]._length;
    return isInside ? [axes[0]._offset + x, axes[1]._offset + y] : null;
  };

  const draw = (plot) => {
    const state = states.get(plot);
    if (!state || !isLinked(plot)) return;
    const host = plot.querySelector(".svg-container");
    if (host && state.overlay.parentNode !== host) host.append(state.overlay);
    state.overlay.replaceChildren();
    const rings = [...state.selected.slice(0, MOST).map((point) => [point, 7, 2]), ...(state.hovered ? [[state.hovered, 11, 3]] : [])];
    for (const [point, radius, width] of rings) {
      const partner = partnerOf(plot, point), place = partner.trace && pixelOf(plot, partner);
      if (!place) continue;
      const ring = document.createElementNS(SVG, "circle");
      for (const [name, value] of Object.entries({ cx: place[0], cy: place[1], r: radius, fill: "none", stroke: "currentColor", "stroke-width": width })) ring.setAttribute(name, value);
      state.overlay.append(ring);
    }
  };

  const listen = (plot) => {
    if (!isLinked(plot) || states.has(plot) || typeof plot.on !== "function") return;
    const overlay = document.createElementNS(SVG, "svg");
    overlay.setAttribute("class", "closer-linked");
    overlay.setAttribute("aria-hidden", "true");
    overlay.setAttribute("style", "position:absolute;inset:0;width:100%;height:100%;pointer-events:none");
    const state = { overlay, hovered: null, selected: [] };
    states.set(plot, state);
    const points = (event) => (event && event.points ? event.points.filter((point) => Number.isInteger(point.pointNumber)) : []);
    const on = (kind, change) => plot.on(kind, (event) => { change(event); draw(plot); });
    on("plotly_hover", (event) => { state.hovered = points(event)[0] || null; });
    on("plotly_unhover", () => { state.hovered = null; });
    for (const kind of ["plotly_selecting", "plotly_selected"]) on(kind, (event) => { state.selected = points(event); });
    on("plotly_deselect", () => { state.selected = []; });
    for (const kind of ["plotly_relayouting", "plotly_relayout", "plotly_afterplot"]) on(kind, () => {});
  };

  document.addEventListener("pointerover", (event) => {
    const plot = event.target instanceof Element && event.target.closest(".js-plotly-plot");
    if (plot) listen(plot);
  }, { capture: true, passive: true });
})();
