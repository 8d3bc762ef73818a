// The hub's API. Knows no DOM. Every failure is an ApiError that says what happened in words for people.

export class ApiError extends Error {
  /** @param {number} status 0: the hub did not answer
   *  @param {string} message
   *  @param {string} [reason] the hub's word for programs
   *  @param {any[]} [errors] what is wrong with which field or row */
  constructor(status, message, reason = "", errors = []) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.errors = errors;
  }
}

/** A step of signing in is to be done before anything else is answered. */
const STEPS = ["nobody", "code", "unlock", "new_password", "set_up_totp"];

/** What the page gives: how long nobody touched it, and what to do when the hub asks for a step of signing in. */
export const hooks = {
  idleSeconds: () => 0,
  onStep: (/** @type {string} */ _reason) => {},
  /** The API token of a screen on a wall, "" where somebody signs in. */
  token: "",
};

const TIMEOUT_MS = 8000;

/** @typedef {{method?: string, body?: unknown, file?: Blob, type?: string, match?: string, timeout?: number}} Options */

/**
 * @param {string} path
 * @param {Options} [options] `file` of the media type `type` instead of a JSON `body`; `match`: the ETag that is meant
 * @returns {Promise<{document: any, etag: string}>} parsed JSON, null when there is none
 */
export async function ask(path, { method = "GET", body, file, type, match, timeout = TIMEOUT_MS } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: {
        "X-Thongsuot-Idle": String(hooks.idleSeconds()),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(file && type ? { "Content-Type": type } : {}),
        ...(match ? { "If-Match": match } : {}),
        ...(hooks.token ? { Authorization: `Bearer ${hooks.token}` } : {}),
      },
      body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
      signal: AbortSignal.timeout(timeout),
    });
  } catch {
    throw new ApiError(0, "");
  }
  const text = await answer.text();
  /** @type {any} */
  let document = null;
  try {
    document = text ? JSON.parse(text) : null;
  } catch {
    document = null;
  }
  if (answer.ok) return { document, etag: answer.headers.get("ETag") ?? "" };
  const words = document?.detail ?? answer.statusText;
  const error = new ApiError(answer.status, words, document?.reason ?? "", document?.errors ?? []);
  if (STEPS.includes(error.reason) && !path.startsWith("/api/v1/session")) hooks.onStep(error.reason);
  throw error;
}

/**
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>} parsed JSON, null when there is none
 */
export async function call(path, options) {
  return (await ask(path, options)).document;
}

/** All pages of a list. @param {string} path with its question mark @returns {Promise<any[]>} */
export async function every(path) {
  /** @type {any[]} */
  const items = [];
  let next = "";
  do {
    const page = await call(`${path}&limit=200${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
    items.push(...page.items);
    next = page.next ?? "";
  } while (next);
  return items;
}
