// The strip beside the bar of the log: levels over the whole range, hits of the search, and what is in sight.

import { h, perFrame } from "../base/dom.js";
import { t } from "../base/words.js";
import { levelKind } from "./logs_row.js";

const KINDS = ["error", "warning", "info", "debug", "none"];
const LEVELS_WIDTH = 22;
const LEAST_PIXELS = 3;

/** Make a strip: { element, setLevels(answer), setHits(buckets), setView(first, last, total, current) }. */
export function makeStrip({ onJump, label }) {
  const canvas = h("canvas", { className: "log-strip", role: "img", "aria-label": label });
  const now = { levels: null, hits: [], first: 0, last: 0, total: 0, current: null };
  const draw = perFrame(() => paint(canvas, now));
  const jump = (event) => {
    if (!now.total) return;
    const box = canvas.getBoundingClientRect();
    onJump(Math.floor(Math.min(0.9999, Math.max(0, (event.clientY - box.top) / box.height)) * now.total));
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    jump(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && jump(event));
  canvas.addEventListener("mousemove", (event) => (canvas.title = titleAt(canvas, now, event.clientY)));
  const observer = new ResizeObserver(draw);
  observer.observe(canvas);
  addEventListener("themechange", draw);
  const set = (values) => {
    Object.assign(now, values);
    draw();
  };
  return {
    element: canvas,
    setLevels: (levels) => set({ levels }),
    setHits: (hits) => set({ hits }),
    setView: (first, last, total, current) => set({ first, last, total, current }),
    dispose() {
      observer.disconnect();
      removeEventListener("themechange", draw);
    },
  };
}

function titleAt(canvas, { levels, total }, y) {
  const box = canvas.getBoundingClientRect();
  const row = Math.floor(((y - box.top) / box.height) * total);
  const at = (levels?.begin ?? []).findLastIndex((begin) => begin <= row);
  if (at < 0) return "";
  const counts = Object.entries(levels.counts).filter(([, column]) => column[at]).map(([level, column]) => `${nameOf(levels, level)} ${column[at]}`);
  return `${t("logs.line")} ${row + 1}: ${counts.join(", ")}`;
}

function nameOf(levels, number) {
  return levels.levels.find((level) => level.number === Number(number))?.name ?? number;
}

function paint(canvas, now) {
  const scale = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return;
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const to = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  to.scale(scale, scale);
  if (now.levels?.total) paintLevels(to, now.levels, height, colour);
  paintHits(to, now.hits, width, height, colour("strip-hit"));
  if (!now.total) return;
  const [top, bottom] = [(now.first / now.total) * height, ((now.last + 1) / now.total) * height];
  to.strokeStyle = colour("text");
  to.strokeRect(0.5, Math.min(top, height - 3) + 0.5, width - 1, Math.max(2, bottom - top - 1));
  if (now.current !== null) {
    to.fillStyle = colour("focus");
    to.fillRect(0, Math.min((now.current / now.total) * height, height - 2), width, 2);
  }
}

/** Each bucket is a bar; what is seldom gets three pixels at least, as it is what one looks for. */
function paintLevels(to, levels, height, colour) {
  levels.begin.forEach((begin, at) => {
    const end = levels.begin[at + 1] ?? levels.total;
    const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
    for (const [level, column] of Object.entries(levels.counts)) counts[levelKind(Number(level))] += column[at];
    const top = Math.floor((begin / levels.total) * height);
    const bottom = Math.max(top + 1, Math.floor((end / levels.total) * height));
    let x = 0;
    for (const kind of KINDS) {
      if (!counts[kind]) continue;
      const length = Math.max(LEAST_PIXELS, Math.min(LEVELS_WIDTH - x, (counts[kind] / (end - begin)) * LEVELS_WIDTH));
      to.fillStyle = colour(`strip-${kind}`);
      to.fillRect(x, top, length, bottom - top);
      x += length;
      if (x >= LEVELS_WIDTH) break;
    }
  });
}

function paintHits(to, hits, width, height, colour) {
  to.fillStyle = colour;
  hits.forEach((count, at) => {
    if (count) to.fillRect(LEVELS_WIDTH + 2, (at / hits.length) * height, width - LEVELS_WIDTH - 3, Math.max(2, height / hits.length));
  });
}
