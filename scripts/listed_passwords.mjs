// Writes listed.js: the digests of the common passwords that the page's estimate alone would praise.
//
//     node scripts/listed_passwords.mjs
//
// Run it after a change of the list or of password_score.js; a test finds that it was not.

import { readFileSync, writeFileSync } from "node:fs";

const PACKAGE = new URL("../layers/domain/accounts/", import.meta.url);
const ASSETS = new URL("web/static/assets/", PACKAGE);
const FAIR = 2;

function read(url) {
  return readFileSync(url, "utf8");
}

// By its text, because Node takes a file of this name for a module of another kind.
const source = read(new URL("password_score.js", ASSETS));
const { digest, estimate } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const passwords = read(new URL("model/common_passwords.txt", PACKAGE))
  .split("\n")
  .filter((line) => line && !line.startsWith("# "));
const praised = passwords.filter((password) => estimate(password, "") > FAIR);
const digests = [...new Set(praised.map(digest))].sort((one, other) => one - other);
const bytes = Buffer.from(digests.flatMap((it) => [it >> 16, (it >> 8) & 255, it & 255]));
const head = "// Common passwords that look strong: 24 bits of a digest of each. Written by scripts/listed_passwords.mjs.\n\n";
writeFileSync(new URL("listed.js", ASSETS), `${head}export const LISTED =\n  "${bytes.toString("base64")}";\n`);
console.log(`${digests.length} of ${passwords.length} common passwords`);
