// Stored metrics of the last hour.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { call } from "./api.js";
import { page } from "./colours.js";
import { el } from "./dom.js";

const EVERY_MS = 30_000;

class Chart {
  constructor(place) {
    this.place = place;
    this.load();
    setInterval(() => document.hidden || this.load(), EVERY_MS);
    document.addEventListener("theme", () => this.load());
  }

  async load() {
    try {
      const { points } = await call("GET", `/api/v1/monitoring/metrics/history?name=${this.place.dataset.chart}&step_s=30`);
      this.draw(points);
    } catch (error) {
      this.plot = null;
      this.place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
    }
  }

  draw(points) {
    this.plot?.destroy();
    this.plot = null;
    if (points.length < 2) {
      this.place.replaceChildren(el("p", { class: "empty" }, points.length ? "Only one value so far: a curve needs two." : "No value has been stored in the last hour."));
      return;
    }
    this.place.replaceChildren();
    const axis = { stroke: page("--ink"), grid: { stroke: page("--line"), width: 1 }, ticks: { stroke: page("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    this.plot = new uPlot(
      { width: this.place.clientWidth, height: 170, legend: { show: false }, axes: [{ ...axis, values: (_, values) => values.map(clock) }, axis], series: [{}, { stroke: page("--accent"), width: 2 }] },
      [points.map((point) => Date.parse(point.at) / 1000), points.map((point) => point.mean)],
      this.place,
    );
  }
}

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);

for (const place of document.querySelectorAll("[data-chart]")) new Chart(place);
