// Handing out what is shown: to the clipboard, and as a file.

import { h } from "./dom.js";
import { addWords, t } from "./words.js";

addWords({ "handout.copied": ["Copied", "コピーしました"], "handout.failed": ["Not copied", "コピーできません"] });

const SHOWN_MS = 1500;

/** Put text into the clipboard, and say so on the button. Pages that are not from the loopback have no clipboard of their own. */
export async function copyText(text, button = null) {
  let isDone = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    isDone = copyOld(text);
  }
  if (button) say(button, t(isDone ? "handout.copied" : "handout.failed"));
  return isDone;
}

function copyOld(text) {
  const area = h("textarea", { value: text, className: "unseen", "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}

function say(button, text) {
  button.dataset.text ??= button.textContent;
  button.textContent = text;
  setTimeout(() => (button.textContent = button.dataset.text), SHOWN_MS);
}

/** Save something as a file. */
export function download(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name.replaceAll(/[\\/:*?"<>|\p{C}]/gu, "_") });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
