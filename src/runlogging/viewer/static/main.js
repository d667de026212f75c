// The frame around the pages: header, theme, language, which page is shown, and what is said when something fails.

import { Refused } from "./base/api.js";
import { fill, h } from "./base/dom.js";
import { bindKeys, showKeys } from "./base/keys.js";
import { onConnection, start as startLive } from "./base/live.js";
import { root } from "./base/root.js";
import { change, onState, remember, remembered, state, urlOf } from "./base/state.js";
import { chooseLanguage, language, t } from "./base/words.js";

const PAGES = {
  runs: () => import("./pages/runs.js"),
  run: () => import("./pages/run.js"),
  compare: () => import("./pages/compare.js"),
};

const THEMES = ["auto", "light", "dark"];

function applyTheme(name) {
  document.documentElement.dataset.theme = name;
  remember("theme", name);
  dispatchEvent(new CustomEvent("themechange"));
}

function header() {
  const light = h("span", { className: "connection", role: "status" });
  onConnection((isLive) => {
    light.dataset.live = String(isLive);
    fill(light, isLive ? t("app.live") : t("app.offline"));
  });
  const nextTheme = () => {
    const now = THEMES.indexOf(document.documentElement.dataset.theme);
    applyTheme(THEMES[(now + 1) % THEMES.length]);
  };
  return h(
    "header",
    { className: "frame" },
    h("div", { className: "frame-place" }, h("a", { href: urlOf({}), "data-inside": true, className: "home" }, "runlogging"), h("div", { id: "crumbs" })),
    h(
      "div",
      { className: "frame-tools" },
      light,
      h("button", { onClick: nextTheme, className: "quiet" }, t("app.theme")),
      h("button", { onClick: () => chooseLanguage(language === "en" ? "ja" : "en"), className: "quiet", lang: language === "en" ? "ja" : "en" }, t("app.language")),
      h("button", { onClick: showKeys, className: "quiet", "aria-label": t("app.keys") }, "?"),
    ),
  );
}

/** Say what went wrong in the place of what could not be shown. */
export function problem(error) {
  const text = error instanceof Refused && error.status === 0 ? t("app.unreachable") : t("app.failed", { text: error.message });
  return h("p", { className: "problem", role: "alert" }, text);
}

let shown = { name: null, dispose: null };

async function show(now) {
  const name = Object.hasOwn(PAGES, now.view ?? "") ? now.view : "runs";
  if (name === shown.name && shown.update) return shown.update(now);
  shown.dispose?.();
  shown = { name, dispose: null, update: null };
  const mine = shown;
  const main = document.querySelector("main");
  fill(document.querySelector("#crumbs"));
  fill(main, h("p", { className: "waiting" }, t("app.loading")));
  try {
    // An unreachable server is the page's own matter.
    const [page, facts] = await Promise.all([PAGES[name](), name === "runs" ? root().catch(() => null) : null]);
    if (mine !== shown) return;
    fill(main);
    if (facts && !facts.has_runs) return await showEmpty(mine, main, facts);
    // A page: show(container, state) gives { update(state), dispose() }.
    const made = await page.show(main, now);
    if (mine !== shown) return made?.dispose?.();
    Object.assign(mine, made);
  } catch (error) {
    if (mine === shown && error.name !== "AbortError") fill(main, problem(error));
  }
}

async function showEmpty(mine, main, facts) {
  const page = await import("./pages/empty.js");
  if (mine !== shown) return;
  page.draw(main, facts);
  const again = () => {
    if (mine !== shown) return;
    shown.dispose?.();
    shown = { name: null, dispose: null };
    show(state());
  };
  Object.assign(mine, page.show(main, again));
}

function begin() {
  // The token has done its work: the cookie stands for it, and it does not belong into a history or a screenshot.
  if ("token" in state()) change({ token: null }, { quiet: true });
  applyTheme(remembered("theme", "auto"));
  document.body.prepend(header());
  bindKeys({ "?": [t("app.keys"), showKeys] });
  onState(show);
  startLive();
  show(state());
}

begin();
