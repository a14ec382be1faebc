// Moves the marks of a WebGL map smoothly from moment to moment, for play and slider alike. Plotly draws all WebGL marks anew for each frame,
// which takes most of a second without a graphics card. So it draws the moments alone, and a canvas above shows the same marks on their way.
// Plotly stays the owner of all there is: the moment, the zoom, what the legend hides. The canvas only looks at it, and goes when it arrives.
(() => {
  if (window.closerTravel) return;

  const PLAYS = 1000; // frames that last at least so many milliseconds are play's: its marks take longer than the slider's
  const SPAN = { play: 900, slide: 350 };
  const SHADES = 32, HALO = 5, DIM = 0.2;
  const SMALL = 4, SQUARED = 0.886; // a disc so small is drawn as a square of the same area, ten times as fast
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const rule = document.createElement("style");
  rule.textContent =
    ".closer-travels .gl-container, .closer-travels .scatterlayer { visibility: hidden; }" +
    ".closer-travel { position: absolute; z-index: -1; pointer-events: none; }";
  document.head.append(rule);

  // --- Where the marks stand at a moment: one {x, y} for each trace.
  const KINDS = { f4: Float32Array, f8: Float64Array };
  const numbers = (given) => {
    if (!given || !given.bdata) return Float32Array.from(given || [], (value) => (value === null ? NaN : value));
    const bytes = Uint8Array.from(atob(given.bdata), (letter) => letter.charCodeAt(0));
    return new KINDS[given.dtype](bytes.buffer);
  };
  const placesAt = (plot, moment) => {
    const frame = plot._transitionData && plot._transitionData._frameHash[moment];
    return frame ? frame.data.map((trace) => ({ x: numbers(trace.x), y: numbers(trace.y) })) : null;
  };
  const mixed = (from, to, share) => from.map((value, place) => value + (to[place] - value) * share);
  const between = (from, to, share) =>
    to.map((end, at) => ({ x: mixed(from[at].x, end.x, share), y: mixed(from[at].y, end.y, share) }));
  const match = (from, to) => from && to && from.length === to.length && from.every((one, at) => one.x.length === to[at].x.length);

  // --- How they look: made once for a journey from what plotly has worked out.
  const many = (value, place, other) => (value === undefined || value === null ? other : value.length === undefined || typeof value === "string" ? value : value[place]);
  const words = (text) => new DOMParser().parseFromString(String(text).replace(/\u003cbr\s*\/?>/g, " "), "text/html").documentElement.textContent;
  const parsed = (colour) => {
    const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    return [...ink.getImageData(0, 0, 1, 1).data];
  };
  const shades = (scale) => {
    const stops = scale.map(([at, colour]) => [Number(at), parsed(colour)]);
    return Array.from({ length: SHADES + 1 }, (_, number) => {
      const share = number / SHADES, after = Math.max(1, stops.findIndex(([at]) => at >= share)), [low, one] = stops[after - 1], [high, two] = stops[after];
      const mix = one.map((value, at) => Math.round(value + ((two[at] - value) * (share - low)) / (high - low || 1)));
      return `rgb(${mix[0]},${mix[1]},${mix[2]})`;
    });
  };

  const marksOf = (trace, count) => {
    const { marker } = trace, ramp = typeof marker.color === "string" ? null : shades(marker.colorscale);
    const chosen = trace.selectedpoints && trace.selectedpoints.length ? new Set(trace.selectedpoints) : null;
    return Array.from({ length: count }, (_, place) => {
      const share = ramp && (many(marker.color, place, 0) - marker.cmin) / (marker.cmax - marker.cmin);
      const symbol = String(many(marker.symbol, place, "circle"));
      return {
        square: symbol.startsWith("square"), open: symbol.includes("open"), dot: symbol.includes("dot"),
        size: many(marker.size, place, 6), rim: many(marker.line && marker.line.width, place, 1) || 1,
        colour: ramp ? ramp[Math.round(SHADES * Math.min(1, Math.max(0, share)))] : marker.color,
        alpha: many(marker.opacity, place, 1) * (trace.opacity === undefined ? 1 : trace.opacity) * (chosen && !chosen.has(place) ? DIM : 1),
      };
    });
  };

  const looksOf = (plot, places) =>
    plot._fullData.map((trace, at) => {
      const mode = trace.visible === true && places[at] && places[at].x.length ? trace.mode || "" : "";
      return {
        opacity: trace.opacity === undefined ? 1 : trace.opacity,
        line: mode.includes("lines") ? trace.line : null,
        marks: mode.includes("markers") ? marksOf(trace, places[at].x.length) : null,
        names: mode.includes("text")
          ? Array.from(places[at].x, (_, place) => ({
              word: words(many(trace.text, place, "")), side: many(trace.textposition, place, "middle center"),
              colour: many(trace.textfont.color, place, "#888"), font: `${many(trace.textfont.size, place, 12)}px ${trace.textfont.family}`,
            }))
          : null,
      };
    });

  // --- One picture.
  const SIDES = { left: ["right", -1], right: ["left", 1], center: ["center", 0], top: ["alphabetic", -1], bottom: ["top", 1], middle: ["middle", 0] };
  const name = (ink, told, x, y, ground) => {
    const [up, along] = told.side.split(" "), [baseline, down] = SIDES[up], [align, right] = SIDES[along];
    Object.assign(ink, { font: told.font, textAlign: align, textBaseline: baseline, lineWidth: HALO, lineJoin: "round", strokeStyle: ground });
    ink.strokeText(told.word, x + 2 * right, y + 4 * down);
    ink.fillStyle = told.colour;
    ink.fillText(told.word, x + 2 * right, y + 4 * down);
  };

  const mark = (ink, { square, open, dot, size, colour, rim, alpha }, x, y) => {
    ink.globalAlpha = alpha;
    if (open) Object.assign(ink, { strokeStyle: colour, lineWidth: rim });
    if (!open || dot) ink.fillStyle = colour;
    const side = square ? size : SQUARED * size;
    if (square && open) ink.strokeRect(x - size / 2, y - size / 2, size, size);
    else if (square || (!open && size <= SMALL)) ink.fillRect(x - side / 2, y - side / 2, side, side);
    else {
      ink.beginPath();
      ink.arc(x, y, size / 2, 0, 2 * Math.PI);
      if (open) ink.stroke();
      else ink.fill();
    }
    if (dot) ink.fillRect(x - 0.75, y - 0.75, 1.5, 1.5);
  };

  const paint = (plot, journey) => {
    const { canvas, looks, now, dense } = journey, { l, t, w, h } = plot._fullLayout._size, { xaxis, yaxis } = plot._fullLayout;
    const ink = canvas.getContext("2d");
    if (canvas.width !== Math.round(w * dense) || canvas.height !== Math.round(h * dense)) {
      Object.assign(canvas, { width: Math.round(w * dense), height: Math.round(h * dense) });
      Object.assign(canvas.style, { left: `${l}px`, top: `${t}px`, width: `${w}px`, height: `${h}px` });
    }
    ink.setTransform(dense, 0, 0, dense, 0, 0);
    ink.clearRect(0, 0, w, h);
    const [left, right] = xaxis.range, [low, high] = yaxis.range, across = w / (right - left), up = h / (high - low);
    looks.forEach(({ opacity, line, marks, names }, at) => {
      const { x, y } = now[at];
      if (line) {
        Object.assign(ink, { globalAlpha: opacity, strokeStyle: line.color, lineWidth: line.width });
        ink.beginPath();
        for (let place = 0, pen = false; place < x.length; place += 1) {
          if (Number.isNaN(x[place])) pen = false;
          else if (pen) ink.lineTo((x[place] - left) * across, (high - y[place]) * up);
          else { ink.moveTo((x[place] - left) * across, (high - y[place]) * up); pen = true; }
        }
        ink.stroke();
      }
      for (let place = 0; marks && place < x.length; place += 1) {
        if (!Number.isNaN(x[place])) mark(ink, marks[place], (x[place] - left) * across, (high - y[place]) * up);
      }
      for (let place = 0; names && place < x.length; place += 1) {
        ink.globalAlpha = opacity;
        if (!Number.isNaN(x[place])) name(ink, names[place], (x[place] - left) * across, (high - y[place]) * up, journey.ground);
      }
    });
  };

  // --- A journey from what is seen to a moment.
  const shown = new WeakMap(); // plot -> its data, and the moment that it shows or goes to
  const journeys = new WeakMap();
  const isOld = (plot, journey) => !plot.isConnected || plot._fullData.length !== journey.looks.length;

  const end = (plot) => {
    const journey = journeys.get(plot);
    if (!journey) return;
    cancelAnimationFrame(journey.next);
    journey.canvas.remove();
    plot.classList.remove("closer-travels");
    journeys.delete(plot);
  };

  const begin = (plot, from, to, span) => {
    const going = journeys.get(plot), dense = window.devicePixelRatio || 1;
    if (going) cancelAnimationFrame(going.next);
    const canvas = going ? going.canvas : Object.assign(document.createElement("canvas"), { className: "closer-travel" });
    const ground = getComputedStyle(document.documentElement).getPropertyValue("--closer-page") || getComputedStyle(document.body).backgroundColor;
    const journey = { canvas, dense, ground, span, from, to, now: from, looks: looksOf(plot, to) };
    journeys.set(plot, journey);
    if (!going) plot.querySelector(".gl-container").after(canvas);
    paint(plot, journey);
    plot.classList.add("closer-travels");
    return journey;
  };

  const go = (plot) => {
    const journey = journeys.get(plot);
    if (!journey || journey.began !== undefined) return;
    journey.began = performance.now();
    const onward = () => {
      const share = Math.min(1, (performance.now() - journey.began) / journey.span);
      if (share === 1 || isOld(plot, journey)) return end(plot);
      journey.now = between(journey.from, journey.to, share * share * (3 - 2 * share));
      paint(plot, journey);
      journey.next = requestAnimationFrame(onward);
    };
    journey.next = requestAnimationFrame(onward);
  };

  const arriving = (plot, event) => {
    const lasts = event.animation && event.animation.frame ? event.animation.frame.duration : 0;
    const { moment: before } = shown.get(plot), going = journeys.get(plot), plays = lasts >= PLAYS;
    if (before === event.name && going) return; // plotly says it again
    shown.set(plot, { data: plot.data, moment: event.name });
    const steps = plot._fullLayout.sliders[0].steps;
    const isFirst = plays && steps[0] && event.name === steps[0].args[0][0]; // play begins anew: at once
    const from = going ? going.now : placesAt(plot, before), to = placesAt(plot, event.name);
    if (calm.matches || lasts === 0 || isFirst || before === event.name || !match(from, to)) end(plot);
    else begin(plot, from, to, plays ? SPAN.play : SPAN.slide);
  };

  // --- Plotly tells when it turns to a moment, and when it has drawn it: only then does the clock run, so that a slow machine shows the whole way.
  const ears = new WeakMap();
  const listen = (plot) => {
    const slider = plot._fullLayout && plot._fullLayout.sliders && plot._fullLayout.sliders[0];
    if (!slider || !slider.steps.length || !plot.querySelector(".gl-container") || !plot._fullData.some((trace) => trace.type === "scattergl")) return;
    const known = shown.get(plot), moment = slider.steps[slider.active].args[0][0];
    if (!known || known.data !== plot.data) shown.set(plot, { data: plot.data, moment });
    if (!ears.has(plot)) ears.set(plot, { plotly_animatingframe: (event) => arriving(plot, event), plotly_transitioned: () => go(plot) });
    for (const [kind, ear] of Object.entries(ears.get(plot))) {
      plot.removeListener(kind, ear); // once, also where plotly has forgotten it
      plot.on(kind, ear);
    }
  };
  for (const kind of ["mousedown", "touchstart", "click", "keydown"]) {
    document.addEventListener(kind, (event) => {
      const plot = event.target instanceof Element && event.target.closest(".js-plotly-plot");
      if (plot) listen(plot);
    }, { capture: true, passive: true });
  }

  window.closerTravel = { begin, end, placesAt };
})();
