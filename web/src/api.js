// Requests to the API with the session's cookies; every failure is one sentence.

function csrfToken() {
  const name = document.querySelector('meta[name="csrf-cookie"]').content;
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : "";
}

export function call(method, url, body) {
  return body === undefined ? send(method, url) : send(method, url, JSON.stringify(body), "application/json");
}

/** As call, with a body that goes as it is: text, or a form with files. */
export async function send(method, url, body, type) {
  const headers = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = csrfToken();
  if (type) headers["content-type"] = type;
  let reply;
  try {
    reply = await fetch(url, {
      method,
      headers,
      body,
      credentials: "same-origin",
    });
  } catch {
    throw new Error("The service does not answer. Is the network there?");
  }
  if (reply.status === 204) return {};
  const text = await reply.text();
  let data = null;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Error(`The service answered with status ${reply.status} and no JSON.`);
  }
  if (!reply.ok) {
    const wait = reply.headers.get("retry-after");
    const more = reply.status === 429 && wait ? ` Try again in ${wait} s.` : "";
    throw Object.assign(new Error(`${data.detail || "The request failed."}${more}`), { status: reply.status, code: data.error });
  }
  return data;
}

export function block(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
