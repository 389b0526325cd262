// A text as a QR code, for a second device.
import qrcode from "qrcode-generator";

const NS = "http://www.w3.org/2000/svg";
const MARGIN = 3;

export function qr(text, title) {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const size = code.getModuleCount();
  const cells = Array.from({ length: size * size }, (_, k) => [k % size, Math.floor(k / size)]).filter(([x, y]) => code.isDark(y, x));
  const root = document.createElementNS(NS, "svg");
  const path = document.createElementNS(NS, "path");
  for (const [name, value] of Object.entries({ viewBox: `${-MARGIN} ${-MARGIN} ${size + 2 * MARGIN} ${size + 2 * MARGIN}`, class: "qr", role: "img", "aria-label": title })) root.setAttribute(name, value);
  path.setAttribute("d", cells.map(([x, y]) => `M${x},${y}h1v1h-1z`).join(""));
  root.append(path);
  return root;
}
