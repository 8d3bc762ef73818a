// The grid of all sites as it is shown: groups, short names, the figure that matters, and what is asked for. No DOM.

import { fold, holds } from "./fold.js";
import { duration, milliseconds, number, orDash, percent, t } from "./locale.js";
import { isCut, isUnmeasured, siteState, troubleOf } from "./trouble.js";

/**
 * @typedef {object} Tile
 * @property {any} site
 * @property {string} name as short as it is still the only one
 * @property {string} state what it is filtered by
 * @property {string} word its state as it is read out
 * @property {string} figure
 * @property {string} text folded, to be searched
 */

/** What every name begins with says nothing. */
const OFFICE = /^(UBND|Ủy ban nhân dân)\s+/i;
const KIND = /^(xã|phường|thị trấn|TT)\s+/i;

/** @param {any[]} sites @returns {Map<string, string>} site's code → name for a small tile */
export function shortNames(sites) {
  const without = (/** @type {string} */ name) => name.replace(OFFICE, "");
  const bare = (/** @type {string} */ name) => without(name).replace(KIND, "");
  const times = new Map();
  for (const site of sites) times.set(bare(site.name), (times.get(bare(site.name)) ?? 0) + 1);
  return new Map(sites.map((site) => {
    const name = times.get(bare(site.name)) === 1 ? bare(site.name) : without(site.name);
    return [site.code, name.charAt(0).toUpperCase() + name.slice(1)];
  }));
}

/** The one figure of its worst line. @param {any} site @param {number} now */
function figureOf(site, now) {
  if (isUnmeasured(site)) return t("tile.unmeasured");
  const trouble = troubleOf(site, now);
  if (isCut(site)) return trouble?.since ? duration(Math.max(0, now - trouble.since)) : t("tile.cut");
  const line = trouble?.line ?? site.lines.find((/** @type {any} */ one) => one.rtt_p50_seconds !== null);
  if (!line) return "–";
  if (line.state === "down") return t("tile.cut");
  const reason = line.reasons[0];
  if (reason === "loss") return `${t("loss.short")} ${orDash(line.loss_ratio, percent)}`;
  if (reason === "jitter") return `± ${orDash(line.jitter_seconds, milliseconds)}`;
  if (reason === "mos") return `MOS ${orDash(line.mos, (value) => number(value, 1))}`;
  return orDash(line.rtt_p50_seconds, (seconds) => `${number(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms`);
}

/** Wide enough that a shape and a word of a state are the same everywhere. @param {string} state */
export const asShown = (state) => (state === "down" ? "bad" : state);

/** @param {any} board @param {Map<string, string>} groupOf site's code → name of its group
 *  @returns {{name: string, tiles: Tile[]}[]} in order of names; one group without a name when there are not several */
export function groups(board, groupOf) {
  const names = shortNames(board.sites);
  const several = new Set(groupOf.values()).size > 1;
  const found = new Map();
  for (const site of board.sites) {
    const word = isCut(site) ? "down" : siteState(site);
    const group = (several && groupOf.get(site.code)) || "";
    if (!found.has(group)) found.set(group, []);
    found.get(group).push({
      site,
      name: names.get(site.code) ?? site.name,
      state: asShown(word),
      word,
      figure: figureOf(site, board.now),
      text: fold([site.name, site.code, site.unit ?? "", group, ...site.lines.map((/** @type {any} */ line) => line.provider)].join(" ")),
    });
  }
  const order = (/** @type {string} */ one, /** @type {string} */ other) => one.localeCompare(other, "vi");
  for (const tiles of found.values()) {
    tiles.sort((/** @type {Tile} */ one, /** @type {Tile} */ other) => order(one.name, other.name) || order(one.site.code, other.site.code));
  }
  return [...found].sort(([one], [other]) => Number(one === "") - Number(other === "") || order(one, other))
    .map(([name, tiles]) => ({ name: several ? name || t("group.none") : "", tiles }));
}

/** @param {{name: string, tiles: Tile[]}[]} all @param {string} asked @param {string} state empty: any */
export function shown(all, asked, state) {
  return all.map(({ name, tiles }) => ({
    name, tiles: tiles.filter((tile) => (!state || tile.state === state) && holds(tile.text, asked)),
  })).filter(({ tiles }) => tiles.length);
}
