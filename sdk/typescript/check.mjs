// Drives a running service with the built client: node check.mjs URL KEY. Prints what it saw as JSON; fails otherwise.
import { AneosClient, ApiError } from "./dist/index.js";

const [url, key] = process.argv.slice(2);
const client = new AneosClient(url, key);

const { data, error } = await client.api.GET("/api/v1/analysis/watchlist", { params: { query: { limit: 2 } } });
if (error) throw new Error(JSON.stringify(error));
const rows = [];
for await (const row of client.pages("analysis/watchlist", { limit: 3 })) rows.push(row.designation);
const answer = await client.post("analysis/assess", { designations: ["99942"] });
let refused = null;
try {
  await client.get("analysis/objects/nobody-at-all");
} catch (caught) {
  if (!(caught instanceof ApiError)) throw caught;
  refused = { status: caught.status, error: caught.error, requestId: caught.requestId !== null };
}
const ended = AbortSignal.timeout(60_000);
const heard = (async () => {
  for await (const event of client.events("events", ended, "0")) {
    if (event.kind === "notice" && event.data.data.title === "from TypeScript") return event;
  }
})();
await new Promise((resolve) => setTimeout(resolve, 300));
await client.post("stream/broadcast", { title: "from TypeScript" });
const notice = await heard;
console.log(JSON.stringify({ first: data.items.length, rows, assessed: answer.assessments.length, refused, notice: notice.data }));
process.exit(0);
