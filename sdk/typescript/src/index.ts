/** Client of the aNEOS service: every route typed by its OpenAPI document, with a key, repeated requests, pages and streams. */
import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./schema.js";

export type { components, paths } from "./schema.js";

const SAFE = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const INVITING = new Set([429, 502, 503, 504]);
const LONGEST_MS = 30_000;

export interface Options {
  /** How often a request is repeated where that is safe (3). */
  retries?: number;
}

export interface StreamEvent {
  kind: string;
  data: unknown;
  id: string | null;
}

export interface Page<Row> {
  items: Row[];
  next?: string | null;
}

/** A reply that is no success; requestId finds it in the service's log. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly detail: string,
    readonly requestId: string | null,
  ) {
    super(`${status} ${error}: ${detail}`);
  }
}

export class AneosClient {
  /** Every route: `client.api.GET("/api/v1/analysis/watchlist", { params: { query: { limit: 10 } } })`. */
  readonly api: Client<paths>;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #retries: number;

  constructor(url: string, apiKey: string, options: Options = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#headers = { "X-API-Key": apiKey };
    this.#retries = options.retries ?? 3;
    this.api = createClient<paths>({
      baseUrl: this.#url,
      headers: this.#headers,
      fetch: (request) => this.#fetch(request),
    });
  }

  /** JSON of a path below /api/v1. */
  async get<Reply>(path: string, query: Record<string, string | number | boolean> = {}): Promise<Reply> {
    const url = new URL(`${this.#url}/api/v1/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return (await this.#json(new Request(url, { headers: this.#headers }))) as Reply;
  }

  /** Sends JSON with an Idempotency-Key: it may be repeated, and nothing is made twice. */
  async post<Reply>(path: string, body: unknown): Promise<Reply> {
    const request = new Request(`${this.#url}/api/v1/${path}`, {
      method: "POST",
      headers: { ...this.#headers, "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
      body: JSON.stringify(body),
    });
    return (await this.#json(request)) as Reply;
  }

  /** All rows of a list; rows that come or go meanwhile neither repeat nor are skipped. */
  async *pages<Row>(path: string, query: Record<string, string | number | boolean> = {}): AsyncGenerator<Row> {
    let cursor: string | null | undefined;
    do {
      const page: Page<Row> = await this.get(path, cursor ? { ...query, cursor } : query);
      yield* page.items;
      cursor = page.next;
    } while (cursor);
  }

  /** Server-sent events of "events", "alerts" or "metrics", until the signal ends them; a stream that ends is opened again. */
  async *events(stream = "events", signal?: AbortSignal, lastEventId: string | null = null): AsyncGenerator<StreamEvent> {
    let last = lastEventId;
    while (!signal?.aborted) {
      const headers: Record<string, string> = { ...this.#headers, Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const reply = await fetch(`${this.#url}/api/v1/stream/${stream}`, { headers, signal: signal ?? null });
      if (!reply.ok || !reply.body) throw await failure(reply);
      for await (const event of parse(reply.body)) {
        last = event.id ?? last;
        if (event.kind !== "reconnect") yield event;
      }
    }
  }

  async #json(request: Request): Promise<unknown> {
    const reply = await this.#fetch(request);
    if (!reply.ok) throw await failure(reply);
    return reply.json();
  }

  async #fetch(request: Request): Promise<Response> {
    const safe = SAFE.has(request.method) || request.headers.has("Idempotency-Key");
    for (let attempt = 0; ; attempt++) {
      const last = attempt >= this.#retries;
      try {
        const reply = await fetch(request.clone());
        if (last || !safe || !INVITING.has(reply.status)) return reply;
        await reply.body?.cancel();
        await pause(Number(reply.headers.get("Retry-After")), attempt);
      } catch (error) {
        if (last || !safe) throw error;
        await pause(0, attempt);
      }
    }
  }
}

function pause(toldSeconds: number, attempt: number): Promise<void> {
  const ms = toldSeconds > 0 ? toldSeconds * 1000 : 500 * 2 ** attempt;
  return new Promise((resolve) => setTimeout(resolve, Math.min(ms, LONGEST_MS) * (1 + Math.random() / 4)));
}

async function failure(reply: Response): Promise<ApiError> {
  const text = await reply.text();
  try {
    const told = JSON.parse(text) as { error: string; detail: string; request_id?: string };
    return new ApiError(reply.status, told.error, told.detail, told.request_id ?? null);
  } catch {
    return new ApiError(reply.status, "error", text.slice(0, 200), null);
  }
}

async function* parse(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let kind = "";
  let id: string | null = null;
  let data: string[] = [];
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) yield told(kind, data.join("\n"), id);
          kind = "";
          data = [];
        } else if (!line.startsWith(":")) {
          const colon = line.indexOf(":");
          const name = colon < 0 ? line : line.slice(0, colon);
          const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
          if (name === "event") kind = text;
          else if (name === "id") id = text;
          else if (name === "data") data.push(text);
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function told(kind: string, text: string, id: string | null): StreamEvent {
  try {
    const data = JSON.parse(text) as { type?: string };
    return { kind: kind || data.type || "message", data, id };
  } catch {
    return { kind: kind || "message", data: text, id };
  }
}
