// The legend of a chart: which line is which, what of it is not finite; pointing at an entry lets its line stand out in all
// charts, and a click hides it in all of them.

import { h } from "./dom.js";
import { addWords, t } from "./words.js";

addWords({
  "legend.hide": ["Hide {name} in all charts", "{name} をすべてのグラフで隠す"],
  "legend.more": ["{count} more", "他 {count} 件"],
});

const MOST = 12;

/** Return the entries of a card's legend; one line alone has one only where something of it is not finite. */
export function legendOf(card, columns) {
  const { lines } = columns;
  if (lines.length === 1 && !lines[0].low) return badOf(lines) && h("span", { className: "legend-entry" }, badOf(lines));
  const rest = card.isWhole ? [] : lines.slice(MOST);
  return [lines.slice(0, lines.length - rest.length).map((line) => entry(card, line)), rest.length > 0 && moreButton(card, rest)];
}

/** What shows the rest of the lines; how much of them is not finite must not stand behind a click. */
function moreButton(card, rest) {
  const bad = badOf(rest);
  return h("button", { className: "quiet legend-more", onClick: () => ((card.isWhole = true), card.say()) }, t("legend.more", { count: rest.length }), bad && [" ", bad]);
}

function entry(card, line) {
  const { group } = card;
  const { colour, dash } = card.colours.of(line.run);
  const name = card.label(line);
  const isHidden = group.hidden.has(line.key);
  const count = line.info.runs === undefined ? null : h("span", { className: "faint" }, ` n ${line.info.runs}`);
  const point = (key) => () => group.highlight(key);
  return h("span", { className: "legend-entry" },
    h("button", {
      className: "quiet legend-line", "aria-pressed": String(!isHidden), title: t("legend.hide", { name }), "data-line": line.key, onClick: () => turn(card, line.key),
      onPointerenter: point(line.key), onPointerleave: point(null), onFocus: point(line.key), onBlur: point(null),
    }, swatch(colour, dash), name), count, badOf([line]) && [" ", badOf([line])]);
}

function turn(card, key) {
  card.group.toggle(key);
  // The legend was made anew; the keyboard stays where it was.
  [...card.facts.querySelectorAll("[data-line]")].find((button) => button.dataset.line === key)?.focus();
}

function swatch(colour, dash) {
  // The dashes tell equal colours apart, so the swatch has them, too.
  const [on, off] = dash.length ? dash : [1, 0];
  const stripes = `repeating-linear-gradient(90deg, ${colour} 0 ${on}px, transparent ${on}px ${on + off}px)`;
  return h("span", { className: "swatch line", style: { background: stripes } });
}

/** How much of some lines is not finite, by kinds; "" where all is. */
function badOf(lines) {
  const counts = {};
  for (const [kind, count] of lines.flatMap(({ nonfinite }) => Object.entries(nonfinite))) counts[kind] = (counts[kind] ?? 0) + count;
  const text = Object.entries(counts).map(([kind, count]) => `${kind} \u00d7${count}`).join(", ");
  return text && h("span", { className: "bad-count", "data-what": "nonfinite" }, text);
}
