// From what the hub says to what stands first on the board: the sentence, what is wrong where, and its weight. No DOM.

import { currentLanguage, milliseconds, number, percent, t } from "./locale.js";

const WEIGHT = /** @type {Record<string, number>} */ ({ down: 4, bad: 3, no_data: 2, weak: 1, good: 0 });
const WHOLE_SITE = 5;

/** @param {any} line what nobody measures says nothing */
export const isMeasured = (line) => line.node !== null || line.age_seconds !== null;

/** Nobody has put a machine there yet: no trouble, and nothing to see. @param {any} site */
export const isUnmeasured = (site) => !site.nodes.length && !site.lines.some(isMeasured);

/** The worst state of a site's lines and nodes. @param {any} site @returns {string} */
export function siteState(site) {
  if (isUnmeasured(site)) return "no_data";
  const states = [...site.lines.filter(isMeasured), ...site.nodes].map((/** @type {any} */ part) => part.state);
  return states.reduce((worst, state) => (WEIGHT[state] > WEIGHT[worst] ? state : worst), "good");
}

/** No line of it carries anything, as far as the hub can see. @param {any} site */
export function isCut(site) {
  const lines = site.lines.filter(isMeasured);
  if (isUnmeasured(site)) return false;
  // A machine that speaks and has not measured yet is no outage.
  const isHeard = site.nodes.some((/** @type {any} */ node) => node.state === "good");
  const isGone = (/** @type {any} */ part) =>
    part.state === "down" || (part.state === "no_data" && !(isHeard && !part.since && part.age_seconds === null));
  return (lines.length ? lines : site.nodes).every(isGone);
}

/**
 * @typedef {object} Trouble
 * @property {any} site
 * @property {any} line the worst one, null when only a machine is silent
 * @property {string} state as the mark shows it
 * @property {number} weight
 * @property {string} what in words
 * @property {number | null} since Unix seconds
 */

/** @param {any} site @param {number} now Unix seconds by the hub @returns {Trouble | null} */
export function troubleOf(site, now) {
  const state = siteState(site);
  if (state === "good" || isUnmeasured(site)) return null;
  const lines = site.lines.filter((/** @type {any} */ line) => isMeasured(line) && line.state !== "good");
  const line = [...lines].sort((/** @type {any} */ one, /** @type {any} */ other) => WEIGHT[other.state] - WEIGHT[one.state])[0] ?? null;
  const silent = site.nodes.find((/** @type {any} */ node) => node.state === "no_data");
  const since = sinceOf(line ?? silent, silent, now);
  if (isCut(site)) return { site, line, state: "bad", weight: WHOLE_SITE, what: t("trouble.cut"), since };
  const what = line ? whatOf(line) : t("trouble.silent", { name: silent?.hostname ?? "" });
  return { site, line, state, weight: WEIGHT[state], what, since };
}

/** @param {any} part a line or a node @param {any} silent a node @param {number} now @returns {number | null} */
function sinceOf(part, silent, now) {
  if (part.since) return part.since;
  if (part.state !== "no_data") return null;
  if (part.age_seconds !== null) return now - part.age_seconds;
  return silent?.last_arrival ?? null;
}

/** What is wrong with a line, in words. @param {any} line */
export function whatOf(line) {
  if (line.state === "down") return t("trouble.lineDown", { line: line.name });
  if (line.state === "no_data") return t("trouble.lineSilent", { line: line.name });
  const words = {
    loss: () => t("trouble.loss", { value: percent(line.loss_ratio ?? 0) }),
    rtt: () => t("trouble.rtt", { value: milliseconds(line.rtt_p50_seconds ?? 0) }),
    jitter: () => t("trouble.jitter", { value: milliseconds(line.jitter_seconds ?? 0) }),
    mos: () => t("trouble.mos", { value: number(line.mos ?? 0, 1) }),
  };
  const said = line.reasons.map((/** @type {keyof typeof words} */ reason) => words[reason]?.() ?? "").filter(Boolean);
  return `${line.name}: ${said.join(", ") || t(`state.${line.state}`).toLowerCase()}`;
}

/** Whose fault, in words; empty when it is not known. @param {any} part */
export const causeWords = (part) => (part?.cause && part.cause !== "none" ? t(`cause.${part.cause}`) : "");

/** What the hub saw that says so. @param {any} part */
export const evidenceWords = (part) => part?.evidence?.[currentLanguage()] ?? part?.evidence?.vi ?? "";

/** @param {any} board @returns {Trouble[]} heaviest first; of the same weight the latest, then by name */
export function troubles(board) {
  const found = board.sites.map((/** @type {any} */ site) => troubleOf(site, board.now)).filter(Boolean);
  return found.sort((/** @type {Trouble} */ one, /** @type {Trouble} */ other) =>
    other.weight - one.weight || (other.since ?? 0) - (one.since ?? 0)
      || one.site.name.localeCompare(other.site.name, "vi"));
}

/** @param {any} board @returns {{text: string, state: string}} */
export function sentence(board) {
  const measured = board.sites.filter((/** @type {any} */ site) => !isUnmeasured(site));
  const reached = measured.filter((/** @type {any} */ site) => !isCut(site));
  const lines = reached.flatMap((/** @type {any} */ site) => site.lines.filter(isMeasured));
  const count = (/** @type {any[]} */ parts, /** @type {string} */ state) =>
    parts.filter((part) => part.state === state).length;
  const trouble = [
    ["sentence.cut", measured.length - reached.length, "bad"],
    ["sentence.down", count(lines, "down"), "down"],
    ["sentence.down", count(lines, "down"), "bad"],
    ["sentence.bad", count(lines, "bad"), "bad"],
    ["sentence.silent", count(reached.flatMap((/** @type {any} */ site) => site.nodes), "no_data"), "no_data"],
    ["sentence.noData", count(lines, "no_data"), "no_data"],
    ["sentence.weak", count(lines, "weak"), "weak"],
  ].filter(([, n]) => Number(n) > 0);
  const parts = trouble.map(([key, n]) => t(String(key), { n: Number(n) }));
  const state = trouble.length ? String(trouble[0][2]) : measured.length ? "good" : "no_data";
  if (!parts.length && measured.length) parts.push(t("sentence.good", { sites: measured.length, lines: lines.length }));
  if (!measured.length && board.sites.length) parts.push(t("sentence.nothing"));
  const inMeetings = board.meetings.filter((/** @type {any} */ meeting) => meeting.participants.length > 0);
  if (inMeetings.length) {
    const sites = inMeetings.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.participants.length, 0);
    parts.push(t("sentence.meetings", { n: inMeetings.length, points: sites }));
  }
  const without = board.sites.length - measured.length;
  if (without && measured.length) parts.push(t("sentence.unmeasured", { n: without }));
  return { text: parts.join(" · "), state };
}
