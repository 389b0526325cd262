// Service worker: without a network it shows the watch list as it was seen last, and else a page that says so.
// Nothing of the API is kept, and no page but the watch list. self.aneos comes from the server.
const { version, keep } = self.aneos;
const SHELL = `shell-${version}`;
const SEEN = "seen";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((shell) => shell.addAll([...keep.filter(Boolean), "/offline"])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name !== SHELL && name !== SEEN);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(visit(event, url));
  else if (keep.includes(url.pathname)) event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
});

async function visit(event, url) {
  try {
    const reply = await fetch(event.request);
    if (url.pathname === "/login" || reply.url.includes("/login?")) event.waitUntil(caches.delete(SEEN));
    else if (url.pathname === "/watchlist" && !url.search && reply.ok) event.waitUntil(remember(reply.clone()));
    return reply;
  } catch {
    const seen = url.pathname === "/watchlist" ? await (await caches.open(SEEN)).match("/watchlist") : null;
    return seen || (await caches.match("/offline")) || Response.error();
  }
}

async function remember(reply) {
  const notice = `<p class="notice warn" role="status">No network: this is the watch list as this device saw it last, ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC.</p>`;
  const html = (await reply.text()).replace(/(<main[^>]*>)/, (main) => main + notice);
  const headers = new Headers(reply.headers);
  for (const name of ["content-length", "content-encoding"]) headers.delete(name);
  await (await caches.open(SEEN)).put("/watchlist", new Response(html, { headers }));
}
