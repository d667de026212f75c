// Metrics by the beginnings of their names, train beside val; and which of them a search means. No DOM.

const PHASES = ["train", "training", "val", "valid", "validation", "dev", "eval", "test"];

/** Return { section, rest, phase } of a name: where it belongs, and what is the same for train and val. */
export function placeOf(name) {
  const cut = /^([^/]+)\/(.+)$/.exec(name) ?? phase(name);
  if (!cut) return { section: "", rest: name, phase: -1 };
  const at = PHASES.indexOf(cut[1].toLowerCase());
  return at < 0 ? { section: cut[1], rest: cut[2], phase: -1 } : { section: "train / val", rest: cut[2], phase: at };
}

function phase(name) {
  const cut = /^([A-Za-z]+)[._-](.+)$/.exec(name);
  return cut && PHASES.includes(cut[1].toLowerCase()) ? cut : null;
}

/** Return the metrics in sections: [{ title, metrics }], each in its order. */
export function sectionsOf(metrics) {
  const found = new Map();
  const first = new Map(); // where the same rest came first, so that order follows the program's
  metrics.forEach((metric, number) => {
    const place = placeOf(metric.name);
    const key = `${place.section}\n${place.rest}`;
    if (!first.has(key)) first.set(key, number);
    if (!found.has(place.section)) found.set(place.section, []);
    found.get(place.section).push({ metric, key, phase: place.phase, number });
  });
  const inOrder = (one, two) => first.get(one.key) - first.get(two.key) || one.phase - two.phase || one.number - two.number;
  const titles = [...found.keys()].sort((one, two) => (two === "train / val") - (one === "train / val") || (one !== "") - (two !== ""));
  return titles.map((title) => ({ title, metrics: found.get(title).sort(inOrder).map(({ metric }) => metric) }));
}

/** Return what tells whether a name fits a search: words that must all occur, or /regular expression/; null for a bad one. */
export function matcher(text) {
  const wanted = text.trim();
  if (!wanted) return () => true;
  const expression = /^\/(.+?)\/?$/.exec(wanted);
  if (expression) {
    try {
      const pattern = new RegExp(expression[1], "i");
      return (name) => pattern.test(name);
    } catch {
      return null;
    }
  }
  const words = wanted.toLowerCase().split(/\s+/);
  return (name) => words.every((word) => name.toLowerCase().includes(word));
}
