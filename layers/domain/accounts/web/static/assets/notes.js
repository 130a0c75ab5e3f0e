// Notes for the site's pages in other tabs: no secrets, and pages work without them.

import { writeCookie } from "./browser.js";

export function leaveNote(name, seconds) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  writeCookie(`${name}=1; Path=/; SameSite=Strict; Max-Age=${seconds}${secure}`);
}

export function hasNote(name) {
  return document.cookie.split("; ").includes(`${name}=1`);
}

// Returns whether there was one, and removes it.
export function takeNote(name) {
  const found = hasNote(name);
  leaveNote(name, 0);
  return found;
}
