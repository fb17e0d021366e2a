// Photographs the login pages of a running stack: every page, language, colour scheme and size that is asked for.
//
//   npm install --no-save --prefix /tmp/screens playwright-core@1 axe-core@4
//   set -a; . .state/test/env; set +a
//   NODE_PATH=/tmp/screens/node_modules node tests/screens/login.mjs [--axe] [--out=FOLDER] [PAGE|PAGE-desktop-light-en ...]
//
// Without names: what docs/screens/ shows. `all` is every page in every variant. Environment: PUBLIC_URL, and for the
// pages behind a login KEYCLOAK_URL and KEYCLOAK_ADMIN_PASSWORD, with which a person of this run's own is made and
// deleted again; CHROMIUM (default: /usr/bin/chromium). --axe prints what axe-core finds serious or critical, and the
// run fails then. Pictures to be committed go through an optimiser (`oxipng -o 4 docs/screens/*.png`), at most 150 kB each.
// The theme asks for Inter first, as the web client does: install it (fonts-inter) for the same look.

import { createHash, createHmac, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");

const PUBLIC_URL = process.env.PUBLIC_URL ?? "http://localhost:8080";
const KEYCLOAK_URL = process.env.KEYCLOAK_URL ?? "http://127.0.0.1:8081";
const REALM = `${PUBLIC_URL}/realms/messenger`;
const OIDC = `${REALM}/protocol/openid-connect`;
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const SCHEMES = ["light", "dark"];
const LOCALES = { en: "en-US", ru: "ru-RU" };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // The first port of test stacks, 10080, is on the list of those that browsers refuse.
  `--explicitly-allowed-ports=${new URL(PUBLIC_URL).port}`];
// What docs/screens/ shows: page, size, scheme and language, and the name of the file.
const SHOWN = {
  "login-desktop-light": "login-desktop-light-en", "login-desktop-dark": "login-desktop-dark-ru",
  "login-phone-light": "login-phone-light-ru", "login-phone-dark": "login-phone-dark-en",
  "register-desktop-dark": "register-desktop-dark-en", "register-phone-light": "register-phone-light-ru",
  "login-error-desktop-light": "login-error-desktop-light-ru", "configure-otp-phone-dark": "configure-otp-phone-dark-ru",
  "recovery-codes-desktop-light": "recovery-codes-desktop-light-en", "account-desktop-light": "account-desktop-light-en",
};

const verifier = randomBytes(32).toString("base64url");
const challenge = createHash("sha256").update(verifier).digest("base64url");

// Where a login ends: a page that only says so.
const callback = createServer((_, answer) => answer.end("logged in"));
await new Promise((listening) => callback.listen(0, "127.0.0.1", listening));
const CALLBACK = `http://127.0.0.1:${callback.address().port}/callback`;

function address(path, changes = {}) {
  return `${OIDC}/${path}?` + new URLSearchParams({
    client_id: "messenger-cli", redirect_uri: CALLBACK, response_type: "code", scope: "openid",
    state: "s", code_challenge: challenge, code_challenge_method: "S256", ...changes,
  });
}

/** One account of this run, and the calls that make and delete it. */
class Person {
  constructor() {
    this.name = `screens-${randomBytes(3).toString("hex")}`;
    this.password = `${randomBytes(9).toString("base64url")}-aA1`;
  }

  async admin(method, path, body) {
    const form = new URLSearchParams({
      client_id: "admin-cli", grant_type: "password", username: "admin", password: process.env.KEYCLOAK_ADMIN_PASSWORD,
    });
    const login = await fetch(`${KEYCLOAK_URL}/realms/master/protocol/openid-connect/token`, { method: "POST", body: form });
    if (!login.ok) throw new Error(`Keycloak's administrator cannot log in: ${login.status}`);
    const authorization = `Bearer ${(await login.json()).access_token}`;
    const answer = await fetch(`${KEYCLOAK_URL}/admin/realms/messenger/users${path}`, {
      method, headers: { authorization, "content-type": "application/json" }, body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} users${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async create() {
    const answer = await this.admin("POST", "", {
      username: this.name, email: `${this.name}@example.com`, emailVerified: true, enabled: true,
      firstName: "Anna", lastName: "Petrova", credentials: [{ type: "password", value: this.password }],
    });
    this.id = answer.headers.get("location").split("/").pop();
  }

  /** Back to how it was created, without second factors. */
  async reset() {
    await this.admin("PUT", `/${this.id}`, { emailVerified: true });
    const credentials = await (await this.admin("GET", `/${this.id}/credentials`)).json();
    for (const { id, type } of credentials) {
      if (type !== "password") await this.admin("DELETE", `/${this.id}/credentials/${id}`);
    }
  }

  delete() {
    return this.admin("DELETE", `/${this.id}`);
  }
}

const person = new Person();

async function logIn(page, path = address("auth")) {
  await page.goto(path);
  await page.fill("#username", person.name);
  await page.fill("#password", person.password);
  await page.click("#kc-login");
}

/** Open a page that Keycloak shows to somebody logged in: what an account console's button leads to. */
const action = (name) => async (page) => {
  const known = (await page.context().cookies()).some((cookie) => cookie.name === "KEYCLOAK_IDENTITY");
  await (known ? page.goto(address("auth", { kc_action: name })) : logIn(page, address("auth", { kc_action: name })));
};

/** A one-time code of RFC 6238 for a Base32 secret, as the authenticator application would show it. */
function oneTimeCode(secret) {
  const bits = [...secret.replaceAll(" ", "")]
    .map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const offset = digest.at(-1) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function manualOtp(page) {
  await action("CONFIGURE_TOTP")(page);
  await page.click("#mode-manual");
}

async function saveOtp(page) {
  await manualOtp(page);
  const secret = await page.textContent("#kc-totp-secret-key");
  await page.fill("#totp", oneTimeCode(secret.trim()));
  await page.fill("#userLabel", "Pixel");
  await page.click("#saveTOTPBtn");
  await page.waitForURL(`${CALLBACK}*`);
}

async function saveRecoveryCodes(page) {
  await action("CONFIGURE_RECOVERY_AUTHN_CODES")(page);
  await page.check("#kcRecoveryCodesConfirmationCheck");
  await page.click("#saveRecoveryAuthnCodesBtn");
  await page.waitForURL(`${CALLBACK}*`);
}

/** Log in once these second factors are set up. */
const logInAfter = (...preparations) => async (page) => {
  for (const prepare of preparations) await prepare(page);
  await page.context().clearCookies();
  await logIn(page);
};

/** Give the browser a security key of software, which agrees to everything. */
async function addAuthenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: false },
  });
}

async function deviceCode(page) {
  const answer = await page.request.post(`${OIDC}/auth/device`, {
    form: { client_id: "messenger-cli", scope: "openid", code_challenge: challenge, code_challenge_method: "S256" },
  });
  return (await answer.json()).verification_uri_complete;
}

const PAGES = {
  login: (page) => page.goto(address("auth")),
  async "login-error"(page) {
    await page.goto(address("auth"));
    await page.fill("#username", "anna");
    await page.fill("#password", "wrong");
    await page.click("#kc-login");
  },
  register: (page) => page.goto(address("registrations")),
  async "register-error"(page) {
    await page.goto(address("registrations"));
    await page.fill("#username", "a");
    await page.fill("#email", "anna@");
    if (await page.isVisible("#password")) { // with a mail server, it is chosen once the address is confirmed
      await page.fill("#password", "short");
      await page.fill("#password-confirm", "other");
    }
    await page.click("#kc-form-buttons input");
  },
  // These three need a mail server in .env.
  "reset-password": (page) => page.goto(`${REALM}/login-actions/reset-credentials?client_id=messenger-cli`),
  async "verify-email"(page) {
    await person.admin("PUT", `/${person.id}`, { emailVerified: false });
    await logIn(page);
  },
  async "reset-password-sent"(page) {
    await PAGES["reset-password"](page);
    await page.fill("#username", person.name);
    await page.click("#kc-form-buttons");
  },
  "update-password": action("UPDATE_PASSWORD"),
  "update-profile": action("UPDATE_PROFILE"),
  "configure-otp": action("CONFIGURE_TOTP"),
  "configure-otp-manual": manualOtp,
  otp: logInAfter(saveOtp),
  async "otp-error"(page) {
    await PAGES.otp(page);
    await page.fill("#otp", "000000");
    await page.click("#kc-login");
  },
  "recovery-codes": action("CONFIGURE_RECOVERY_AUTHN_CODES"),
  "recovery-code": logInAfter(saveRecoveryCodes),
  async "other-ways"(page) {
    await logInAfter(saveOtp, saveRecoveryCodes)(page);
    await page.click("#try-another-way");
  },
  async "register-passkey"(page) {
    await addAuthenticator(page);
    await action("webauthn-register-passwordless")(page);
  },
  error: (page) => page.goto(address("auth", { redirect_uri: "http://example.com/" })),
  async expired(page) {
    await saveOtp(page);
    await page.context().clearCookies();
    await page.goto(address("auth"));
    const old = await page.getAttribute("#kc-form-login", "action");
    await page.fill("#username", person.name);
    await page.fill("#password", person.password);
    await page.click("#kc-login");
    await page.goto(old);
  },
  async "log-out"(page) {
    await logIn(page);
    await page.goto(`${OIDC}/logout?client_id=gateway`);
  },
  async "logged-out"(page) {
    await PAGES["log-out"](page);
    await page.click("#kc-logout");
  },
  device: (page) => page.goto(`${REALM}/device`),
  async "device-error"(page) {
    await page.goto(`${REALM}/device`);
    await page.fill("#device_user_code", "ABCD-EFGH");
    await page.click("#kc-login");
  },
  consent: async (page) => logIn(page, await deviceCode(page)),
  async "device-done"(page) {
    await PAGES.consent(page);
    await page.click("#kc-login");
  },
  async account(page) {
    await logIn(page, `${REALM}/account/account-security/signing-in`);
    await page.waitForSelector("h1");
    await page.waitForLoadState("networkidle");
  },
};

async function serious(page) {
  await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  const { violations } = await page.evaluate("axe.run()");
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
}

async function photograph(browser, variant, file, { axe }) {
  const [, name, size, scheme, language] = variant.match(/^(.+)-(desktop|phone)-(light|dark)-(en|ru)$/);
  const context = await browser.newContext({
    viewport: SIZES[size], colorScheme: scheme, locale: LOCALES[language], reducedMotion: "reduce", hasTouch: size === "phone",
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && !message.text().includes("400 (Bad") && complaints.push(message.text()));
  try {
    await PAGES[name](page);
    await page.waitForLoadState("load");
    await page.evaluate("document.fonts.ready");
    const shown = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    if (shown > 0) complaints.push(`wider than the window by ${shown} px`);
    if (axe) for (const { id, nodes } of await serious(page)) complaints.push(`axe ${id}: ${nodes.map((node) => node.html).join(" ")}`);
    writeFileSync(file, await page.screenshot({ fullPage: true, animations: "disabled" }));
  } catch (error) {
    complaints.push(`${error.message.split("\n")[0]} at ${page.url()}`);
    await page.screenshot({ path: file }).catch(() => complaints.push("and there was nothing to photograph"));
  } finally {
    await context.close();
  }
  console.log(`${complaints.length ? "✗" : "✓"} ${variant}${complaints.map((text) => `\n    ${text}`).join("")}`);
  return complaints.length;
}

function variants(names) {
  const every = Object.keys(PAGES).flatMap((name) => Object.keys(SIZES).flatMap((size) =>
    SCHEMES.flatMap((scheme) => Object.keys(LOCALES).map((language) => `${name}-${size}-${scheme}-${language}`))));
  if (names.length === 0) return SHOWN;
  const wanted = every.filter((variant) => names.some((name) =>
    name === "all" || variant === name || (name in PAGES && variant.replace(/-(desktop|phone)-(light|dark)-(en|ru)$/, "") === name)));
  return Object.fromEntries(wanted.map((variant) => [variant, variant]));
}

const options = process.argv.slice(2).filter((word) => word.startsWith("--"));
const out = options.find((word) => word.startsWith("--out="))?.slice(6) ?? new URL("../../docs/screens", import.meta.url).pathname;
const wanted = variants(process.argv.slice(2).filter((word) => !word.startsWith("--")));
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
let complaints = 0;
await person.create();
try {
  for (const [name, variant] of Object.entries(wanted)) {
    await person.reset();
    complaints += await photograph(browser, variant, `${out}/${name}.png`, { axe: options.includes("--axe") });
  }
} finally {
  await person.delete();
  await browser.close();
  callback.close();
}
process.exitCode = complaints ? 1 : 0;
