// The whole catalogue in one picture: speed past Earth against inclination, flagged objects named.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { block } from "./api.js";
import { CLASS_COLOURS, page } from "./colours.js";
import { el, figure } from "./dom.js";

const UNKNOWN = 65535;
const MARK = 5;
const REACH = 8;
const WIDE = 600;
const LEAKERS = { v: 1.1, i: 0.6 };
const WHOLE = { x: [0.02, 80], y: [0.008, 180] };

function decode(bytes, scales) {
  const n = scales.objects;
  const value = (offset, [low, high]) => {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i += 1) {
      const code = bytes[offset + i] | (bytes[offset + n + i] << 8);
      out[i] = code === UNKNOWN ? NaN : 10 ** (low + (code / scales.steps) * (high - low));
    }
    return out;
  };
  return { v: value(0, scales.speed), i: value(2 * n, scales.inclination), classes: bytes.subarray(4 * n, 5 * n) };
}

class Picture {
  constructor(place, points, flagged, scales) {
    Object.assign(this, { place, points, flagged, scales });
    this.make();
    new ResizeObserver(() => this.resize()).observe(place);
    document.addEventListener("theme", () => this.anew());
  }

  anew() {
    this.plot.destroy();
    this.make();
  }

  size() {
    const width = Math.max(280, Math.floor(this.place.clientWidth));
    return { width, height: Math.round(Math.min(620, Math.max(360, width * 0.55))) };
  }

  resize() {
    const size = this.size();
    if (this.wide !== this.place.clientWidth > WIDE) this.anew(); // the labels of its axes depend on it
    else if (Math.abs(size.width - this.plot.width) > 1) this.plot.setSize(size);
  }

  make() {
    const axis = (label) => ({
      label,
      stroke: page("--ink"),
      grid: { stroke: page("--line"), width: 1 },
      ticks: { stroke: page("--line"), width: 1 },
      font: "12px system-ui, sans-serif",
      labelFont: "13px system-ui, sans-serif",
      splits: (_plot, _axis, low, high) => ticks(low, high),
      values: (_, values) => values.map((value) => (value === null ? "" : String(Number(value.toPrecision(6))))),
    });
    const wide = this.place.clientWidth > WIDE;
    this.wide = wide;
    const scale = (whole) => ({ distr: 3, log: 10, range: (_, low, high) => (low === null ? whole : [Math.max(low, 1e-4), high]) });
    this.plot = new uPlot(
      {
        ...this.size(),
        scales: { x: { time: false, ...scale(WHOLE.x) }, y: scale(WHOLE.y) },
        axes: [axis(wide ? "speed relative to Earth at the closest point of the orbits (km/s)" : "speed past Earth (km/s)"), axis("inclination to the ecliptic (°)")],
        series: [{}, { show: false }],
        legend: { show: false },
        cursor: { drag: { x: true, y: true, uni: 20 }, points: { show: false }, bind: { dblclick: () => () => this.whole() } },
        hooks: { draw: [(plot) => this.draw(plot)], setCursor: [(plot) => this.hover(plot)] },
      },
      [[WHOLE.x[0], WHOLE.x[1]], [WHOLE.y[0], WHOLE.y[1]]],
      this.place,
    );
    this.whole();
    this.tip = el("div", { class: "tip", hidden: true });
    this.plot.over.append(this.tip);
    this.plot.over.addEventListener("click", (event) => this.click(event));
    this.place.dataset.ready = "true";
  }

  whole() {
    this.plot.batch(() => {
      this.plot.setScale("x", { min: WHOLE.x[0], max: WHOLE.x[1] });
      this.plot.setScale("y", { min: WHOLE.y[0], max: WHOLE.y[1] });
    });
  }

  draw(plot) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio || 1;
    const { v, i } = this.points;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const [x0, x1] = [plot.scales.x.min, plot.scales.x.max].map(Math.log10);
    const [y0, y1] = [plot.scales.y.min, plot.scales.y.max].map(Math.log10);
    const [ax, ay] = [bbox.width / (x1 - x0), bbox.height / (y1 - y0)];
    ctx.fillStyle = page("--dot");
    const size = Math.max(1, Math.round(1.4 * ratio));
    for (let k = 0; k < v.length; k += 1) {
      const x = (Math.log10(v[k]) - x0) * ax;
      const y = bbox.height - (Math.log10(i[k]) - y0) * ay;
      if (x >= 0 && y >= 0 && x <= bbox.width && y <= bbox.height) ctx.fillRect(bbox.left + x, bbox.top + y, size, size);
    }
    this.corner(plot, ctx, ratio);
    this.marks(plot, ctx, ratio);
    ctx.restore();
    this.place.dataset.drawn = String(v.length);
  }

  corner(plot, ctx, ratio) {
    const right = plot.valToPos(LEAKERS.v, "x", true);
    const top = plot.valToPos(LEAKERS.i, "y", true);
    const { left, height } = plot.bbox;
    const bottom = plot.bbox.top + height;
    if (right <= left || top >= bottom) return;
    ctx.fillStyle = page("--corner");
    ctx.fillRect(left, top, right - left, bottom - top);
    ctx.fillStyle = page("--warn");
    ctx.font = `italic ${11.5 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillText(`slow leakers: below ${LEAKERS.v} km/s and ${LEAKERS.i}°`, left + 8 * ratio, bottom - 12 * ratio);
  }

  marks(plot, ctx, ratio) {
    const taken = [];
    ctx.font = `${11.5 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    this.places = this.flagged.map((item) => ({ item, x: plot.valToPos(item.v_encounter_kms, "x", true), y: plot.valToPos(item.i_deg, "y", true) }));
    for (const { item, x, y } of this.places) {
      ctx.fillStyle = CLASS_COLOURS[item.class];
      ctx.strokeStyle = page("--card");
      ctx.lineWidth = ratio;
      shape(ctx, item.class, x, y, MARK * ratio);
      taken.push([x - 6 * ratio, y - 6 * ratio, x + 6 * ratio, y + 6 * ratio]);
    }
    ctx.fillStyle = page("--ink");
    for (const { item, x, y } of this.places) {
      const width = ctx.measureText(item.designation).width;
      for (const [dx, dy] of [[9, 0], [9, -11], [9, 11], [-9, 0], [-9, -11], [-9, 11]]) {
        const left = dx > 0 ? x + dx * ratio : x + dx * ratio - width;
        const box = [left, y + (dy - 6) * ratio, left + width, y + (dy + 6) * ratio];
        const free = taken.every((other) => box[0] > other[2] || box[2] < other[0] || box[1] > other[3] || box[3] < other[1]);
        if (free && box[2] < plot.bbox.left + plot.bbox.width && box[0] > plot.bbox.left) {
          ctx.fillText(item.designation, left, y + dy * ratio);
          taken.push(box);
          break;
        }
      }
    }
  }

  nearest(plot, left, top) {
    const ratio = devicePixelRatio || 1;
    const at = [left * ratio + plot.bbox.left, top * ratio + plot.bbox.top];
    let best = null;
    let least = (REACH * 1.5 * ratio) ** 2;
    for (const { item, x, y } of this.places || []) {
      const d = (x - at[0]) ** 2 + (y - at[1]) ** 2;
      if (d < least) [best, least] = [item, d];
    }
    if (best) return best;
    const v = plot.posToVal(left, "x");
    const i = plot.posToVal(top, "y");
    const sx = plot.over.clientWidth / Math.log10(plot.scales.x.max / plot.scales.x.min);
    const sy = plot.over.clientHeight / Math.log10(plot.scales.y.max / plot.scales.y.min);
    least = REACH ** 2;
    for (let k = 0; k < this.points.v.length; k += 1) {
      const d = (Math.log10(this.points.v[k] / v) * sx) ** 2 + (Math.log10(this.points.i[k] / i) * sy) ** 2;
      if (d < least) [best, least] = [{ rank: k + 1, v_encounter_kms: this.points.v[k], i_deg: this.points.i[k], class: this.scales.classes[this.points.classes[k]] }, d];
    }
    return best;
  }

  hover(plot) {
    if (!this.tip) return;
    const { left, top } = plot.cursor;
    const found = left >= 0 && top >= 0 ? this.nearest(plot, left, top) : null;
    this.tip.hidden = !found;
    plot.over.classList.toggle("pointing", Boolean(found));
    if (!found) return;
    this.tip.textContent = `${found.designation ? `${found.designation}, ` : ""}rank ${found.rank}: ${figure(found.v_encounter_kms, 3)} km/s, ${figure(found.i_deg, 3)}°, ${found.class.replaceAll("_", " ")}`;
    const right = left > plot.over.clientWidth / 2;
    this.tip.style.left = right ? "auto" : `${left + 12}px`;
    this.tip.style.right = right ? `${plot.over.clientWidth - left + 12}px` : "auto";
    this.tip.style.top = `${Math.max(0, top - 34)}px`;
  }

  click(event) {
    const box = this.plot.over.getBoundingClientRect();
    const found = this.nearest(this.plot, event.clientX - box.left, event.clientY - box.top);
    if (found && this.plot.select.width < 3) location.assign(found.designation ? `/objects/${encodeURIComponent(found.designation)}` : `/rank/${found.rank}`);
  }
}

function ticks(low, high) {
  const out = [];
  const steps = Math.log10(high / low) > 1.5 ? [1] : [1, 2, 5];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade += 1) {
    for (const step of steps) {
      const value = step * 10 ** decade;
      if (value >= low && value <= high) out.push(value);
    }
  }
  return out;
}

function shape(ctx, name, x, y, r) {
  ctx.beginPath();
  if (name === "known_artificial") [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]].forEach(([a, b]) => ctx.lineTo(x + a * r, y + b * r));
  else if (name === "unexplained") [[0, -1.3], [1.2, 1], [-1.2, 1]].forEach(([a, b]) => ctx.lineTo(x + a * r, y + b * r));
  else if (name === "natural") [[0, 1.3], [1.2, -1], [-1.2, -1]].forEach(([a, b]) => ctx.lineTo(x + a * r, y + b * r));
  else if (name === "insufficient_data") ctx.rect(x - r, y - r, 2 * r, 2 * r);
  else ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.closePath();
  ctx.fill();
  ctx.stroke();
}

let picture = null;

async function load() {
  const place = document.getElementById("plot");
  const scales = block("scales");
  const reply = await fetch(place.dataset.points, { credentials: "same-origin" });
  if (!reply.ok) throw new Error(`The service answered with status ${reply.status}.`);
  const bytes = new Uint8Array(await reply.arrayBuffer());
  if (bytes.length !== 5 * scales.objects) throw new Error("The catalogue changed while the page was loading: load it again.");
  const flagged = block("flagged").filter((item) => item.v_encounter_kms > 0 && item.i_deg > 0);
  if (picture) {
    Object.assign(picture, { points: decode(bytes, scales), flagged, scales });
    picture.anew();
    return;
  }
  place.replaceChildren();
  picture = new Picture(place, decode(bytes, scales), flagged, scales);
  performance.mark("plotted");
}

async function start() {
  try {
    await load();
  } catch (error) {
    document.getElementById("plot").replaceChildren(el("p", { class: "notice bad", role: "alert" }, `The picture could not be loaded. ${error.message}`));
  }
}

start();
document.addEventListener("renewed", (event) => {
  if (event.detail.includes("assessments")) load().catch(() => {}); // the picture shown before stays
});
