// The texts of the pages in English and Japanese. A page adds its own with `addWords`; a text that lacks is shown in English.

import { remember, remembered } from "./state.js";

const words = { en: {}, ja: {} };

/** Add texts: addWords({ "runs.title": ["Runs", "実行"] }). */
export function addWords(pairs) {
  for (const [key, [english, japanese]] of Object.entries(pairs)) {
    words.en[key] = english;
    words.ja[key] = japanese;
  }
}

/** The language in use: what was chosen here, else what the browser asks for. */
export const language = remembered("language") ?? (navigator.language?.startsWith("ja") ? "ja" : "en");

document.documentElement.lang = language;

/** Return a text; {name} in it stands for a value. */
export function t(key, values = {}) {
  const text = words[language]?.[key] ?? words.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Choose the language; the page is loaded anew, at the same state. */
export function chooseLanguage(name) {
  remember("language", name);
  location.reload();
}

addWords({
  "app.runs": ["Runs", "実行一覧"],
  "app.theme": ["Theme", "テーマ"],
  "app.language": ["日本語", "English"],
  "app.keys": ["Keyboard shortcuts", "キーボード操作"],
  "app.close": ["Close", "閉じる"],
  "app.loading": ["Loading", "読み込み中"],
  "app.unreachable": [
    "The viewer does not answer. Is `runlogging view` still running? The page goes on by itself when it is back.",
    "ビューアが応答しません。`runlogging view` は動いていますか。復帰すると自動で再開します。",
  ],
  "app.failed": ["This could not be shown: {text}", "表示できませんでした: {text}"],
  "app.live": ["live", "ライブ"],
  "app.offline": ["not connected", "未接続"],
});
