// The child runs of a run.

import { get } from "../base/api.js";
import { fill } from "../base/dom.js";
import { childrenOf } from "./about.js";

/** Show the tab. */
export async function show(container, context) {
  const controller = new AbortController();
  const draw = async () => fill(container, childrenOf((await get("api/children", { run: context.run }, controller.signal)).runs));
  await draw();
  return { update() {}, note() {}, dispose: () => controller.abort() };
}
