// What came since: new points for the charts that are drawn, asked for by the cursors of what they have.

import { get } from "../base/api.js";

export class ChartNews {
  /** @param charts the tab: cards, context, x, smooth, group, metrics. */
  constructor(charts) {
    this.charts = charts;
    this.isAsking = false;
    this.isBehind = false;
    this.isGone = false;
  }

  /** Something came: ask for what is new behind the cursors of the charts that are drawn. */
  async note() {
    if (this.isAsking) return void (this.isBehind = true);
    this.isAsking = true;
    this.isBehind = false;
    try {
      await this.pull();
    } catch (error) {
      if (error.name !== "AbortError") this.isBehind = false;
    }
    this.isAsking = false;
    if (this.isBehind && !this.isGone) this.note();
  }

  async pull() {
    const { cards, context, x, smooth, group } = this.charts;
    const { run } = context;
    const byCursor = new Map();
    for (const card of cards.values()) {
      const cursor = card.cursor?.[run];
      if (cursor) byCursor.set(cursor, [...(byCursor.get(cursor) ?? []), card]);
      else card.arrivals += 1; // its answer may be older than what came
    }
    // Charts that are still being asked for get it all; without any, only the number of metrics is asked for.
    if (!byCursor.size && cards.size) return;
    if (!byCursor.size) byCursor.set("-", []);
    for (const [cursor, own] of byCursor) {
      const answer = await get("api/news", { run, after: cursor, name: own.map((card) => card.name), x, smooth: smooth || null });
      if (this.isGone) return;
      this.took(answer, own);
    }
    group.keepUp();
  }

  took(answer, cards) {
    const { context, metrics } = this.charts;
    const again = new Set(answer.again.map(({ name }) => name));
    for (const card of cards) {
      if (again.has(card.name)) card.load();
      else card.append(answer.news.filter(({ name }) => name === card.name), { ...card.cursor, ...answer.cursors });
    }
    if (answer.metrics[context.run] > metrics.length) context.again?.();
  }
}
