// Fills in the frames between two moments in the browser, from the moments' own: a fifth of the bytes to send, and the same smooth travel.
// Only for figures that ask for such frames ("best~3": the third step on the way to best), just before play needs them. A machine that
// draws slower than the frames follow each other drops those in between, never a moment, so that the travel takes no longer.
(() => {
  if (window.closerBetween) return;
  window.closerBetween = true;

  const KINDS = { f4: Float32Array, f8: Float64Array };
  const numbers = (given) => {
    if (!given || !given.bdata) return Float32Array.from(given || [], (value) => (value === null ? NaN : value));
    const bytes = Uint8Array.from(atob(given.bdata), (letter) => letter.charCodeAt(0));
    return new KINDS[given.dtype](bytes.buffer);
  };
  const placed = (frame) => frame.data.map((trace) => ({ x: numbers(trace.x), y: numbers(trace.y) }));
  const mixed = (from, to, share) => from.map((value, place) => value + (to[place] - value) * share);

  const playOf = (plot) => {
    const menu = ((plot._fullLayout && plot._fullLayout.updatemenus) || [])[0];
    return menu ? menu.buttons[0].args : [[]];
  };

  const fill = (plot) => {
    const known = plot._transitionData, [names] = playOf(plot);
    if (!known || !known._frameHash || names.every((name) => known._frameHash[name])) return;
    const moments = names.filter((name) => !name.includes("~"));
    const places = moments.map((name) => placed(known._frameHash[name]));
    for (const name of names) {
      if (known._frameHash[name]) continue;
      const [moment, step] = name.split("~"), number = moments.indexOf(moment);
      const steps = names.filter((other) => other.startsWith(`${moment}~`)).length;
      const part = Number(step) / (steps + 1), share = part * part * (3 - 2 * part);
      const from = places[number - 1], to = places[number];
      const data = known._frameHash[moment].data.map((trace, at) => ({
        type: trace.type, x: mixed(from[at].x, to[at].x, share), y: mixed(from[at].y, to[at].y, share),
      }));
      const frame = { name, data };
      known._frames.push(frame);
      known._frameHash[name] = frame;
    }
  };

  const begun = new WeakMap(); // plot -> when its travel began
  const skip = (plot, name) => {
    const [names, pace] = playOf(plot), waiting = plot._transitionData._frameQueue || [];
    if (name === names[0]) begun.set(plot, performance.now());
    const due = (performance.now() - begun.get(plot)) / pace.frame.duration;
    while (waiting.length && waiting[0].name.includes("~") && names.indexOf(waiting[0].name) < due) waiting.shift();
  };
  const skippers = new WeakMap();
  const keepPace = (plot) => {
    if (!skippers.has(plot)) skippers.set(plot, (event) => skip(plot, event.name));
    plot.removeListener("plotly_animatingframe", skippers.get(plot)); // once, also where plotly has forgotten it
    plot.on("plotly_animatingframe", skippers.get(plot));
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest(".updatemenu-button");
    const plot = button && button.closest(".js-plotly-plot");
    if (!plot || !playOf(plot)[0].some((name) => name.includes("~"))) return;
    fill(plot);
    keepPace(plot);
  }, true);
})();
