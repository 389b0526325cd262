// One learned model: its calibration, and whether it still fits the catalogue.
import { block, call } from "./api.js";
import { el, figure } from "./dom.js";
import { plot } from "./plots.js";

const reference = block("reference");
const UNIT = [0, 1];

function calibration() {
  const { a, b, c } = reference?.calibration || {};
  if (![a, b, c].every(Number.isFinite)) return;
  const points = Array.from({ length: 199 }, (_, k) => (k + 1) / 200).map((p) => [p, 1 / (1 + Math.exp(-(a * Math.log(p) - b * Math.log(1 - p) + c)))]);
  plot(document.getElementById("calibration"), {
    title: "Probability after calibration against the score before it",
    x: { label: "score of the trees", range: UNIT }, y: { label: "calibrated probability", range: UNIT },
    series: [{ kind: "line", colour: "#0072B2", points }], lines: [{ diagonal: true }],
  });
}

async function drift() {
  const place = document.getElementById("drift");
  try {
    const reply = await call("GET", place.dataset.url);
    const rows = reply.features.map((row) => el("tr", {}, el("th", { scope: "row" }, row.feature.replaceAll("_", " ")), el("td", { class: "n" }, row.psi === null ? "–" : figure(row.psi, 3)), el("td", { class: "n" }, figure(row.ks, 3)), el("td", { class: "n" }, `${figure(100 * row.missing, 2)} %`), el("td", {}, el("span", { class: `state ${row.verdict === "stable" ? "ok" : "look"}` }, row.verdict))));
    place.replaceChildren(el("p", { class: "faint" }, `${reply.objects.toLocaleString("en-US")} objects compared`), el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Drift of the features" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "Feature"), el("th", { class: "n" }, "PSI"), el("th", { class: "n" }, "KS"), el("th", { class: "n" }, "Missing"), el("th", {}, "Verdict"))), el("tbody", {}, ...rows))));
  } catch (error) {
    place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
  }
}

calibration();
drift();
