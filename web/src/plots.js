// Small plots as SVG: points, lines, marks, with axes that say what they show. Numbers stand in data-values too.
import { el } from "./dom.js";

const NS = "http://www.w3.org/2000/svg";
const MARGIN = { left: 62, right: 14, top: 12, bottom: 44 };

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== null) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** series: [{name, kind: "dots" | "line" | "crosses", colour, points: [[x, y, text]]}]; axes: {label, log, flip, range, ticks}; bars: {x, low, high, colour}. */
export function plot(place, { title, x, y, series, lines = [], bars = [], height = 260 }) {
  const draw = () => {
    const width = Math.max(260, place.clientWidth);
    place.querySelector("svg")?.remove();
    place.prepend(picture({ title, x, y, series, lines, bars, width, height }));
  };
  place.replaceChildren();
  const named = series.filter((item) => item.name);
  if (named.length > 1) {
    place.append(el("p", { class: "legend" }, ...named.map((item) => {
      const key = el("span", { class: "key" });
      key.style.background = item.colour;
      return el("span", { class: "entry" }, key, item.name);
    })));
  }
  draw();
  let last = place.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(place.clientWidth - last) < 2) return;
    last = place.clientWidth;
    draw();
  }).observe(place);
}

function picture({ title, x, y, series, lines, bars, width, height }) {
  const all = series.flatMap((item) => item.points);
  const across = scale(x, all.map((point) => point[0]), MARGIN.left, width - MARGIN.right);
  const up = scale(y, all.map((point) => point[1]), height - MARGIN.bottom, MARGIN.top);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "plot", role: "img", "aria-label": title });
  for (const value of across.ticks) {
    const at = across.at(value);
    root.append(svg("line", { class: "grid", x1: at, x2: at, y1: MARGIN.top, y2: height - MARGIN.bottom }),
      svg("text", { x: at, y: height - MARGIN.bottom + 16, "text-anchor": "middle" }, across.text(value)));
  }
  for (const value of up.ticks) {
    const at = up.at(value);
    root.append(svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at }),
      svg("text", { x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" }, up.text(value)));
  }
  root.append(
    svg("text", { class: "label", x: (MARGIN.left + width - MARGIN.right) / 2, y: height - 6, "text-anchor": "middle" }, x.label),
    svg("text", { class: "label", "text-anchor": "middle", transform: `translate(13 ${(MARGIN.top + height - MARGIN.bottom) / 2}) rotate(-90)` }, y.label),
  );
  for (const line of lines.filter((item) => !item.diagonal)) {
    const [x1, x2] = line.x === undefined ? [MARGIN.left, width - MARGIN.right] : [across.at(line.x), across.at(line.x)];
    const [y1, y2] = line.y === undefined ? [MARGIN.top, height - MARGIN.bottom] : [up.at(line.y), up.at(line.y)];
    if (![x1, x2, y1, y2].every(Number.isFinite) || x1 < MARGIN.left - 1 || x1 > width) continue;
    const drawn = svg("line", { class: `mark ${line.kind || ""}`, x1, x2, y1, y2 });
    if (line.text) drawn.append(svg("title", {}, line.text));
    root.append(drawn);
  }
  if (lines.some((line) => line.diagonal)) root.append(svg("line", { class: "mark", x1: across.at(0), y1: up.at(0), x2: across.at(1), y2: up.at(1) }));
  for (const bar of bars) root.append(svg("line", { x1: across.at(bar.x), x2: across.at(bar.x), y1: up.at(bar.low), y2: up.at(bar.high), stroke: bar.colour, "stroke-width": 1.6 }));
  for (const item of series) root.append(...shapes(item, across, up));
  return root;
}

function* shapes(item, across, up) {
  const places = item.points
    .filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py))
    .map(([px, py, text]) => [across.at(px), up.at(py), text]);
  if (item.kind === "line") {
    yield svg("polyline", { points: places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" "), fill: "none", stroke: item.colour, "stroke-width": 2 });
    return;
  }
  for (const [px, py, text] of places) {
    const node = item.kind === "crosses"
      ? svg("path", { d: `M${px - 4},${py - 4}l8,8m0,-8l-8,8`, stroke: item.colour, "stroke-width": 1.6, fill: "none" })
      : svg("circle", { cx: px.toFixed(1), cy: py.toFixed(1), r: item.radius || 3, fill: item.colour, "fill-opacity": 0.85 });
    if (text) node.append(svg("title", {}, text));
    yield node;
  }
}

function scale(axis, values, start, end) {
  const known = values.filter((value) => Number.isFinite(value) && (!axis.log || value > 0));
  let [low, high] = axis.range || [Math.min(...known), Math.max(...known)];
  if (!known.length && !axis.range) [low, high] = axis.log ? [1, 10] : [0, 1];
  if (!axis.range && low === high) [low, high] = axis.log ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) * 0.05, high + (Math.abs(high) || 1) * 0.05];
  const change = axis.log ? Math.log10 : (value) => value;
  if (!axis.range) {
    const pad = (change(high) - change(low)) * 0.04;
    [low, high] = axis.log ? [10 ** (change(low) - pad), 10 ** (change(high) + pad)] : [low - pad, high + pad];
  }
  const [from, to] = axis.flip ? [end, start] : [start, end];
  const span = change(high) - change(low);
  const room = Math.abs(end - start);
  return {
    at: (value) => from + ((change(value) - change(low)) / span) * (to - from),
    ticks: axis.ticks ? axis.ticks : axis.log ? decades(low, high) : steps(low, high, Math.max(2, Math.floor(room / (axis.wide || 80)))),
    text: axis.text || (axis.log ? (value) => (value < 1e-4 || value >= 1e6 ? value.toExponential(0).replace("e+", "e") : String(Number(value.toPrecision(3)))) : (value) => short(value, span)),
  };
}

function decades(low, high) {
  const out = [];
  const fine = Math.log10(high / low) < 2 ? [1, 2, 5] : [1];
  const skip = Math.max(1, Math.ceil(Math.log10(high / low) / 7));
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    if (power % skip) continue;
    for (const digit of fine) if (digit * 10 ** power >= low && digit * 10 ** power <= high) out.push(digit * 10 ** power);
  }
  return out;
}

export function steps(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const size = [1, 2, 5, 10].map((digit) => digit * power).find((value) => value >= raw);
  const out = [];
  for (let k = Math.ceil(low / size); k * size <= high + size * 1e-9; k += 1) out.push(Number((k * size).toPrecision(12)));
  return out;
}

function short(value, span) {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(0).replace("e+", "e");
  const digits = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(span / 4))));
  return String(Number(value.toFixed(digits)));
}
