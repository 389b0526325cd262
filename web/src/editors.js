// Inputs of forms that are more than one value: the terms of a condition, the arms of an experiment.
import { call } from "./api.js";
import { el, shown } from "./dom.js";

const COMPARISONS = [["", "is"], ["__ge", "is at least"], ["__le", "is at most"], ["__gt", "is above"], ["__lt", "is below"]];

export function startEditors(root = document) {
  for (const place of root.querySelectorAll("fieldset[data-terms]")) terms(place);
  for (const place of root.querySelectorAll("fieldset[data-arms]")) arms(place);
}

/** What the editors of a form hold, by the names of their fields. */
export function edited(form) {
  const body = {};
  for (const place of form.querySelectorAll("fieldset[data-terms]")) body[place.dataset.terms] = termsOf(place);
  for (const place of form.querySelectorAll("fieldset[data-arms]")) body[place.dataset.arms] = armsOf(place);
  return body;
}

function terms(place) {
  const names = place.dataset.options.split(" ");
  const add = () => {
    const remove = el("button", { type: "button", class: "small", "aria-label": "Remove this line", on: { click: () => row.remove() } }, "\u00d7");
    const row = el(
      "div",
      { class: "term" },
      el("select", { "aria-label": "Field" }, ...names.map((name) => el("option", {}, name))),
      el("select", { "aria-label": "Comparison" }, ...COMPARISONS.map(([value, text]) => el("option", { value }, text))),
      el("input", { "aria-label": "Value", required: true }),
      remove,
    );
    more.before(row);
    return row;
  };
  const more = el("button", { type: "button", class: "small", on: { click: add } }, "And\u2026");
  place.append(more);
  const [field] = add().querySelectorAll("select");
  if (names.includes("class")) field.value = "class";
}

function termsOf(place) {
  const found = {};
  for (const row of place.querySelectorAll(".term")) {
    const [field, comparison] = [...row.querySelectorAll("select")].map((one) => one.value);
    const name = field + comparison;
    if (name in found) throw new Error(`"${field}" is compared twice in the same way.`);
    found[name] = read(row.querySelector("input").value.trim());
  }
  if (!Object.keys(found).length) throw new Error("A condition needs one line at least.");
  return found;
}

function read(text) {
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

async function arms(place) {
  let models;
  try {
    ({ items: models } = await call("GET", "/api/v1/prediction/models?limit=100"));
  } catch (error) {
    place.append(el("p", { class: "notice bad", role: "alert" }, error.message));
    return;
  }
  if (models.length < 2) {
    place.append(el("p", { class: "faint" }, `An experiment compares two models; ${shown(models.length)} is there.`));
    return;
  }
  const options = () => models.map((one) => el("option", { value: one.id }, `${one.name} ${one.version} (${one.stage})`));
  const choice = (text) => el("label", {}, text, el("select", {}, ...options()));
  place.append(
    choice("First model"),
    choice("Second model"),
    el("label", {}, "Share of the second", el("input", { type: "number", min: "0.01", max: "0.99", step: "0.01", value: "0.5", required: true })),
  );
  place.querySelectorAll("select")[1].selectedIndex = 1;
}

function armsOf(place) {
  const [first, second] = [...place.querySelectorAll("select")].map((one) => one.value);
  if (!second) throw new Error("An experiment compares two models.");
  if (first === second) throw new Error("Choose two different models.");
  const share = Number(place.querySelector("input").value);
  return [{ name: "first", model_id: first, share: 1 - share }, { name: "second", model_id: second, share }];
}
