// Rates at all thresholds out of an accuracy table, as the reading side finds them.

import { num } from "../base/plotscale.js";

/** Points of a class as the reading side makes them: both kinds of tables and the two ends, ascending. */
export function ratesOf(table, at) {
  const cells = [...table.probability_tables[at], ...table.percentile_tables[at]].map((cell) => cell.map(num));
  const [tp, fp, tn, fn] = cells[0];
  const [members, others] = [tp + fn, fp + tn];
  const decisions = new Map([...cells, [0, 0], [members, others]].map((cell) => [`${cell[0]} ${cell[1]}`, cell]));
  const all = [...decisions.values()];
  const roc = members && others ? all.map((cell) => [cell[1] / others, cell[0] / members]).sort((a, b) => a[0] - b[0] || a[1] - b[1]) : [];
  const pr = members ? all.map((cell) => [cell[0] / members, cell[0] + cell[1] ? cell[0] / (cell[0] + cell[1]) : 1]).sort((a, b) => a[0] - b[0] || b[1] - a[1]) : [];
  return { roc, pr, auc: areaOf(roc), ap: averageOf(pr) };
}

function areaOf(points) {
  if (!points.length) return NaN;
  return points.slice(1).reduce((sum, [x, y], at) => sum + (x - points[at][0]) * (y + points[at][1]) / 2, 0);
}

function averageOf(points) {
  if (!points.length) return NaN;
  let [sum, before] = [0, 0];
  // Of points with one recall the most precise stands first.
  for (const [recall, precision] of points) {
    sum += (recall - before) * precision;
    before = recall;
  }
  return sum;
}
