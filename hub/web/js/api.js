// The hub's API. Knows no DOM. Every failure is an ApiError that says what happened in words for people.

export class ApiError extends Error {
  /** @param {number} status 0: the hub did not answer
   *  @param {string} message
   *  @param {string} [reason] the hub's word for programs */
  constructor(status, message, reason = "") {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** A step of signing in is to be done before anything else is answered. */
const STEPS = ["nobody", "code", "unlock", "new_password", "set_up_totp"];

/** What the page gives: how long nobody touched it, and what to do when the hub asks for a step of signing in. */
export const hooks = {
  idleSeconds: () => 0,
  onStep: (/** @type {string} */ _reason) => {},
};

const TIMEOUT_MS = 8000;

/**
 * @param {string} path
 * @param {{method?: string, body?: unknown}} [options]
 * @returns {Promise<any>} parsed JSON, null when there is none
 */
export async function call(path, { method = "GET", body } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: {
        "X-Thongsuot-Idle": String(hooks.idleSeconds()),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
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
  if (answer.ok) return document;
  const error = new ApiError(answer.status, document?.detail ?? answer.statusText, document?.reason ?? "");
  if (STEPS.includes(error.reason) && !path.startsWith("/api/v1/session")) hooks.onStep(error.reason);
  throw error;
}
