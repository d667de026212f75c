// From an answer of api/series to the columns that a chart draws, and what came later to their ends. No DOM.

/** What is known of one point. */
function pointAt(info, place) {
  const exact = info.exact?.[place];
  return {
    x: info.x?.[place],
    value: info.y[place],
    text: exact,
    step: info.step[place],
    time: info.time0 + info.time[place],
    seq: info.seq[place],
    smooth: info.smooth?.[place] ?? null,
    // Of a group of runs: the ends of its band, and how many runs counted.
    low: info.low?.[place] ?? null,
    high: info.high?.[place] ?? null,
    n: info.n?.[place] ?? null,
  };
}

export class Columns {
  /** @param answer of api/series. */
  constructor(answer) {
    this.answer = answer;
    this.x = answer.x.slice();
    this.appended = 0;
    this.lines = answer.series.map((series) => this.line(series));
  }

  get bounds() {
    return this.answer.bounds;
  }

  get count() {
    return this.lines.reduce((sum, line) => sum + line.count, 0);
  }

  line(series) {
    const size = this.x.length;
    // undefined: nothing here, the line goes on; null: a gap.
    const y = new Array(size).fill(undefined);
    const place = new Array(size).fill(-1);
    series.at.forEach((at, number) => {
      y[at] = series.y[number];
      place[at] = number;
    });
    const marks = [...series.marks.kind].map((kind, number) => ({ kind, x: series.marks.x[number], ...markAt(series.marks, number) }));
    return {
      key: `${series.run} ${series.writer}`,
      run: series.run,
      writer: series.writer,
      count: series.count,
      withoutX: series.without_x,
      nonfinite: { ...series.nonfinite },
      clip: series.clip ?? null,
      last: series.last,
      info: { ...series, at: [...series.at], y: [...series.y], step: [...series.step], time: [...series.time], seq: [...series.seq] },
      y,
      smooth: this.smoothOf(series, size),
      low: series.low ? spread(series.at, series.low, size) : null,
      high: series.high ? spread(series.at, series.high, size) : null,
      place,
      marks,
      newest: [...series.seq, ...series.marks.seq].reduce((most, seq) => Math.max(most, seq), 0), // number of the newest point
    };
  }

  smoothOf(series, size) {
    if (!series.smooth) return null;
    const { at, y } = series.line ?? { at: series.at, y: series.smooth };
    return spread(at, y, size);
  }

  /** Return what is known of the point of a line that is drawn at a place of x; null where there is none. */
  point(line, at) {
    const place = line.place[at];
    if (place === undefined || place < 0) return null;
    const found = pointAt(line.info, place);
    return { ...found, x: found.x ?? this.x[at], drawnAt: this.x[at], line };
  }

  /** Put news of api/news at the ends; tells whether that could be done. */
  append(news) {
    for (const part of news) {
      const line = this.lines.find((each) => each.run === part.run && each.writer === part.writer);
      const last = this.x.length ? this.x[this.x.length - 1] : -Infinity;
      if (!line || part.axis !== this.answer.axis) return false;
      const known = part.seq.filter((seq) => seq && seq <= line.newest).length;
      if (known === part.seq.length) continue; // an answer that was asked for later has brought them
      if (known || this.isUnsure(line, part)) return false;
      if (this.lines.length === 1) {
        if (part.x.length && part.x[0] < last) return false;
        part.x.forEach((x, number) => this.push(line, x, part, number));
      } else if (!this.insert(line, part, last)) return false;
      this.after(line, part);
    }
    return true;
  }

  /** Whether points may be known of which only the count is: those behind a part of a curve. */
  isUnsure(line, part) {
    const end = (line.info.x ?? this.x).at(-1) ?? -Infinity;
    const last = this.answer.bounds?.[1] ?? -Infinity;
    return this.lines.length === 1 && end < last && part.x[0] <= last;
  }

  // Several lines share x: where another one was there first, its place is taken along.
  insert(line, part, last) {
    for (let number = 0; number < part.x.length; number += 1) {
      const x = part.x[number];
      if (x > this.x[this.x.length - 1] || x > last) {
        const at = this.x.lastIndexOf(x);
        if (at >= 0 && line.place[at] === -1) this.set(line, at, part, number);
        else if (x >= this.x[this.x.length - 1]) this.push(line, x, part, number);
        else return false;
      } else {
        const at = this.x.lastIndexOf(x);
        if (at < 0 || line.place[at] !== -1) return false;
        this.set(line, at, part, number);
      }
    }
    return true;
  }

  push(line, x, part, number) {
    this.x.push(x);
    for (const each of this.lines) {
      each.y.push(undefined);
      each.place.push(-1);
      each.smooth?.push(undefined);
    }
    this.set(line, this.x.length - 1, part, number);
  }

  set(line, at, part, number) {
    const { info } = line;
    line.y[at] = part.y[number];
    line.place[at] = info.y.length;
    info.at.push(at);
    if (info.x) info.x.push(part.x[number]);
    info.y.push(part.y[number]);
    info.step.push(part.step[number]);
    info.time.push(part.time0 + part.time[number] - info.time0);
    info.seq.push(part.seq[number]);
    if (part.exact?.[number]) (info.exact ??= {})[info.y.length - 1] = part.exact[number];
    if (info.smooth) info.smooth.push(part.smooth?.[number] ?? null);
    if (line.smooth) line.smooth[at] = part.smooth?.[number] ?? undefined;
    this.appended += 1;
  }

  after(line, part) {
    line.count += part.x.length;
    line.newest = part.seq.reduce((most, seq) => Math.max(most, seq), line.newest);
    const end = part.x.length - 1;
    const kind = part.y[end] === null ? { n: "NaN", "+": "Infinity", "-": "-Infinity" }[part.marks.kind.slice(-1)] : null;
    if (end >= 0) line.last = { value: kind ?? part.y[end], step: part.step[end] };
    for (const [kind, count] of Object.entries(part.nonfinite)) line.nonfinite[kind] = (line.nonfinite[kind] ?? 0) + count;
    [...part.marks.kind].forEach((kind, number) =>
      line.marks.push({ kind, x: part.marks.x[number], ...markAt(part.marks, number) }),
    );
    const ends = [part.x[0], part.x[part.x.length - 1]];
    const [low, high] = this.answer.bounds ?? [Infinity, -Infinity];
    this.answer.bounds = [Math.min(low, ends[0]), Math.max(high, ends[1])];
  }
}

/** Put values at their places of x; undefined stands where there is none. */
function spread(at, values, size) {
  const found = new Array(size).fill(undefined);
  at.forEach((place, number) => (found[place] = values[number]));
  return found;
}

function markAt(marks, number) {
  return { step: marks.step[number], time: marks.time0 + marks.time[number], seq: marks.seq[number] };
}

/** Return the least and greatest of what is shown, as [low, high]; null where nothing is. */
export function rangeOf(columns, from, to, { positive = false, clip = false, hidden = new Set() } = {}) {
  let low = Infinity;
  let high = -Infinity;
  for (const line of columns.lines) {
    if (hidden.has(line.key)) continue;
    const floor = clip && line.clip ? line.clip.low : -Infinity;
    const ceiling = clip && line.clip ? line.clip.high : Infinity;
    for (const values of [line.y, line.smooth, line.low, line.high].filter(Boolean)) {
      for (let at = 0; at < values.length; at += 1) {
        const value = values[at];
        if (value === null || value === undefined || columns.x[at] < from || columns.x[at] > to) continue;
        if ((positive && value <= 0) || value < floor || value > ceiling) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  return low <= high ? [low, high] : null;
}
