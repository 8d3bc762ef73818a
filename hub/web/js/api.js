// The hub's API. Knows no DOM. Every failure is an ApiError that says what happened in words for people.

export class ApiError extends Error {
  /** @param {number} status 0: the hub did not answer
   *  @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

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
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
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
  if (!answer.ok) throw new ApiError(answer.status, document?.detail ?? answer.statusText);
  return document;
}
