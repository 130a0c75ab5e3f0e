// An emailed link and the tab that waits for it tell each other about the login and where it returns to.

import { carry, findSession, hasReturn, returnTo, tabs } from "./page.js";

// An emailed link opened a session here. ``carried`` is called if another tab continues what the owner was doing.
export function announceLogin(carried) {
  tabs.addEventListener("message", (event) => event.data === "carried" && carried());
  tabs.postMessage("began");
}

// Where a new account continues. It has no API keys yet, so that page opens the dialog of a new one.
function firstPage() {
  return returnTo() === "/api-keys" ? "/api-keys?new" : returnTo();
}

// Waits for the session of a sign-up, which begins in another tab, then continues.
export function awaitLogin() {
  tabs.addEventListener("message", (event) => {
    if (event.data === "began") {
      tabs.postMessage("carried");
      location.replace(firstPage());
    }
  });
  // Without messages between tabs, the owner comes back to this one.
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState === "visible" && (await findSession()).ok) {
      location.replace(firstPage());
    }
  });
}

// Tells the return address to a tab that an emailed link opened.
export function shareReturn() {
  tabs.addEventListener("message", (event) => {
    if (event.data === "where" && hasReturn()) {
      tabs.postMessage({ to: returnTo() });
    }
  });
}

export function requestReturn() {
  tabs.addEventListener("message", (event) => event.data.to && carry(event.data.to));
  tabs.postMessage("where");
}
