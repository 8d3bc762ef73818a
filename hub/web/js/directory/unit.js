// One unit: what it is, what is below it, its sites and people; a unit that ended says what it became.

import { call } from "../api.js";
import { day, t } from "../locale.js";
import { ErrorNotice, errorWords } from "../parts.js";
import { html, useEffect, useState } from "../ui.js";
import { ThingForm } from "./form.js";
import { saved, useDeskAt } from "./desk.js";
import { History } from "./history.js";
import { MergerDialog } from "./merger.js";
import { of, sitePage, unitPage } from "./paths.js";
import { Actions, End, Facts, Things, isEnded, useReturn } from "./things.js";

/** A link within the page. @param {{desk: import("./desk.js").Desk, href: string, children?: any}} props */
export const Go = ({ desk, href, children }) => html`<a href=${href}
  onClick=${(/** @type {MouseEvent} */ event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); desk.go(href); } }}>${children}</a>`;

/** The units above, from the top. @param {{desk: import("./desk.js").Desk, unitKey: string | null}} props */
export function Above({ desk, unitKey }) {
  /** @type {any[]} */
  const above = [];
  for (let unit = desk.units.get(unitKey ?? ""); unit && !above.includes(unit); unit = desk.units.get(unit.parent)) above.unshift(unit);
  return above.length > 0 && html`<nav class="crumbs" aria-label=${t("directory.above")}>
    ${above.map((unit, index) => html`<span key=${unit.key}>${index > 0 && html`<span class="soft"
      aria-hidden="true"> › </span>`}
      <${Go} desk=${desk} href=${unitPage(unit.key)}>${unit.name}<//></span>`)}</nav>`;
}

/** @param {{desk: import("./desk.js").Desk, itemKey: string}} props */
export function Unit({ desk: anywhere, itemKey }) {
  const desk = useDeskAt(anywhere, "units", itemKey);
  const [doing, setDoing] = useState("");
  const place = useReturn(doing);
  const unit = desk.units.get(itemKey);
  useEffect(() => { desk.arrived(); }, [Boolean(unit)]);
  if (!unit) return html`<p class="empty">${t("directory.noUnit", { key: itemKey })}</p>`;
  const children = [...desk.units.values()].filter((one) => one.parent === itemKey && !isEnded(one));
  const before = [...desk.units.values()].filter((one) => one.successor === itemKey);
  const done = (/** @type {string} */ noun, /** @type {string} */ key, /** @type {string} */ words) => { setDoing(""); saved(desk, noun, key, words); };
  return html`<article class="stack" aria-labelledby="unit-name">
    <${Above} desk=${desk} unitKey=${unit.parent} />
    <div class="stack stack--tight">
      <div class="row"><h1 class="title" id="unit-name" tabindex="-1">${unit.name}</h1><span
        class="badge">${t(`choice.${unit.kind}`)}</span></div>
      ${unit.successor && html`<p class="notice"><span>${t("unit.mergedOn", { day: day(unit.valid_to ?? "") })}${" "}
        <${Go} desk=${desk} href=${unitPage(unit.successor)}>${desk.names[unit.successor] ?? unit.successor}<//></span></p>`}
      ${unit.valid_to && !unit.successor && html`<p class="notice">${t("directory.until", { day: day(unit.valid_to) })}</p>`}
    </div>
    ${doing === "edit" ? html`<${ThingForm} level=${2} noun="units" itemKey=${itemKey}
      title=${t("edit.title", { what: unit.name })} onCancel=${() => setDoing("")}
      onDone=${() => done("units", itemKey, t("saved", { what: unit.name }))} />`
      : html`<div class="card stack stack--tight"><${Facts} noun="units" item=${unit} />
        ${before.length > 0 && html`<p>${t("unit.before")} ${before.map((one, index) => html`${index > 0 && ", "}<${Go}
          desk=${desk} href=${unitPage(one.key)}>${one.name}<//>`)}</p>`}
        ${doing !== "end" && html`<${Actions} ...${{ desk, noun: "units", item: unit, doing, setDoing, place }} />`}
        ${doing === "end" && html`<${End} ...${{ desk, noun: "units", item: unit, onClose: () => setDoing("") }} />`}
        ${doing === "history" && html`<${History} desk=${desk} noun="units" itemKey=${itemKey} />`}
      </div>`}
    ${desk.mayWrite && !isEnded(unit) && doing !== "unit" && doing !== "site" && html`<div class="row">
      <button type="button" class="button" onClick=${() => setDoing("site")}>${t("add.sites")}</button>
      <button type="button" class="button" onClick=${() => setDoing("unit")}>${t("unit.addBelow")}</button>
      ${desk.mayAll && html`<button type="button" class="button"
        onClick=${() => desk.open((desk) => html`<${MergerDialog} desk=${desk} first=${itemKey}
          onClose=${desk.close} />`)}>${t("merger.open")}</button>`}
    </div>`}
    ${doing === "unit" && html`<${ThingForm} level=${2} noun="units" title=${t("unit.addBelow")}
      given=${{ parent: itemKey }} names=${{ parent: unit.name }}
      onCancel=${() => setDoing("")} onDone=${(/** @type {any} */ made) => done("units", made.key, t("added", { what: made.name }))} />`}
    ${doing === "site" && html`<${ThingForm} level=${2} noun="sites" title=${t("add.sites")} given=${{ unit: itemKey }}
      names=${{ unit: unit.name }}
      onCancel=${() => setDoing("")} onDone=${(/** @type {any} */ made) => { done("sites", made.key, t("added", { what: made.name })); desk.go(sitePage(made.key)); }} />`}
    <${Sites} desk=${desk} unit=${unit} />
    ${children.length > 0 && html`<section class="stack stack--tight" aria-labelledby="below-title">
      <h2 class="subtitle" id="below-title">${t("unit.below")} <span class="soft numbers">${children.length}</span></h2>
      <ul class="links">${children.map((one) => html`<li key=${one.key}><${Go} desk=${desk}
        href=${unitPage(one.key)}>${one.name}<//>
        <span class="soft small">${" "}${t(`choice.${one.kind}`)}</span></li>`)}</ul></section>`}
    ${!isEnded(unit) && html`<${Things} ...${{ desk, noun: "people", by: "unit", itemKey, given: { unit: itemKey }, empty: t("unit.noPeople") }} />`}
  </article>`;
}

/** The sites of a unit, or those it had when it ended. @param {{desk: import("./desk.js").Desk, unit: any}} props */
function Sites({ desk, unit }) {
  const [sites, setSites] = useState(/** @type {any[] | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    const last = unit.valid_to ? new Date(Date.parse(unit.valid_to) - 86400000).toISOString().slice(0, 10) : "";
    const day = isEnded(unit) ? `?on=${last}` : "";
    let isOld = false;
    call(`${of("units", unit.key)}/sites${day}`).then((found) => { if (!isOld) setSites(found.items); },
      (problem) => { if (!isOld) setError(errorWords(problem)); });
    return () => { isOld = true; };
  }, [unit.key, unit.valid_to, desk.version]);
  const own = (sites ?? []).filter((one) => one.unit === unit.key), others = (sites ?? []).filter((one) => one.unit !== unit.key);
  return html`<section class="stack stack--tight" aria-labelledby="sites-title">
    <h2 class="subtitle" id="sites-title">${isEnded(unit) ? t("unit.hadSites") : t("noun.sites")} ${sites && html`<span
      class="soft numbers">${sites.length}</span>`}</h2>
    <${ErrorNotice} error=${error} />
    ${own.length > 0 && html`<ul class="links">${own.map((one) => html`<li key=${one.site}><${Go} desk=${desk}
      href=${sitePage(one.site)}>${one.name}<//>
      <span class="soft small code">${" "}${one.site}</span></li>`)}</ul>`}
    ${others.length > 0 && html`<details open=${own.length === 0 && others.length <= 60}>
      <summary>${t("unit.sitesBelow", { n: others.length })}</summary>
      <ul class="links">${others.map((one) => html`<li key=${one.site}><${Go} desk=${desk}
        href=${sitePage(one.site)}>${one.name}<//></li>`)}</ul></details>`}
    ${sites && !sites.length && html`<p class="empty empty--small">${t("unit.noSites")}</p>`}
  </section>`;
}
