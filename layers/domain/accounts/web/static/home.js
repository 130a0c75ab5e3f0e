"use strict";

const TITLES = { email: "Email", google: "Google", github: "GitHub" };
const who = document.getElementById("who");
const ways = document.getElementById("ways");
const leave = document.getElementById("leave");
const list = document.getElementById("identities");
const status = document.getElementById("status");

// One call to our own service; a refusal becomes its sentence on the page, and null here.
async function ask(method, path, body) {
  status.textContent = "";
  try {
    const options = { method, headers: { accept: "application/json" } };
    if (body) {
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(path, options);
    const content = answer.status === 204 ? {} : await answer.json();
    if (answer.ok) {
      return content;
    }
    if (answer.status !== 401) {
      status.textContent = content.message;
    }
  } catch {
    status.textContent = "The service could not be reached. Check your connection and try again.";
  }
  return null;
}

function entry(identity) {
  const item = document.createElement("li");
  const name = TITLES[identity.provider] ?? identity.provider;
  item.textContent = `${name}: ${identity.email} `;
  if (identity.provider === "email") {
    item.append(identity.can_log_in ? "" : "(no password yet)");
    return item;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Unlink";
  button.setAttribute("aria-label", `Unlink ${name}`);
  button.addEventListener("click", async () => {
    if (await ask("DELETE", `/auth/identities/${identity.id}`)) {
      await show();
    }
  });
  item.append(button);
  return item;
}

function link(event) {
  const provider = event.currentTarget.id;
  event.preventDefault();
  ask("POST", `/auth/${provider}/link`, { return_to: "/" }).then((answer) => {
    if (answer) {
      location.assign(answer.authorization_url);
    }
  });
}

async function show() {
  const session = await ask("GET", "/auth/session");
  if (!session) {
    return;
  }
  const { identities } = (await ask("GET", "/auth/identities")) ?? { identities: [] };
  who.textContent = `You are logged in as ${session.customer.email}. Your ways in:`;
  list.replaceChildren(...identities.map(entry));
  list.hidden = false;
  leave.hidden = false;
  for (const provider of ["google", "github"]) {
    const button = document.getElementById(provider);
    button.textContent = `Link ${TITLES[provider]}`;
    button.hidden = identities.some((identity) => identity.provider === provider);
    button.onclick = link;
  }
}

document.getElementById("logout").addEventListener("click", async () => {
  if (await ask("POST", "/auth/logout")) {
    location.reload();
  }
});

show();
