// Of all pages: texts, API calls, messages, forms and the session.

import {
  correctSessionHint,
  forget,
  isDisabled,
  keep,
  mayHaveSession,
  openTabs,
  setDisabled,
  take,
  timeout,
  writeCookie,
} from "./browser.js";
import { noteMethod } from "./last_method.js";

const root = document.documentElement;
// From texts.<language>.js, which is not a module: Safari runs modules too early that import one with top-level await.
const { texts } = globalThis;
const SLOW_AFTER = 2500;
const TIMEOUT = 30_000;
// The id of the account, once there was a session.
let account = "";
// Display names.
export const PROVIDERS = { google: "Google", github: "GitHub" };
export const tabs = openTabs("session");

// Dialogs that were not opened yet.
export const unopened = document.createDocumentFragment();

export const $ = (selector, within) =>
  within ? within.querySelector(selector) : (document.querySelector(selector) ?? unopened.querySelector(selector));

export function t(key, values = {}) {
  return (texts[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => isolated(values[name] ?? ""));
}

// A name has its own direction in a text from right to left (UAX #9).
export function isolated(text) {
  return text && root.dir === "rtl" ? `\u2068${text}\u2069` : text;
}

// The text with elements in the places that its language has for them.
export function parts(key, elements) {
  return texts[key].split(/\{(\w+)\}/).map((part, at) => (at % 2 ? elements[part] : part));
}

export function hasText(key) {
  return key in texts;
}

// --- elements ---------------------------------------------------------------------------------------------------

// Strings become text nodes, never markup.
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

// Replace one card by another, and move the focus to its title for screen readers.
export function swap(from, to) {
  show(from, false);
  show(to);
  $("h1", to).focus();
  scrollTo(0, 0);
}

// --- calls ------------------------------------------------------------------------------------------------------

const BY_STATUS = { 413: "body_too_large", 429: "too_many_attempts" };

// Never throws: each failure is a result with a code. If many requests come from this network, the service asks for a
// proof of work, and the request is sent again with it.
export async function call(method, path, body) {
  const result = await send(method, path, body);
  return result.code === "proof_required" ? prove(method, path, body, result) : result;
}

async function prove(method, path, body, asked) {
  const note = make("div", { class: "message info", role: "status" });
  $("main").prepend(note);
  note.textContent = t("proof.checking");
  try {
    const { solve } = await import("./proof.js");
    return await send(method, path, body, { "x-proof-of-work": await solve(asked.body.challenge) });
  } catch {
    // The browser has no cryptography. The message says how long to wait.
    return asked;
  } finally {
    note.remove();
  }
}

async function send(method, path, body, headers = {}) {
  const accepted = { accept: "application/json", ...headers };
  const options = { method, headers: accepted, cache: "no-store", redirect: "error" };
  options.signal = timeout(TIMEOUT);
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

// The page's text for an error code, or the service's message.
export function errorText(result) {
  const key = `error.${result.code}`;
  return hasText(key) ? t(key) : (result.body.message ?? t("error.other"));
}

// --- messages ---------------------------------------------------------------------------------------------------

export function showMessage(slot, text, kind = "bad", ...more) {
  const message = $(".message", slot);
  // Tells a later update whether this message is still shown.
  message.dataset.turn = Number(message.dataset.turn ?? 0) + 1;
  message.className = `message ${kind}`;
  message.parentElement.classList.toggle("told", Boolean(text));
  message.replaceChildren(...(text ? [text, ...more] : []));
  return message;
}

export function clearMessage(slot) {
  return showMessage(slot, "");
}

// Whether to wait: a limit is reached, or this browser could not compute the proof of work.
export function isLimited({ code }) {
  return code === "too_many_attempts" || code === "proof_required";
}

// Shows an error, with a support link for failures of the service and a countdown for rate limits. The former also
// say that ``form`` keeps what was typed.
export function showError(slot, result, form = null) {
  if (result.code === "cancelled") {
    return clearMessage(slot);
  }
  if (isLimited(result)) {
    return countdown(slot, result.wait || 30);
  }
  const isServiceError = result.status === 0 || result.status >= 500;
  const error = errorText(result);
  const text = isServiceError && hasTyped(form) ? t("error.kept", { error }) : error;
  return showMessage(slot, text, "bad", ...(isServiceError ? [support(result)] : []));
}

function hasTyped(form) {
  const fields = [...(form?.querySelectorAll(".field > input, .field > textarea") ?? [])];
  return fields.some((field) => field.value.trim() && !field.readOnly && !field.closest("[hidden]"));
}

export function support({ request }) {
  const contact = make("a", { href: $("#support").href }, t("support.ask"));
  const id = make("code", {}, request ?? "");
  return make("span", {}, " ", ...(request ? parts("support.mention", { contact, id }) : [contact]));
}

export function clock(seconds) {
  const time = new Date(Math.min(seconds, 86_399) * 1000).toISOString();
  return time.slice(seconds < 3600 ? 14 : 11, 19).replace(/^0/, "");
}

// Calls back each second with the seconds left, down to 0, by the clock: sleep does not delay it.
export function countSeconds(seconds, report) {
  const end = Date.now() + seconds * 1000;
  const step = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left === 0) {
      clearInterval(timer);
    }
    report(left);
  };
  const timer = setInterval(step, 250);
  report(seconds);
  return () => clearInterval(timer);
}

// Announced once to screen readers; the countdown itself is silent.
function countdown(slot, seconds) {
  const left = make("time", { role: "timer", "aria-live": "off" });
  const message = showMessage(slot, make("span", {}, ...parts("error.too_many_attempts", { time: left })));
  const turn = message.dataset.turn;
  const stop = countSeconds(seconds, (rest) => {
    if (message.dataset.turn !== turn) {
      stop?.();
    } else if (rest === 0) {
      showMessage(slot, t("error.wait_over"), "info");
    } else {
      left.textContent = clock(rest);
    }
  });
  return message;
}

// --- forms ------------------------------------------------------------------------------------------------------

export function setFieldError(input, text) {
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
  return isMalformedEmail(input) ? t("field.email_malformed") : "";
}

// Browsers disagree on international addresses, and refuse what was pasted along: the service judges those.
export function isMalformedEmail(input) {
  return input.type === "email" && input.validity.typeMismatch && /^[\x20-\x7e]*$/.test(input.value);
}

function checked(form) {
  const inputs = [...form.querySelectorAll("input[required]")];
  for (const input of inputs) {
    setFieldError(input, missing(input));
  }
  const first = inputs.find((input) => input.hasAttribute("aria-invalid"));
  first?.focus();
  return !first;
}

// Runs ``work`` unless it is running already, with a notice if it is slow. Shows a failed result; keeps the form's input.
export async function withBusy(button, slot, work, form = null) {
  if (isDisabled(button)) {
    return;
  }
  setDisabled(button, true);
  button.classList.add("busy");
  clearMessage(slot);
  let slowTurn = null;
  const slow = setTimeout(() => {
    slowTurn = showMessage(slot, t("slow"), "info").dataset.turn;
  }, SLOW_AFTER);
  let failed = null;
  try {
    failed = await work(slot);
  } finally {
    clearTimeout(slow);
    setDisabled(button, false);
    button.classList.remove("busy");
  }
  if (failed) {
    showError(slot, failed, form);
  } else if ($(".message", slot).dataset.turn === slowTurn) {
    clearMessage(slot);
  }
}

// ``send`` returns the failed result, or null.
// Until then, the button is disabled in the HTML: the browser itself would send the form, which no route answers.
export function onSubmit(form, send) {
  const button = $("[type=submit]", form);
  button.disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isDisabled(button) && checked(form)) {
      withBusy(button, slotOf(form), send, form);
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
      setFieldError(input, "");
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
    // Password managers recognize only fields of type password.
    input.type = "password";
    button.setAttribute("aria-pressed", "false");
    button.textContent = t("reveal.show");
  });
  input.classList.add("revealable");
  input.after(button);
}

function watchCapsLock(input) {
  const notice = make("span", { class: "caps", role: "status" });
  $("label", input.parentElement).after(notice);
  const update = (event) => {
    notice.textContent = event.getModifierState?.("CapsLock") ? t("caps") : "";
  };
  for (const kind of ["keydown", "keyup", "click"]) {
    input.addEventListener(kind, update);
  }
  // The keydown of Caps Lock reports the state before it. It may be pressed outside of the field.
  addEventListener("keyup", update);
}

// --- the session ------------------------------------------------------------------------------------------------

// A path of this site with its query, or the account page. Parsed like the browser does.
export function returnTo() {
  const given = new URLSearchParams(location.search).get("return_to") ?? "";
  try {
    const url = new URL(given, location.origin);
    if (given.startsWith("/") && url.origin === location.origin) {
      return url.pathname.replace(/^\/+/, "/") + url.search;
    }
  } catch {
    // Not a URL.
  }
  return "/account";
}

export function hasReturn() {
  return new URLSearchParams(location.search).has("return_to");
}

// Links between login, sign-up and forgotten password keep the return address and, in this tab, the email address. So
// does the choice of a language.
export function carryReturn() {
  if (hasReturn()) {
    carry(returnTo());
  }
  const email = $("#email");
  email.value = take("email") || email.value;
  const keepEmail = () => keep("email", email.value.trim());
  for (const link of document.querySelectorAll("[data-carry]")) {
    link.addEventListener("click", keepEmail);
  }
  $("#language").addEventListener("change", keepEmail);
  focusFirst(email.form);
}

// In a task of its own, because a focus lays the page out.
function focusFirst(form) {
  const inputs = [...form.querySelectorAll("input[required]")];
  setTimeout(() => {
    if (document.activeElement === document.body) {
      (inputs.find((input) => !input.value) ?? inputs[0]).focus();
    }
  });
}

export function carry(to) {
  for (const link of document.querySelectorAll("[data-carry]")) {
    link.search = new URLSearchParams({ return_to: to });
  }
}

// The login page says if a session has ended.
export function toLogin() {
  location.replace(loginAndBack(account ? { ended: "" } : {}));
  return new Promise(() => {});
}

// The return address of this page, including its query in normalized form.
export function here() {
  const query = new URLSearchParams(location.search);
  return String(query) ? `${location.pathname}?${query}` : location.pathname;
}

export function loginAndBack(why = {}) {
  return `/login?${new URLSearchParams({ ...why, return_to: here() })}`;
}

// For pages that work without a session: does not ask the service where there is none.
export async function findSession() {
  if (mayHaveSession()) {
    return loadSession();
  }
  noteSession("none");
  return { ok: false, status: 401, body: {}, code: "not_authenticated", wait: 0, request: "" };
}

function noteSession(found) {
  root.dataset.session = found;
}

export function accountId() {
  return account;
}

function isLoggedIn() {
  return root.dataset.session === "open";
}

// Pages that lead elsewhere when there is a session have none.
async function accountMenu() {
  return $("#nav") && import("./account_menu.js");
}

export async function loadSession() {
  const result = await call("GET", "/auth/session");
  noteSession(result.ok ? "open" : "none");
  if (result.ok || result.status === 401) {
    correctSessionHint(result.ok);
  }
  if (result.ok) {
    account = result.body.customer.id;
    noteMethod(result.body.session.method);
    accountMenu().then((menu) => menu?.showAccountMenu(result.body));
  }
  return result;
}

export function announceLogout() {
  tabs.postMessage("ended");
}

function choose(name, value) {
  writeCookie(`${name}=${value}; Path=/; SameSite=Lax; Max-Age=31536000`);
}

$("#language")?.addEventListener("change", async ({ target }) => {
  choose("language", target.value);
  if (isLoggedIn()) {
    // For emails. The page changes even if this fails.
    await call("PATCH", "/customers/me", { language: target.value });
  }
  location.reload();
});

// As the service does for the next page.
$("#theme").addEventListener("change", ({ target }) => {
  const theme = target.value;
  choose("theme", theme);
  $("[name=color-scheme]").setAttribute("content", theme || "light dark");
  for (const element of document.querySelectorAll("[data-scheme]")) {
    const { scheme } = element.dataset;
    const chosen = theme === scheme ? "screen" : "not all";
    element.setAttribute("media", theme ? chosen : `(prefers-color-scheme: ${scheme})`);
  }
});

// Not later than the session.
if (mayHaveSession()) {
  accountMenu();
}

// After a logout in another tab.
tabs.addEventListener("message", (event) => {
  if (event.data !== "ended") {
    return;
  }
  forget();
  if (isLoggedIn()) {
    $("#nav")?.remove();
    $("main").replaceChildren();
    location.replace("/login?left");
  }
});

// A page from the back/forward cache may be older than a logout.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    root.hidden = true;
    location.reload();
  }
});
