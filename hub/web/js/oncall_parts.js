// What the forms of the on-call page share: minutes of a day, days of the office, an order that is changed.

import { t } from "./locale.js";

const LEADER = 9;

/** @param {number} number */
export const layerWords = (number) => (number === LEADER ? t("oncall.leader") : t("oncall.layer", { n: number }));

/** 425 → 07:05. @param {number} minutes */
export const fromMinutes = (minutes) =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** 07:05 → 425. @param {string} text */
export function inMinutes(text) {
  const [hours, minutes] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

/** Unix seconds of a moment in Vietnam, which knows no summer time. @param {string} day 2026-11-24
 *  @param {string} [clock] hours and minutes */
export const atOf = (day, clock = "00:00") => Date.parse(`${day}T${clock}:00+07:00`) / 1000;

/** The list with one of it so many places later. @template T @param {T[]} list @param {number} at @param {number} by */
export function moved(list, at, by) {
  const found = [...list];
  const [one] = found.splice(at, 1);
  found.splice(at + by, 0, one);
  return found;
}
