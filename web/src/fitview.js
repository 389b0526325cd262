// What a fit leaves unexplained, the track on the sky, and the answer to an object: for workbench and cases.
import { el, figure } from "./dom.js";
import { plot } from "./plots.js";

const CLASSES = { known_artificial: "known artificial", probably_artificial: "probably artificial", unexplained: "unexplained", insufficient_data: "undecided", natural: "natural" };
const [EAST, NORTH, LEFT] = ["#0072B2", "#D55E00", "#7b8794"];

export function signed(value) {
  return `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;
}

export function answerCard(answer, extras = []) {
  const lines = answer.evidence.map((line) =>
    el("tr", { dataset: { line: line.line } },
      el("th", { scope: "row" }, line.line.replaceAll("_", " ")),
      el("td", { class: "n nowrap" }, line.status === "measured" ? signed(line.log10_bayes_factor) : el("span", { class: "tag missing" }, line.status),
        line.status === "measured" ? el("small", { class: "block faint" }, `${signed(line.interval[0])} … ${signed(line.interval[1])}`) : null),
      el("td", {}, line.summary)));
  const needs = answer.missing.map((item) => el("li", {}, `${item.line.replaceAll("_", " ")}: ${item.needs}${item.decisive_on ? ` (decisive on ${item.decisive_on})` : ""}`));
  const place = el("article", { class: "card answer" },
    el("h2", {}, answer.designation, " ", el("span", { class: `tag class-${answer.class}` }, CLASSES[answer.class] || answer.class)),
    el("p", { class: "lead" }, answer.verdict),
    el("p", {}, `P(artificial) ${figure(answer.probability_artificial, 3)} (${figure(answer.interval[0], 2)} … ${figure(answer.interval[1], 2)}), log₁₀ Bayes factor ${signed(answer.log10_bayes_factor)}`),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "Line"), el("th", { class: "n" }, "log₁₀ BF"), el("th", {}, "Why"))), el("tbody", {}, ...lines))),
    needs.length ? el("div", {}, el("h3", {}, "What would decide"), el("ul", {}, ...needs)) : null);
  place.append(...extras.filter(Boolean));
  return place;
}

export function rejectedCard(rows) {
  return el("section", { class: "card" }, el("h2", {}, "Not used"),
    el("ul", {}, ...rows.slice(0, 50).map((item) => el("li", {}, `Line ${item.line}${item.designation ? ` (${item.designation})` : ""}: ${item.reason}`))),
    rows.length > 50 ? el("p", { class: "faint" }, `and ${rows.length - 50} more`) : null);
}

/** Facts of the fit, residuals and sky track. Draw it once its place is in the page: call the function that is given back. */
export function fitView(orbit, series) {
  const facts = [
    ["Observations", `${orbit.n_used} used of ${orbit.n_obs}`], ["Arc", `${figure(orbit.arc_days, 5)} d, ${orbit.nights} nights`],
    ["Residuals, rms", `${figure(orbit.rms_arcsec, 3)}″`], ["Reduced χ²", figure(orbit.reduced_chi2, 3)],
    ["a", withSigma(orbit.a_au, orbit.a_au_sigma, "au")], ["e", withSigma(orbit.e, orbit.e_sigma, "")], ["i", withSigma(orbit.i_deg, orbit.i_deg_sigma, "°")],
    ["Area-to-mass ratio", orbit.amr_m2kg === null || orbit.amr_m2kg === undefined ? "not measured" : withSigma(orbit.amr_m2kg, orbit.amr_sigma_m2kg, "m²/kg")],
  ];
  const residuals = el("div", { class: "figure", dataset: { plot: "residuals" } });
  const track = el("div", { class: "figure", dataset: { plot: "track" } });
  const node = el("div", { class: "fit" },
    el("h3", {}, "The fit"),
    el("dl", { class: "facts" }, ...facts.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])),
    orbit.remarks?.length ? el("ul", { class: "remarks" }, ...orbit.remarks.map((text) => el("li", {}, text))) : null,
    series ? el("div", { class: "columns" }, el("div", {}, el("h3", {}, "Residuals"), residuals), el("div", {}, el("h3", {}, "Track on the sky"), track)) : null);
  const draw = () => {
    if (!series) return;
    drawResiduals(residuals, series.residuals);
    drawTrack(track, series.track);
  };
  return { node, draw };
}

function withSigma(value, sigma, unit) {
  const after = unit === "°" ? unit : unit ? ` ${unit}` : "";
  return sigma === null || sigma === undefined || !Number.isFinite(sigma) ? `${figure(value, 7)}${after}` : `${figure(value, 7)} ± ${figure(sigma, 2)}${after}`;
}

function drawResiduals(place, table) {
  const rows = table.time_utc.map((time, k) => ({ time, days: (Date.parse(time) - Date.parse(table.time_utc[0])) / 864e5, east: table.east_arcsec[k], north: table.north_arcsec[k], used: table.used[k], text: `${time} ${table.station[k]}, line ${table.source_line[k]}` }));
  const optical = rows.filter((row) => row.east !== null);
  const used = optical.filter((row) => row.used);
  const size = Math.max(0.5, 1.3 * Math.max(0, ...used.flatMap((row) => [Math.abs(row.east), Math.abs(row.north)])));
  const inside = (row, name) => Math.abs(row[name]) <= size;
  const points = (name) => used.map((row) => [row.days, row[name], `${row.text}: ${figure(row[name], 3)}″ ${name}`]);
  const left = optical.filter((row) => !row.used && inside(row, "east")).map((row) => [row.days, row.east, `${row.text}: left out`]);
  const outside = optical.filter((row) => !row.used && !inside(row, "east")).length;
  plot(place, {
    title: `Residuals of ${optical.length} observations in arcseconds against time`,
    x: { label: `days since ${rows[0].time.slice(0, 16).replace("T", " ")} UTC` },
    y: { label: "observed − computed (″)", range: [-size, size] },
    series: [{ name: "east", kind: "dots", colour: EAST, points: points("east") }, { name: "north", kind: "dots", colour: NORTH, points: points("north") }, ...(left.length ? [{ name: "left out", kind: "crosses", colour: LEFT, points: left }] : [])],
    lines: [{ y: 0 }],
  });
  place.dataset.points = String(optical.length);
  if (outside) place.append(el("p", { class: "faint" }, `${outside} left out beyond the frame`));
}

function drawTrack(place, table) {
  if (!table.ra_deg.length) {
    place.replaceChildren(el("p", { class: "empty" }, "No optical observation."));
    return;
  }
  let turn = 0;
  const points = table.ra_deg.map((ra, k) => {
    if (k && ra - table.ra_deg[k - 1] > 180) turn -= 360;
    else if (k && ra - table.ra_deg[k - 1] < -180) turn += 360;
    return [ra + turn, table.dec_deg[k], `${table.time_utc[k]}: ${ra.toFixed(4)}° ${table.dec_deg[k].toFixed(4)}°`];
  });
  plot(place, {
    title: `Track of ${points.length} observations on the sky`,
    x: { label: "right ascension (°, east to the left)", flip: true },
    y: { label: "declination (°)" },
    series: [{ kind: "line", colour: LEFT, points }, { kind: "dots", colour: EAST, points }],
  });
  place.dataset.points = String(points.length);
}
