// The months there are reports of: printable, CSV and XLSX, of all that one may see, a unit, a provider or a line.

import { call, every } from "./api.js";
import { Page } from "./frame.js";
import { today, t } from "./locale.js";
import { typed } from "./parts.js";
import { html, useEffect, useState } from "./ui.js";

const MONTHS = 12;

/** This month and those before it, the latest first, as 2026-09. */
function months() {
  const [year, month] = today().split("-").map(Number);
  return Array.from({ length: MONTHS }, (_, back) => {
    const index = year * 12 + month - 1 - back;
    return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}`;
  });
}

/** @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function Reports({ person, switchLanguage, signOut }) {
  // A link of a site's page names its line.
  const [of, setOf] = useState(() => {
    const line = new URLSearchParams(location.search).get("line");
    return line ? `line=${encodeURIComponent(line)}` : "";
  });
  const [month, setMonth] = useState(months()[0]);
  const [lines, setLines] = useState(/** @type {any[]} */ ([]));
  const [units, setUnits] = useState(/** @type {any[]} */ ([]));
  const mayRead = person.actions.includes("directory.read");
  useEffect(() => {
    call("/api/v1/board").then((board) => setLines(board.sites.flatMap((/** @type {any} */ site) =>
      site.lines.map((/** @type {any} */ line) => ({ ...line, site: site.name })))), () => {});
    if (mayRead) every("/api/v1/directory/units?").then(setUnits, () => {});
  }, [mayRead]);
  const order = (/** @type {any} */ one, /** @type {any} */ other) => one.localeCompare(other, "vi");
  const providers = [...new Set(lines.map((line) => line.provider).filter(Boolean))].sort(order);
  const parents = new Set(units.map((unit) => unit.parent));
  const places = units.filter((unit) => parents.has(unit.key)).sort((one, other) => order(one.name, other.name));
  const asked = of ? `?${of}` : "";
  const words = (/** @type {string} */ one) => `${Number(one.slice(5))}/${one.slice(0, 4)}`;
  return html`<${Page} ...${{ person, switchLanguage, signOut }} title=${t("reports")}>
    <p class="soft">${t("reports.what")}</p>
    <div class="card stack">
      <div class="fields">
        <div class="field"><label for="report-month">${t("reports.month")}</label>
          <select id="report-month" value=${month} onChange=${typed(setMonth)}>
            ${months().map((one, index) => html`<option key=${one} value=${one}>${index ? words(one) : t("reports.running", { month: words(one) })}</option>`)}
          </select></div>
        <div class="field"><label for="report-of">${t("reports.of")}</label>
          <select id="report-of" value=${of} onChange=${typed(setOf)}>
            <option value="">${t("reports.all")}</option>
            ${places.length > 0 && html`<optgroup label=${t("noun.units")}>${places.map((unit) => html`<option key=${unit.key}
              value=${`unit=${encodeURIComponent(unit.key)}`}>${unit.name}</option>`)}</optgroup>`}
            ${providers.length > 0 && html`<optgroup label=${t("field.provider")}>${providers.map((name) => html`<option key=${name}
              value=${`provider=${encodeURIComponent(name)}`}>${name}</option>`)}</optgroup>`}
            ${lines.length > 0 && html`<optgroup label=${t("noun.lines")}>${[...lines].sort((one, other) => order(one.site, other.site))
              .map((line) => html`<option key=${line.line} value=${`line=${encodeURIComponent(line.line)}`}>${line.site}: ${line.name}</option>`)}</optgroup>`}
          </select></div>
      </div>
      <${Links} ...${{ month, asked }} />
    </div>
    <section class="card stack stack--tight" aria-labelledby="months">
      <h2 class="subtitle" id="months">${t("reports.months")}</h2>
      <ul class="plain months">${months().map((one) => html`<li key=${one} class="row row--between">
        <span class="numbers">${t("reports.monthOf", { month: words(one) })}</span>
        <span class="row"><a href=${`/bao-cao/${one}${asked}`} target="_blank" rel="noopener" aria-label=${`${t("reports.print")} ${words(one)}`}>${t("reports.print")}</a>
          <a href=${`/api/v1/reports/${one}/report.xlsx${asked}`} aria-label=${`Excel ${words(one)}`}>Excel</a>
          <a href=${`/api/v1/reports/${one}/lines.csv${asked}`} aria-label=${`CSV ${words(one)}`}>CSV</a></span>
      </li>`)}</ul>
    </section>
  <//>`;
}

/** @param {{month: string, asked: string}} props */
function Links({ month, asked }) {
  const file = (/** @type {string} */ name) => `/api/v1/reports/${month}/${name}${asked}`;
  return html`<div class="row">
    <a class="button button--primary" href=${`/bao-cao/${month}${asked}`} target="_blank" rel="noopener">${t("reports.open")}</a>
    <a class="button" href=${file("report.xlsx")}>${t("reports.xlsx")}</a>
    <a class="button" href=${file("lines.csv")}>${t("reports.linesCsv")}</a>
    <a class="button" href=${file("providers.csv")}>${t("reports.providersCsv")}</a>
    <a class="button" href=${file("outages.csv")}>${t("reports.outagesCsv")}</a>
  </div>`;
}
