// Lists of the API as tables: what is loading, empty or failed says so.
import { call } from "./api.js";
import { el, shown } from "./dom.js";
import { filled } from "./forms.js";

const FOLDED_ROWS = 6;
const narrow = matchMedia("(max-width: 40rem)");

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
      const rows = this.rowsOf(data);
      this.begin(rows, data.total);
      this.body?.append(...rows.map((row) => this.row(row)));
      this.more(data.next);
      this.fold();
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
      if (!this.people && this.spec.columns.some(([, , kind]) => kind === "person")) this.people = await people();
      const rows = this.rowsOf(data);
      if (!cursor) this.begin(rows, data.total);
      this.body?.append(...rows.map((row) => this.row(row)));
      this.more(data.next);
      if (cursor) this.unfolded = true;
      this.fold();
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
    const table = el("table", { class: this.spec.columns.length > 2 ? "stacks" : "" }, el("thead", {}, el("tr", {}, ...heads)), this.body);
    const scroll = el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": this.spec.title }, table);
    this.place.replaceChildren(scroll);
    if (total !== undefined && total !== null) this.place.prepend(el("p", { class: "faint" }, `${shown(total)} in all`));
  }

  more(next) {
    this.place.querySelector(".next")?.remove();
    if (next) this.place.append(el("button", { type: "button", class: "next", on: { click: () => this.load(next) } }, "Show more"));
  }

  /** On a phone a long list begins with its first rows; once all have been asked for they stay. */
  fold() {
    this.place.querySelector(".all")?.remove();
    const rest = [...(this.body?.rows || [])].slice(FOLDED_ROWS);
    if (this.unfolded || rest.length < 2 || !narrow.matches) return;
    const toggle = (hidden) => rest.forEach((row) => { row.hidden = hidden; });
    const open = () => { this.unfolded = true; toggle(false); button.remove(); };
    const button = el("button", { type: "button", class: "all", on: { click: open } }, `Show ${rest.length} more of these`);
    toggle(true);
    this.place.querySelector(".scroll").after(button);
  }

  /** Rows of the reply; measures and settings under the names that people read. */
  rowsOf(data) {
    const rows = data.items || pairs(data);
    return rows.map((row) => {
      if (row.key?.startsWith("config.")) return { ...row, key: `ANEOS_${row.key.slice(7).replaceAll(".", "__").toUpperCase()}` };
      const key = "key" in row ? "key" : "name";
      const [, number] = / (\d+)\./.exec(row[key]) || [];
      const [known, kind] = this.spec.names[number ? row[key].replace(` ${number}.`, " *.") : row[key]] || [];
      if (!known) return row;
      const name = known.replace("*", number);
      const value = kind === "id" ? String(row.value) : kind === "bytes" ? shown(Number(row.value), kind) : row.value;
      return { ...row, [key]: name, value };
    });
  }

  row(row) {
    const cells = this.spec.columns.map(([name, heading, kind]) => {
      const text = this.spec.words[row[name]] || shown(row[name], kind);
      const dataset = { label: heading };
      if (kind.startsWith("/") && text !== "–") return el("td", { dataset }, el("a", { href: filled(kind, row) }, text));
      if (kind === "wide") return el("td", { dataset, class: "wide" }, text);
      if (kind === "object" && row[name]) return el("td", { dataset }, el("a", { href: `/objects/${encodeURIComponent(row[name])}` }, text));
      if (kind === "person") return el("td", { dataset }, this.people?.get(text.replace(/^user:/, "")) || el("code", {}, text));
      return el("td", { dataset, class: numeric(kind) ? "n" : kind === "time" ? "nowrap" : "" }, kind === "code" && text !== "–" ? el("code", {}, text) : text);
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

/** E-mail addresses of the organisation's members by their ids. */
async function people() {
  const { items } = await call("GET", "/api/v1/admin/users?limit=200");
  return new Map(items.map((user) => [user.id, user.email]));
}

const moment = (value) => (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? shown(value, "time") : shown(value));

function pairs(data, start = "") {
  return Object.entries(data)
    .filter(([name]) => name !== "signature")
    .flatMap(([name, value]) => {
      const key = start ? `${start}.${name}` : name;
      const nested = value && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length;
      const listed = Array.isArray(value) && value.some((item) => item && typeof item === "object");
      if (listed) return value.flatMap((item, index) => pairs(item, `${key} ${index + 1}`));
      return nested ? pairs(value, key) : [{ key, value: typeof value === "number" ? value : moment(value) }];
    });
}
