// The networks that an API key may come from, as an owner types them. The service judges them again.

import { setFieldError, t } from "./page.js";

const BITS = { 4: 32, 6: 128 };

// The networks in the field, one per line; null without any. Undefined after showing which one is wrong.
export function networksIn(field) {
  const written = field.value.split(/[\s,;]+/u).filter(Boolean);
  const wrong = written.find((network) => !isNetwork(network));
  setFieldError(field, wrong ? t("keys.network_wrong", { network: wrong }) : "");
  if (wrong) {
    field.focus();
    return undefined;
  }
  return written.length > 0 ? written : null;
}

function isNetwork(text) {
  const [address, prefix, ...more] = text.split("/");
  const version = address.includes(":") ? 6 : 4;
  const number = version === 6 ? numberOf6(address) : numberOf4(address);
  if (number === null || more.length > 0) {
    return false;
  }
  if (prefix === undefined) {
    return true;
  }
  const free = BITS[version] - Number(prefix);
  // Without bits behind the prefix, which would mean one address, or all of them.
  return /^\d{1,3}$/u.test(prefix) && free >= 0 && number % 2n ** BigInt(free) === 0n;
}

function numberOf4(text) {
  const parts = text.split(".");
  const isRight = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/u.test(part) && Number(part) < 256);
  return isRight ? parts.reduce((number, part) => number * 256n + BigInt(part), 0n) : null;
}

function hostOf(url) {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}

// The browser's own parser reads every spelling, and writes groups of hexadecimal digits.
function numberOf6(text) {
  const host = /^[\da-f:.]+$/iu.test(text) ? hostOf(`http://[${text}]`) : "";
  if (!host) {
    return null;
  }
  const [before, after] = host.slice(1, -1).split("::");
  const groups = (part) => (part ? part.split(":") : []);
  const [first, last] = [groups(before), groups(after)];
  const all = [...first, ...Array(8 - first.length - last.length).fill("0"), ...last];
  return all.reduce((number, group) => number * 65536n + BigInt(`0x${group}`), 0n);
}
