// Forms that speak to the API: data-api="METHOD URL"; what comes back is told in the form's <output>.
import { call, pause } from "./api.js";
import { el, shown } from "./dom.js";
import { edited, startEditors } from "./editors.js";

const ONCE = new Map([["secret", "Secret"], ["password", "Password"], ["provisioning_uri", "Or"], ["recovery_codes", "Recovery codes, each good for one log-in without the authenticator"]]);

export function startForms(root = document) {
  startEditors(root);
  for (const form of root.querySelectorAll("form[data-api]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!form.dataset.sure || window.confirm(form.dataset.sure)) send(form);
    });
  }
  for (const button of root.querySelectorAll("[data-try]")) button.addEventListener("click", () => tryOut(button));
  for (const form of root.querySelectorAll("form[data-export]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      makeExport(form);
    });
  }
}

function bodyOf(form) {
  const body = form.dataset.body ? JSON.parse(form.dataset.body) : {};
  for (const input of form.elements) {
    if (!input.name) continue;
    if (input.dataset.kind === "list") set(body, input.name, input.value.split(",").map((part) => part.trim()).filter(Boolean));
    else if (input.type === "checkbox") set(body, input.name, input.checked);
    else if (input.type === "number" && input.value !== "") set(body, input.name, Number(input.value));
    else if (input.value !== "" || input.dataset.kind === "text") set(body, input.name, input.value);
  }
  return Object.assign(body, edited(form));
}

/** Puts a value under a name in which dots lead into objects. */
function set(body, name, value) {
  const path = name.split(".");
  const last = path.pop();
  path.reduce((part, step) => (part[step] ??= {}), body)[last] = value;
}

async function send(form) {
  const [method, url] = form.dataset.api.split(" ");
  const out = form.querySelector("output");
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  tell(out, "Working…", "loading");
  try {
    const body = bodyOf(form);
    const data = await call(method, url, method === "DELETE" ? undefined : body);
    if ("job" in form.dataset) await follow(data.job, out);
    tell(out, form.dataset.done || "Done.", "good");
    for (const name of (form.dataset.show || "").split(" ").filter(Boolean)) {
      if (data[name]) out.append(el("p", {}, `${ONCE.get(name) || name}: `, shownOnce(name, data[name])));
    }
    if (out.querySelector("p")) out.append(el("p", { class: "faint" }, "Shown this once: keep it."));
    if ("reload" in form.dataset) form.closest("[data-table]").dispatchEvent(new Event("reload"));
    if (form.dataset.go) await leave(form.dataset.go);
    if (form.dataset.to) location.assign(filled(form.dataset.to, data));
    if ("job" in form.dataset) location.reload();
  } catch (error) {
    tell(out, error.message, "bad");
  } finally {
    button.disabled = false;
  }
}

/** "/cases/{case.id}" with the values of a reply. */
export function filled(address, data) {
  return address.replace(/\{([\w.]+)\}/g, (_, path) => encodeURIComponent(path.split(".").reduce((part, name) => part?.[name], data)));
}

async function leave(address) {
  if (address.startsWith("/login") && "caches" in window) await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  location.assign(address);
}

async function follow(job, out) {
  let now = job;
  while (now.status === "queued" || now.status === "running") {
    const share = now.progress_total ? ` ${now.progress_done} of ${now.progress_total}` : "";
    tell(out, `The job is ${now.status}.${now.progress_text ? ` ${now.progress_text}` : ""}${share}`, "loading");
    await pause(1500);
    now = (await call("GET", `/api/v1/admin/jobs/${job.id}`)).job;
  }
  if (now.status !== "succeeded") throw new Error(`The job is ${now.status}: ${now.error || "no reason was given"}`);
}

async function tryOut(button) {
  const out = button.form.querySelector("output");
  button.disabled = true;
  tell(out, "Looking…", "loading");
  try {
    const { kind, condition } = bodyOf(button.form);
    const found = await call("POST", button.dataset.try, { kind, condition });
    if (kind === "system") tell(out, found.value === null ? "Nothing is measured under this name." : `It is ${shown(found.value)} now: ${found.total ? "an alert would open" : "no alert would open"}.`, "good");
    else tell(out, found.total ? `${shown(found.total)} ${found.total === 1 ? "object fits" : "objects fit"} now, the first: ` : "No object fits now.", "good");
    out.append(...found.designations.slice(0, 8).flatMap((name, index) => [index ? ", " : "", el("a", { href: `/objects/${encodeURIComponent(name)}` }, name)]));
  } catch (error) {
    tell(out, error.message, "bad");
  } finally {
    button.disabled = false;
  }
}

async function makeExport(form) {
  const out = form.querySelector("output");
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  tell(out, "The file is being made…", "loading");
  try {
    const { sort, ...filters } = JSON.parse(form.dataset.query);
    let { export: item } = await call("POST", "/api/v1/analysis/exports", {
      kind: "watchlist",
      format: form.elements.format.value,
      query: { ...filters, sort },
    });
    for (let tries = 0; (item.status === "queued" || item.status === "running") && tries < 120; tries += 1) {
      await pause(1000);
      item = (await call("GET", `/api/v1/analysis/exports/${item.id}`)).export;
    }
    if (item.status === "queued" || item.status === "running") {
      tell(out, "The file is not there after two minutes: no worker seems to run. See Administration, Jobs.", "bad");
    } else if (item.status !== "succeeded") {
      tell(out, `The export is ${item.status}: ${item.error || "no reason was given"}`, "bad");
    } else {
      tell(out, `${shown(item.rows)} rows, ${shown(item.size_bytes, "bytes")}: `, "good");
      out.append(el("a", { href: `/api/v1/analysis/exports/${item.id}/download`, class: "button" }, "Download"));
    }
  } catch (error) {
    tell(out, error.message, "bad");
  } finally {
    button.disabled = false;
  }
}

/** A secret as people can use it: an address as a link, codes one by one. */
function shownOnce(name, value) {
  if (name === "provisioning_uri") {
    const place = el("span", {}, el("a", { href: value }, "open it in the authenticator of this device"), ", or scan this:");
    import("./qr.js").then(({ qr }) => place.append(qr(value, "The secret as a QR code")), () => place.lastChild.remove()); // the secret itself stands above
    return place;
  }
  return el("code", {}, shown(value));
}

export function tell(out, text, kind) {
  out.className = kind;
  out.replaceChildren(text);
}
