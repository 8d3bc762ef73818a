// Words in two languages, and numbers and times as each reads them. Vietnamese first.

import { current, load, preferred, t } from "/hop/static/i18n.js";

/** @typedef {import("/hop/static/i18n.js").Language} Language */

const TIME_ZONE = "Asia/Ho_Chi_Minh";

export { t, current as currentLanguage, preferred as storedLanguage };

/** @param {Language} wanted */
export const useLanguage = (wanted) => load(wanted, "/static/i18n");

/** @param {number} value @param {number} [digits] */
export function number(value, digits = 1) {
  return new Intl.NumberFormat(current() === "vi" ? "vi-VN" : "en-GB", { maximumFractionDigits: digits }).format(value);
}

/** @param {number | null | undefined} value @param {(value: number) => string} format */
export function orDash(value, format) {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : format(value);
}

/** @param {number} ratio */
export const percent = (ratio) => `${number(ratio * 100, ratio < 0.1 ? 2 : 1)} %`;

/** @param {number} seconds */
export const milliseconds = (seconds) => `${number(seconds * 1000, seconds < 0.1 ? 2 : 0)} ms`;

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** @param {number} bytes */
export function bytes(bytes) {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), BYTE_UNITS.length - 1);
  return `${number(bytes / 1024 ** power)} ${BYTE_UNITS[power]}`;
}

const BIT_UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];

/** @param {number} bytesPerSecond */
export function bitRate(bytesPerSecond) {
  const bits = bytesPerSecond * 8;
  const power = Math.min(Math.floor(Math.log10(Math.max(bits, 1)) / 3), BIT_UNITS.length - 1);
  return `${number(bits / 1000 ** power)} ${BIT_UNITS[power]}`;
}

/** @param {number} seconds how long something takes or took */
export function duration(seconds) {
  if (seconds < 90) return t("duration.seconds", { n: Math.round(seconds) });
  if (seconds < 5400) return t("duration.minutes", { n: Math.round(seconds / 60) });
  if (seconds < 129600) return t("duration.hours", { n: Math.round(seconds / 3600) });
  return t("duration.days", { n: Math.round(seconds / 86400) });
}

/** @param {number} seconds since it happened */
export const ago = (seconds) => t("ago", { duration: duration(Math.max(0, seconds)) });

const CLOCKS = [false, true].map((seconds) => new Intl.DateTimeFormat("vi-VN", {
  hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23", timeZone: TIME_ZONE,
}));

/** @param {number} unixSeconds @param {boolean} [seconds] shown too */
export function clock(unixSeconds, seconds = false) {
  return CLOCKS[Number(seconds)].format(unixSeconds * 1000);
}

/** @param {number} unixSeconds 08:05 13/3 */
export function dayClock(unixSeconds) {
  const day = new Intl.DateTimeFormat("vi-VN", { day: "numeric", month: "numeric", timeZone: TIME_ZONE });
  return `${clock(unixSeconds)} ${day.format(unixSeconds * 1000)}`;
}

/** @param {number} unixSeconds d/m/yyyy HH:MM in the site's time zone */
export function dateTime(unixSeconds) {
  const day = new Intl.DateTimeFormat("vi-VN", {
    day: "numeric", month: "numeric", year: "numeric", timeZone: TIME_ZONE,
  }).format(unixSeconds * 1000);
  return `${day} ${clock(unixSeconds)}`;
}

/** @param {string} iso 2025-07-01 → 1/7/2025 */
export function day(iso) {
  const [year, month, date] = iso.split("-").map(Number);
  return `${date}/${month}/${year}`;
}

/** Today where the sites are, as 2025-07-01. */
export function today() {
  return new Intl.DateTimeFormat("en-CA", { timeZone: TIME_ZONE, year: "numeric", month: "2-digit", day: "2-digit" })
    .format(Date.now());
}
