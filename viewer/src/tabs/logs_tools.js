// The tools above a log: level and logger, search, where to go, follow, download.

import { get, urlFor } from "../base/api.js";
import { fill, h, settled } from "../base/dom.js";
import { change } from "../base/state.js";
import { t } from "../base/words.js";

const TYPING_MS = 200;
const LEVELS_PAUSE_MS = 1_500;
const STRIP_BUCKETS = 400;
const count = (value) => Number(value).toLocaleString("en-US");

/** Make the tools of a log; `element` is the bar. `log` does what they ask for. */
export class LogTools {
  constructor(log) {
    this.log = log;
    const typed = settled(() => change({ q: this.query.value || null }), TYPING_MS);
    this.levelChoice = this.choice("level", "");
    this.loggerChoice = this.choice("logger", "log-loggers");
    this.query = h("input", { type: "search", placeholder: t("logs.search"), "aria-label": t("logs.search"), className: "log-query", onInput: typed, onKeydown: (event) => this.onQueryKey(event) });
    this.found = h("span", { className: "log-found faint", role: "status" });
    this.previous = this.arrow("previous", "N", "\u2191", () => log.search.hit(-1));
    this.next = this.arrow("next", "n", "\u2193", () => log.search.hit(1));
    this.place = h("input", { type: "text", placeholder: t("logs.goto"), "aria-label": t("logs.goto"), className: "log-goto", onKeydown: (event) => event.key === "Enter" && log.moves.goToText() });
    this.followButton = h("button", { className: "log-follow", "aria-pressed": "false", title: `${t("logs.follow")} (f)`, onClick: () => log.moves.follow(!log.moves.isFollowing) }, t("logs.follow"));
    this.downloads = h("span", { className: "log-downloads" });
    this.element = h("div", { className: "log-tools" }, this.levelChoice, this.loggerChoice,
      h("span", { className: "log-search" }, this.query, this.previous, this.next, this.found), this.place, this.followButton, h("span", { className: "spring" }), this.downloads);
    this.levelsSoon = settled(() => this.askLevels(), 60);
  }

  choice(name, className) {
    const made = h("select", { "aria-label": t(`logs.${name}`), className, onChange: () => change({ [name]: made.value || null, line: this.log.lineOfState() }) });
    return made;
  }

  arrow(what, key, text, onClick) {
    return h("button", { className: "quiet", title: `${t(`logs.${what}`)} (${key})`, "aria-label": t(`logs.${what}`), onClick }, text);
  }

  dispose() {
    clearTimeout(this.levelsTimer);
  }

  onQueryKey(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    change({ q: this.query.value || null });
    this.log.search.hit(event.shiftKey ? -1 : 1);
    if (!event.shiftKey) this.log.view.element.focus({ preventScroll: true });
  }

  /** Show a filter; what is being typed stays. */
  show({ level, logger, q }) {
    if (document.activeElement !== this.query) this.query.value = q;
    this.levelChoice.value = level;
    this.loggerChoice.value = logger;
  }

  /** Ask how many lines there are of each level and logger, not too often. */
  async askLevels() {
    if (this.log.isGone || this.levelsTimer) return;
    this.levelsTimer = setTimeout(() => {
      this.levelsTimer = 0;
      if (this.levelsTotal !== this.log.data.total) this.askLevels();
    }, LEVELS_PAUSE_MS);
    try {
      const { level, logger } = this.log.data.filter;
      const [levels, loggers] = await Promise.all([get("api/log_levels", { run: this.log.run, level, logger, buckets: STRIP_BUCKETS }), get("api/log_loggers", { run: this.log.run })]);
      if (this.log.isGone) return;
      if (level !== this.log.data.filter.level || logger !== this.log.data.filter.logger) return;
      this.levelsTotal = levels.total;
      this.log.strip.setLevels(levels);
      this.showLevels(levels.levels);
      this.showLoggers(loggers.loggers);
    } catch {
      // The entries say what is wrong.
    }
  }

  showLevels(levels) {
    const atLeast = (least) => levels.filter((level) => level.number >= least).reduce((sum, level) => sum + level.count, 0);
    const options = levels.map(({ name, number }) => [name, t("logs.from", { name, count: count(atLeast(number)) })]);
    const chosen = this.log.data.filter.level;
    if (chosen && !levels.some(({ name }) => name === chosen)) options.push([chosen, chosen]);
    setOptions(this.levelChoice, [["", t("logs.all", { count: count(atLeast(-Infinity)) })], ...options], chosen);
  }

  showLoggers(loggers) {
    const chosen = this.log.data.filter.logger;
    const options = loggers.filter(({ name }) => name).map(({ name, count: own }) => [name, `${name} (${count(own)})`]);
    if (chosen && !loggers.some(({ name }) => name === chosen)) options.push([chosen, chosen]);
    setOptions(this.loggerChoice, [["", t("logs.loggers")], ...options], chosen);
  }

  showDownloads() {
    const { level, logger } = this.log.data.filter;
    const link = (format, text) => h("a", { href: urlFor("api/logs.txt", { run: this.log.run, level, logger, format }), download: "" }, text);
    fill(this.downloads, t("logs.download"), " ", link("text", t("logs.text")), " ", link("jsonl", t("logs.jsonl")));
  }
}

function setOptions(select, options, chosen) {
  const text = JSON.stringify(options);
  if (select.dataset.options !== text && document.activeElement !== select) {
    select.dataset.options = text;
    fill(select, options.map(([value, label]) => h("option", { value }, label)));
  }
  select.value = chosen;
}
