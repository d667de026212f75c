// What the server says of itself, and changing what may be changed.

import { get, Refused } from "./api.js";

let asked = null;

/** Return what api/root says: { root, exists, has_runs, version, edits, ... }; asked once, until there are runs. */
export function root() {
  asked ??= get("api/root").then(
    (facts) => {
      if (!facts.has_runs) asked = null;
      return facts;
    },
    (error) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

/** Change a run: edit({ run, tags: { name: text or null }, removed_tags: [name], description }). Only with --edit. */
export async function edit(change) {
  const { csrf, csrf_header: header } = await root();
  const headers = { "content-type": "application/json", [header]: csrf };
  const answer = await fetch("api/edit", { method: "POST", headers, body: JSON.stringify(change) });
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, body?.error ?? `HTTP ${answer.status}`, body ?? {});
  return body;
}
