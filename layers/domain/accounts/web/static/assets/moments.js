// Times as people say them: "2 minutes ago", with the whole date for a pointer that rests on it.

import { make } from "./page.js";

const language = document.documentElement.lang;
// The reader's own region, such as en-GB, if they read the language of the page.
const locale = navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const LONGEST_WAIT = 500;
const LATELY_SECONDS = 7 * 86_400;
const relative = once(() => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
const whole = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" }));
const short = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }));
const date = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));

function once(makeFormat) {
  let format;
  return () => {
    format ??= makeFormat();
    return format;
  };
}

// Resolves when formats no longer hold up the page. Without the worker, the page soon makes the first ones itself.
export const formatsReady = new Promise((resolve) => {
  setTimeout(() => {
    try {
      const worker = new Worker(new URL("first_formats.js", import.meta.url), { name: locale });
      worker.addEventListener("message", resolve);
    } catch {
      // Safari before 15.5 applies another directive of the policy to workers, and refuses it.
      resolve();
    }
  });
  setTimeout(resolve, LONGEST_WAIT);
});

// A time more than a week ago is a date. The browser's clock may be behind the service's.
export function ago(text, now = Date.now()) {
  const at = new Date(text);
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  return make("time", { datetime: text, title: whole().format(at) }, words(at, seconds));
}

function words(at, seconds) {
  if (seconds >= LATELY_SECONDS) {
    return short().format(at);
  }
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? UNITS[3];
  return relative().format(-Math.floor(seconds / length), unit);
}

export function moment(text) {
  return make("time", { datetime: text }, short().format(new Date(text)));
}

export function day(text) {
  return make("time", { datetime: text }, date().format(new Date(text)));
}
