// All sites, one tile each: searched, filtered by state, walked by arrow keys, saved as a table.

import { download } from "./csv.js";
import { t, today } from "./locale.js";
import { followed, themeState, typed } from "./parts.js";
import { groups, shown } from "./tiles.js";
import { causeWords } from "./trouble.js";
import { html, useEffect, useMemo, useRef, useState } from "./ui.js";

const STATES = ["bad", "weak", "no_data", "good"];
const MANY_TILES = 60;

/** @param {{board: any, groupOf: Map<string, string>, go: (path: string) => void, asked: any, setAsked: any,
 *   mayAdd: boolean}} props */
export function Grid({ board, groupOf, go, asked, setAsked, mayAdd }) {
  const all = useMemo(() => groups(board, groupOf), [board, groupOf]);
  const found = useMemo(() => shown(all, asked.words, asked.state), [all, asked.words, asked.state]);
  const place = useRef(/** @type {any} */ (null));
  const count = (/** @type {string} */ state) => all.flatMap(({ tiles }) => tiles).filter((tile) => tile.state === state).length;
  const number = found.reduce((sum, { tiles }) => sum + tiles.length, 0);
  const first = () => place.current?.querySelector(".tile")?.focus();
  function jump(/** @type {KeyboardEvent} */ event) {
    if (event.key === "ArrowDown") { event.preventDefault(); first(); }
    if (event.key === "Enter" && number === 1) go(address(found[0].tiles[0]));
    if (event.key === "Escape") setAsked({ ...asked, words: "" });
  }
  return html`<section class="board__grid stack stack--tight" aria-labelledby="sites">
    <div class="row grid__tools">
      <h2 class="subtitle" id="sites">${t("sites")} <span class="soft numbers">${board.sites.length}</span></h2>
      ${board.sites.length > 0 && html`
        <label class="visually-hidden" for="site-search">${t("grid.search")}</label>
        <input id="site-search" class="input grow" type="search" placeholder=${t("grid.search")} value=${asked.words}
          maxlength="100" autocomplete="off" spellcheck=${false} onKeyDown=${jump}
          onInput=${typed((words) => setAsked({ ...asked, words }))} />
        <div class="row grid__states" role="group" aria-label=${t("grid.states")}>
          ${STATES.map((state) => html`<button key=${state} type="button" class="button button--small"
            aria-pressed=${asked.state === state} disabled=${!count(state) && asked.state !== state}
            title=${t(`state.${state}`)} onClick=${() => setAsked({ ...asked, state: asked.state === state ? "" : state })}>
            <span class="state numbers" data-state=${themeState(state)}><span class="visually-hidden">${t(`state.${state}`)}: </span>${count(state)}</span>
          </button>`)}
        </div>
        <button type="button" class="button button--small" onClick=${() => save(found)}>${t("csv")}</button>`}
    </div>
    ${!board.sites.length && html`<div class="empty"><p>${t("sites.none")}</p>
      ${mayAdd && html`<a class="button button--primary" href="/danh-muc">${t("sites.first")}</a>`}</div>`}
    ${board.sites.length > 0 && !number && html`<p class="empty" role="status">${t("search.none")}</p>`}
    <${Tiles} ...${{ found, go, place, last: asked.last, isDense: board.sites.length > MANY_TILES }} />
  </section>`;
}

/** @param {import("./tiles.js").Tile} tile */
const address = (tile) => `/diem/${encodeURIComponent(tile.site.code)}`;

/** @param {{found: {name: string, tiles: import("./tiles.js").Tile[]}[], go: any, place: any, last: string, isDense: boolean}} props */
function Tiles({ found, go, place, last, isDense }) {
  // One of them is reached by Tab; from it the arrow keys lead to all.
  const [at, setAt] = useState(last);
  const codes = found.flatMap(({ tiles }) => tiles.map((tile) => tile.site.code));
  const entry = codes.includes(at) ? at : codes[0];
  useEffect(() => {
    if (last) place.current?.querySelector(`[data-code="${CSS.escape(last)}"]`)?.focus();
  }, []);
  function move(/** @type {KeyboardEvent} */ event) {
    const tiles = /** @type {HTMLElement[]} */ ([...place.current.querySelectorAll(".tile")]);
    const from = /** @type {HTMLElement} */ (document.activeElement);
    if (!tiles.includes(from) || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = event.key === "Home" ? tiles[0] : event.key === "End" ? tiles[tiles.length - 1] : nearest(tiles, from, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
  return html`<div class=${`tiles ${isDense ? "tiles--dense" : ""}`} ref=${place} onKeyDown=${move}
    onFocusIn=${(/** @type {any} */ event) => setAt(event.target.dataset?.code ?? at)}>
    ${found.map(({ name, tiles }) => html`<section key=${name} aria-label=${name || t("sites")}>
      ${name && html`<h3 class="tiles__group">${name} <span class="soft numbers">${tiles.length}</span></h3>`}
      <ul class="tiles__list">${tiles.map((tile) => html`<li key=${tile.site.code}>
        <a class="tile" data-code=${tile.site.code} data-state=${themeState(tile.state)} href=${address(tile)}
          tabindex=${tile.site.code === entry ? 0 : -1} title=${tile.site.name} onClick=${followed(go)}>
          <span class="state tile__name" data-state=${themeState(tile.state)}><span class="tile__short">${tile.name}</span></span>
          <span class="visually-hidden">, ${t(`state.${tile.word}`)}, </span>
          <span class="tile__figure small numbers">${tile.figure}</span>
        </a></li>`)}</ul>
    </section>`)}
  </div>`;
}

const WAYS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

/** The tile that lies next in that direction, as they are laid out. @param {HTMLElement[]} tiles
 *  @param {HTMLElement} from @param {string} key @returns {HTMLElement | undefined} */
function nearest(tiles, from, key) {
  const way = WAYS[key];
  if (!way) return undefined;
  const here = from.getBoundingClientRect();
  const found = tiles.map((tile) => {
    const there = tile.getBoundingClientRect();
    const ahead = (there.left - here.left) * way[0] + (there.top - here.top) * way[1];
    const aside = Math.abs((there.left - here.left) * way[1]) + Math.abs((there.top - here.top) * way[0]);
    return { tile, ahead, far: ahead + aside * 4 };
  }).filter(({ ahead }) => ahead > 4);
  return found.sort((one, other) => one.far - other.far)[0]?.tile;
}

/** @param {{name: string, tiles: import("./tiles.js").Tile[]}[]} found */
function save(found) {
  const head = [t("csv.code"), t("csv.name"), t("csv.group"), t("csv.state"), t("csv.line"), t("csv.provider"), t("csv.rtt"),
    t("csv.jitter"), t("csv.lossUp"), t("csv.lossDown"), t("csv.mos"), t("csv.cause")];
  const milli = (/** @type {number | null} */ seconds) => (seconds === null ? null : Math.round(seconds * 1e5) / 100);
  const hundred = (/** @type {number | null} */ ratio) => (ratio === null ? null : Math.round(ratio * 1e4) / 100);
  const rows = found.flatMap(({ name, tiles }) => tiles.flatMap((tile) => {
    const start = [tile.site.code, tile.site.name, name];
    const lines = tile.site.lines.map((/** @type {any} */ line) => [
      ...start, t(`state.${line.state}`), line.name, line.provider, milli(line.rtt_p50_seconds),
      milli(line.jitter_seconds), hundred(line.loss_up_ratio), hundred(line.loss_down_ratio),
      line.mos === null ? null : Math.round(line.mos * 100) / 100, causeWords(line),
    ]);
    return lines.length ? lines : [[...start, t(`state.${tile.word}`)]];
  }));
  download(`diem-${today()}.csv`, [head, ...rows]);
}
