// One site: its particulars, lines, machines, devices, people, telephones, and the link of its hall.

import { ask, call } from "../api.js";
import { day, t, today } from "../locale.js";
import { ErrorNotice, errorWords } from "../parts.js";
import { html, useEffect, useState } from "../ui.js";
import { DateInput, ThingForm } from "./form.js";
import { Hall } from "./hall.js";
import { saved, useDeskAt } from "./desk.js";
import { History } from "./history.js";
import { Machines } from "./machines.js";
import { of } from "./paths.js";
import { Picker } from "./picker.js";
import { Actions, End, Facts, Telephone, Thing, Things, isEnded, useReturn, useThings } from "./things.js";
import { Above } from "./unit.js";
import { Writers } from "./writers.js";

/** @param {{desk: import("./desk.js").Desk, itemKey: string}} props */
export function Site({ desk: anywhere, itemKey }) {
  const desk = useDeskAt(anywhere, "sites", itemKey);
  const [site, setSite] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const [doing, setDoing] = useState("");
  const place = useReturn(doing);
  useEffect(() => { if (site) desk.arrived(); }, [Boolean(site)]);
  useEffect(() => {
    let isOld = false;
    call(of("sites", itemKey)).then((found) => { if (!isOld) { setSite(found); setError(""); desk.at(found.unit); } }, (problem) => { if (!isOld) setError(errorWords(problem)); });
    return () => { isOld = true; };
  }, [itemKey, desk.version]);
  if (error || !site) return html`<${ErrorNotice} error=${error} />`;
  const things = { desk, by: "site", itemKey, given: { site: itemKey } };
  return html`<article class="stack" aria-labelledby="site-name">
    <${Above} desk=${desk} unitKey=${site.unit} />
    <div class="row row--between"><h1 class="title grow" id="site-name" tabindex="-1">${site.name}</h1>
      <a class="button button--small no-print" href=${`/diem/${encodeURIComponent(itemKey)}`}>${t("site.board")}</a></div>
    ${site.valid_to && html`<p class="notice">${t("directory.until", { day: day(site.valid_to) })}</p>`}
    ${doing === "edit" ? html`<${ThingForm} level=${2} noun="sites" itemKey=${itemKey}
      title=${t("edit.title", { what: site.name })} onCancel=${() => setDoing("")}
      onDone=${() => { setDoing(""); saved(desk, "sites", itemKey, t("saved", { what: site.name })); }} />`
      : html`<div class="card stack stack--tight"><${Facts} noun="sites" item=${site} />
        ${site.past && html`<ul class="changes">${site.past.map((/** @type {any} */ one) => html`<li key=${one.until}
          class="soft">
          ${t("site.past", { unit: desk.names[one.unit] ?? one.unit, day: day(one.until) })}</li>`)}</ul>`}
        ${!["end", "move"].includes(doing) && html`<${Actions} ...${{ desk, noun: "sites", item: site, doing, setDoing, place }}>
          ${desk.mayWrite && !isEnded(site) && html`<button type="button" class="button button--small"
            onClick=${() => setDoing("move")}>${t("move.open")}</button>`}<//>`}
        ${doing === "end" && html`<${End} ...${{ desk, noun: "sites", item: site, onClose: () => setDoing("") }} />`}
        ${doing === "move" && html`<${Move} ...${{ desk, site, onClose: () => setDoing("") }} />`}
        ${doing === "history" && html`<${History} desk=${desk} noun="sites" itemKey=${itemKey} />`}
      </div>`}
    <${Things} ...${things} noun="lines" codePrefix=${itemKey} empty=${t("site.noLines")}
      more=${(/** @type {any} */ line) => html`<p
        class="soft small">${line.measured_by ? t("line.measured") : t("line.notMeasured")}</p>`} />
    <${Machines} desk=${desk} site=${site} />
    ${desk.may("nodes.enrol") && html`<${Writers} desk=${desk} site=${site} />`}
    <${Things} ...${things} noun="people" empty=${t("site.noPeople")}
      more=${(/** @type {any} */ person) => html`<${Numbers} desk=${desk} person=${person} />`} />
    <${Things} ...${things} noun="telephones" empty=${t("site.noTelephones")} />
    <${Things} ...${things} noun="devices" empty=${t("site.noDevices")} />
    ${desk.may("site_access.open") && html`<${Hall} desk=${desk} site=${site} />`}
  </article>`;
}

/** The telephones of a person, as far as the one who looks needs to know them. @param {{desk: import("./desk.js").Desk, person: any}} props */
function Numbers({ desk, person }) {
  const { items } = useThings("telephones", "person", person.key, desk.version);
  const [adding, setAdding] = useState(false);
  const [open, setOpen] = useState("");
  return html`<div class="stack stack--tight">
    ${items && items.length > 0 && html`<ul class="items cards">${items.map((one) => (open === one.key
      ? html`<${Thing} key=${one.key} ...${{ desk, noun: "telephones", item: one }} />`
      : html`<li key=${one.key} class="row"><span><${Telephone} number=${one.number} />${" "}<span
        class="soft small">${t(`choice.${one.kind}`)}</span></span>
        <button type="button" class="button button--small button--quiet"
          aria-label=${t("details.of", { what: one.number })} onClick=${() => setOpen(one.key)}>${t("details")}</button>
            </li>`))}</ul>`}
    ${desk.mayWrite && !adding && html`<div><button type="button" class="button button--small button--quiet"
      aria-label=${t("person.addTelephone", { name: person.name })}
        onClick=${() => setAdding(true)}>${t("add.telephones")}</button></div>`}
    ${adding && html`<${ThingForm} noun="telephones" title=${t("person.addTelephone", { name: person.name })}
      given=${{ person: person.key }}
      onCancel=${() => setAdding(false)}
      onDone=${(/** @type {any} */ made) => { setAdding(false); saved(desk, "telephones", made.key, t("added", { what: made.number })); }} />`}
  </div>`;
}

/** To another unit from a day; the unit until then stays as the site's past.
 *  @param {{desk: import("./desk.js").Desk, site: any, onClose: () => void}} props */
function Move({ desk, site, onClose }) {
  const [unit, setUnit] = useState({ key: "", name: "" });
  const [on, setOn] = useState(today());
  const [state, setState] = useState({ busy: false, error: "" });
  async function move(/** @type {Event} */ event) {
    event.preventDefault();
    if (!unit.key || !on) {
      setState({ busy: false, error: t("move.missing") });
      return;
    }
    setState({ busy: true, error: "" });
    try {
      const { etag } = await ask(of("sites", site.key));
      await call(`${of("sites", site.key)}/move`, { method: "POST", body: { unit: unit.key, on }, match: etag });
      onClose();
      await saved(desk, "sites", site.key, t("move.done", { what: site.name, unit: unit.name }));
    } catch (problem) {
      setState({ busy: false, error: errorWords(problem) });
    }
  }
  return html`<form class="stack stack--tight" onSubmit=${move} novalidate aria-label=${t("move.open")}>
    <div class="fields">
      <div class="field"><label for="move-unit">${t("move.to")}</label><${Picker} id="move-unit" noun="units"
        value=${unit.key} name=${unit.name}
        onPick=${(/** @type {string} */ key, /** @type {string} */ name) => setUnit({ key, name })} /></div>
      <div class="field"><label for="move-on">${t("move.on")}</label>
        <${DateInput} id="move-on" value=${on} onValue=${setOn} /></div>
    </div>
    <${ErrorNotice} error=${state.error} />
    <div class="row"><button class="button button--primary" disabled=${state.busy}
      aria-busy=${state.busy}>${t("move.do")}</button>
      <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button></div>
  </form>`;
}
