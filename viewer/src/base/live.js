// What changes, as it changes: one EventSource for all tabs of a browser, because a browser gives all of them together
// some six connections to a server of HTTP/1.1.
//
// The tab that holds a lock (Web Locks) is the leader. It has the EventSource, for the topics of all tabs, and hands on
// what comes by a BroadcastChannel. The others tell it every few seconds what they want; who is silent is forgotten.
// When the leader goes, the lock passes on. Where there are no locks (a page that is not from the loopback and not by
// https) each tab has an EventSource of its own, while it is seen.
//
// watch(topic, fn) -> stop. fn gets { topic, ... } as the server sends it (see _live.py), and with `reset: true` once
// the watching has begun and whenever something may have been missed: then ask by your cursor for what is new, or for
// all of it. So load first or watch first, nothing is lost.

import { urlFor } from "./api.js";

const BEAT_MS = 5_000;
// A hidden tab's timers come once a minute at worst.
const FORGET_MS = 20_000;
const FORGET_HIDDEN_MS = 150_000;
// The server says something every 15 seconds.
const SILENCE_MS = 40_000;
const BACK_OFF_MS = [100, 250, 500, 1_000, 2_000, 3_000];
const GATHER_MS = 30;
const HIDDEN_MS = 5_000;
// What is beyond comes from "runs", which names runs with new lines too.
const MOST_RUNS = 300;

const me = crypto.getRandomValues(new Uint32Array(2)).join("-");
const place = `runlogging ${new URL("./", location.href).pathname}`;
const locks = navigator.locks ?? null;
const channel = locks ? new BroadcastChannel(place) : null;

const watchers = new Map(); // topic -> Map of fn -> whether it had its first event
const latest = new Map(); // topic -> the last event of it
const held = new Map(); // topic -> the event that waits for the tab to be seen
const connectionListeners = new Set();
let lastId = ""; // of the last event that this tab saw, from whichever leader
let isLive = false;
let isStarted = false;
let leader = null; // what only the leader has

/** Be told whether events come; at once, and at each change. Returns what ends it. */
export function onConnection(fn) {
  connectionListeners.add(fn);
  fn(isLive);
  return () => connectionListeners.delete(fn);
}

function setLive(value) {
  if (value === isLive) return;
  isLive = value;
  for (const fn of [...connectionListeners]) fn(isLive);
}

/** Watch "runs" or "run:experiment/id"; returns what ends it. */
export function watch(topic, fn) {
  const before = watchers.get(topic);
  if (before) before.set(fn, false);
  else watchers.set(topic, new Map([[fn, false]]));
  if (!before) want();
  else if (latest.has(topic)) queueMicrotask(() => deliver(topic, latest.get(topic), false));
  return () => {
    const mine = watchers.get(topic);
    mine?.delete(fn);
    if (mine && !mine.size && watchers.get(topic) === mine) {
      watchers.delete(topic);
      latest.delete(topic);
      held.delete(topic);
      want();
    }
  };
}

// ---------------------------------------------------------------------- what came

function isNews(topic, event) {
  const last = latest.get(topic);
  if (!last || event.reset) return true;
  if (topic === "runs") return event.changed.length > 0;
  return last.status !== event.status || last.bytes !== event.bytes || last.manifest !== event.manifest;
}

function take(event) {
  const { topic } = event;
  const mine = watchers.get(topic);
  if (!mine) return;
  const isNew = isNews(topic, event);
  latest.set(topic, event);
  if (!document.hidden) return deliver(topic, event, isNew);
  // Nobody sees it: the last word is enough, once it is looked at again.
  if (!isNew && [...mine.values()].every(Boolean)) return;
  const waiting = held.get(topic);
  held.set(topic, waiting ? merged(waiting, event) : event);
}

function merged(first, second) {
  const reset = first.reset || second.reset;
  if (first.topic !== "runs") return { ...second, reset };
  return { ...second, reset, changed: [...new Set([...first.changed, ...second.changed])] };
}

function deliver(topic, event, isNew) {
  const mine = watchers.get(topic);
  for (const [fn, wasTold] of mine ? [...mine] : []) {
    if (wasTold && !isNew) continue;
    mine.set(fn, true);
    try {
      fn(wasTold ? event : { ...event, reset: true });
    } catch (error) {
      reportError(error);
    }
  }
}

document.addEventListener("visibilitychange", () => {
  beat();
  if (document.hidden) return;
  const waiting = [...held];
  held.clear();
  for (const [topic, event] of waiting) deliver(topic, event, true);
  leader?.wake();
});

// ---------------------------------------------------------------------- between tabs

const wanted = new Map(); // of the leader: tab -> { topics, seen, hidden }

function said() {
  return { kind: "want", tab: me, topics: [...watchers.keys()], hidden: document.hidden };
}

function want() {
  if (!isStarted) return;
  if (leader) leader.heard(said());
  else channel?.postMessage(said());
}

function beat() {
  want();
  leader?.forget();
}

function listen(message) {
  if (message.kind === "want") leader?.heard(message);
  else if (message.kind === "bye") leader?.lost(message.tab);
  else if (message.kind === "who" && !leader) want();
  if (message.to && message.to !== me) return;
  lastId = message.id || lastId;
  if (message.kind === "event") take(message.event);
  else if (message.kind === "live") setLive(message.value);
}

function share(message) {
  channel?.postMessage(message);
  if (!message.to || message.to === me) listen(message);
}

// ---------------------------------------------------------------------- the leader

class Leader {
  constructor() {
    this.source = null;
    this.topics = new Set(); // of the open EventSource
    this.states = new Map(); // topic -> last event, for a tab that comes later
    this.doubtful = new Set(); // topics whose next event has to be taken for news
    this.failures = 0;
    this.timer = 0;
    this.silence = 0;
    this.isEnded = false;
    this.heard(said());
    channel?.postMessage({ kind: "who" });
  }

  heard({ tab, topics, hidden }) {
    const before = new Set(wanted.get(tab)?.topics ?? []);
    const isNew = !wanted.has(tab);
    wanted.set(tab, { topics, hidden, seen: Date.now() });
    if (isNew && tab !== me) share({ kind: "live", value: isLive, id: lastId, to: tab });
    for (const topic of topics) {
      const state = this.states.get(topic);
      if (!before.has(topic) && state) share({ kind: "event", to: tab, event: state });
    }
    this.settle();
  }

  lost(tab) {
    wanted.delete(tab);
  }

  forget() {
    const now = Date.now();
    for (const [tab, { seen, hidden }] of wanted) {
      if (tab !== me && now - seen > (hidden ? FORGET_HIDDEN_MS : FORGET_MS)) wanted.delete(tab);
    }
  }

  union() {
    const topics = [...new Set([...wanted.values()].flatMap((tab) => tab.topics))].sort();
    const runs = topics.filter((topic) => topic !== "runs");
    if (runs.length > MOST_RUNS) return new Set(["runs", ...runs.slice(0, MOST_RUNS)]);
    return new Set(topics);
  }

  /** Connect anew where somebody wants what does not come yet; what nobody wants any more goes along until then. */
  settle() {
    if (this.isEnded) return;
    const isEnough = this.source && [...this.union()].every((topic) => this.topics.has(topic));
    if (!isEnough) this.later(this.source || !this.failures ? GATHER_MS : this.pause());
  }

  pause() {
    return BACK_OFF_MS[Math.min(this.failures, BACK_OFF_MS.length - 1)] * (0.75 + Math.random() / 2);
  }

  later(pause_ms) {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.connect();
    }, pause_ms);
  }

  /** Try at once: somebody looks again. */
  wake() {
    if (this.source || this.isEnded) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.later(0);
  }

  close() {
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }

  end() {
    this.isEnded = true;
    clearTimeout(this.timer);
    this.close();
  }

  connect() {
    if (this.isEnded) return;
    this.close();
    this.topics = this.union();
    for (const topic of this.states.keys()) if (!this.topics.has(topic)) this.states.delete(topic);
    // After a failure, or where no tab here knows what there was: an answer may have been lost with the connection.
    this.doubtful = new Set(this.failures || !lastId ? this.topics : []);
    const source = new EventSource(urlFor("api/events", { topic: [...this.topics], since: lastId }));
    this.source = source;
    source.addEventListener("hello", (event) => this.opened(event));
    source.addEventListener("reset", (event) => {
      // Another server answers: nobody knows what was missed.
      this.doubtful = new Set(this.topics);
      this.opened(event);
    });
    source.addEventListener("change", (event) => this.came(event));
    source.addEventListener("beat", () => this.alive());
    source.addEventListener("error", () => this.failed(source));
    this.alive();
  }

  opened(event) {
    this.failures = 0;
    this.alive();
    share({ kind: "live", value: true, id: event.lastEventId });
  }

  came(event) {
    this.alive();
    const data = JSON.parse(event.data);
    this.states.set(data.topic, data.topic === "runs" ? { ...data, changed: [] } : data);
    const isDoubtful = this.doubtful.delete(data.topic);
    share({ kind: "event", event: isDoubtful ? { ...data, reset: true } : data, id: event.lastEventId });
    if (data.topic === "runs") this.passOn(data.changed);
  }

  passOn(changed) {
    if (this.topics.size <= MOST_RUNS) return;
    for (const run of changed) {
      const topic = `run:${run}`;
      if (!this.topics.has(topic)) share({ kind: "event", event: { topic, reset: true } });
    }
  }

  alive() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.failed(this.source), SILENCE_MS);
  }

  failed(source) {
    if (source !== this.source || this.isEnded) return;
    this.close();
    share({ kind: "live", value: false });
    const pause = this.pause();
    this.failures += 1;
    this.later(pause);
  }
}

// ---------------------------------------------------------------------- the life of a tab

let release = null;
let waiting = null;

function queueForLead() {
  if (!locks) return lead();
  waiting = new AbortController();
  locks
    .request(place, { signal: waiting.signal }, () => new Promise((done) => {
      release = done;
      lead();
    }))
    .catch((error) => {
      if (error.name !== "AbortError") lead(); // locks that are refused here: then this tab is alone
    });
}

function lead() {
  if (!leader) leader = new Leader();
}

/** Let go: of a tab that is frozen or gone nobody hears. */
function leave() {
  waiting?.abort();
  channel?.postMessage({ kind: "bye", tab: me });
  leader?.end();
  leader = null;
  wanted.clear();
  release?.();
  release = null;
}

function comeBack() {
  if (leader) return;
  queueForLead();
  want();
}

let hiding = 0;

/** Without locks a tab keeps its connection only while it is seen, or the seventh would get none. */
function hideAlone() {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(leave, HIDDEN_MS);
  else comeBack();
}

/** Begin: connect, or have another tab do it. */
export function start() {
  if (isStarted) return;
  isStarted = true;
  channel?.addEventListener("message", ({ data }) => listen(data));
  queueForLead();
  want();
  setInterval(beat, BEAT_MS);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  document.addEventListener("freeze", leave);
  document.addEventListener("resume", comeBack);
  addEventListener("online", () => leader?.wake());
  if (!locks) document.addEventListener("visibilitychange", hideAlone);
}
