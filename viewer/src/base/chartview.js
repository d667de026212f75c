// The part of x that is shown, as the URL has it: v=from,to.

const DIGITS = 12;

/** Return what a state shows of x, { from, to }; null is all. */
export function viewOf(state) {
  const [from, to] = (state.v ?? "").split(",").map(Number);
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
}

/** Return the text of a view for the URL; null for all. */
export function viewText(view) {
  return view ? `${Number(view.from.toPrecision(DIGITS))},${Number(view.to.toPrecision(DIGITS))}` : null;
}
