// Stored metrics of the last hour.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { call } from "./api.js";
import { page } from "./colours.js";
import { el } from "./dom.js";

const EVERY_MS = 300_000;
const HEIGHT = 170;

class Chart {
  constructor(place) {
    this.place = place;
    this.scale = Number(place.dataset.scale);
    this.load();
    setInterval(() => document.hidden || this.load(), EVERY_MS);
    document.addEventListener("theme", () => this.points && this.draw());
    new ResizeObserver(() => {
      if (this.plot && Math.abs(place.clientWidth - this.plot.width) > 1) this.plot.setSize({ width: place.clientWidth, height: HEIGHT });
    }).observe(place);
  }

  async load() {
    try {
      const { points } = await call("GET", `/api/v1/monitoring/metrics/history?name=${this.place.dataset.chart}&step_s=30`);
      this.points = points.map((point) => [Date.parse(point.at) / 1000, point.mean]);
      this.draw();
    } catch (error) {
      this.plot = null;
      this.place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
    }
  }

  add(timestamp, items) {
    const own = items.filter((item) => item.name === this.place.dataset.chart);
    const at = Date.parse(timestamp) / 1000;
    if (!own.length || !this.points || at <= (this.points.at(-1)?.[0] ?? 0)) return;
    this.points.push([at, own.reduce((sum, item) => sum + item.value, 0) / own.length]);
    this.points = this.points.filter(([time]) => time > at - 3600);
    this.draw();
  }

  draw() {
    const points = this.points;
    this.plot?.destroy();
    this.plot = null;
    if (points.length < 2) {
      this.place.replaceChildren(el("p", { class: "empty" }, points.length ? "Only one value so far: a curve needs two." : "No value has been stored in the last hour."));
      return;
    }
    this.place.replaceChildren();
    this.place.dataset.points = String(points.length);
    const axis = { stroke: page("--ink"), grid: { stroke: page("--line"), width: 1 }, ticks: { stroke: page("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    this.plot = new uPlot(
      { width: this.place.clientWidth, height: HEIGHT, legend: { show: false }, axes: [{ ...axis, values: (_, values) => values.map(clock) }, axis], series: [{}, { stroke: page("--accent"), width: 2 }] },
      [points.map(([at]) => at), points.map(([, value]) => value * this.scale)],
      this.place,
    );
  }
}

/** New samples as the service takes them: added to the curves, and the tables that follow them are asked for anew. */
function follow(charts) {
  const source = new EventSource("/api/v1/stream/metrics");
  source.addEventListener("message", (message) => {
    const { timestamp, items } = JSON.parse(message.data);
    for (const chart of charts) chart.add(timestamp, items);
    for (const part of document.querySelectorAll('[data-live="metrics"]')) part.dispatchEvent(new Event("renew"));
  });
  addEventListener("pagehide", () => source.close());
}

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);

const charts = [...document.querySelectorAll("[data-chart]")].map((place) => new Chart(place));
if (charts.length) follow(charts);
