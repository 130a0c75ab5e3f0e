// Logs a page on this computer in with a Comfy account: OAuth 2.1 for a public client (authorization code, PKCE), or an
// API key. Plain browser code, without dependencies.

const CLIENT_ID = "comfy-local-web";
// The access token is kept in memory. The refresh token and the API key must survive a reload and are in sessionStorage,
// which ends with the tab: every script of this page, and every extension that a ComfyUI has loaded, can read it, so they
// should not stay longer than that. localStorage would keep them for the next person at this computer.
const REFRESH_TOKEN = "comfy.refresh_token";
const API_KEY = "comfy.api_key";
const PENDING = "comfy.pending";

// An error response, with its code and message.
export class Refused extends Error {
  constructor(body) {
    super(body.message ?? body.error_description ?? "The account service does not answer. Try again in a moment.");
    this.code = body.error ?? "unreachable";
  }
}

export class ComfyAccount {
  #site;
  #metadata = null;
  #accessToken = "";
  #renewing = null;

  constructor(site) {
    this.#site = site;
  }

  // The login methods of this page's origin: {allowed, methods, api_key_url, message}.
  methods() {
    return this.#fetch(`${this.#site}/auth/methods?${new URLSearchParams({ origin: location.origin })}`);
  }

  get isLoggedIn() {
    return Boolean(sessionStorage.getItem(REFRESH_TOKEN) ?? sessionStorage.getItem(API_KEY));
  }

  get hasTokens() {
    return sessionStorage.getItem(REFRESH_TOKEN) !== null;
  }

  // Sends the browser to the account service, which returns it to this page with a code.
  async logIn() {
    const { authorization_endpoint: endpoint } = await this.#server();
    const [verifier, state] = [random(), random()];
    sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state }));
    const question = new URLSearchParams({
      response_type: "code",
      client_id: CLIENT_ID,
      redirect_uri: `${location.origin}/`,
      scope: "account",
      state,
      code_challenge: await challenge(verifier),
      code_challenge_method: "S256",
    });
    location.assign(`${endpoint}?${question}`);
  }

  // Call this when the page opens: completes a login if the browser has just returned from one.
  async arrive() {
    const answer = new URLSearchParams(location.search);
    if (!answer.has("state")) {
      return;
    }
    history.replaceState(null, "", location.pathname);
    const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "{}");
    sessionStorage.removeItem(PENDING);
    const { issuer, token_endpoint: endpoint } = await this.#server();
    // Accept only the response to this tab's own request (RFC 9700 4.7), from this service (RFC 9207).
    if (answer.get("state") !== pending.state || answer.get("iss") !== issuer) {
      throw new Refused({ error: "unexpected_answer", message: "That login was not started here. Try again." });
    }
    if (answer.has("error")) {
      throw new Refused(Object.fromEntries(answer));
    }
    await this.#exchange(endpoint, {
      grant_type: "authorization_code",
      code: answer.get("code"),
      redirect_uri: `${location.origin}/`,
      code_verifier: pending.verifier,
    });
  }

  // Returns the key's account; a refused key is not stored.
  async logInWithKey(key) {
    const customer = await this.#fetch(`${this.#site}/customers`, { method: "POST", headers: { "X-API-KEY": key } });
    sessionStorage.setItem(API_KEY, key);
    return customer;
  }

  // The logged-in account.
  async customer() {
    const key = sessionStorage.getItem(API_KEY);
    if (key) {
      return this.#withKey(key);
    }
    if (!this.#accessToken) {
      await this.renew();
    }
    try {
      return await this.#ask();
    } catch (error) {
      if (error.code !== "not_authenticated") {
        throw error;
      }
      // The access token has expired (after 15 minutes), or the session has ended: refreshing tells which.
      await this.renew();
      return this.#ask();
    }
  }

  // Forget a deleted key, but never because the service is down.
  async #withKey(key) {
    try {
      return await this.logInWithKey(key);
    } catch (error) {
      if (error.code === "api_key_unknown") {
        this.#forget();
      }
      throw error;
    }
  }

  // Refresh the tokens. One request at a time: a refresh token that is used again later looks stolen.
  renew() {
    this.#renewing ??= this.#renewed().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  // Ends the session at the service, not only in this tab.
  async logOut() {
    const token = sessionStorage.getItem(REFRESH_TOKEN);
    if (token) {
      const { revocation_endpoint: endpoint } = await this.#server();
      await this.#fetch(endpoint, form({ client_id: CLIENT_ID, token }));
    }
    this.#forget();
  }

  #ask() {
    const headers = { Authorization: `Bearer ${this.#accessToken}` };
    return this.#fetch(`${this.#site}/customers`, { method: "POST", headers });
  }

  async #renewed() {
    const { token_endpoint: endpoint } = await this.#server();
    const token = sessionStorage.getItem(REFRESH_TOKEN) ?? "";
    try {
      await this.#exchange(endpoint, { grant_type: "refresh_token", refresh_token: token });
    } catch (error) {
      // The session was ended elsewhere. Other errors may be temporary, so keep the tokens.
      if (error.code === "invalid_grant") {
        this.#forget();
      }
      throw error;
    }
  }

  async #exchange(endpoint, fields) {
    const tokens = await this.#fetch(endpoint, form({ client_id: CLIENT_ID, ...fields }));
    this.#accessToken = tokens.access_token;
    sessionStorage.setItem(REFRESH_TOKEN, tokens.refresh_token);
  }

  #forget() {
    this.#accessToken = "";
    sessionStorage.removeItem(REFRESH_TOKEN);
    sessionStorage.removeItem(API_KEY);
  }

  // Server metadata (RFC 8414). The issuer must be the expected service.
  async #server() {
    this.#metadata ??= await this.#fetch(`${this.#site}/.well-known/oauth-authorization-server`);
    if (this.#metadata.issuer !== this.#site) {
      throw new Refused({ error: "other_issuer", message: `${this.#site} speaks for ${this.#metadata.issuer}.` });
    }
    return this.#metadata;
  }

  async #fetch(url, options = {}) {
    let answer = null;
    try {
      // No cookies: this page authenticates with headers only.
      answer = await fetch(url, { ...options, credentials: "omit" });
    } catch {
      throw new Refused({});
    }
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      throw new Refused(body);
    }
    return body;
  }
}

function form(fields) {
  return { method: "POST", body: new URLSearchParams(fields) };
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

// RFC 7636 4.2. Browsers provide crypto.subtle on https and localhost only.
async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
