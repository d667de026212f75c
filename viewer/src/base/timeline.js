// The one time line of a run page: who points at a moment tells it here, and charts and logs show it.

/** Return the text of a time in microseconds since the epoch, as the run folder writes it. */
export function timeText(us) {
  const second = Math.floor(us / 1e6);
  return `${new Date(second * 1000).toISOString().slice(0, 19)}.${String(us - second * 1e6).padStart(6, "0")}Z`;
}

/** Return the microseconds since the epoch of a time as text; null where it is none. */
export function timeOf(text) {
  const second = Date.parse(`${String(text).slice(0, 19)}Z`);
  if (Number.isNaN(second)) return null;
  const fraction = /\.(\d{1,6})/.exec(text)?.[1] ?? "";
  return second * 1000 + Number(fraction.padEnd(6, "0"));
}

/**
 * Make a time line. A cursor is { time, step, seq, writer, run, source }: time as text in UTC, step a number or null, seq and
 * writer of the line that it stands at, source who said so ("chart", "logs"). `isHover` marks one that only passes by.
 */
export function createTimeline() {
  const listeners = new Set();
  return {
    current: null,
    setCursor(cursor) {
      this.current = cursor;
      for (const listener of [...listeners]) listener(cursor);
    },
    onCursor(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
