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

/** On a phone each row of this table stands as a block: its cells then say what they are. */
export function stacked(table) {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
  for (const row of table.tBodies[0]?.rows || []) [...row.cells].forEach((cell, index) => { if (cell.colSpan === 1 && heads[index]) cell.dataset.label ??= heads[index]; });
  return table;
}

export function figure(value, digits = 4) {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size && (size < 1e-4 || size >= 1e7)) return power(value, digits);
  return String(Number(value.toPrecision(digits)));
}

/** 6.1e-5 as people write it: 6.1 × 10⁻⁵. */
function power(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const raised = String(Number(exponent)).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
  return `${Number(mantissa)} × 10${raised}`;
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
