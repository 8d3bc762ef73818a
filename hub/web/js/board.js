// The board's live pages: the first screen and one site. Polls; a hub out of reach is said, and since when.

import { ApiError, call } from "./api.js";
import { Bar } from "./frame.js";
import { clock, t } from "./locale.js";
import { Overview } from "./overview.js";
import { Later } from "./parts.js";
import { html, useCallback, useEffect, useRef, useState } from "./ui.js";

const POLL_MS = 5000;
const site = async () => (await import("./site.js")).Site;

/** @param {() => void} signedOut @param {boolean} locked nothing is asked while the session is */
function useBoard(signedOut, locked) {
  const [board, setBoard] = useState(/** @type {any} */ (null));
  const [lostSince, setLostSince] = useState(/** @type {number | null} */ (null));
  const asking = useRef(false);
  const heardAt = useRef(Date.now() / 1000);
  const refresh = useCallback(async () => {
    if (asking.current) return;
    asking.current = true;
    try {
      const [board, open] = await Promise.all([call("/api/v1/board"), call("/api/v1/meetings")]);
      heardAt.current = Date.now() / 1000;
      setBoard({ ...board, ...open });
      setLostSince(null);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) signedOut();
      // Refused until a step of signing in is done: the hub is well.
      else if (!(error instanceof ApiError && error.status === 403)) setLostSince(heardAt.current);
    } finally {
      asking.current = false;
    }
  }, [signedOut]);
  useEffect(() => {
    if (locked) return undefined;
    refresh();
    const timer = setInterval(refresh, POLL_MS);
    return () => clearInterval(timer);
  }, [refresh, locked]);
  return { board, lostSince, refresh };
}

/** @param {string} path @returns {string} the site's code, empty on the first screen */
const codeIn = (path) => decodeURIComponent(path.match(/^\/diem\/(.+)$/)?.[1] ?? "");

/** @param {{person: any, switchLanguage: any, signOut: () => void, signedOut: () => void, path: string,
 *   go: (path: string) => void, locked: boolean}} props */
export function Board({ person, switchLanguage, signOut, signedOut, path, go, locked }) {
  const { board, lostSince, refresh } = useBoard(signedOut, locked);
  // Kept while a site is looked at, so that going back finds the list as it was.
  const [asked, setAsked] = useState({ words: "", state: "", last: "" });
  const code = codeIn(path);
  const cameTo = useRef(path);
  const isStale = lostSince !== null;
  return html`
    <${Bar} ...${{ person, switchLanguage, signOut }} />
    ${isStale && html`<p class="notice board__lost" data-state="bad" role="alert">
      ${t("lost", { time: clock(lostSince) })}
    </p>`}
    <main class=${isStale ? "board--stale" : ""}>
      ${!board && !isStale && html`<p class="board__wait soft" role="status">${t("board.wait")}</p>`}
      ${board && !code && html`<${Overview} ...${{ board, person, go, asked, setAsked, refresh }} />`}
      ${board && code && html`<${Later} key=${code} load=${site} ...${{ board, code, person, go, isMoved: cameTo.current !== path }}
        onShown=${() => setAsked((before) => ({ ...before, last: code }))} />`}
    </main>`;
}
