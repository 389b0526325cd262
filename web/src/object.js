// Encounters of an object with the Earth and the Moon, with launches beside them.
import { block, call } from "./api.js";
import { startDepartures } from "./departures.js";
import { el, figure, stacked } from "./dom.js";
import { plot } from "./plots.js";

const DAY = 86_400_000;
const COLOURS = { Earth: "#0072B2", Moon: "#7b8794" };
const FIRST_ROWS = 12;
const place = document.getElementById("approaches");

const jd = (date) => Date.parse(`${date}T00:00:00Z`) / DAY + 2440587.5;
const year = (day) => 2000 + (day - 2451544.5) / 365.25;

async function start() {
  let reply;
  try {
    reply = await call("GET", place.dataset.url);
  } catch (error) {
    place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, `The encounters could not be computed. ${error.message}`));
    return;
  }
  const launches = block("launches").map(([date, tag, what]) => ({ date, tag, what, jd: jd(date) }));
  const found = reply.approaches.filter((item) => item.kind !== "end");
  show(reply, found.map((item) => ({ ...item, launches: launches.filter((launch) => Math.abs(launch.jd - item.epoch_tdb_jd) <= Number(place.dataset.days)) })));
}

function show(reply, items) {
  place.dataset.count = String(items.length);
  if (!items.length) {
    place.replaceChildren(el("p", { class: "empty" }, `No encounter within ${reply.within_au} au of the Earth between ${reply.from_year} and ${reply.until_year}.`));
    place.append(...endings(reply));
    return;
  }
  const drawing = el("div", { class: "figure" });
  const least = items.reduce((one, other) => (other.distance_au < one.distance_au ? other : one));
  place.replaceChildren(
    el("p", {}, `${items.length} encounters; the nearest on ${least.date_tdb.slice(0, 10)}: ${figure(least.distance_au, 3)} au (${Math.round(least.distance_km).toLocaleString("en-US")} km) from the centre of the ${least.body}, at ${figure(least.speed_kms, 3)} km/s.`),
    ...endings(reply), drawing, table(items));
  const marked = [...new Map(items.flatMap((item) => item.launches).map((launch) => [launch.tag, launch])).values()];
  plot(drawing, {
    title: `Distance of ${items.length} encounters between ${reply.from_year} and ${reply.until_year}; the same numbers stand in the table`,
    x: { label: "year", range: [reply.from_year, reply.until_year + 1], text: (value) => String(value), wide: 70 },
    y: { label: "distance (au)", log: true },
    series: ["Earth", "Moon"].map((body) => ({ name: body, kind: "dots", colour: COLOURS[body], radius: 3.5, points: items.filter((item) => item.body === body).map((item) => [year(item.epoch_tdb_jd), item.distance_au, `${item.date_tdb.slice(0, 10)}: ${figure(item.distance_au, 4)} au from the ${body}, ${figure(item.speed_kms, 3)} km/s${item.bound ? ", bound" : ""}`]) })).filter((item) => item.points.length),
    lines: marked.map((launch) => ({ x: year(launch.jd), kind: "launch", text: `${launch.date} ${launch.tag} ${launch.what}` })),
  });
}

function endings(reply) {
  return reply.ended.map((text) => el("p", { class: "notice warn" }, `The nominal orbit ${text}.`));
}

function table(items) {
  const rows = items.map((item, index) => el("tr", { hidden: index >= FIRST_ROWS, dataset: { jd: item.epoch_tdb_jd, au: item.distance_au } },
    el("td", { class: "nowrap" }, item.date_tdb.slice(0, 16).replace("T", " ")), el("td", {}, item.body, item.bound ? el("span", { class: "tag" }, "bound") : null),
    el("td", { class: "n" }, figure(item.distance_au, 4)), el("td", { class: "n" }, Math.round(item.distance_km).toLocaleString("en-US")), el("td", { class: "n" }, figure(item.speed_kms, 4)),
    el("td", {}, item.launches.map((launch) => `${launch.tag} ${launch.what} (${launch.date})`).join("; ") || "–")));
  const body = el("tbody", {}, ...rows);
  const more = items.length > FIRST_ROWS ? el("button", { type: "button", class: "screen-only", on: { click: () => { rows.forEach((row) => { row.hidden = false; }); more.remove(); } } }, `Show all ${items.length}`) : null;
  return el("div", {}, el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Encounters" }, stacked(el("table", { class: "stacks" },
    el("thead", {}, el("tr", {}, el("th", {}, "Date (TDB)"), el("th", {}, "With"), el("th", { class: "n" }, "Distance (au)"), el("th", { class: "n" }, "Distance (km)"), el("th", { class: "n" }, "Speed (km/s)"), el("th", {}, "Launches near it"))), body))), more);
}

if (place) start();
startDepartures();
