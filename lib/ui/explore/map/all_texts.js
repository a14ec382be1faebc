// A map of half a million texts: two frames of positions on the graphics card, mixed there, so that a slide moves no data.
// Texts are set as text, never as HTML. Requests go to this server alone: positions and colours once, a text when it is pointed at.
const VERTEX = `#version 300 es
in vec2 base; in vec2 tuned; in float mark;
uniform float share; uniform vec4 view; uniform vec4 palette[64]; uniform vec2 sizes;
flat out vec4 colour;
void main() {
  int number = int(mark + 0.5);
  gl_Position = vec4((mix(base, tuned, share) - view.xy) * view.zw, number == 0 ? 0.5 : 0.0, 1.0);
  gl_PointSize = number == 0 ? sizes.x : sizes.y;
  colour = palette[number];
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 colour; out vec4 pixel;
void main() {
  vec2 way = gl_PointCoord - 0.5;
  if (dot(way, way) > 0.25) discard;
  pixel = vec4(colour.rgb * colour.a, colour.a);
}`;
const MOVE_MS = 900; // from one end to the other
const SETTLE_MS = 160; // after the last movement all points are drawn
const SLOW_MS = 40; // a frame that takes longer draws fewer points while it moves
const LEAST_DRAWN = 40_000;
const REACH = 9; // pixels around the pointer in which a text is looked for
const CELLS = 512; // along either side of the grid that finds it

const easing = (share) => (share < 0.5 ? 4 * share ** 3 : 1 - (-2 * share + 2) ** 3 / 2);
const rgba = (hex, alpha) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).concat(alpha);

// The numbers of a npy file of float32 (format 1.0: 10 bytes, then a header of the length in bytes 8 and 9).
const readFrames = (buffer) => new Float32Array(buffer, 10 + new DataView(buffer).getUint16(8, true));

// A fair order: any first part of it is a random sample. Seeded, so that two visits draw the same.
const shuffledOrder = (count) => {
  const order = new Uint32Array(count);
  for (let at = 0, seed = 1; at < count; at += 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((seed / 4294967296) * (at + 1));
    order[at] = order[other];
    order[other] = at;
  }
  return order;
};

const arrange = (frames, first, order) => {
  const out = new Float32Array(2 * order.length);
  order.forEach((text, at) => { out[2 * at] = frames[first + 2 * text]; out[2 * at + 1] = frames[first + 2 * text + 1]; });
  return out;
};

const shader = (gl, kind, source) => {
  const made = gl.createShader(kind);
  gl.shaderSource(made, source);
  gl.compileShader(made);
  return made;
};

class TextMap {
  constructor(host) {
    this.host = host;
    this.canvas = host.querySelector("canvas.points");
    this.overlay = host.querySelector("canvas.over");
    this.tip = host.querySelector(".tip");
    this.slider = host.querySelector("input");
    this.share = 0; this.centre = [0, 0]; this.zoom = 1; this.grids = {}; this.textCache = new Map();
    this.gl = this.canvas.getContext("webgl2", { antialias: false, alpha: true, depth: true });
    host.classList.toggle("no-webgl", !this.gl);
    if (!this.gl) return;
    this.canvas.addEventListener("webglcontextlost", () => host.classList.add("no-webgl"));
    this.prepare();
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.canvas);
  }

  prepare() {
    const { gl } = this, program = gl.createProgram();
    gl.attachShader(program, shader(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, shader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    gl.useProgram(program);
    this.places = Object.fromEntries(["share", "view", "palette", "sizes"].map((name) => [name, gl.getUniformLocation(program, name)]));
    this.attributes = Object.fromEntries(["base", "tuned", "mark"].map((name) => [name, gl.getAttribLocation(program, name)]));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.enable(gl.DEPTH_TEST); // coloured texts stand before the others
    gl.depthFunc(gl.LEQUAL);
  }

  attribute(name, values, size, type) {
    const { gl } = this, place = this.attributes[name];
    this.buffers ??= {};
    gl.bindBuffer(gl.ARRAY_BUFFER, (this.buffers[name] ??= gl.createBuffer()));
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, false, 0, 0);
  }

  // One update after the other: what the last one loads, the next one needs.
  update(data, pick) {
    this.pick = pick;
    this.updates = (this.updates ?? Promise.resolve()).catch(() => {}).then(() => this.show(data));
    return this.updates;
  }

  async show(data) {
    const isFirst = this.marks === undefined;
    this.data = data;
    this.showWords();
    if (!this.gl) return;
    if (this.loaded !== data.positions) await this.loadPositions();
    await this.loadMarks();
    this.gl.uniform4fv(this.places.palette, data.palette.flatMap((hex, number) => rgba(hex, number ? 0.85 : 0.45)));
    this.draw();
    this.host.dataset.ready = data.marks;
    if (isFirst) data.play ? this.moveTo(1) : this.setShare(1, false);
  }

  async load(address) {
    const answer = await fetch(new URL(address.replace(/^\//, ""), document.baseURI));
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.arrayBuffer();
  }

  async loadPositions() {
    const frames = readFrames(await this.load(this.data.positions));
    const count = (this.count = frames.length / (2 * this.data.labels.length));
    this.order = shuffledOrder(count);
    this.frames = [0, 2 * count * (this.data.labels.length - 1)].map((first) => arrange(frames, first, this.order));
    this.attribute("base", this.frames[0], 2, this.gl.FLOAT);
    this.attribute("tuned", this.frames[1], 2, this.gl.FLOAT);
    this.where = new Uint32Array(count);
    this.order.forEach((text, at) => { this.where[text] = at; });
    this.drawn = count; this.grids = {}; this.loaded = this.data.positions;
    this.fit();
  }

  async loadMarks() {
    if (this.loadedMarks === this.data.marks) return;
    this.loadedMarks = this.data.marks;
    const marks = new Uint8Array(await this.load(this.data.marks));
    this.marks = Uint8Array.from(this.order, (text) => marks[text]);
    this.attribute("mark", this.marks, 1, this.gl.UNSIGNED_BYTE);
  }

  showWords() {
    const { data } = this;
    for (const [name, value] of Object.entries(data.colours)) this.host.style.setProperty(`--${name}`, value);
    this.canvas.setAttribute("aria-label", data.alt);
    const legend = data.legend.map(([name, colour]) => {
      const entry = document.createElement("span"), dot = document.createElement("i");
      dot.style.background = colour;
      entry.append(dot, name);
      return entry;
    });
    this.host.querySelector(".legend").replaceChildren(...legend);
    this.host.querySelector(".moving").hidden = data.labels.length < 2;
    this.writeShare();
  }

  writeShare() {
    const { labels } = this.data, last = labels.length - 1;
    this.slider.value = this.share;
    this.host.querySelector("output").textContent = this.share < 0.005 ? labels[0] : this.share > 0.995 ? labels[last] : "between";
    this.slider.setAttribute("aria-valuetext", this.host.querySelector("output").textContent);
  }

  // The window that shows all but the outermost points of both frames.
  fit() {
    const sample = this.frames.flatMap((frame) => [frame.subarray(0, 2 * Math.min(20_000, this.count))]);
    const edges = [0, 1].map((axis) => {
      const values = Float32Array.from(sample.flatMap((frame) => Array.from(frame).filter((_, at) => at % 2 === axis))).sort();
      return [values[Math.floor(0.001 * values.length)], values[Math.floor(0.999 * (values.length - 1))]];
    });
    this.centre = edges.map(([low, high]) => (low + high) / 2);
    this.extent = edges.map(([low, high]) => Math.max(1.12 * (high - low), 1e-3));
    this.zoom = 1;
  }

  // Pixels of the screen for one unit of the map.
  get scale() {
    const { clientWidth, clientHeight } = this.canvas;
    return this.zoom * Math.min(clientWidth / this.extent[0], clientHeight / this.extent[1]);
  }

  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    }
    this.draw();
  }

  // Draws all points; while something moves, as many as the machine can draw at speed.
  draw({ isMoving = false } = {}) {
    if (!this.gl || !this.marks) return;
    clearTimeout(this.settling);
    if (isMoving) {
      const now = performance.now(), took = now - (this.lastFrame ?? now);
      this.lastFrame = now;
      if (took > SLOW_MS && took < 1_000) this.drawn = Math.max(Math.min(LEAST_DRAWN, this.count), Math.floor(0.7 * this.drawn));
      this.settling = setTimeout(() => { this.lastFrame = undefined; this.draw(); }, SETTLE_MS);
    }
    const { gl } = this, ratio = this.canvas.width / Math.max(1, this.canvas.clientWidth), scale = this.scale;
    const size = ratio * Math.min(6, (this.count > 100_000 ? 1.6 : 2.6) * this.zoom ** 0.35);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform1f(this.places.share, this.share);
    gl.uniform2f(this.places.sizes, size, 1.5 * size);
    gl.uniform4f(this.places.view, ...this.centre, (2 * scale) / this.canvas.clientWidth, (2 * scale) / this.canvas.clientHeight);
    gl.drawArrays(gl.POINTS, 0, isMoving ? this.drawn : this.count);
    this.drawOver(ratio);
  }

  position(text) {
    const at = 2 * this.where[text], [base, tuned] = this.frames;
    return [0, 1].map((axis) => base[at + axis] + this.share * (tuned[at + axis] - base[at + axis]));
  }

  onScreen([x, y]) {
    const { clientWidth, clientHeight } = this.canvas;
    return [clientWidth / 2 + this.scale * (x - this.centre[0]), clientHeight / 2 - this.scale * (y - this.centre[1])];
  }

  onMap(x, y) {
    const { clientWidth, clientHeight } = this.canvas;
    return [this.centre[0] + (x - clientWidth / 2) / this.scale, this.centre[1] - (y - clientHeight / 2) / this.scale];
  }

  // Lines and rings of the selected pairs, the ring of the text that is pointed at, and the names of regions.
  drawOver(ratio) {
    const pen = this.overlay.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    for (const [source, target, colour] of this.data.pairs) {
      const ends = [source, target].map((text) => this.onScreen(this.position(text)));
      pen.strokeStyle = colour; pen.lineWidth = 3;
      pen.beginPath();
      pen.moveTo(...ends[0]); pen.lineTo(...ends[1]);
      pen.stroke();
      for (const [x, y] of ends) { pen.beginPath(); pen.arc(x, y, 8, 0, 7); pen.stroke(); }
    }
    if (this.hovered !== undefined) {
      pen.strokeStyle = this.data.colours.text; pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(...this.onScreen(this.position(this.hovered)), 7, 0, 7);
      pen.stroke();
    }
    this.writeNames(pen);
  }

  writeNames(pen) {
    pen.font = "600 13px sans-serif"; pen.textAlign = "center"; pen.lineJoin = "round";
    for (const { name, base, tuned, near } of this.data.names) {
      if (near !== (this.zoom > 3)) continue;
      const [x, y] = this.onScreen(base.map((value, axis) => value + this.share * (tuned[axis] - value)));
      pen.strokeStyle = this.data.colours.paper; pen.lineWidth = 4; pen.strokeText(name, x, y);
      pen.fillStyle = this.data.colours.text; pen.fillText(name, x, y);
    }
  }

  moveTo(end) {
    const begin = this.share, start = performance.now();
    cancelAnimationFrame(this.frame);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.setShare(end, false);
    const step = () => {
      const done = Math.min(1, (performance.now() - start) / MOVE_MS);
      this.setShare(begin + (end - begin) * easing(done), done < 1);
      if (done < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
    return undefined;
  }

  setShare(share, isMoving) {
    this.share = share;
    this.writeShare();
    this.draw({ isMoving });
  }

  moveBy(dx, dy) {
    this.centre = [this.centre[0] - dx / this.scale, this.centre[1] + dy / this.scale];
    this.draw({ isMoving: true });
  }

  // Zooms so that the point of the map under (x, y) stays there.
  zoomAt(x, y, factor) {
    const before = this.onMap(x, y);
    this.zoom = Math.min(2_000, Math.max(0.5, this.zoom * factor));
    const after = this.onMap(x, y);
    this.centre = this.centre.map((value, axis) => value + before[axis] - after[axis]);
    this.draw({ isMoving: true });
  }

  // Finds the text nearest to the pointer; coloured ones before the others.
  find(x, y) {
    if (!this.marks || (this.share > 0 && this.share < 1)) return undefined;
    const frame = this.frames[Math.round(this.share)], grid = (this.grids[Math.round(this.share)] ??= this.buildGrid(frame));
    const [mapX, mapY] = this.onMap(x, y), reach = REACH / this.scale;
    let best, least = Infinity;
    const [left, right] = [mapX - reach, mapX + reach].map((value) => grid.cell(value, 0));
    const [low, high] = [mapY - reach, mapY + reach].map((value) => grid.cell(value, 1));
    for (let row = low; row <= high; row += 1) for (let at = grid.start[row * CELLS + left]; at < grid.start[row * CELLS + right + 1]; at += 1) {
      const point = grid.points[at];
      const way = Math.hypot(frame[2 * point] - mapX, frame[2 * point + 1] - mapY) + (this.marks[point] ? 0 : reach);
      if (way < least && way <= (this.marks[point] ? reach : 2 * reach)) [best, least] = [point, way];
    }
    return best === undefined ? undefined : this.order[best];
  }

  buildGrid(frame) {
    const low = [Infinity, Infinity], highs = [-Infinity, -Infinity];
    for (let at = 0; at < frame.length; at += 2) for (const axis of [0, 1]) {
      low[axis] = Math.min(low[axis], frame[at + axis]);
      highs[axis] = Math.max(highs[axis], frame[at + axis]);
    }
    const cell = (value, axis) => Math.min(CELLS - 1, Math.max(0, Math.floor(((value - low[axis]) / Math.max(highs[axis] - low[axis], 1e-9)) * CELLS)));
    const start = new Uint32Array(CELLS * CELLS + 1), of = new Uint32Array(this.count), points = new Uint32Array(this.count);
    for (let point = 0; point < this.count; point += 1) {
      of[point] = cell(frame[2 * point + 1], 1) * CELLS + cell(frame[2 * point], 0);
      start[of[point] + 1] += 1;
    }
    for (let at = 0; at < CELLS * CELLS; at += 1) start[at + 1] += start[at];
    const next = start.slice();
    for (let point = 0; point < this.count; point += 1) { points[next[of[point]]] = point; next[of[point]] += 1; }
    return { cell, start, points };
  }

  async readText(text) {
    if (!this.textCache.has(text)) {
      const answer = await fetch(new URL(`${this.data.texts}/${text}`, document.baseURI));
      this.textCache.set(text, answer.ok ? await answer.text() : "");
    }
    return this.textCache.get(text);
  }

  async hover(x, y) {
    const text = this.find(x, y);
    if (text === this.hovered) return;
    this.hovered = text;
    this.draw();
    this.tip.hidden = true;
    if (text === undefined) return;
    const words = await this.readText(text);
    if (this.hovered !== text) return;
    const [left, top] = this.onScreen(this.position(text));
    this.tip.textContent = words;
    this.tip.hidden = false;
    this.tip.style.left = `${Math.min(left + 12, Math.max(0, this.canvas.clientWidth - 300))}px`;
    this.tip.style.top = `${top + 14}px`;
  }

  leave() {
    clearTimeout(this.pointing);
    this.hovered = undefined;
    this.tip.hidden = true;
    this.draw();
  }

  listen() {
    const { canvas, slider, host } = this;
    const place = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    canvas.addEventListener("pointerdown", (event) => { this.held = { last: place(event), way: 0 }; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      if (!this.held) {
        clearTimeout(this.pointing);
        this.pointing = setTimeout(() => this.hover(x, y), 40);
        return;
      }
      const [dx, dy] = [x - this.held.last[0], y - this.held.last[1]];
      this.held = { last: [x, y], way: this.held.way + Math.abs(dx) + Math.abs(dy) };
      this.tip.hidden = true;
      this.moveBy(dx, dy);
    });
    canvas.addEventListener("pointerup", (event) => {
      const text = this.held && this.held.way < 4 ? this.find(...place(event)) : undefined;
      this.held = undefined;
      if (text !== undefined) this.pick(text);
    });
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("dblclick", (event) => this.zoomAt(...place(event), 2));
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls the page
      event.preventDefault();
      this.zoomAt(...place(event), Math.exp(-0.002 * event.deltaY));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.press(event));
    slider.addEventListener("input", () => { cancelAnimationFrame(this.frame); this.setShare(Number(slider.value), true); });
    const middle = (factor) => this.zoomAt(canvas.clientWidth / 2, canvas.clientHeight / 2, factor);
    host.querySelector(".play").addEventListener("click", () => { if (this.share > 0.5) this.setShare(0, false); this.moveTo(1); });
    host.querySelector(".in").addEventListener("click", () => middle(1.6));
    host.querySelector(".out").addEventListener("click", () => middle(1 / 1.6));
    host.querySelector(".all").addEventListener("click", () => { this.fit(); this.draw(); });
  }

  press(event) {
    const ways = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }, factors = { "+": 1.6, "=": 1.6, "-": 1 / 1.6 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (ways[event.key]) this.moveBy(...ways[event.key]);
    else if (factors[event.key]) this.zoomAt(this.canvas.clientWidth / 2, this.canvas.clientHeight / 2, factors[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  destroy() {
    this.observer?.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.settling);
    clearTimeout(this.pointing);
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector(".text-map");
  const map = (host.closerMap ??= new TextMap(host));
  map.update(data, (text) => setTriggerValue("picked", text)).catch((error) => {
    host.querySelector(".failure").textContent = `The map could not be loaded. ${error.message}`;
  });
  // An update runs the last cleanup too: what is still on the page stays.
  return () => setTimeout(() => { if (!host.isConnected) { map.destroy(); delete host.closerMap; } }, 0);
}
