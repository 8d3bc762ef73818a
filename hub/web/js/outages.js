// When the lines of a site were not good: from when to when, whose fault, and what says so.

import { download } from "./csv.js";
import { dateTime, duration, t } from "./locale.js";
import { StateMark } from "./parts.js";
import { causeWords, evidenceWords } from "./trouble.js";
import { html, useState } from "./ui.js";

const FIRST = 10;
const LOST = ["down", "no_data"];

/** @param {{outages: any[], lines: any[], now: number, code: string}} props */
export function Outages({ outages, lines, now, code }) {
  const [weakToo, setWeakToo] = useState(false);
  const [all, setAll] = useState(false);
  const names = new Map(lines.map((line) => [line.line, line.name]));
  const found = outages.filter((one) => weakToo || LOST.includes(one.state));
  const shown = all ? found : found.slice(0, FIRST);
  const several = lines.length > 1;
  return html`<section class="card stack stack--tight" aria-labelledby="outages">
    <div class="row row--between">
      <h2 class="subtitle" id="outages">${t("outages")} <span class="soft numbers">${found.length}</span></h2>
      <span class="row">
        <label class="choice small"><input type="checkbox" checked=${weakToo}
          onChange=${(/** @type {any} */ event) => setWeakToo(event.target.checked)} /> ${t("outages.weakToo")}</label>
        ${found.length > 0 && html`<button type="button" class="button button--small"
          onClick=${() => save(found, names, now, code)}>${t("csv")}</button>`}
      </span>
    </div>
    ${!found.length && html`<p class="soft">${t("outages.none")}</p>`}
    <ul class="plain outages">${shown.map((one) => html`<li key=${`${one.line}${one.began}`} class="outage">
      <div class="row row--between">
        <strong class="numbers">${dateTime(one.began)}</strong>
        <span class="numbers">${one.ended === null ? t("outages.open", { duration: duration(now - one.began) }) : duration(one.ended - one.began)}</span>
      </div>
      <div><${StateMark} state=${one.state} />${several && html`<span class="soft"> · ${names.get(one.line) ?? one.line}</span>`}
        ${" · "}<strong>${causeWords(one) || t("cause.unknown")}</strong></div>
      ${evidenceWords(one) && html`<p class="soft small">${evidenceWords(one)}${one.revised_at && ` (${t("outages.revised", { time: dateTime(one.revised_at) })})`}</p>`}
    </li>`)}</ul>
    ${found.length > FIRST && html`<button type="button" class="button button--small" aria-expanded=${all}
      onClick=${() => setAll(!all)}>${all ? t("troubles.fewer") : t("troubles.more", { n: found.length - FIRST })}</button>`}
  </section>`;
}

/** @param {any[]} found @param {Map<string, string>} names @param {number} now @param {string} code */
function save(found, names, now, code) {
  const head = [t("csv.line"), t("csv.began"), t("csv.ended"), t("csv.minutes"), t("csv.state"), t("csv.cause"), t("csv.evidence")];
  download(`${code}-su-co.csv`, [head, ...found.map((one) => [
    names.get(one.line) ?? one.line, dateTime(one.began), one.ended === null ? "" : dateTime(one.ended),
    Math.round(((one.ended ?? now) - one.began) / 60), t(`state.${one.state}`), causeWords(one), evidenceWords(one),
  ])]);
}
