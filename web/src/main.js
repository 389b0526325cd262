// On every page: navigation, theme, forms, tables; htmx for parts of pages, Alpine (CSP build) for small state.
import "./styles.css";
import "htmx.org";
import Alpine from "@alpinejs/csp";
import { stacked } from "./dom.js";
import { startForms } from "./forms.js";
import { startLive } from "./live.js";
import { login } from "./login.js";
import { startTables } from "./tables.js";

function startMenu() {
  const button = document.querySelector("[data-menu]");
  button?.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  });
}

function startTheme() {
  document.querySelector("[data-theme-button]").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `aneos_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    document.dispatchEvent(new Event("theme"));
  });
}

function startPrint() {
  document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
}

function startWorker() {
  if ("serviceWorker" in navigator && document.querySelector('link[rel="manifest"]')) navigator.serviceWorker.register("/sw.js").catch(() => {}); // an app without it works, only not offline
}

document.querySelectorAll("table.stacks").forEach(stacked);
startMenu();
startTheme();
startPrint();
startForms();
startTables();
Alpine.data("login", login);
Alpine.start();
startLive();
addEventListener("load", startWorker);
