// The line with the filter, and below it what is wrong with it.

import { Refused } from "../base/api.js";
import { fill, h, settled } from "../base/dom.js";
import { t } from "../base/words.js";

export class FilterLine {
  constructor(where, onChange) {
    // What was typed just before the page was left must not go into the URL of another.
    const say = () => this.input.isConnected && onChange(this.input.value.trim() ? this.input.value : null);
    this.input = h("input", {
      type: "text",
      className: "filter mono",
      value: where ?? "",
      placeholder: t("runs.filter"),
      "aria-label": t("runs.filterlabel"),
      "aria-describedby": "filter-error",
      spellcheck: "false",
      autocomplete: "off",
      onInput: settled(say, 250),
      onKeydown: (event) => event.key === "Enter" && !event.isComposing && say(),
    });
    this.error = h("div", { id: "filter-error", role: "status" });
  }

  /** Show another filter, unless one is being written. */
  show(where) {
    if (this.input !== document.activeElement) this.input.value = where ?? "";
  }

  /** Say what is wrong, with a caret below the place in the filter; null for nothing. */
  say(error, where = "") {
    if (error === null) {
      this.input.removeAttribute("aria-invalid");
      return fill(this.error);
    }
    const at = error instanceof Refused ? error.details.position : undefined;
    if (at === undefined) return fill(this.error, h("p", { className: "problem" }, error instanceof Refused && error.status === 0 ? t("app.unreachable") : error.message));
    // The server counts characters, JavaScript halves of some.
    const before = [...where].slice(0, at).join("");
    this.input.setAttribute("aria-invalid", "true");
    fill(
      this.error,
      h("div", { className: "filter-error" },
        h("pre", { className: "caret", "aria-hidden": true }, h("span", { className: "before" }, before), "^"),
        h("p", null, error.message.split("\n")[0]),
      ),
    );
  }
}
