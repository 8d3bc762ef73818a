// The board: sentence, sites by weight of trouble, one site in full, meetings. Polls; a hub out of reach is said.

import { ApiError, call } from "./api.js";
import { PersonMenu } from "./frame.js";
import { clock, orDash, percent, milliseconds, number, t } from "./locale.js";
import { Meetings } from "./meetings.js";
import { StateMark, themeState } from "./parts.js";
import { Site } from "./site.js";
import { byTrouble, sentence, siteState } from "./trouble.js";
import { html, useCallback, useEffect, useState } from "./ui.js";

const POLL_MS = 5000;

/** @param {() => void} signedOut */
function useBoard(signedOut) {
  const [board, setBoard] = useState(/** @type {any} */ (null));
  const [lostSince, setLostSince] = useState(/** @type {number | null} */ (null));
  const refresh = useCallback(async () => {
    try {
      const [board, open] = await Promise.all([call("/api/v1/board"), call("/api/v1/meetings")]);
      setBoard({ ...board, ...open });
      setLostSince(null);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) signedOut();
      else setLostSince((since) => since ?? Date.now() / 1000);
    }
  }, [signedOut]);
  useEffect(() => {
    refresh();
    const timer = setInterval(refresh, POLL_MS);
    return () => clearInterval(timer);
  }, [refresh]);
  return { board, lostSince, refresh };
}

function useSelectedSite() {
  const read = () => decodeURIComponent(location.pathname.match(/^\/diem\/(.+)$/)?.[1] ?? "");
  const [code, setCode] = useState(read);
  useEffect(() => {
    const follow = () => setCode(read());
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const select = useCallback((/** @type {string} */ wanted) => {
    history.pushState(null, "", `/diem/${encodeURIComponent(wanted)}`);
    setCode(wanted);
  }, []);
  return { code, select };
}

/** @param {{person: any, switchLanguage: any, signOut: () => void, signedOut: () => void}} props */
export function Board({ person, switchLanguage, signOut, signedOut }) {
  const { board, lostSince, refresh } = useBoard(signedOut);
  const { code, select } = useSelectedSite();
  const sites = board ? byTrouble(board.sites) : [];
  const chosen = sites.find((site) => site.code === code) ?? sites[0];
  const said = board && sentence(board);

  return html`
    <header class="bar board__bar">
      <a class="brand" href="/"><img src="/static/icon.svg" alt="" width="28" height="28" /> Thông Suốt</a>
      <p class="grow sentence" role="status">
        ${said && html`<span class="state" data-state=${themeState(said.state)}>${said.text}</span>`}
      </p>
      <${PersonMenu} ...${{ person, switchLanguage, signOut }} />
    </header>
    ${lostSince !== null && html`<p class="notice board__lost" data-state="bad" role="alert">
      ${t("lost", { time: clock(lostSince) })}
    </p>`}
    ${board && html`<main class=${`board ${lostSince !== null ? "board--stale" : ""}`}>
      <div class="board__side stack">
        <section class="stack stack--tight" aria-label=${t("sites")}>
          <h2 class="subtitle">${t("sites")} <span class="soft numbers">${board.sites.length}</span></h2>
          <div class="tiles">
            ${sites.map((site) => html`<${Tile} key=${site.code} site=${site} chosen=${site === chosen}
              onSelect=${() => select(site.code)} />`)}
          </div>
          ${!sites.length && html`<p class="empty">${t("sites.none")} <a href="/danh-muc">${t("sites.first")}</a></p>`}
        </section>
        <${Meetings} meetings=${board.meetings} onChange=${refresh} mayHold=${person.actions.includes("meetings.hold")} />
      </div>
      ${chosen && html`<${Site} key=${chosen.code} site=${chosen} />`}
    </main>`}`;
}

/** @param {{site: any, chosen: boolean, onSelect: () => void}} props */
function Tile({ site, chosen, onSelect }) {
  const state = siteState(site);
  const line = site.lines[0];
  return html`<button class="tile card" data-state=${themeState(state)} aria-pressed=${chosen} onClick=${onSelect}>
    <span class="tile__name">${site.name}</span>
    <${StateMark} state=${state} />
    ${line && html`<span class="soft small numbers">
      ${[orDash(line.rtt_p50_seconds, milliseconds), `${t("loss.short")} ${orDash(line.loss_ratio, percent)}`,
        `MOS ${orDash(line.mos, (value) => number(value, 2))}`].join(" · ")}
    </span>`}
  </button>`;
}
