// What is said of the points at the cursor of a chart, for who hears the page.

import { textOf } from "./charttip.js";
import { number } from "./format.js";
import { addWords, t } from "./words.js";

addWords({
  "speech.step": ["step {step}", "ステップ {step}"],
  "speech.x": ["x {x}", "x {x}"],
  "speech.band": ["band {low} to {high}", "範囲 {low} から {high}"],
  "speech.noband": ["no band", "範囲なし"],
  "speech.run": ["{count} run", "実行 {count} 件"],
  "speech.runs": ["{count} runs", "実行 {count} 件"],
});

const MOST = 5;

/** Return the text of some points; each says whose it is where the chart has several lines. */
export function spokenOf(card, points) {
  const isSeveral = card.chart.columns.lines.length > 1;
  return points.slice(0, MOST).map((point) => `${isSeveral ? `${card.label(point.line)} ` : ""}${isGroup(point) ? ofGroup(point) : ofRun(point)}`).join("; ");
}

function isGroup({ n }) {
  return n !== null && n !== undefined;
}

function ofRun(point) {
  return `${t("speech.step", { step: point.step ?? "-" })}, ${textOf(point) || "NaN"}`;
}

function ofGroup({ step, x, low, high, n, ...point }) {
  const place = step === null ? t("speech.x", { x: number(x) }) : t("speech.step", { step });
  const band = low === null || high === null ? t("speech.noband") : t("speech.band", { low: number(low), high: number(high) });
  return [place, textOf(point) || "NaN", band, t(n === 1 ? "speech.run" : "speech.runs", { count: n })].join(", ");
}
