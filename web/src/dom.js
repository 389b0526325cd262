// Elements, made without any HTML from strings.

export function el(tag, options = {}, ...children) {
  const { dataset, on, ...rest } = options;
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  Object.assign(node.dataset, dataset || {});
  for (const [name, call] of Object.entries(on || {})) node.addEventListener(name, call);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function shown(value, kind) {
  if (value === null || value === undefined || value === "") return "–";
  if (kind === "time") return `${String(value).slice(0, 16).replace("T", " ")} UTC`;
  if (kind === "bytes") return bytes(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return figure(value);
  if (Array.isArray(value)) return value.length ? value.map((item) => shown(item)).join(", ") : "–";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

export function figure(value, digits = 4) {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e7)) return value.toExponential(digits - 2);
  return String(Number(value.toPrecision(digits)));
}

function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  let left = value;
  while (left >= 1000 && step < units.length - 1) {
    left /= 1000;
    step += 1;
  }
  return `${Number(left.toPrecision(3))} ${units[step]}`;
}
