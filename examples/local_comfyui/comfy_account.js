// Signs a page on this computer in with a Comfy account: OAuth 2.1 for a public client (authorization code, PKCE), or an
// API key. Plain browser code, nothing to install.

const CLIENT_ID = "comfy-local-web";
// The access token is kept in memory. What has to outlive a reload is kept in sessionStorage, which ends with the tab:
// every script of this page can read it, and so can every extension that a ComfyUI has loaded, so it should not lie
// around longer than that. localStorage would stay for the next person at this computer.
const REFRESH_TOKEN = "comfy.refresh_token";
const API_KEY = "comfy.api_key";
const PENDING = "comfy.pending";

// What the service refused: its code, and its sentence for people.
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

  // Which ways in this page's origin has: {allowed, methods, api_key_url, message}.
  methods() {
    return this.#fetch(`${this.#site}/auth/methods?${new URLSearchParams({ origin: location.origin })}`);
  }

  get isSignedIn() {
    return Boolean(sessionStorage.getItem(REFRESH_TOKEN) ?? sessionStorage.getItem(API_KEY));
  }

  get hasTokens() {
    return sessionStorage.getItem(REFRESH_TOKEN) !== null;
  }

  // Off to the account service; the browser comes back to this page with a code.
  async signIn() {
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

  // To be called when the page opens: finishes a sign-in if the browser has just come back from one.
  async arrive() {
    const answer = new URLSearchParams(location.search);
    if (!answer.has("state")) {
      return;
    }
    history.replaceState(null, "", location.pathname);
    const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "{}");
    sessionStorage.removeItem(PENDING);
    const { issuer, token_endpoint: endpoint } = await this.#server();
    // Only the answer to this tab's own question counts (RFC 9700 4.7), and only from this service (RFC 9207).
    if (answer.get("state") !== pending.state || answer.get("iss") !== issuer) {
      throw new Refused({ error: "unexpected_answer", message: "That sign-in was not started here. Try again." });
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

  // The account behind the key; a key that is refused is not kept.
  async signInWithKey(key) {
    const customer = await this.#fetch(`${this.#site}/customers`, { method: "POST", headers: { "X-API-KEY": key } });
    sessionStorage.setItem(API_KEY, key);
    return customer;
  }

  // The account that is signed in.
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
      // The access token is a quarter of an hour old, or the session ended: the refresh token knows which.
      await this.renew();
      return this.#ask();
    }
  }

  // A key that was deleted is forgotten. One is never forgotten because the service is down.
  async #withKey(key) {
    try {
      return await this.signInWithKey(key);
    } catch (error) {
      if (error.code === "api_key_unknown") {
        this.#forget();
      }
      throw error;
    }
  }

  // New tokens for the refresh token. One at a time: a refresh token that comes again later looks stolen.
  renew() {
    this.#renewing ??= this.#renewed().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  // Ends the session at the service too, not in this tab alone.
  async signOut() {
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
      // Signed out elsewhere. Everything else may pass: the tokens are kept.
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

  // RFC 8414: where to ask for what. The service must be the one that was meant.
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
      // No cookies: this page is nobody to the account service but for what it sends in headers.
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

// RFC 7636 4.2. Only on https and on this computer: browsers have no crypto.subtle elsewhere.
async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
