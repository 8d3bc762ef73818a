// From what the hub says to what stands first on the board: the sentence, and the order of trouble. No DOM.

import { t } from "./locale.js";

const WEIGHT = /** @type {Record<string, number>} */ ({ bad: 3, no_data: 2, weak: 1, good: 0 });

/** The worst state of a site's lines and nodes. @param {any} site @returns {string} */
export function siteState(site) {
  const states = [...site.lines, ...site.nodes].map((/** @type {any} */ part) => part.state);
  return states.reduce((worst, state) => (WEIGHT[state] > WEIGHT[worst] ? state : worst), states.length ? "good" : "no_data");
}

/** @param {any[]} sites heaviest trouble first, then by name */
export function byTrouble(sites) {
  return [...sites].sort((one, other) =>
    WEIGHT[siteState(other)] - WEIGHT[siteState(one)] || one.name.localeCompare(other.name, "vi"));
}

/** @param {any} board @returns {{text: string, state: string}} */
export function sentence(board) {
  const lines = board.sites.flatMap((/** @type {any} */ site) => site.lines);
  const nodes = board.sites.flatMap((/** @type {any} */ site) => site.nodes);
  const count = (/** @type {any[]} */ parts, /** @type {string} */ state) =>
    parts.filter((part) => part.state === state).length;
  const trouble = [
    ["sentence.bad", count(lines, "bad"), "bad"],
    ["sentence.silent", count(nodes, "no_data"), "no_data"],
    ["sentence.noData", count(lines, "no_data"), "no_data"],
    ["sentence.weak", count(lines, "weak"), "weak"],
  ].filter(([, n]) => Number(n) > 0);
  const parts = trouble.map(([key, n]) => t(String(key), { n: Number(n) }));
  const state = trouble.map(([, , of]) => String(of)).sort((a, b) => WEIGHT[b] - WEIGHT[a])[0] ?? "good";
  if (!parts.length) parts.push(t("sentence.good", { sites: board.sites.length, lines: lines.length }));
  const inMeetings = board.meetings.filter((/** @type {any} */ meeting) => meeting.participants.length > 0);
  if (inMeetings.length) {
    const sites = inMeetings.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.participants.length, 0);
    parts.push(t("sentence.meetings", { n: inMeetings.length, points: sites }));
  }
  return { text: parts.join(" · "), state };
}
