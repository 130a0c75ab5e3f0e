// In browsers inside apps, Google refuses to log in. Says so, and helps to open the page in another browser.

import { copyFrom } from "./browser.js";
import { make, t } from "./page.js";

const browser = navigator.userAgent;

// ``button`` is the login with Google. It stays: an app may have changed.
export async function explain(button) {
  // Only these browsers need these texts.
  await import(`./in_app.${document.documentElement.lang}.js`);
  const why = make("p", { id: "in-app-why" }, t("in_app.why"));
  const note = make("div", { class: "message warn in-app" }, why, ...wayOut(), ...copying());
  const described = [button.getAttribute("aria-describedby"), why.id];
  button.setAttribute("aria-describedby", described.filter(Boolean).join(" "));
  button.after(note);
}

function wayOut() {
  if (/Android/.test(browser)) {
    return [make("a", { class: "button wide", href: intent() }, t("in_app.open"))];
  }
  return /iPhone|iPad|iPod/.test(browser) ? [make("p", {}, t("in_app.ios"))] : [];
}

// Opens the page in the system's browser (Chrome for Android, "Intents"). A query cannot contain a "#" of its own.
function intent() {
  const { host, pathname, protocol, search } = location;
  const asked = [
    `scheme=${protocol.slice(0, -1)}`,
    "action=android.intent.action.VIEW",
    "category=android.intent.category.BROWSABLE",
  ];
  return `intent://${host}${pathname}${search}#Intent;${asked.join(";")};end`;
}

function copying() {
  const field = make("input", { readonly: "", dir: "ltr", "aria-label": t("in_app.address") });
  const button = make("button", { type: "button", class: "wide" }, t("in_app.copy"));
  const said = make("p", { role: "status" });
  field.value = location.origin + location.pathname + location.search;
  button.addEventListener("click", async () => {
    said.textContent = t((await copyFrom(field)) ? "in_app.copied" : "in_app.not_copied");
  });
  return [field, button, said];
}
