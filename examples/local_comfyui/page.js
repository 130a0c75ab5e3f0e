// What a ComfyUI would do in its login dialog.

import { ComfyAccount } from "./comfy_account.js";

const $ = (id) => document.getElementById(id);
const { accounts } = await (await fetch("config.json")).json();
const account = new ComfyAccount(accounts);

function say(text) {
  $("said").textContent = text;
}

function show() {
  $("inside").hidden = !account.isLoggedIn;
  $("outside").hidden = account.isLoggedIn;
  $("renew").hidden = !account.hasTokens;
}

// Run a step and show its result or error.
async function run(step) {
  try {
    say(await step());
  } catch (error) {
    say(error.message);
  }
  show();
}

async function greet() {
  const { email } = await account.customer();
  return `Logged in as ${email}`;
}

// An origin that is not on the allowlist gets no browser login, but a message that says what to do instead.
async function offer() {
  const ways = await account.methods();
  $("browser").hidden = !ways.allowed;
  $("advice").textContent = ways.message ?? "";
  $("get-key").href = ways.api_key_url;
}

$("browser").addEventListener("click", () => run(() => account.logIn().then(() => "Redirecting …")));
$("ask").addEventListener("click", () => run(greet));
$("renew").addEventListener("click", () => run(() => account.renew().then(() => "Renewed")));
$("log-out").addEventListener("click", () => run(() => account.logOut().then(() => "Logged out")));
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  run(async () => {
    const { email } = await account.logInWithKey($("key").value.trim());
    $("key").value = "";
    return `Logged in as ${email}`;
  });
});

await run(async () => {
  await offer();
  await account.arrive();
  return account.isLoggedIn ? greet() : "Not logged in";
});
