"use strict";

// The token is in the fragment, which no server, proxy or mail scanner sees; it leaves the address bar at once.
const fragment = new URLSearchParams(location.hash.slice(1));
const token = fragment.get("token") ?? "";
// A login with Google or GitHub has no password to ask for: this browser is the other half of the proof.
const provider = { google: "Google", github: "GitHub" }[fragment.get("with")] ?? "";
history.replaceState(null, "", location.pathname);

const form = document.getElementById("confirm");
const password = document.getElementById("password");
const caps = document.getElementById("caps");
const status = document.getElementById("status");
const button = form.querySelector("button");

function say(text, bad) {
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

function finished(text) {
  form.hidden = true;
  document.getElementById("lead").hidden = true;
  say(text, false);
}

password.addEventListener("keyup", (event) => {
  const on = typeof event.getModifierState === "function" && event.getModifierState("CapsLock");
  caps.textContent = on ? "Caps Lock is on." : "";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  say("One moment …", false);
  try {
    const answer = await fetch(provider ? "/auth/identities/confirm" : "/auth/email/verify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(provider ? { token } : { token, password: password.value }),
    });
    const body = await answer.json();
    if (answer.ok) {
      finished(`Your address ${body.email} is confirmed, and you are logged in.`);
    } else {
      say(body.message, true);
      (provider ? button : password).focus();
    }
  } catch {
    say("The service could not be reached. Check your connection and try again.", true);
  } finally {
    button.disabled = false;
    password.value = "";
  }
});

if (provider) {
  document.getElementById("lead").textContent = `Confirm the address that ${provider} gave us, to finish logging in.`;
  document.getElementById("ask").hidden = true;
}

if (token) {
  (provider ? button : password).focus();
} else {
  button.disabled = true;
  say("This page is opened by the link in our mail. Open the newest one, or sign up again for a new mail.", true);
}
