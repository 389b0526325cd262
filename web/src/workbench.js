// Paste or drop elements, names or observations; see verdicts, residuals and the track; keep them as a case.
import { call, pause, send } from "./api.js";
import { el, shown } from "./dom.js";
import { answerCard, fitView, rejectedCard } from "./fitview.js";

const EXAMPLE = `designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H
example (elements of 2020 SO),2459107.5,1.0329,0.0333,0.1384,226.4,303.7,308.4,28.4`;
const TEXTUAL = new Set(["designation", "U"]);
const OBSERVATION = /^.{14}.\d{4} \d{2} \d{2}\.\d/;
const LONGEST_MS = 20 * 60_000;
const LONELY_MS = 30_000;

const form = document.getElementById("ask");
const text = form.elements.text;
const told = document.getElementById("told");
const kind = document.getElementById("kind");
const answers = document.getElementById("answers");
const most = Number(form.dataset.most);
let taken = null;

/** What a text is: "observations", "elements" or "designations"; null where it is empty. */
export function recognise(given) {
  const lines = given.split(/\r?\n/).filter((line) => line.trim());
  if (!lines.length) return null;
  if (lines[0].trimStart().startsWith("<")) return "observations";
  if (lines.some((line) => line.includes("|") && /\bobsTime\b/.test(line))) return "observations";
  if (lines.some((line) => OBSERVATION.test(line))) return "observations";
  const heads = lines.find((line) => !line.startsWith("#"));
  return heads && split(heads).includes("a_au") ? "elements" : "designations";
}

export function parse(given, limit) {
  const lines = given.split(/\r?\n/).map((line, index) => [line, index + 1]).filter(([line]) => line.trim() && !line.startsWith("#"));
  if (!lines.length) throw new Error("There is nothing to assess.");
  const heads = split(lines[0][0]);
  if (!heads.includes("a_au")) {
    if (lines.length > limit) throw new Error(`At most ${limit} objects are assessed at once.`);
    return { designations: lines.map(([line]) => line.trim()) };
  }
  if (lines.length === 1) throw new Error("There is a heading but no row.");
  if (lines.length - 1 > limit) throw new Error(`At most ${limit} rows are assessed at once; there are ${lines.length - 1}.`);
  return { elements: lines.slice(1).map(([line, number]) => row(heads, split(line), number)) };
}

function row(heads, cells, number) {
  if (cells.length !== heads.length) throw new Error(`Line ${number} has ${cells.length} cells, the heading ${heads.length}.`);
  const out = {};
  heads.forEach((name, index) => {
    const cell = cells[index];
    if (cell === "") return;
    const value = Number(cell);
    if (!TEXTUAL.has(name) && !Number.isFinite(value)) throw new Error(`Line ${number}: ${name} is no number: ${cell}`);
    out[name] = TEXTUAL.has(name) ? cell : value;
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

function look() {
  const found = taken ? "observations" : recognise(text.value);
  const count = text.value.split(/\r?\n/).filter((line) => line.trim()).length;
  const words = { observations: "observations: they are fitted first, which takes seconds to minutes", elements: "orbital elements", designations: "names of catalogued objects" };
  kind.textContent = taken ? `${taken.name}, ${shown(taken.size, "bytes")}, sent as it is, as observations` : found ? `Read as ${words[found]} (${count} ${count === 1 ? "line" : "lines"}).` : "";
  return found;
}

async function take(file) {
  if (!file) return;
  const small = file.size <= 2_000_000;
  taken = small ? null : file;
  text.value = small ? await file.text() : "";
  text.required = small;
  form.elements.name.value ||= file.name.slice(0, 200);
  look();
}

async function ask(event) {
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  tell("Working…", "loading");
  answers.replaceChildren();
  try {
    if (look() === "observations") await observations();
    else await orbits();
    tell("", "");
  } catch (error) {
    tell(error.message, "notice bad");
  } finally {
    button.disabled = false;
  }
}

async function orbits() {
  const report = await call("POST", "/api/v1/analysis/assess", parse(text.value, most));
  show(report, []);
}

async function observations() {
  const body = new FormData();
  body.append("file", taken || new Blob([text.value], { type: "text/plain" }), "observations.txt");
  body.append("name", form.elements.name.value.trim());
  const { observation_set: set } = await send("POST", "/api/v1/analysis/observations", body);
  history.replaceState(null, "", `/workbench?set=${set.id}`);
  await follow(set.id);
}

async function follow(id) {
  const begun = Date.now();
  for (;;) {
    const { observation_set: set } = await call("GET", `/api/v1/analysis/observations/${encodeURIComponent(id)}`);
    if (set.status === "succeeded") {
      show(set.result, set.result.series || []);
      return;
    }
    if (set.status !== "queued" && set.status !== "running") throw new Error(`The observations could not be used: ${set.error || set.status}`);
    const since = Date.now() - begun;
    if (since > LONGEST_MS) throw new Error("The fit has not ended after 20 minutes. This address shows its answer when it is there.");
    const lonely = set.status === "queued" && since > LONELY_MS ? " No worker seems to be free." : "";
    tell(`${set.status === "queued" ? "Waiting for a worker" : "Fitting orbits"}, ${Math.round(since / 1000)} s.${lonely} You may leave: this address shows the answer when it is there.`, "loading");
    await pause(1000);
  }
}

function show(report, series) {
  const drawn = [];
  const cards = report.assessments.map((answer) => {
    const own = series.find((item) => item.designation === answer.designation);
    const fit = answer.orbit?.reduced_chi2 !== undefined ? fitView(answer.orbit, own) : null;
    if (fit) drawn.push(fit.draw);
    return answerCard(answer, fit ? [fit.node] : []);
  });
  answers.replaceChildren(...(cards.length ? [keep(report.assessments.map((answer) => answer.designation))] : []), ...cards,
    ...((report.rejected || []).length ? [rejectedCard(report.rejected)] : []));
  if (!cards.length && !(report.rejected || []).length) answers.append(el("p", { class: "empty" }, "No object came out of it."));
  for (const draw of drawn) draw();
}

function keep(designations) {
  const out = el("output");
  const title = el("input", { name: "title", required: true, maxLength: 200, value: form.elements.name.value.trim() || designations.slice(0, 3).join(", ") });
  const save = el("form", { class: "line card" }, el("label", {}, "Keep as a case ", title), el("button", { type: "submit" }, "Save the case"), out);
  save.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const { case: made } = await call("POST", "/api/v1/analysis/cases", { title: title.value, designations: designations.slice(0, 100) });
      out.className = "good";
      out.replaceChildren("Saved: ", el("a", { href: `/cases/${made.id}` }, made.title));
    } catch (error) {
      out.className = "bad";
      out.textContent = error.message;
    }
  });
  return save;
}

function tell(words, style) {
  told.className = style;
  told.setAttribute("role", style.includes("bad") ? "alert" : "status");
  told.textContent = words;
}

form.addEventListener("submit", ask);
text.addEventListener("input", () => { taken = null; text.required = true; look(); });
form.elements.file.addEventListener("change", (event) => take(event.target.files[0]));
document.getElementById("example").addEventListener("click", () => { text.value = EXAMPLE; taken = null; look(); });
for (const name of ["dragover", "dragleave", "drop"]) {
  form.addEventListener(name, (event) => {
    event.preventDefault();
    form.classList.toggle("over", name === "dragover");
    if (name === "drop") take(event.dataTransfer.files[0]);
  });
}
const asked = new URLSearchParams(location.search);
if (asked.get("set")) follow(asked.get("set")).then(() => tell("", ""), (error) => tell(error.message, "notice bad"));
if (asked.get("objects")) text.value = asked.get("objects").split(",").join("\n");
look();
