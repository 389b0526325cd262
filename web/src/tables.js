// Lists of the API as tables: what is loading, empty or failed says so.
import { call } from "./api.js";
import { el, shown } from "./dom.js";
import { filled } from "./forms.js";

export function startTables() {
  for (const section of document.querySelectorAll("[data-table]")) new List(section);
}

class List {
  constructor(section) {
    this.section = section;
    this.place = section.querySelector(".rows");
    this.spec = JSON.parse(section.querySelector('script[type="application/json"]').textContent);
    this.filter = section.querySelector("[data-filter]");
    this.filter?.addEventListener("change", () => this.load());
    section.addEventListener("reload", () => this.load());
    section.addEventListener("renew", () => this.renew());
    if (this.spec.poll_s) setInterval(() => document.hidden || this.renew(), this.spec.poll_s * 1000);
    this.load();
  }

  /** The first page anew, without a flicker; what fails then leaves what is shown. */
  async renew() {
    if (this.place.contains(document.activeElement) && document.activeElement.matches("button, a")) return;
    try {
      const data = await call("GET", this.address());
      const rows = data.items || pairs(data);
      this.begin(rows, data.total);
      this.body?.append(...rows.map((row) => this.row(row)));
      this.more(data.next);
    } catch {
      this.place.dataset.stale = "true";
    }
  }

  address(cursor) {
    const url = new URL(this.spec.url, location.origin);
    for (const input of this.filter?.elements || []) if (input.value) url.searchParams.set(input.name, input.value);
    if (cursor) url.searchParams.set("cursor", cursor);
    return url;
  }

  async load(cursor) {
    if (!cursor) this.place.replaceChildren(el("p", { class: "loading", role: "status" }, "Loading…"));
    try {
      const data = await call("GET", this.address(cursor));
      const rows = data.items || pairs(data);
      if (!cursor) this.begin(rows, data.total);
      this.body?.append(...rows.map((row) => this.row(row)));
      this.more(data.next);
    } catch (error) {
      this.place.replaceChildren(
        el("p", { class: "notice bad", role: "alert" }, error.message),
        el("button", { type: "button", on: { click: () => this.load() } }, "Try again"),
      );
    }
  }

  begin(rows, total) {
    this.body = null;
    if (!rows.length) {
      const filtered = [...(this.filter?.elements || [])].some((input) => input.value);
      this.place.replaceChildren(el("p", { class: "empty" }, filtered ? "Nothing fits this filter." : this.spec.empty));
      return;
    }
    const heads = this.spec.columns.map(([, text, kind]) => el("th", { class: numeric(kind) ? "n" : "" }, text));
    if (this.spec.actions.length) heads.push(el("th", {}, el("span", { class: "hidden" }, "Actions")));
    this.body = el("tbody");
    const table = el("table", {}, el("thead", {}, el("tr", {}, ...heads)), this.body);
    const scroll = el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": this.spec.title }, table);
    this.place.replaceChildren(scroll);
    if (total !== undefined && total !== null) this.place.prepend(el("p", { class: "faint" }, `${shown(total)} in all`));
  }

  more(next) {
    this.place.querySelector(".next")?.remove();
    if (next) this.place.append(el("button", { type: "button", class: "next", on: { click: () => this.load(next) } }, "Show more"));
  }

  row(row) {
    const cells = this.spec.columns.map(([name, , kind]) => {
      const text = shown(row[name], kind);
      if (kind.startsWith("/") && text !== "–") return el("td", {}, el("a", { href: filled(kind, row) }, text));
      if (kind === "wide") return el("td", { class: "wide" }, text);
      if (kind === "object" && row[name]) return el("td", {}, el("a", { href: `/objects/${encodeURIComponent(row[name])}` }, text));
      return el("td", { class: numeric(kind) ? "n" : kind === "time" ? "nowrap" : "" }, kind === "code" && text !== "–" ? el("code", {}, text) : text);
    });
    if (this.spec.actions.length) cells.push(el("td", { class: "actions" }, ...this.buttons(row)));
    return el("tr", {}, ...cells);
  }

  buttons(row) {
    return this.spec.actions
      .filter((action) => Object.entries(action.when || {}).every(([name, values]) => values.includes(row[name])))
      .map((action) => el("button", { type: "button", class: "small", on: { click: () => this.act(action, row) } }, action.text));
  }

  async act(action, row) {
    if (action.sure && !window.confirm(action.sure)) return;
    const url = action.url.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(row[name]));
    try {
      const data = await call(action.method, url, action.body ?? undefined);
      await this.load();
      for (const name of ["password", "secret"]) {
        if (data[name]) this.place.prepend(el("p", { class: "notice good", role: "status" }, `The new ${name}, shown this once: `, el("code", {}, data[name])));
      }
    } catch (error) {
      this.place.prepend(el("p", { class: "notice bad", role: "alert" }, error.message));
    }
  }
}

function numeric(kind) {
  return kind === "number" || kind === "bytes";
}

function pairs(data, start = "") {
  return Object.entries(data)
    .filter(([name]) => name !== "signature")
    .flatMap(([name, value]) => {
      const key = start ? `${start}.${name}` : name;
      const nested = value && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length;
      return nested ? pairs(value, key) : [{ key, value: String(shown(value)) }];
    });
}
