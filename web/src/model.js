// One learned model: its calibration, its curves on held-out objects, and whether it still fits the catalogue.
import { block, call } from "./api.js";
import { el, figure } from "./dom.js";
import { plot } from "./plots.js";

const reference = block("reference");
const UNIT = [0, 1];
const [CURVE, BAND] = ["var(--accent)", "#56B4E9"];
const share = (value) => `${figure(100 * value, 3)} %`;

function calibration() {
  const { a, b, c } = reference?.calibration || {};
  if (![a, b, c].every(Number.isFinite)) return;
  const points = Array.from({ length: 199 }, (_, k) => (k + 1) / 200).map((p) => [p, 1 / (1 + Math.exp(-(a * Math.log(p) - b * Math.log(1 - p) + c)))]);
  plot(document.getElementById("calibration"), {
    title: "Probability after calibration against the score before it",
    x: { label: "score of the trees", range: UNIT }, y: { label: "calibrated probability", range: UNIT },
    series: [{ kind: "line", colour: CURVE, points }], lines: [{ diagonal: true }],
  });
}

function reliability() {
  const curve = reference?.curves?.reliability;
  if (!curve) return;
  const place = document.getElementById("reliability");
  const drawn = el("div", { class: "figure", dataset: { bins: curve.predicted.length } });
  place.replaceChildren(drawn);
  const says = (k) => `predicted ${share(curve.predicted[k])}: observed ${share(curve.observed[k])} (${share(curve.low[k])} … ${share(curve.high[k])}) of ${curve.simulated[k]} simulated and ${curve.catalogued[k]} catalogued`;
  plot(drawn, {
    title: "Observed share against predicted probability; the same numbers stand in the table",
    x: { label: "predicted probability", range: UNIT }, y: { label: "share of simulated hardware", range: UNIT },
    series: [{ kind: "dots", colour: CURVE, radius: 4, points: curve.predicted.map((value, k) => [value, curve.observed[k], says(k)]) }],
    bars: curve.predicted.map((value, k) => ({ x: value, low: curve.low[k], high: curve.high[k], colour: CURVE })), lines: [{ diagonal: true }],
  });
  place.append(table("Reliability", ["Predicted", "Observed", "90 %", "Simulated", "Catalogued"], curve.predicted.map((value, k) => [share(value), share(curve.observed[k]), `${share(curve.low[k])} … ${share(curve.high[k])}`, figure(curve.simulated[k]), figure(curve.catalogued[k])])));
}

function recall() {
  const curve = reference?.curves?.recall;
  if (!curve) return;
  const place = document.getElementById("recall");
  const drawn = el("div", { class: "figure", dataset: { steps: curve.alerts.length } });
  place.replaceChildren(drawn);
  const line = (name) => curve.alerts.map((value, k) => [value, curve[name][k]]);
  plot(drawn, {
    title: "Share of simulated hardware found against the number of alerts; the same numbers stand in the table",
    x: { label: "alerts: first ranks of the catalogue that are looked at", log: true }, y: { label: "recall", range: UNIT },
    series: [{ kind: "line", colour: BAND, points: line("low") }, { kind: "line", colour: BAND, points: line("high") }, { kind: "line", colour: CURVE, points: line("recall") },
      { kind: "dots", colour: CURVE, points: curve.alerts.map((value, k) => [value, curve.recall[k], `${figure(value)} alerts: ${share(curve.recall[k])} (${share(curve.low[k])} … ${share(curve.high[k])})`]) }],
  });
  place.append(table("Recall", ["Alerts", "Recall", "90 %"], curve.alerts.map((value, k) => [figure(value), share(curve.recall[k]), `${share(curve.low[k])} … ${share(curve.high[k])}`])));
}

function table(name, heads, rows) {
  const row = (cells) => el("tr", {}, ...cells.map((cell) => el("td", { class: "n" }, cell)));
  return el("details", {}, el("summary", {}, "The numbers"), el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": name },
    el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { class: "n" }, text)))), el("tbody", {}, ...rows.map(row)))));
}

async function drift() {
  const place = document.getElementById("drift");
  try {
    const reply = await call("GET", place.dataset.url);
    const rows = reply.features.map((row) => el("tr", {}, el("th", { scope: "row" }, row.feature.replace("log10", "log₁₀").replaceAll("_", " ")), el("td", { class: "n" }, row.psi === null ? "–" : figure(row.psi, 3)), el("td", { class: "n" }, figure(row.ks, 3)), el("td", { class: "n" }, `${figure(100 * row.missing, 2)} %`), el("td", {}, el("span", { class: `state ${row.verdict === "stable" ? "ok" : "look"}` }, row.verdict))));
    place.replaceChildren(el("p", { class: "faint" }, `${reply.objects.toLocaleString("en-US")} objects compared`), el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Drift of the features" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "Feature"), el("th", { class: "n" }, "PSI"), el("th", { class: "n" }, "KS"), el("th", { class: "n" }, "Missing"), el("th", {}, "Verdict"))), el("tbody", {}, ...rows))));
  } catch (error) {
    place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
  }
}

calibration();
reliability();
recall();
drift();
