// Thirty days of a line as a strip: each day a number, a shape and a colour; the limit of the month beside it.

import { day, duration, milliseconds, number, orDash, percent, t } from "./locale.js";
import { html } from "./ui.js";

/** QCVN 34:2019, of a month; what falls short of half of it on one day is grave. */
const AVAILABILITY = 0.995;
const GRAVE = 0.95;

/** @param {any} one @returns {"good" | "weak" | "bad" | "nodata"} */
const stateOf = (one) => (one.availability === null || one.availability === undefined ? "nodata"
  : one.availability < GRAVE ? "bad" : one.availability < AVAILABILITY ? "weak" : "good");

/** Two decimals only where they tell something. @param {number} ratio */
const asPercent = (ratio) => `${number(Math.floor(ratio * 1e4) / 100, ratio > 0.9 ? 2 : 1)} %`;

/** @param {string} iso @param {number} by */
const moved = (iso, by) => new Date(Date.parse(`${iso}T00:00:00Z`) + by * 86400e3).toISOString().slice(0, 10);

/** @param {{days: any[], last: string, count: number}} props `last`: today where the sites are */
export function Days({ days, last, count }) {
  const byDay = new Map(days.map((one) => [one.day, one]));
  const shown = Array.from({ length: count }, (_, index) => moved(last, index - count + 1))
    .map((iso) => byDay.get(iso) ?? { day: iso, minutes: 0, lost_minutes: 0, availability: null });
  const minutes = days.reduce((sum, one) => sum + one.minutes, 0);
  const lost = days.reduce((sum, one) => sum + one.lost_minutes, 0);
  const all = minutes ? 1 - lost / minutes : null;
  return html`<section class="stack stack--tight" aria-label=${t("days.title", { n: count })}>
    <div class="row row--between">
      <h3 class="days__title">${t("days.title", { n: count })}</h3>
      <span class="small"><span class="state numbers" data-state=${stateOf({ availability: all })}>${orDash(all, asPercent)}</span>
        ${lost > 0 && html`<span class="soft numbers"> · ${t("days.lost", { duration: duration(lost * 60) })}</span>`}</span>
    </div>
    <ol class="days" tabindex="0" aria-label=${t("days.title", { n: count })}>${shown.map((one) => html`<li key=${one.day} class="day"
      data-state=${stateOf(one)} title=${wordsOf(one)}>
      <span class="day__date" aria-hidden="true">${Number(one.day.slice(8))}${one.day.endsWith("-01") || one === shown[0] ? `/${Number(one.day.slice(5, 7))}` : ""}</span>
      <span class="state day__mark" data-state=${stateOf(one)} aria-hidden="true"></span>
      <span class="visually-hidden">${wordsOf(one)}</span>
    </li>`)}</ol>
    <p class="soft small">${t("days.limit")}</p>
  </section>`;
}

/** @param {any} one */
function wordsOf(one) {
  if (stateOf(one) === "nodata") return t("days.nothing", { day: day(one.day) });
  return t("days.one", { day: day(one.day), value: asPercent(one.availability), duration: duration(one.lost_minutes * 60),
    loss: orDash(one.loss, percent), rtt: orDash(one.rtt_p95, milliseconds) });
}
