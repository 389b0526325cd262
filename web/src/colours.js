// Colours of the classes (Okabe and Ito 2008) and those of the page in its present theme.

export const CLASS_COLOURS = {
  known_artificial: "#CC79A7",
  probably_artificial: "#D55E00",
  unexplained: "#0072B2",
  insufficient_data: "#009E73",
  natural: "#56B4E9",
};

export function page(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
