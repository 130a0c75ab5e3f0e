// What every page needs: texts, calls to our own service, messages, forms, and who is signed in.

const language = document.documentElement.lang;
const { default: texts } = await import(`./texts.${language}.js`);
const SLOW_AFTER = 2500;
const GIVEN_UP_AFTER = 30_000;
// As people write them.
export const PROVIDERS = { google: "Google", github: "GitHub" };
const tabs = new BroadcastChannel("session");

export const $ = (selector, within = document) => within.querySelector(selector);

export function t(key, values = {}) {
  return (texts[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function knows(key) {
  return key in texts;
}

// --- elements ---------------------------------------------------------------------------------------------------

// Text becomes text and never markup, whoever wrote it.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function show(element, visible = true) {
  element.hidden = !visible;
}

// One of the page's cards takes the other's place; a screen reader starts at its title.
export function swap(from, to) {
  show(from, false);
  show(to);
  $("h1", to).focus();
  scrollTo(0, 0);
}

export function moment(text) {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return make("time", { datetime: text }, format.format(new Date(text)));
}

// --- calls ------------------------------------------------------------------------------------------------------

const BY_STATUS = { 413: "body_too_large", 429: "too_many_attempts" };

// Never throws: what went wrong is in the answer, with a code for everything.
export async function call(method, path, body) {
  const options = { method, headers: { accept: "application/json" }, cache: "no-store", redirect: "error" };
  options.signal = AbortSignal.timeout(GIVEN_UP_AFTER);
  if (body) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  try {
    const answer = await fetch(path, options);
    const content = answer.status === 204 ? {} : await answer.json().catch(() => null);
    const code = answer.ok && content ? "" : (content?.error ?? BY_STATUS[answer.status] ?? "temporarily_unavailable");
    return {
      ok: answer.ok && content !== null,
      status: answer.status,
      body: content ?? {},
      code,
      wait: Number(answer.headers.get("retry-after")) || 0,
      request: answer.headers.get("x-request-id") ?? "",
    };
  } catch {
    return { ok: false, status: 0, body: {}, code: "unreachable", wait: 0, request: "" };
  }
}

// The page's own words for a refusal, or the service's.
export function words(result) {
  const key = `error.${result.code}`;
  return knows(key) ? t(key) : (result.body.message ?? t("error.other"));
}

// --- messages ---------------------------------------------------------------------------------------------------

export function say(slot, text, kind = "bad", ...more) {
  const message = $(".message", slot);
  // Tells whoever speaks later whether this is still what they said.
  message.dataset.turn = Number(message.dataset.turn ?? 0) + 1;
  message.className = `message ${kind}`;
  message.replaceChildren(...(text ? [text, ...more] : []));
  return message;
}

export function hush(slot) {
  return say(slot, "");
}

// What went wrong, what to do, and where to ask; a wait counts down to its end.
export function explain(slot, result) {
  if (result.code === "cancelled") {
    return hush(slot);
  }
  if (result.code === "too_many_attempts") {
    return countdown(slot, result.wait || 30);
  }
  const ours = result.status === 0 || result.status >= 500;
  return say(slot, words(result), "bad", ...(ours ? [support(result)] : []));
}

// The page itself could not be filled: what went wrong, and another try.
export function broken(slot, result) {
  const again = make("button", { type: "button", class: "link" }, t("plain.again"));
  again.addEventListener("click", () => location.reload());
  explain(slot, result).append(" ", again);
}

export function support({ request }) {
  const line = make("span", {}, " ", make("a", { href: $("#support").href }, t("support.ask")));
  if (request) {
    line.append(" ", t("support.mention"), " ", make("code", {}, request));
  }
  return line;
}

export function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// Calls back each second with what is left, and with 0 at the end; a sleeping computer does not stop it.
export function every(seconds, tell) {
  const end = Date.now() + seconds * 1000;
  const step = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left === 0) {
      clearInterval(timer);
    }
    tell(left);
  };
  const timer = setInterval(step, 250);
  tell(seconds);
  return () => clearInterval(timer);
}

// Said once, then counted in silence.
function countdown(slot, seconds) {
  const left = make("time", { role: "timer", "aria-live": "off" });
  const message = say(slot, t("error.too_many_attempts"), "bad", " ", left);
  const turn = message.dataset.turn;
  const stop = every(seconds, (rest) => {
    if (message.dataset.turn !== turn) {
      stop?.();
    } else if (rest === 0) {
      say(slot, t("error.wait_over"), "info");
    } else {
      left.textContent = clock(rest);
    }
  });
  return message;
}

// --- forms ------------------------------------------------------------------------------------------------------

export function fault(input, text) {
  const note = $(".note", input.closest(".field"));
  note.textContent = text;
  note.classList.toggle("bad", Boolean(text));
  if (text) {
    input.setAttribute("aria-invalid", "true");
  } else {
    input.removeAttribute("aria-invalid");
  }
}

function missing(input) {
  if (input.closest("[hidden]") || !input.required) {
    return "";
  }
  if (!input.value.trim()) {
    return input.dataset.missing;
  }
  return input.type === "email" && input.validity.typeMismatch ? t("field.email_malformed") : "";
}

function checked(form) {
  const inputs = [...form.querySelectorAll("input[required]")];
  for (const input of inputs) {
    fault(input, missing(input));
  }
  const first = inputs.find((input) => input.hasAttribute("aria-invalid"));
  first?.focus();
  return !first;
}

// Runs one thing at a time; says so if it takes long. What went wrong is explained, and nothing that was typed is lost.
export async function busily(button, slot, work) {
  if (button.ariaDisabled === "true") {
    return;
  }
  button.ariaDisabled = "true";
  button.classList.add("busy");
  hush(slot);
  let slowTurn = null;
  const slow = setTimeout(() => {
    slowTurn = say(slot, t("slow"), "info").dataset.turn;
  }, SLOW_AFTER);
  const failed = await work(slot);
  clearTimeout(slow);
  button.ariaDisabled = null;
  button.classList.remove("busy");
  if (failed) {
    explain(slot, failed);
  } else if ($(".message", slot).dataset.turn === slowTurn) {
    hush(slot);
  }
}

// ``send`` answers with the result that failed, or with nothing.
export function onSubmit(form, send) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = $("[type=submit]", form);
    if (button.ariaDisabled !== "true" && checked(form)) {
      busily(button, slotOf(form), send);
    }
  });
  for (const input of form.querySelectorAll(".field > input")) {
    enhance(input);
  }
}

export function slotOf(form) {
  return $(".slot", form) ?? $(".slot", form.parentElement);
}

function enhance(input) {
  const described = [`${input.id}-note`, input.getAttribute("aria-describedby") ?? ""];
  input.setAttribute("aria-describedby", described.join(" ").trim());
  input.addEventListener("input", () => {
    if (input.hasAttribute("aria-invalid")) {
      fault(input, "");
    }
  });
  if (input.type === "password") {
    revealable(input);
    watchCapsLock(input);
  }
}

function revealable(input) {
  const label = $("label", input.parentElement).textContent;
  const button = make("button", { type: "button", class: "reveal", "aria-pressed": "false" }, t("reveal.show"));
  button.setAttribute("aria-label", t("reveal.label", { field: label }));
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.setAttribute("aria-pressed", String(hidden));
    button.textContent = hidden ? t("reveal.hide") : t("reveal.show");
  });
  input.form.addEventListener("submit", () => {
    // Password managers look for a password field.
    input.type = "password";
    button.setAttribute("aria-pressed", "false");
    button.textContent = t("reveal.show");
  });
  input.after(button);
}

function watchCapsLock(input) {
  const notice = make("span", { class: "caps", role: "status" });
  $("label", input.parentElement).after(notice);
  const look = (event) => {
    notice.textContent = event.getModifierState?.("CapsLock") ? t("caps") : "";
  };
  for (const kind of ["keydown", "keyup", "click"]) {
    input.addEventListener(kind, look);
  }
  // The key that turns it on tells how things stood before, until it is let go, and may be pressed anywhere.
  addEventListener("keyup", look);
}

// --- who is signed in -------------------------------------------------------------------------------------------

// An own path with its query, or the account page: read as the browser will read it, then compared.
export function returnTo() {
  const given = new URLSearchParams(location.search).get("return_to") ?? "";
  try {
    const url = new URL(given, location.origin);
    if (given.startsWith("/") && url.origin === location.origin) {
      return url.pathname.replace(/^\/+/, "/") + url.search;
    }
  } catch {
    // Not an address at all.
  }
  return "/account";
}

export function returns() {
  return new URLSearchParams(location.search).has("return_to");
}

// The way between log in, sign up and a forgotten password keeps where people wanted to go.
export function carryReturn() {
  if (returns()) {
    carry(returnTo());
  }
}

function carry(to) {
  for (const link of document.querySelectorAll("[data-carry]")) {
    link.search = new URLSearchParams({ return_to: to });
  }
}

export function toLogin() {
  location.replace(loginAndBack());
  return new Promise(() => {});
}

// The log-in that comes back to this page with its query, which is written as every parser reads it.
export function loginAndBack() {
  const query = new URLSearchParams(location.search);
  const here = query.size ? `${location.pathname}?${query}` : location.pathname;
  return `/login?${new URLSearchParams({ return_to: here })}`;
}

export async function whoIsHere() {
  const result = await call("GET", "/auth/session");
  if (result.ok) {
    $(`#nav a[href="${location.pathname}"]`)?.setAttribute("aria-current", "page");
    show($("#nav"));
  }
  return result;
}

// Whatever of a person is on the page goes first, then the session, then the page.
async function logOut() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.remove();
  }
  const main = $("main");
  const message = make("div", { class: "message", role: "alert" });
  const card = make("section", { class: "card" }, make("div", { class: "slot" }, message));
  main.replaceChildren(make("div", { class: "stage" }, card));
  sessionStorage.clear();
  const result = await call("POST", "/auth/logout");
  if (result.ok || result.status === 401) {
    tabs.postMessage("ended");
    location.replace("/login?left");
  } else {
    const again = make("button", { type: "button", class: "primary wide" }, t("log_out.again"));
    again.addEventListener("click", logOut);
    card.append(again);
    say(card, t("log_out.failed"), "bad", support(result));
  }
}

export function sessionEnded() {
  tabs.postMessage("ended");
}

// Somebody has logged in here by a mailed link; ``carried`` is called when another tab goes on with what they were doing.
export function sessionBegan(carried) {
  tabs.addEventListener("message", (event) => event.data === "carried" && carried());
  tabs.postMessage("began");
}

// This tab waits for that, and goes on to where it was to return.
export function awaitSession() {
  tabs.addEventListener("message", (event) => {
    if (event.data === "began") {
      tabs.postMessage("carried");
      location.replace(returnTo());
    }
  });
}

// This tab waits for a mailed link, too, which opens another tab: that one asks where people wanted to go.
export function tellReturn() {
  tabs.addEventListener("message", (event) => {
    if (event.data === "where" && returns()) {
      tabs.postMessage({ to: returnTo() });
    }
  });
}

export function askReturn() {
  tabs.addEventListener("message", (event) => event.data.to && carry(event.data.to));
  tabs.postMessage("where");
}

$("#log-out").addEventListener("click", logOut);

// Logged out in another tab: this one shows nothing of it either.
tabs.addEventListener("message", (event) => {
  if (event.data === "ended" && !$("#nav").hidden) {
    sessionStorage.clear();
    $("main").replaceChildren();
    location.replace("/login?left");
  }
});

// The browser kept the page as it was, perhaps from before a log-out: it must be asked for again.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    document.documentElement.hidden = true;
    location.reload();
  }
});
