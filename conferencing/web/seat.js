/**
 * The seat this page holds: its token outlives a reload and a crash. Two tabs of one browser get two seats.
 */

/**
 * @param {string} code
 * @returns {Promise<{token: () => string | null, keep: (token: string) => void, inside: () => boolean,
 *   enter: (inside: boolean) => void}>} `inside`: this tab was in the meeting when it was last closed or loaded anew
 */
export async function openSeat(code) {
  const mine = await first(`thongsuot.seat.${code}`);
  const key = `thongsuot.seat.${code}`;
  return {
    token: () => read(sessionStorage, key) ?? (mine ? read(localStorage, key) : null),
    keep: (token) => {
      write(sessionStorage, key, token);
      if (mine) write(localStorage, key, token);
    },
    inside: () => read(sessionStorage, `${key}.inside`) === "yes",
    enter: (inside) => write(sessionStorage, `${key}.inside`, inside ? "yes" : "no"),
  };
}

/**
 * True when no other tab of this browser holds the lock; it is then held as long as the page lives.
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function first(name) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
  });
}

/** @param {Storage} store @param {string} key */
function read(store, key) {
  try {
    return store.getItem(key);
  } catch {
    return null;
  }
}

/** @param {Storage} store @param {string} key @param {string} value */
function write(store, key, value) {
  try {
    store.setItem(key, value);
  } catch {
    // A full or forbidden store: a reload is then a new seat.
  }
}

/** The name last used for the bridge point. */
export function lastName() {
  return read(localStorage, "thongsuot.name");
}

/** @param {string} name */
export function keepName(name) {
  write(localStorage, "thongsuot.name", name);
}
