// The login method that was used last in this browser, for a mark on the login page. Only the method, never the address.

import { writeCookie } from "./browser.js";

const KEPT_SECONDS = 90 * 86_400;

// A logout clears the storage of pages, so it is a cookie: one that only /login can read, and no other request carries.
function write(method, seconds) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  writeCookie(`last-method=${method}; Path=/login; SameSite=Strict; Max-Age=${seconds}${secure}`);
}

export function noteMethod(method) {
  write(method, KEPT_SECONDS);
}

export function forgetMethod() {
  write("", 0);
}

export function lastMethod() {
  return document.cookie.match(/(?:^|; )last-method=(\w+)/)?.[1] ?? "none";
}
