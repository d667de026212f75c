// Texts from programs: colours of terminals as classes, everything else that steers a terminal or a browser visible.

// C0 but for tab, DEL, C1, line separators, bidi marks that turn text around, lone surrogates: the rule of the
// command line. A newline is the caller's matter.
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SGR = /\x1b\[([0-9;:]*)m/g;
const CUBE = [0, 95, 135, 175, 215, 255];
const NAMED = [
  [0, 0, 0], [205, 0, 0], [0, 205, 0], [205, 205, 0], [0, 0, 238], [205, 0, 205], [0, 205, 205], [229, 229, 229],
  [127, 127, 127], [255, 0, 0], [0, 255, 0], [255, 255, 0], [92, 92, 255], [255, 0, 255], [0, 255, 255], [255, 255, 255],
];
const FLAGS = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const ENDS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };

/** Return the visible form of a character that must not act: \x1b, \u202e. */
function visible(character) {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Return text on one line in which nothing acts; a newline is shown as \n, tabs stay. */
export function escaped(text) {
  return text.replace(UNSAFE, (character) => (character === "\n" ? "\\n" : visible(character)));
}

/** Cut text at its colours: [{ begin, end, classes }] of the parts that are shown; the colour codes are left out. */
export function segments(text) {
  const found = [];
  const style = { flags: new Set(), fg: null, bg: null };
  let begin = 0;
  for (const match of text.matchAll(SGR)) {
    push(found, begin, match.index, style);
    apply(style, match[1]);
    begin = match.index + match[0].length;
  }
  push(found, begin, text.length, style);
  return found;
}

function push(found, begin, end, style) {
  if (end <= begin) return;
  const classes = [...style.flags].map((flag) => `ansi-${flag}`);
  if (style.fg !== null) classes.push(`ansi-fg-${style.fg}`);
  if (style.bg !== null) classes.push(`ansi-bg-${style.bg}`);
  found.push({ begin, end, classes: classes.join(" ") });
}

function apply(style, given) {
  const codes = given === "" ? [0] : given.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    if (code === 0) {
      style.flags.clear();
      style.fg = style.bg = null;
    } else if (code in FLAGS) style.flags.add(FLAGS[code]);
    else if (code in ENDS) for (const flag of ENDS[code]) style.flags.delete(flag);
    else if (code === 39) style.fg = null;
    else if (code === 49) style.bg = null;
    else if (code >= 30 && code <= 37) style.fg = code - 30;
    else if (code >= 40 && code <= 47) style.bg = code - 40;
    else if (code >= 90 && code <= 97) style.fg = code - 82;
    else if (code >= 100 && code <= 107) style.bg = code - 92;
    else if (code === 38 || code === 48) at = extended(style, code === 38 ? "fg" : "bg", codes, at);
  }
}

/** Take one of 256 colours or one of 16 million; the nearest of the sixteen that have a class stands for it. */
function extended(style, which, codes, at) {
  if (codes[at + 1] === 5) {
    style[which] = of256(codes[at + 2] ?? 0);
    return at + 2;
  }
  if (codes[at + 1] === 2) {
    style[which] = nearest(codes.slice(at + 2, at + 5));
    return at + 4;
  }
  return at + 1;
}

function of256(number) {
  if (number < 16) return number;
  if (number >= 232) return nearest(Array(3).fill(8 + 10 * (number - 232)));
  const cube = number - 16;
  return nearest([CUBE[Math.floor(cube / 36) % 6], CUBE[Math.floor(cube / 6) % 6], CUBE[cube % 6]]);
}

function nearest(colour) {
  let best = 7;
  let least = Infinity;
  NAMED.forEach((known, number) => {
    const distance = known.reduce((sum, part, place) => sum + (part - (colour[place] || 0)) ** 2, 0);
    if (distance < least) [least, best] = [distance, number];
  });
  return best;
}

/**
 * Return nodes for a text: colours by classes, marks around spans, what would act as an escape that is seen.
 * `spans` are pairs of places in the text, ascending.
 */
export function textNodes(text, spans = []) {
  const nodes = [];
  for (const { begin, end, classes } of segments(text)) {
    const parts = cutAt(begin, end, spans);
    const inner = parts.flatMap(([from, to, isHit]) => {
      const pieces = plainNodes(text.slice(from, to));
      return isHit ? [wrapped("mark", "", pieces)] : pieces;
    });
    if (classes) nodes.push(wrapped("span", classes, inner));
    else nodes.push(...inner);
  }
  return nodes;
}

function cutAt(begin, end, spans) {
  const parts = [];
  let at = begin;
  for (const [from, to] of spans) {
    const first = Math.max(from, at);
    const last = Math.min(to, end);
    if (last <= first) continue;
    if (first > at) parts.push([at, first, false]);
    parts.push([first, last, true]);
    at = last;
  }
  if (at < end) parts.push([at, end, false]);
  return parts;
}

function plainNodes(text) {
  const nodes = [];
  let begin = 0;
  for (const match of text.matchAll(UNSAFE)) {
    if (match[0] === "\n") continue;
    if (match.index > begin) nodes.push(document.createTextNode(text.slice(begin, match.index)));
    nodes.push(wrapped("span", "escape", [document.createTextNode(visible(match[0]))]));
    begin = match.index + 1;
  }
  if (begin < text.length) nodes.push(document.createTextNode(text.slice(begin)));
  return nodes;
}

function wrapped(tag, classes, children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  element.append(...children);
  return element;
}
