// The colour of a run: the same in every picture, whatever it stands beside. The rule, the colours and the dashes are those
// of src/runlogging/drawing/_palette.py; a test compares them. A person may choose another, which this browser remembers.

import { remember, remembered } from "./state.js";

/** name, on light grounds, on dark grounds. */
export const RUN_COLOURS = [
  ["blue", "#005faf", "#0098e6"],
  ["orange", "#ff5f00", "#ff9252"],
  ["green", "#00875f", "#00e6a2"],
  ["violet", "#8700ff", "#9952ff"],
  ["crimson", "#ff005f", "#ff245b"],
  ["olive", "#5f5f00", "#e6ca00"],
  ["pink", "#d75faf", "#e35fa7"],
  ["orchid", "#d75fff", "#e5c2fa"],
];

/** Beyond eight runs dashes tell equal colours apart; the first is a whole line. */
export const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [14, 4]];

const chosen = remembered("colours", {}); // run id -> place in RUN_COLOURS

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Return the CRC-32 of a text in UTF-8, as zlib has it. */
export function crc32(text) {
  let sum = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Whether the page is shown dark now. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/** Return a colour of the theme that is shown: css("--faint"). */
export function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The run id of "experiment/id". */
export function idOf(key) {
  return key.slice(key.indexOf("/") + 1);
}

/** Colours of runs that are shown together; one that has a colour keeps it when others come. */
export class RunColours {
  constructor() {
    this.places = new Map();
    this.dashes = new Map();
  }

  /** Give the runs (by "experiment/id" or id) colours that have none yet, in the order of their ids. */
  add(keys) {
    const news = [...new Set(keys.map(idOf))].filter((id) => !this.places.has(id)).sort();
    for (const id of news) {
      const taken = new Array(RUN_COLOURS.length).fill(0);
      for (const place of this.places.values()) taken[place] += 1;
      let place = chosen[id];
      if (!(place in RUN_COLOURS)) {
        const first = crc32(id);
        const places = RUN_COLOURS.map((_, step) => (first + step) % RUN_COLOURS.length);
        // The first that is free; beyond eight runs the first of those that fewest runs have.
        place = places.reduce((best, next) => (taken[next] < taken[best] ? next : best));
      }
      this.places.set(id, place);
      this.dashes.set(id, taken[place] % DASHES.length);
    }
  }

  /** Return { name, colour, dash, place } of a run, for the theme that is shown. */
  of(key) {
    this.add([key]);
    const place = this.places.get(idOf(key));
    const [name, light, dark] = RUN_COLOURS[place];
    return { name, colour: isDark() ? dark : light, dash: DASHES[this.dashes.get(idOf(key))], place };
  }

  /** Choose a run's colour by its place in RUN_COLOURS, for good; null goes back to the rule. */
  choose(key, place) {
    const id = idOf(key);
    if (place === null) delete chosen[id];
    else chosen[id] = place;
    remember("colours", chosen);
    this.places.delete(id);
    this.add([key]);
  }
}
