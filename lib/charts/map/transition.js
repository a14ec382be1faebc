// Animates the marks of a WebGL map between snapshots, for play and slider alike. Plotly redraws all WebGL marks for each frame, which takes
// most of a second without a graphics card. So it draws the snapshots alone, and a canvas above shows the same marks on their way.
// Plotly stays the owner of everything: the snapshot, the zoom, what the legend hides. The canvas only reads it, and goes when it arrives.
//
// It reads fields of plotly that are not public. Where one of them is missing it does nothing for that plot, and plotly's own layer shows the
// snapshots. A watchdog gives that layer back where plotly does not say within 3 s that it has drawn a snapshot.
(() => {
  if (window.closerTransition) return;

  const PLAY_FRAME = 1000; // frames that last at least so many milliseconds are play's: its marks take longer than the slider's
  const DURATION = { play: 900, slide: 350 };
  const WATCHDOG = 3000; // milliseconds without a sign from plotly after which its own layer is shown again
  const SHADES = 32, HALO = 5, DIM = 0.2;
  const SMALL = 4, SQUARED = 0.886; // a disc so small is drawn as a square of the same area, ten times as fast
  const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");
  const rule = document.createElement("style");
  rule.textContent =
    ".closer-in-transition .gl-container, .closer-in-transition .scatterlayer { visibility: hidden; }" +
    ".closer-transition { position: absolute; z-index: -1; pointer-events: none; }";
  document.head.append(rule);

  // --- The private fields that are read, checked before each use.
  const isRange = (axis) => axis && Array.isArray(axis.range) && axis.range.every(Number.isFinite);
  const failed = new WeakSet(); // plots on which something that was read was not as expected
  const isSupported = (plot) => {
    const layout = plot._fullLayout, slider = layout && layout.sliders && layout.sliders[0], size = layout && layout._size;
    return Boolean(
      !failed.has(plot) && Array.isArray(plot._fullData) && plot._transitionData && plot._transitionData._frameHash &&
      size && [size.l, size.t, size.w, size.h].every(Number.isFinite) && isRange(layout.xaxis) && isRange(layout.yaxis) &&
      slider && Array.isArray(slider.steps) && slider.steps.length && slider.steps.every((step) => step.args && step.args[0]) &&
      plot.querySelector(".gl-container") && typeof plot.on === "function" && typeof plot.removeListener === "function"
    );
  };

  // --- Where the marks stand at a snapshot: one {x, y} for each trace.
  const KINDS = { f4: Float32Array, f8: Float64Array };
  const numbers = (given) => {
    if (!given || !given.bdata) return Float32Array.from(given || [], (value) => (value === null ? NaN : value));
    const bytes = Uint8Array.from(atob(given.bdata), (letter) => letter.charCodeAt(0));
    return new KINDS[given.dtype](bytes.buffer);
  };
  const positionsAt = (plot, snapshot) => {
    const frame = plot._transitionData && plot._transitionData._frameHash[snapshot];
    return frame ? frame.data.map((trace) => ({ x: numbers(trace.x), y: numbers(trace.y) })) : null;
  };
  const mix = (from, to, share) => from.map((value, index) => value + (to[index] - value) * share);
  const interpolate = (from, to, share) =>
    to.map((end, at) => ({ x: mix(from[at].x, end.x, share), y: mix(from[at].y, end.y, share) }));
  const isSameShape = (from, to) => from && to && from.length === to.length && from.every((one, at) => one.x.length === to[at].x.length);

  // --- How they look: computed once for a transition from plotly's full data.
  const valueAt = (value, index, other) => (value === undefined || value === null ? other : value.length === undefined || typeof value === "string" ? value : value[index]);
  const plainText = (text) => new DOMParser().parseFromString(String(text).replace(/\u003cbr\s*\/?>/g, " "), "text/html").documentElement.textContent;
  const rgba = (colour) => {
    const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    return [...ink.getImageData(0, 0, 1, 1).data];
  };
  const shades = (scale) => {
    const stops = scale.map(([at, colour]) => [Number(at), rgba(colour)]);
    return Array.from({ length: SHADES + 1 }, (_, number) => {
      const share = number / SHADES, after = Math.max(1, stops.findIndex(([at]) => at >= share)), [low, one] = stops[after - 1], [high, two] = stops[after];
      const rgb = one.map((value, at) => Math.round(value + ((two[at] - value) * (share - low)) / (high - low || 1)));
      return `rgb(${rgb[0]},${rgb[1]},${rgb[2]})`;
    });
  };

  const marksOf = (trace, count) => {
    const { marker } = trace, ramp = typeof marker.color === "string" ? null : shades(marker.colorscale);
    const chosen = trace.selectedpoints && trace.selectedpoints.length ? new Set(trace.selectedpoints) : null;
    return Array.from({ length: count }, (_, index) => {
      const share = ramp && (valueAt(marker.color, index, 0) - marker.cmin) / (marker.cmax - marker.cmin);
      const symbol = String(valueAt(marker.symbol, index, "circle"));
      return {
        square: symbol.startsWith("square"), open: symbol.includes("open"), dot: symbol.includes("dot"),
        size: valueAt(marker.size, index, 6), rim: valueAt(marker.line && marker.line.width, index, 1) || 1,
        colour: ramp ? ramp[Math.round(SHADES * Math.min(1, Math.max(0, share)))] : marker.color,
        alpha: valueAt(marker.opacity, index, 1) * (trace.opacity === undefined ? 1 : trace.opacity) * (chosen && !chosen.has(index) ? DIM : 1),
      };
    });
  };

  const stylesOf = (plot, positions) =>
    plot._fullData.map((trace, at) => {
      const mode = trace.visible === true && positions[at] && positions[at].x.length ? trace.mode || "" : "";
      return {
        opacity: trace.opacity === undefined ? 1 : trace.opacity,
        line: mode.includes("lines") ? trace.line : null,
        marks: mode.includes("markers") ? marksOf(trace, positions[at].x.length) : null,
        names: mode.includes("text") && trace.opacity !== 0
          ? Array.from(positions[at].x, (_, index) => ({
              text: plainText(valueAt(trace.text, index, "")), side: valueAt(trace.textposition, index, "middle center"),
              colour: valueAt(trace.textfont.color, index, "#888"), font: `${valueAt(trace.textfont.size, index, 12)}px ${trace.textfont.family}`,
            }))
          : null,
      };
    });

  // --- Painting.
  const SIDES = { left: ["right", -1], right: ["left", 1], center: ["center", 0], top: ["alphabetic", -1], bottom: ["top", 1], middle: ["middle", 0] };
  const paintName = (ink, label, x, y, background) => {
    const [up, along] = label.side.split(" "), [baseline, down] = SIDES[up], [align, right] = SIDES[along];
    Object.assign(ink, { font: label.font, textAlign: align, textBaseline: baseline, lineWidth: HALO, lineJoin: "round", strokeStyle: background });
    ink.strokeText(label.text, x + 2 * right, y + 4 * down);
    ink.fillStyle = label.colour;
    ink.fillText(label.text, x + 2 * right, y + 4 * down);
  };

  const paintMark = (ink, { square, open, dot, size, colour, rim, alpha }, x, y) => {
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

  const paint = (plot, transition) => {
    const { canvas, styles, now, density } = transition, { l, t, w, h } = plot._fullLayout._size, { xaxis, yaxis } = plot._fullLayout;
    const ink = canvas.getContext("2d");
    if (canvas.width !== Math.round(w * density) || canvas.height !== Math.round(h * density)) {
      Object.assign(canvas, { width: Math.round(w * density), height: Math.round(h * density) });
      Object.assign(canvas.style, { left: `${l}px`, top: `${t}px`, width: `${w}px`, height: `${h}px` });
    }
    ink.setTransform(density, 0, 0, density, 0, 0);
    ink.clearRect(0, 0, w, h);
    const [left, right] = xaxis.range, [low, high] = yaxis.range, across = w / (right - left), up = h / (high - low);
    styles.forEach(({ opacity, line, marks, names }, at) => {
      const { x, y } = now[at];
      if (line) {
        Object.assign(ink, { globalAlpha: opacity, strokeStyle: line.color, lineWidth: line.width });
        ink.beginPath();
        for (let index = 0, pen = false; index < x.length; index += 1) {
          if (Number.isNaN(x[index])) pen = false;
          else if (pen) ink.lineTo((x[index] - left) * across, (high - y[index]) * up);
          else { ink.moveTo((x[index] - left) * across, (high - y[index]) * up); pen = true; }
        }
        ink.stroke();
      }
      for (let index = 0; marks && index < x.length; index += 1) {
        if (!Number.isNaN(x[index])) paintMark(ink, marks[index], (x[index] - left) * across, (high - y[index]) * up);
      }
      for (let index = 0; names && index < x.length; index += 1) {
        ink.globalAlpha = opacity;
        if (!Number.isNaN(x[index])) paintName(ink, names[index], (x[index] - left) * across, (high - y[index]) * up, transition.background);
      }
    });
  };

  // --- A transition from what is seen to a snapshot.
  const shown = new WeakMap(); // plot -> its data, and the snapshot that it shows or goes to
  const transitions = new WeakMap(); // plot -> the transition on its canvas
  const pending = new WeakMap(); // plot -> how many snapshots plotly has turned to and not yet drawn

  const isStale = (plot, transition) =>
    !plot.isConnected || !isSupported(plot) || plot._fullData.length !== transition.styles.length;

  const end = (plot) => {
    const transition = transitions.get(plot);
    if (!transition) return;
    cancelAnimationFrame(transition.next);
    clearTimeout(transition.watchdog);
    transition.canvas.remove();
    plot.classList.remove("closer-in-transition");
    transitions.delete(plot);
  };

  const watch = (plot, transition) => {
    clearTimeout(transition.watchdog);
    transition.watchdog = setTimeout(() => end(plot), WATCHDOG);
  };

  const begin = (plot, from, to, duration) => {
    const running = transitions.get(plot), density = window.devicePixelRatio || 1;
    if (running) {
      cancelAnimationFrame(running.next);
      clearTimeout(running.watchdog);
    }
    const canvas = running ? running.canvas : Object.assign(document.createElement("canvas"), { className: "closer-transition" });
    const background = getComputedStyle(document.documentElement).getPropertyValue("--closer-page") || getComputedStyle(document.body).backgroundColor;
    const transition = { canvas, density, background, duration, from, to, now: from, styles: stylesOf(plot, to) };
    transitions.set(plot, transition);
    if (!running) plot.querySelector(".gl-container").after(canvas);
    watch(plot, transition);
    paint(plot, transition);
    plot.classList.add("closer-in-transition");
    return transition;
  };

  const start = (plot) => {
    const transition = transitions.get(plot);
    if (!transition || transition.began !== undefined) return;
    transition.began = performance.now();
    watch(plot, transition);
    const tick = () => {
      const share = Math.min(1, (performance.now() - transition.began) / transition.duration);
      if (share === 1 || isStale(plot, transition)) return end(plot);
      transition.now = interpolate(transition.from, transition.to, share * share * (3 - 2 * share));
      paint(plot, transition);
      transition.next = requestAnimationFrame(tick);
    };
    transition.next = requestAnimationFrame(tick);
  };

  // --- Plotly's events. It says when it turns to a snapshot, and when it has drawn it: only then does the clock run, so that a slow machine
  // shows the whole way.
  const onFrame = (plot, event) => {
    pending.set(plot, (pending.get(plot) || 0) + 1);
    if (!isSupported(plot)) return end(plot);
    const lasts = event.animation && event.animation.frame ? event.animation.frame.duration : 0;
    const { snapshot: before } = shown.get(plot), running = transitions.get(plot), isPlay = lasts >= PLAY_FRAME;
    if (before === event.name && running) return; // plotly says it again
    shown.set(plot, { data: plot.data, snapshot: event.name });
    const first = plot._fullLayout.sliders[0].steps[0].args[0][0];
    const restarts = isPlay && event.name === first; // play begins at the first snapshot: at once
    const from = running ? running.now : positionsAt(plot, before), to = positionsAt(plot, event.name);
    if (reducedMotion.matches || lasts === 0 || restarts || before === event.name || !isSameShape(from, to)) end(plot);
    else begin(plot, from, to, isPlay ? DURATION.play : DURATION.slide);
  };

  const onTransitioned = (plot) => {
    pending.set(plot, 0);
    start(plot);
  };

  // Plotly drops a transition: for a newer one, whose marks the canvas already shows, or for good. Then nothing says that it is drawn.
  const onInterrupted = (plot) => {
    const left = Math.max(0, (pending.get(plot) || 0) - 1), transition = transitions.get(plot);
    pending.set(plot, left);
    if (left === 0 && transition && transition.began === undefined) end(plot);
  };

  const listeners = new WeakMap();
  const listen = (plot) => {
    if (!isSupported(plot) || !plot._fullData.some((trace) => trace.type === "scattergl")) return;
    const slider = plot._fullLayout.sliders[0], step = slider.steps[slider.active] || slider.steps[0];
    const known = shown.get(plot);
    if (!known || known.data !== plot.data) shown.set(plot, { data: plot.data, snapshot: step.args[0][0] });
    if (!listeners.has(plot)) {
      listeners.set(plot, {
        plotly_animatingframe: (event) => {
          try {
            onFrame(plot, event);
          } catch {
            failed.add(plot);
            end(plot);
          }
        },
        plotly_transitioned: () => onTransitioned(plot),
        plotly_transitioninterrupted: () => onInterrupted(plot),
      });
    }
    for (const [kind, listener] of Object.entries(listeners.get(plot))) {
      plot.removeListener(kind, listener); // once, also where plotly has forgotten it
      plot.on(kind, listener);
    }
  };
  for (const kind of ["mousedown", "touchstart", "click", "keydown"]) {
    document.addEventListener(kind, (event) => {
      const plot = event.target instanceof Element && event.target.closest(".js-plotly-plot");
      if (plot) listen(plot);
    }, { capture: true, passive: true });
  }

  window.closerTransition = { begin, end, positionsAt, isSupported };
})();
