// The way back to a launch, from the object's page: begun by a button, followed until its answer is there.
import { call, pause } from "./api.js";
import { tell } from "./forms.js";
import { refresh } from "./live.js";

const EVERY_MS = 2000;
const LONGEST_MS = 60 * 60_000;
const LONELY_MS = 30_000;
const OPEN = ["queued", "running"];

export function startDepartures() {
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "trace") return;
    event.preventDefault();
    begin(event.target);
  });
  watch();
}

async function begin(form) {
  const out = form.querySelector("output");
  const button = form.querySelector("button");
  button.disabled = true;
  tell(out, "Asking for it…", "loading");
  try {
    await call("POST", form.dataset.url, JSON.parse(form.dataset.body));
    if (await refresh(["departures"])) watch();
    else tell(out, "It has begun: load the page again to see how far it is.", "good");
  } catch (error) {
    tell(out, error.message, "bad");
    button.disabled = false;
  }
}

/** Follow the batch that is at work; its answer, or why there is none, is the page's own. */
async function watch() {
  const place = document.getElementById("departures");
  const { batch, since } = place?.dataset || {};
  if (!batch) return;
  const begun = Date.parse(since);
  while (Date.now() - begun < LONGEST_MS && place.isConnected) {
    await pause(EVERY_MS);
    if (document.hidden) continue;
    try {
      const { batch: now } = await call("GET", `/api/v1/analysis/batch/${encodeURIComponent(batch)}`);
      if (!OPEN.includes(now.status)) break;
      told(place, now, Date.now() - begun);
    } catch (error) {
      const line = place.querySelector("#trace-told");
      if (line) tell(line, error.message, "notice bad");
      if (error.status) return;
    }
  }
  await refresh(["departures"]);
}

function told(place, batch, since) {
  const line = place.querySelector("#trace-told");
  const lonely = batch.status === "queued" && since > LONELY_MS ? " No worker seems to be free." : "";
  const doing = batch.status === "queued" ? "Waiting for a worker" : `Carrying ${batch.options.clones} clones and ${batch.options.look_alikes} look-alikes back to 1957`;
  if (line) tell(line, `${doing}, ${Math.round(since / 1000)} s.${lonely} You may leave: this page shows the answer when it is there.`, "loading");
}
