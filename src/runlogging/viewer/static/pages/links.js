// Names in links.

import { urlOf } from "../base/state.js";

/** Join names for the URL: a comma inside a name is written otherwise. */
export const joined = (names) => names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");

/** Take such a text apart. */
export const parted = (text) => (text ? text.split(",").map((name) => name.replaceAll("%2C", ",").replaceAll("%25", "%")) : []);

/** The link to a run. */
export const runLink = (key) => urlOf({ view: "run", run: key });
