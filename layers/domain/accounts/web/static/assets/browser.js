// Features that a browser may lack or refuse. Without one, a page does less, but what its visitor asked for still works.

// This tab's storage. A WebView without DOM storage has null; a browser that blocks cookies throws.
function withStorage(use) {
  try {
    return use(sessionStorage) ?? true;
  } catch {
    return false;
  }
}

// Returns whether the text was stored.
export function keep(key, text) {
  return withStorage((storage) => storage.setItem(key, text));
}

// Returns the stored text and removes it; an empty text if there is none.
export function take(key) {
  let text = "";
  withStorage((storage) => {
    text = storage.getItem(key) ?? "";
    storage.removeItem(key);
  });
  return text;
}

export function forget() {
  withStorage((storage) => storage.clear());
}

// Tried, because ``navigator.cookieEnabled`` is also true in browsers that keep no cookie. Each tab has its own
// cookie: after a logout, several try at once.
export function keepsCookies() {
  const probe = `probe${Math.random()}`;
  writeCookie(`${probe}=1; SameSite=Strict`);
  const kept = document.cookie.includes(probe);
  writeCookie(`${probe}=; Max-Age=0`);
  return kept;
}

export function writeCookie(text) {
  // biome-ignore lint/suspicious/noDocumentCookie: Safari before 18.4 and Firefox before 140 have no CookieStore
  document.cookie = text;
}

// Set and removed beside the session cookie, which scripts cannot read. It may be stale or missing: only the service
// knows whether there is a session.
const SESSION_HINT = "__Host-session-hint";

export function mayHaveSession() {
  return document.cookie.split("; ").includes(`${SESSION_HINT}=1`);
}

export function correctSessionHint(hasSession) {
  if (hasSession !== mayHaveSession()) {
    writeCookie(`${SESSION_HINT}=1; Path=/; Secure; SameSite=Lax${hasSession ? "" : "; Max-Age=0"}`);
  }
}

// The site's other tabs. Without them (Safari before 15.4, blocked cookies), messages are not delivered.
export function openTabs(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return Object.assign(new EventTarget(), { postMessage() {} });
  }
}

// AbortSignal.timeout is missing in Safari before 16 and Chrome before 103.
export function timeout(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}

export function hasPasskeys() {
  return typeof PublicKeyCredential === "function" && Boolean(navigator.credentials);
}

// Chrome before 108, Safari before 16 and Firefox before 119 offer no passkeys among the suggestions of a field.
export async function suggestsPasskeys() {
  return (await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false;
}

// Returns whether the text was copied. Selects it, so that it can be copied by hand.
export async function copyFrom(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Missing or not permitted; the old command may still work.
    return document.execCommand?.("copy") ?? false;
  }
}

// The property ``ariaDisabled`` is missing in Firefox before 119; without the attribute, nothing announces it.
export function isDisabled(button) {
  return button.getAttribute("aria-disabled") === "true";
}

export function setDisabled(button, disabled) {
  if (disabled) {
    button.setAttribute("aria-disabled", "true");
  } else {
    button.removeAttribute("aria-disabled");
  }
}
