// What happens on the service, as it happens: one stream of events for the page, closed while nobody looks at it and
// resumed after the last event that was seen. Parts of the page with data-live="topic" are then fetched anew.
import { el, stacked } from "./dom.js";

const SOON_MS = 400;
const TOAST_MS = 12_000;
const AGAIN_MS = 20_000;
const handlers = new Set();
let source = null;
let last = null;
let waiting = null;
const stale = new Set();

export function onEvent(topic, call) {
  handlers.add({ topic, call });
}

export function startLive() {
  const light = document.getElementById("live");
  if (!light) return;
  onEvent("notices", (event) => toast(event.data.severity, event.data.title, event.data.message, event.data.link));
  onEvent("alerts", (event) => {
    if (event.type !== "alert.opened") return;
    const { designation, severity, title, message } = event.data;
    toast(severity, title, message, designation ? `/objects/${encodeURIComponent(designation)}` : "/alerts");
  });
  onEvent("assessments", (event) => {
    if (event.type === "screen.completed") toast("info", "The catalogue has been screened anew.", "", "/");
  });
  last = light.dataset.after;
  const look = () => (document.hidden ? close() : open(light));
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", close);
  addEventListener("pageshow", look);
  look();
}

function open(light) {
  if (source) return;
  const url = new URL("/api/v1/stream/events", location.origin);
  if (last !== null) url.searchParams.set("after", last);
  source = new EventSource(url);
  source.addEventListener("open", () => tell(light, "live", "Live: this page follows what happens"));
  source.addEventListener("message", receive);
  source.addEventListener("dropped", (message) => {
    last = message.lastEventId;
    for (const part of document.querySelectorAll("[data-live]")) soon(part.dataset.live);
  });
  source.addEventListener("reconnect", () => {
    close();
    open(light);
  });
  source.addEventListener("error", () => {
    tell(light, "still", "Not live: connecting again");
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    setTimeout(() => document.hidden || open(light), AGAIN_MS);
  });
}

function close() {
  source?.close();
  source = null;
}

function receive(message) {
  last = message.lastEventId;
  const event = JSON.parse(message.data);
  for (const { topic, call } of handlers) if (topic === event.topic) call(event);
  soon(event.topic);
}

function tell(light, state, text) {
  light.dataset.state = state;
  light.title = text;
  light.querySelector("span").textContent = state === "live" ? "live" : "not live";
}

function soon(topic) {
  stale.add(topic);
  clearTimeout(waiting);
  waiting = setTimeout(renew, SOON_MS);
}

async function renew() {
  const parts = [...document.querySelectorAll("[data-live]")].filter((part) => part.dataset.live.split(" ").some((topic) => stale.has(topic)));
  const topics = [...stale];
  stale.clear();
  for (const topic of topics) document.dispatchEvent(new CustomEvent("live", { detail: topic }));
  const drawn = parts.filter((part) => part.id && !part.matches("[data-table]"));
  for (const part of parts) if (part.matches("[data-table]")) part.dispatchEvent(new Event("renew"));
  if (drawn.length && (await refresh(drawn.map((part) => part.id)))) document.dispatchEvent(new CustomEvent("renewed", { detail: topics }));
}

/** Replace these parts by what the page would show now; whether that was possible. What is shown stays otherwise. */
export async function refresh(ids) {
  let page;
  try {
    const reply = await fetch(location.href, { credentials: "same-origin", headers: { accept: "text/html" } });
    if (!reply.ok || reply.redirected) return false;
    page = new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch {
    return false; // the stream tells that the service is away
  }
  for (const id of ids) {
    const fresh = page.getElementById(id);
    fresh?.querySelectorAll("table.stacks").forEach(stacked);
    if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
  }
  return true;
}

function toast(severity, title, message, link) {
  const place = document.getElementById("toasts");
  const own = link && /^\/(?![/\\])/.test(link);
  const item = el("div", { class: `toast ${severity}` },
    el("p", {}, own ? el("a", { href: link }, title) : title, message ? el("small", {}, message) : null),
    el("button", { type: "button", class: "quiet", "aria-label": "Dismiss", on: { click: () => item.remove() } }, "×"));
  place.append(item);
  while (place.children.length > 4) place.firstElementChild.remove();
  setTimeout(() => item.remove(), TOAST_MS);
}
