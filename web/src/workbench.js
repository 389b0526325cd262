// Paste elements or names, see verdicts.
import { call } from "./api.js";
import { el, figure } from "./dom.js";

const EXAMPLE = `designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H
example (elements of 2020 SO),2459107.5,1.0329,0.0333,0.1384,226.4,303.7,308.4,28.4`;
const TEXTUAL = new Set(["designation", "U"]);
const CLASSES = { known_artificial: "known artificial", probably_artificial: "probably artificial", unexplained: "unexplained", insufficient_data: "undecided", natural: "natural" };

export function workbench() {
  return {
    busy: false,
    error: "",
    example() {
      this.$root.querySelector("textarea").value = EXAMPLE;
    },
    async take(event) {
      const [file] = event.target.files;
      if (file) this.$root.querySelector("textarea").value = await file.text();
    },
    async send() {
      this.busy = true;
      this.error = "";
      const place = document.getElementById("answers");
      place.replaceChildren();
      try {
        const body = parse(this.$root.querySelector("textarea").value, Number(this.$root.dataset.most));
        const report = await call("POST", "/api/v1/analysis/assess", body);
        place.append(...report.assessments.map(card), ...(report.rejected.length ? [rejected(report.rejected)] : []));
      } catch (error) {
        this.error = error.message;
      } finally {
        this.busy = false;
      }
    },
  };
}

export function parse(text, most) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() && !line.startsWith("#"));
  if (!lines.length) throw new Error("There is nothing to assess.");
  const heads = split(lines[0]);
  if (!heads.includes("a_au")) {
    if (lines.length > most) throw new Error(`At most ${most} objects are assessed at once.`);
    return { designations: lines.map((line) => line.trim()) };
  }
  if (lines.length === 1) throw new Error("There is a heading but no row.");
  if (lines.length - 1 > most) throw new Error(`At most ${most} rows are assessed at once; there are ${lines.length - 1}.`);
  return { elements: lines.slice(1).map((line, index) => row(heads, split(line), index + 2)) };
}

function row(heads, cells, number) {
  if (cells.length !== heads.length) throw new Error(`Line ${number} has ${cells.length} cells, the heading ${heads.length}.`);
  const out = {};
  heads.forEach((name, index) => {
    const cell = cells[index];
    if (cell === "") return;
    if (TEXTUAL.has(name)) {
      out[name] = cell;
      return;
    }
    const value = Number(cell);
    if (!Number.isFinite(value)) throw new Error(`Line ${number}: ${name} is no number: ${cell}`);
    out[name] = value;
  });
  return out;
}

function split(line) {
  const cells = [];
  for (const [, quoted, plain] of `${line},`.matchAll(/(?:\s*"((?:[^"]|"")*)"\s*|([^,]*)),/g)) {
    cells.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
  }
  return cells;
}

function card(answer) {
  const lines = answer.evidence.map((line) =>
    el("tr", { dataset: { line: line.line } },
      el("th", { scope: "row" }, line.line.replaceAll("_", " ")),
      el("td", { class: "n" }, line.status === "measured" ? signed(line.log10_bayes_factor) : el("span", { class: "tag missing" }, line.status)),
      el("td", {}, line.summary)));
  const needs = answer.missing.map((item) => el("li", {}, `${item.line.replaceAll("_", " ")}: ${item.needs}`));
  return el("article", { class: "card answer" },
    el("h2", {}, answer.designation, " ", el("span", { class: `tag class-${answer.class}` }, CLASSES[answer.class] || answer.class)),
    el("p", { class: "lead" }, answer.verdict),
    el("p", {}, `P(artificial) ${figure(answer.probability_artificial, 3)} (${figure(answer.interval[0], 2)} … ${figure(answer.interval[1], 2)}), log₁₀ Bayes factor ${signed(answer.log10_bayes_factor)}`),
    el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "Line"), el("th", { class: "n" }, "log₁₀ BF"), el("th", {}, "Why"))), el("tbody", {}, ...lines)),
    needs.length ? el("div", {}, el("h3", {}, "What would decide"), el("ul", {}, ...needs)) : null);
}

function rejected(rows) {
  return el("section", { class: "card" }, el("h2", {}, "Not used"),
    el("ul", {}, ...rows.map((item) => el("li", {}, `Line ${item.line}${item.designation ? ` (${item.designation})` : ""}: ${item.reason}`))));
}

function signed(value) {
  return `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;
}
