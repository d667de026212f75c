// Rows as texts of other programs: CSV, Markdown, LaTeX, Python. A table is { head: [...], rows: [[...], ...] }.

import { number } from "./format.js";

/** A value as text; what is missing is "". */
export function valueText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return number(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Rows as CSV; a text that a spreadsheet would run as a formula is made a text. */
export function csvOf({ head, rows }) {
  const cell = (value) => {
    const isText = typeof value === "string";
    const text = valueExact(value);
    const safe = isText && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) && !/^-?Infinity$/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

const valueExact = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

/** Rows as a table of Markdown. */
export function markdownOf({ head, rows }) {
  const cell = (value) => valueText(value).replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(/\s+/g, " ");
  const line = (row) => `| ${row.map(cell).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };

/** Rows as a table of LaTeX. */
export function latexOf({ head, rows }) {
  const cell = (value) => valueText(value).replaceAll(/\s+/g, " ").replaceAll(/[\\~^&%$#_{}]/g, (letter) => LATEX[letter] ?? `\\${letter}`);
  const line = (row) => `${row.map(cell).join(" & ")} \\\\\n`;
  const columns = head.map((_, place) => (rows.every((row) => row[place] === null || row[place] === undefined || typeof row[place] === "number") ? "r" : "l")).join("");
  return `\\begin{tabular}{${columns}}\n\\hline\n${line(head)}\\hline\n${rows.map(line).join("")}\\hline\n\\end{tabular}\n`;
}

/** Python that opens runs. */
export function pythonOf(rows) {
  return `from runlogging import open_run\n\nruns = [\n${rows.map((row) => `    open_run(${JSON.stringify(row.path)}),\n`).join("")}]\n`;
}
