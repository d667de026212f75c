// What shows each type of value. A view: new View({ run, name, type, count, place, index, onIndex }) with open(), goTo(index),
// grew(count) and dispose().

import { get } from "../base/api.js";
import { fill } from "../base/dom.js";
import { predictions, residuals } from "./values_bins.js";
import { FigureView, ImageView } from "./values_images.js";
import { confusionMatrix } from "./values_matrix.js";
import { accuracyTable } from "./values_rates.js";
import { histogram, overSteps } from "./values_steps.js";
import { JsonView, ListView, RowsView, TableView } from "./values_tables.js";
import { TextView } from "./values_texts.js";
import { SteppedView } from "./values_view.js";

function chartView(make) {
  return class extends SteppedView {
    draw(value) {
      return make(value, { name: this.name });
    }
  };
}

class HistogramView extends SteppedView {
  draw(value) {
    return histogram(value, { name: this.name });
  }

  async opened() {
    if (this.rows.length < 2) return;
    const found = await get("api/histograms", { run: this.run, name: this.name, type: "histogram" });
    this.over?.dispose();
    if (found.rows.length < 2) return;
    this.over = overSteps({ name: this.name, rows: found.rows, total: found.total, choose: (index) => this.move(this.placeOf(index)) });
    fill(this.foot, this.over.element);
  }

  async show() {
    await super.show();
    this.over?.mark(this.row.index);
  }

  dispose() {
    super.dispose();
    this.over?.dispose();
  }
}

/** Type of a value to what shows it. */
export const VIEWS = {
  text: TextView,
  bool: TextView,
  none: TextView,
  list: ListView,
  matrix: TableView,
  table: TableView,
  row: RowsView,
  json: JsonView,
  image: ImageView,
  figure: FigureView,
  histogram: HistogramView,
  confusion_matrix: chartView(confusionMatrix),
  accuracy_table: chartView(accuracyTable),
  residuals: chartView(residuals),
  predictions: chartView(predictions),
};
