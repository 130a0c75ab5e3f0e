// The header of a logged-in owner: links, and a button with a panel (WAI-ARIA "disclosure").

import { forget } from "./browser.js";
import { $, call, make, show, showMessage, support, t, tabs, unopened } from "./page.js";

const nav = $("#nav");
const menu = $(".account", nav);
const button = $("#account-button");
const panel = $("#account-panel");
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export function showAccountMenu({ customer, email_shown: address }) {
  $("#account-initial").textContent = [...(customer.name || address)][0].toUpperCase();
  $("#account-address").textContent = address;
  if (nav.hidden) {
    for (const link of nav.querySelectorAll(`a[href="${location.pathname}"]`)) {
      link.setAttribute("aria-current", "page");
    }
    // From the footer, so that there is one of each.
    panel.insertBefore($("#choices"), $("#log-out"));
    show(nav);
  }
}

function expand(expanded) {
  show(panel, expanded);
  button.setAttribute("aria-expanded", String(expanded));
}

// The arrow keys move between links and buttons; those of a select choose its value.
function onKey(event) {
  if (event.key === "Escape" && !panel.hidden) {
    expand(false);
    button.focus();
  } else if (event.key in STEPS && event.target.tagName !== "SELECT") {
    event.preventDefault();
    expand(true);
    const stops = [button, ...panel.querySelectorAll("a, select, button")];
    const next = stops.indexOf(event.target) + STEPS[event.key];
    stops[(next + stops.length) % stops.length].focus();
  }
}

// Removes personal data from the page first, then ends the session, then leaves the page.
async function logOut() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.remove();
  }
  unopened.replaceChildren();
  $("footer").append($("#choices"));
  nav.remove();
  const main = $("main");
  const message = make("div", { class: "message", role: "alert" });
  const card = make("section", { class: "card" }, make("div", { class: "slot" }, message));
  main.replaceChildren(make("div", { class: "stage" }, card));
  forget();
  const result = await call("POST", "/auth/logout");
  if (result.ok || result.status === 401) {
    tabs.postMessage("ended");
    location.replace("/login?left");
  } else {
    const again = make("button", { type: "button", class: "primary wide" }, t("log_out.again"));
    again.addEventListener("click", logOut);
    card.append(again);
    showMessage(card, t("log_out.failed"), "bad", support(result));
  }
}

button.addEventListener("click", () => expand(panel.hidden));
menu.addEventListener("keydown", onKey);
for (const kind of ["pointerdown", "focusin"]) {
  addEventListener(kind, ({ target }) => menu.contains(target) || expand(false));
}
$("#log-out").addEventListener("click", logOut);
