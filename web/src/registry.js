// Known artificial objects: ephemerides, where all of them are now, and their returns.
import { block, call } from "./api.js";
import { el, figure, stacked } from "./dom.js";
import { plot } from "./plots.js";

const COLOUR = "#0072B2";
const AT_ONCE = 2;

const query = (values) => new URLSearchParams(values).toString();
const utc = (field) => `${field.value.slice(0, 16)}:00Z`;

function clock(degrees) {
  const seconds = Math.round(((degrees / 15) * 3600 + Number.EPSILON) * 10) / 10;
  const [h, m, s] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return `${String(h).padStart(2, "0")} ${String(m).padStart(2, "0")} ${s.toFixed(1).padStart(4, "0")}`;
}

function arc(degrees) {
  const seconds = Math.round(Math.abs(degrees) * 3600);
  return `${degrees < 0 ? "−" : "+"}${String(Math.floor(seconds / 3600)).padStart(2, "0")} ${String(Math.floor(seconds / 60) % 60).padStart(2, "0")} ${String(seconds % 60).padStart(2, "0")}`;
}

function width(point) {
  if (point.sigma_major_arcsec === null) return "–";
  return point.sigma_major_arcsec > 7200 ? `${figure(point.sigma_major_arcsec / 3600, 2)}°` : `${figure(point.sigma_major_arcsec, 2)}″ × ${figure(point.sigma_minor_arcsec, 2)}″`;
}

const HEADS = [["R.A. (h m s)", "n"], ["Dec. (° ′ ″)", "n"], ["V", "n"], ["Distance (au)", "n"], ["Motion (″/min)", "n"], ["Elongation (°)", "n"], ["1σ on the sky", "n"]];
const heads = (first) => el("thead", {}, el("tr", {}, el("th", {}, first), ...HEADS.map(([text, style]) => el("th", { class: style }, text))));

function cells(point) {
  if (point.ra_deg === null) return [el("td", { colSpan: HEADS.length }, el("span", { class: "faint" }, point.reason || "not placed"))];
  const cell = (text) => el("td", { class: "n nowrap" }, text);
  return [cell(clock(point.ra_deg)), cell(arc(point.dec_deg)), cell(point.V === null ? "–" : point.V.toFixed(1)), cell(figure(point.range_au, 5)), cell(figure(Math.hypot(point.ra_rate_arcsec_min, point.dec_rate_arcsec_min), 3)), cell(point.elongation_deg.toFixed(1)), cell(width(point))];
}

function startEphemeris(form) {
  const place = document.getElementById("positions");
  const run = async () => {
    place.replaceChildren(el("p", { class: "loading", role: "status" }, "Computing…"));
    try {
      const { observer, start, days, rows } = form.elements;
      const reply = await call("GET", `${form.dataset.url}?${query({ start: utc(start), days: days.value, rows: rows.value, observer: observer.value })}`);
      const body = reply.points.map((point) => el("tr", { dataset: { ra: point.ra_deg, dec: point.dec_deg } }, el("td", { class: "nowrap" }, point.time_utc.replace("T", " ").replace("Z", "")), ...cells(point)));
      place.replaceChildren(
        el("p", { class: "faint" }, `From ${reply.observer.name || reply.observer.code}, ${reply.frame}. ${reply.missing.join(". ")}${reply.missing.length ? ". " : ""}From the orbit ${reply.orbits.join("; ")}.`),
        el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Ephemeris" }, stacked(el("table", { class: "stacks" }, heads("Time (UTC)"), el("tbody", {}, ...body)))));
    } catch (error) {
      place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
}

/** All objects, a few at a time, each put down as soon as it is there. */
function startSky(form) {
  const told = document.getElementById("sky-told");
  const [map, place] = [document.getElementById("sky-map"), document.getElementById("sky-rows")];
  const known = block("known");
  let turn = 0;
  const run = async () => {
    const mine = (turn += 1);
    const asked = query({ start: utc(form.elements.start), observer: form.elements.observer.value });
    const body = el("tbody");
    const table = el("table", { class: "stacks" }, heads("Object"), body);
    place.replaceChildren(table);
    map.replaceChildren();
    const [found, left] = [[], []];
    const waiting = [...known];
    const next = async () => {
      while (waiting.length && mine === turn) {
        const [id, name, never] = waiting.shift();
        let row;
        try {
          if (never) throw new Error(never);
          const [point] = (await call("GET", `/api/v1/catalogue/artificial/${encodeURIComponent(id)}/ephemeris?${asked}`)).points;
          if (point.ra_deg === null) left.push([name, point.reason]);
          else found.push([point.ra_deg, point.dec_deg, name]);
          row = cells(point);
        } catch (error) {
          left.push([name, error.message]);
          row = [el("td", { colSpan: HEADS.length }, el("span", { class: "faint" }, error.message))];
        }
        if (mine !== turn) return;
        const line = el("tr", {}, el("td", {}, el("a", { href: `/registry/${encodeURIComponent(id)}` }, name)), ...row);
        if (row.length > 1) body.insertBefore(line, body.children[found.length - 1] || null);
        else body.append(line);
        stacked(table);
        told.className = "loading";
        told.textContent = `${found.length + left.length} of ${known.length}…`;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    if (mine !== turn) return;
    told.className = "";
    told.textContent = `${found.length} objects have a place on the sky at this time; ${left.length} have none that could be computed, for the reasons given.`;
    told.dataset.done = String(found.length);
    if (found.length) plot(map, {
      title: `Places of ${found.length} objects on the sky; the same stand in the table`,
      x: { label: "right ascension (°, east to the left)", flip: true, range: [0, 360], ticks: [0, 60, 120, 180, 240, 300, 360] }, y: { label: "declination (°)", range: [-90, 90], ticks: [-90, -60, -30, 0, 30, 60, 90] },
      series: [{ kind: "dots", colour: COLOUR, radius: 4, points: found }], height: 320,
    });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  run();
}

async function startReturns(place) {
  let reply;
  try {
    reply = await call("GET", place.dataset.url);
  } catch (error) {
    place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
    return;
  }
  const own = place.dataset.id;
  const items = reply.approaches.filter((item) => !own || item.object_id === own);
  const lost = reply.not_followed.filter((item) => !own || item.object_id === own);
  const why = lost.length ? el("details", { open: Boolean(own) }, el("summary", {}, own ? "Not followed to the end of the calendar" : `${lost.length} objects cannot be followed to the end of the calendar`), el("ul", {}, ...lost.map((item) => el("li", {}, el("a", { href: `/registry/${encodeURIComponent(item.object_id)}` }, item.name), `: ${item.reason || item.status}`)))) : null;
  if (!items.length) {
    place.replaceChildren(el("p", { class: "empty" }, `No return within 0.1 au between now and the end of ${reply.until_year}.`), ...(why ? [why] : []));
    return;
  }
  const rows = items.map((item) => el("tr", { dataset: { au: item.distance_au } },
    el("td", { class: "nowrap" }, item.time_utc.slice(0, 10), el("small", { class: "block faint" }, `± ${figure(item.sigma_days, 2)} d`)),
    own ? null : el("td", {}, el("a", { href: `/registry/${encodeURIComponent(item.object_id)}` }, item.name)),
    el("td", { class: "n" }, figure(item.distance_au, 3), el("small", { class: "block faint" }, `${item.distance_low_au.toFixed(4)} … ${item.distance_high_au.toFixed(4)}`)),
    el("td", { class: "n" }, figure(item.speed_kms, 3)), el("td", { class: "n" }, item.V === null ? "–" : item.V.toFixed(1)), el("td", { class: "n" }, `${figure(100 * item.fraction, 3)} %`)));
  place.replaceChildren(
    el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Returns" }, stacked(el("table", { class: "stacks" }, el("thead", {}, el("tr", {}, el("th", {}, "Date (UTC)"), own ? null : el("th", {}, "Object"), el("th", { class: "n" }, "Distance (au)"), el("th", { class: "n" }, "Speed (km/s)"), el("th", { class: "n" }, "V"), el("th", { class: "n", title: "share of the clones that make this approach" }, "Clones"))), el("tbody", {}, ...rows)))),
    ...(why ? [why] : []));
  place.dataset.count = String(items.length);
}

const form = document.getElementById("ephemeris");
if (form) startEphemeris(form);
const sky = document.getElementById("sky-form");
if (sky) startSky(sky);
const calendar = document.getElementById("returns");
if (calendar) startReturns(calendar);
