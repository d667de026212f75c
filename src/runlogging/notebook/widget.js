// A run in a notebook: it draws what the kernel tells, and asks for nothing, because a kernel that trains does not
// answer. Texts of the run become text nodes only.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320, HEIGHT = 132, LEFT = 44, RIGHT = 8, TOP = 8, BOTTOM = 18;
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "14 4"];

function element(name, parent, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function shape(name, parent, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

// The bytes may begin anywhere in a message, and floats want to begin at a multiple of 8.
function numbers(buffer) {
  if (buffer instanceof ArrayBuffer) return Array.from(new Float64Array(buffer));
  const end = buffer.byteOffset + buffer.byteLength;
  return Array.from(new Float64Array(buffer.buffer.slice(buffer.byteOffset, end)));
}

function sorted(curve) {
  const order = curve.x.map((_, place) => place).sort((a, b) => curve.x[a] - curve.x[b] || a - b);
  curve.y = order.map((place) => curve.y[place]);
  curve.x = order.map((place) => curve.x[place]);
  return curve;
}

function short(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return String(Number(value.toPrecision(5)));
}

function brief(value) {
  const text = short(value);
  return Math.abs(value) >= 1e5 || text.length > 7 ? Number(value.toPrecision(3)).toExponential() : text;
}

// ---------------------------------------------------------------------- what is known

class Store {
  constructor() {
    this.number = -1;
    this.facts = {};
    this.curves = [];
    this.views = new Set();
  }

  setAll(state) {
    if (!state || !state.facts || state.number < this.number) return;
    this.number = state.number;
    this.facts = state.facts;
    this.curves = state.curves.map(({ name, writer, x, y }) => sorted({ name, writer, x: numbers(x), y: numbers(y) }));
    this.tell();
  }

  add(news, buffers) {
    if (!news || !(news.number > this.number)) return;
    this.number = news.number;
    this.facts = news.facts;
    news.curves.forEach(({ place, name, writer, replaces }, at) => {
      const x = numbers(buffers[2 * at]), y = numbers(buffers[2 * at + 1]);
      const known = replaces ? null : this.curves[place];
      const curve = known ? { name, writer, x: known.x.concat(x), y: known.y.concat(y) } : { name, writer, x, y };
      this.curves[place] = sorted(curve);
    });
    this.tell();
  }

  tell() {
    for (const view of this.views) view.draw();
  }
}

// ---------------------------------------------------------------------- scales

function ends(values, room) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  let low = Math.min(...finite), high = Math.max(...finite);
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) * 0.5, high + (Math.abs(high) || 1) * 0.5];
  const more = (high / 2 - low / 2) * room * 2;
  return Number.isFinite(high + more) && Number.isFinite(low - more) ? [low - more, high + more] : [low, high];
}

// Halves first: the difference of two great numbers may be no number.
function scale([low, high], from, to) {
  const span = high / 2 - low / 2;
  return (value) => from + (to - from) * ((value / 2 - low / 2) / span);
}

function ticks([low, high]) {
  const rough = (high / 2 - low / 2) / 1.5;
  const base = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((many) => many * base).find((size) => size >= rough * 0.7);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high && found.length < 6; at += 1) found.push(at * step);
  return found;
}

// ---------------------------------------------------------------------- one chart

class Chart {
  constructor(parent) {
    this.figure = element("figure", parent);
    const caption = element("figcaption", this.figure);
    this.name = element("span", caption, "rl-name");
    this.value = element("span", caption, "rl-value rl-faint");
    this.svg = shape("svg", this.figure, { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", tabindex: "0" });
    this.place = null;
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.move(null));
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  draw(curves, colour, metric) {
    [this.curves, this.colour, this.metric] = [curves, colour, metric];
    const xs = curves.flatMap((curve) => curve.x), ys = curves.flatMap((curve) => curve.y);
    const xEnds = ends(xs, 0), yEnds = ends(ys, 0.05);
    this.x = scale(xEnds, LEFT, WIDTH - RIGHT);
    this.y = scale(yEnds, HEIGHT - BOTTOM, TOP);
    this.svg.replaceChildren();
    this.axes(xs, yEnds);
    curves.forEach((curve, at) => this.line(curve, at));
    this.cursor = shape("g", this.svg, {});
    this.name.textContent = this.name.title = curves[0].name;
    this.move(this.place);
  }

  axes(xs, yEnds) {
    for (const tick of ticks(yEnds)) {
      const y = this.y(tick).toFixed(1);
      shape("line", this.svg, { class: "rl-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y });
      shape("text", this.svg, { x: LEFT - 5, y, "text-anchor": "end", "dominant-baseline": "central" }, brief(tick));
    }
    const at = { y: HEIGHT - 4 };
    const first = Math.min(...xs), last = Math.max(...xs);
    shape("text", this.svg, { ...at, x: LEFT }, short(first));
    if (last > first) shape("text", this.svg, { ...at, x: WIDTH - RIGHT, "text-anchor": "end" }, short(last));
  }

  line(curve, at) {
    let path = "", isDown = false, runLength = 0;
    curve.x.forEach((x, place) => {
      const y = curve.y[place];
      if (!Number.isFinite(y)) {
        if (runLength === 1) this.dot(curve, place - 1);
        [isDown, runLength] = [false, 0];
        return this.mark(x, y);
      }
      path += `${isDown ? "L" : "M"}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`;
      [isDown, runLength] = [true, runLength + 1];
    });
    if (runLength === 1) this.dot(curve, curve.x.length - 1);
    const look = { fill: "none", stroke: this.colour, "stroke-width": 1.6, "stroke-linejoin": "round" };
    shape("path", this.svg, { ...look, d: path, "stroke-dasharray": DASHES[at % DASHES.length] });
  }

  // A number between two NaN, or the only one, has no line.
  dot(curve, place) {
    shape("circle", this.svg, { cx: this.x(curve.x[place]), cy: this.y(curve.y[place]), r: 2.2, fill: this.colour });
  }

  // Infinity points up at the top, -Infinity down at the bottom; NaN is a cross at the bottom.
  mark(x, y) {
    const at = this.x(x), top = TOP, bottom = HEIGHT - BOTTOM;
    const forms = {
      NaN: `M${at - 3} ${bottom - 6}l6 6m0 -6l-6 6`,
      Infinity: `M${at} ${top - 4}l4 7h-8z`,
      "-Infinity": `M${at} ${bottom + 2}l4 -7h-8z`,
    };
    const mark = shape("path", this.svg, { d: forms[String(y)], stroke: this.colour, fill: "none", class: "rl-mark" });
    shape("title", mark, {}, `${short(y)} at ${short(x)}`);
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const wanted = ((event.clientX - box.left) / box.width) * WIDTH;
    const xs = this.curves[0].x;
    let best = 0;
    xs.forEach((x, place) => {
      if (Math.abs(this.x(x) - wanted) < Math.abs(this.x(xs[best]) - wanted)) best = place;
    });
    this.move(xs[best]);
  }

  key(event) {
    const xs = this.curves[0].x, steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") return this.move(null);
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    const known = this.place === null ? -1 : xs.indexOf(this.place);
    const from = known < 0 ? xs.length : known;
    this.move(xs[Math.max(0, Math.min(xs.length - 1, from + steps[event.key]))]);
  }

  move(x) {
    this.place = x;
    this.cursor.replaceChildren();
    const { last, points, nonfinite } = this.metric;
    const marks = nonfinite ? `, ${nonfinite} not finite` : "";
    if (x === null) {
      this.value.textContent = `${last}`;
      const said = `${this.curves[0].name}: last ${last}, ${points} points${marks}`;
      this.svg.setAttribute("aria-label", said);
      return;
    }
    const curve = this.curves[0], place = curve.x.lastIndexOf(x);
    const y = curve.y[place], at = this.x(x);
    shape("line", this.cursor, { class: "rl-cursor", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM });
    if (Number.isFinite(y)) shape("circle", this.cursor, { cx: at, cy: this.y(y), r: 3, fill: this.colour });
    this.value.textContent = `${short(y)} at ${short(x)}`;
    this.svg.setAttribute("aria-label", `${curve.name}: ${short(y)} at ${short(x)}`);
  }
}

// ---------------------------------------------------------------------- one view

class View {
  constructor(store, el) {
    this.store = store;
    this.root = element("div", el, "runlogging-details");
    this.head = element("div", this.root, "rl-facts");
    this.error = element("div", this.root, "rl-error");
    this.grid = element("div", this.root, "rl-charts");
    this.more = element("div", this.root, "rl-faint");
    this.charts = new Map();
    this.draw();
  }

  draw() {
    const { facts, curves } = this.store;
    this.drawHead(facts);
    const groups = new Map();
    curves.forEach((curve, place) => {
      if (!groups.has(curve.name)) groups.set(curve.name, { metric: facts.metrics[place], curves: [] });
      groups.get(curve.name).curves.push(curve);
    });
    const colour = this.isDark() ? facts.twin : facts.colour;
    for (const [name, group] of groups) {
      if (!group.metric) continue;
      if (!this.charts.has(name)) this.charts.set(name, new Chart(this.grid));
      this.charts.get(name).draw(group.curves, colour, group.metric);
    }
    this.more.textContent = facts.more ? `and ${facts.more} more metrics` : "";
  }

  drawHead(facts) {
    this.head.replaceChildren();
    element("span", this.head, "rl-status", facts.status);
    element("span", this.head, "rl-run", facts.name || facts.id);
    if (facts.name) element("span", this.head, "rl-faint", facts.id);
    element("span", this.head, "rl-faint", facts.experiment);
    element("span", this.head, "rl-faint", facts.took);
    this.error.textContent = facts.error || "";
  }

  // A theme may say nothing of itself: light letters stand on a dark ground.
  isDark() {
    const [red, green, blue] = (getComputedStyle(this.root).color.match(/[\d.]+/g) || []).map(Number);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 128;
  }
}

export default () => {
  const store = new Store();
  return {
    initialize({ model }) {
      const load = () => store.setAll(model.get("state"));
      load();
      model.on("change:state", load);
      model.on("msg:custom", (news, buffers) => store.add(news, buffers));
    },
    render({ el }) {
      const view = new View(store, el);
      store.views.add(view);
      requestAnimationFrame(() => view.draw()); // in the page by then, where the theme has colours
      return () => store.views.delete(view);
    },
  };
};
