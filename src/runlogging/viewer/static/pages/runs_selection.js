// Which runs are selected: some by name, or all that fit.

import { h } from "../base/dom.js";
import { t } from "../base/words.js";

export class Selection {
  constructor(onChange) {
    this.onChange = onChange;
    this.rows = new Map(); // key -> row
    this.isAll = false;
  }

  get size() {
    return this.rows.size;
  }

  has(row) {
    return this.isAll ? row.fits : this.rows.has(row.key);
  }

  clear() {
    this.rows.clear();
    this.isAll = false;
  }

  /** From now on some are meant: of all that fit those that are here. */
  single(here) {
    if (!this.isAll) return;
    this.isAll = false;
    for (const row of here) if (row.fits) this.rows.set(row.key, row);
  }

  set(row, isOn) {
    if (isOn) this.rows.set(row.key, row);
    else this.rows.delete(row.key);
  }

  /** A row was read again. */
  renew(row) {
    if (this.rows.has(row.key)) this.rows.set(row.key, row);
  }

  box(row) {
    return h("input", { type: "checkbox", tabindex: -1, checked: this.has(row), "aria-label": t("runs.select", { name: row.name || row.id }) });
  }

  allBox() {
    const turn = () => {
      const isAll = !this.isAll;
      this.clear();
      this.isAll = isAll;
      this.onChange();
    };
    return h("input", { type: "checkbox", tabindex: -1, checked: this.isAll, indeterminate: !this.isAll && this.size > 0, "aria-label": t("runs.selectall"), title: t("runs.selectall"), onChange: turn });
  }
}
