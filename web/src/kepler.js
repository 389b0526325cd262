// Two-body motion: heliocentric, ecliptic J2000, au, days, TDB. Ellipses only.

const GAUSS = 0.01720209895;
const RADIAN = Math.PI / 180;

export function eccentricAnomaly(meanAnomaly, e) {
  const M = Math.atan2(Math.sin(meanAnomaly), Math.cos(meanAnomaly));
  let E = e < 0.8 ? M : Math.PI * Math.sign(M || 1);
  for (let k = 0; k < 60; k += 1) {
    const step = (E - e * Math.sin(E) - M) / (1 - e * Math.cos(E));
    E -= Math.max(-1, Math.min(1, step));
    if (Math.abs(step) < 1e-13) break;
  }
  return E;
}

function place(body, E) {
  const x = body.a_au * (Math.cos(E) - body.e);
  const y = body.a_au * Math.sqrt(1 - body.e ** 2) * Math.sin(E);
  const [w, node, i] = [body.peri_deg * RADIAN, body.node_deg * RADIAN, body.i_deg * RADIAN];
  const [cw, sw, cn, sn, ci, si] = [Math.cos(w), Math.sin(w), Math.cos(node), Math.sin(node), Math.cos(i), Math.sin(i)];
  return [
    (cn * cw - sn * sw * ci) * x + (-cn * sw - sn * cw * ci) * y,
    (sn * cw + cn * sw * ci) * x + (-sn * sw + cn * cw * ci) * y,
    sw * si * x + cw * si * y,
  ];
}

export function position(body, jd) {
  const n = GAUSS / body.a_au ** 1.5;
  const M = body.mean_anomaly_deg * RADIAN + n * (jd - body.epoch_tdb_jd);
  return place(body, eccentricAnomaly(M, body.e));
}

export function ellipse(body, steps = 360) {
  return Array.from({ length: steps + 1 }, (_, k) => place(body, (k / steps) * 2 * Math.PI));
}

export const norm = ([x, y, z]) => Math.hypot(x, y, z);
export const between = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

export function dateOf(jd) {
  return new Date((jd - 2440587.5) * 86400000).toISOString().slice(0, 10);
}
