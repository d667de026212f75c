// What the server says of a value or file that it sent the beginning of, in the language of the page.

import { addWords, language, t } from "./words.js";

addWords({
  "cut.elements": ["Only the first {n} elements are shown.", "最初の {n} 要素だけを表示しています。"],
  "cut.characters": ["Only the first {n} characters are shown.", "最初の {n} 文字だけを表示しています。"],
  "cut.bytes": ["The first {n} bytes are shown.", "最初の {n} バイトを表示しています。"],
  "cut.KiB": ["The first {n} KiB are shown.", "最初の {n} KiB を表示しています。"],
  "cut.MiB": ["The first MiB is shown.", "最初の 1 MiB を表示しています。"],
  "cut.rows": ["The first {n} rows are shown.", "最初の {n} 行を表示しています。"],
});

/** Return a sentence of the server's in the page's language; one that is not known as it is. */
export function cutText(sentence) {
  const found = /first ([\d,]*) ?(elements|characters|bytes|KiB|MiB|rows) /.exec(sentence);
  return found && language !== "en" ? t(`cut.${found[2]}`, { n: found[1] }) : sentence;
}
