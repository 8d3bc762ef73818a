// A merger of units on a day: which, into what, a look at what moves, then done.

import { fold } from "../fold.js";
import { day, t, today } from "../locale.js";
import { ErrorNotice, typed } from "../parts.js";
import { html, useState } from "../ui.js";
import { Dialog } from "./dialog.js";
import { DateInput } from "./form.js";
import { NOUNS } from "./nouns.js";
import { API } from "./paths.js";
import { Picker } from "./picker.js";
import { PlanView, usePlan } from "./plan.js";

const LISTED = 90;
const KINDS = NOUNS.units.find((field) => field.name === "kind")?.choices ?? [];

/** @param {{desk: import("./desk.js").Desk, first?: string, onClose: () => void}} props `first`: a unit that is chosen already */
export function MergerDialog({ desk, first = "", onClose }) {
  const [old, setOld] = useState(/** @type {string[]} */ (first ? [first] : []));
  const [search, setSearch] = useState("");
  const [on, setOn] = useState(today());
  const [isNew, setIsNew] = useState(true);
  const [into, setInto] = useState({ key: "", name: "" });
  const [unit, setUnit] = useState({ code: "", name: "", kind: "xa" });
  const [wrong, setWrong] = useState("");
  const planned = usePlan(desk, onClose);

  const units = [...desk.units.values()].filter((one) => !one.valid_to);
  const ticked = units.filter((one) => old.includes(one.key));
  const parents = new Set(units.map((one) => one.parent));
  const wanted = fold(search);
  // Whatever has units below it is a district or a province: those that merge are the leaves, unless asked for.
  const others = units.filter((one) => !old.includes(one.key) && (wanted
    ? fold(`${one.name} ${one.code}`).includes(wanted) : !parents.has(one.key)));
  const offered = [...ticked, ...others];
  const listed = offered.slice(0, LISTED);
  const toggle = (/** @type {string} */ key) => setOld(old.includes(key) ? old.filter((one) => one !== key) : [...old, key]);

  function look(/** @type {Event} */ event) {
    event.preventDefault();
    const missing = !old.length || !on || (isNew ? !unit.code.trim() || !unit.name.trim() : !into.key);
    setWrong(missing ? t("merger.missing") : "");
    if (missing) return;
    const parent = desk.units.get(old[0])?.parent ?? null;
    const body = isNew ? { old, on, new: { ...unit, code: unit.code.trim(), name: unit.name.trim(), valid_from: on, parent } } : { old, on, into: into.key };
    planned.look({ path: `${API}/mergers`, options: { body }, done: t("merger.done", { n: old.length, name: isNew ? unit.name : into.name }) });
  }
  return html`<${Dialog} title=${t("merger.title")} onClose=${onClose}>
    ${planned.found || planned.busy
      ? html`<${Moves} desk=${desk} plan=${planned.found} on=${on} />
        <${PlanView} desk=${desk} plan=${planned} action=${t("merger.do")} onCancel=${planned.forget} />`
      : html`<form class="stack" onSubmit=${look} novalidate>
        <fieldset class="choices stack stack--tight"><legend>${t("merger.old")}</legend>
          <div class="field"><label class="visually-hidden" for="merger-search">${t("merger.search")}</label>
            <input id="merger-search" type="search" placeholder=${t("merger.search")} value=${search} autocomplete="off"
              onInput=${typed(setSearch)} /></div>
          <div class="checks">${listed.map((one) => html`<label key=${one.key} class="choice">
            <input type="checkbox" checked=${old.includes(one.key)} onChange=${() => toggle(one.key)} />
            <span>${one.name}${" "}<span class="soft small">${t(`choice.${one.kind}`)} · ${one.code}</span></span>
              </label>`)}</div>
          <p class="soft small" role="status">${t("merger.chosen", { n: old.length })}${offered.length > LISTED ? ` · ${t("merger.more", { n: offered.length - LISTED })}` : ""}</p>
        </fieldset>
        <div class="fields">
          <div class="field"><label for="merger-on">${t("merger.on")}</label>
            <${DateInput} id="merger-on" value=${on} onValue=${setOn} /></div>
          <div class="field"><label for="merger-kind">${t("merger.into")}</label>
            <select id="merger-kind" value=${isNew ? "new" : "into"}
              onChange=${(/** @type {any} */ event) => setIsNew(event.target.value === "new")}>
              <option value="new">${t("merger.new")}</option><option value="into">${t("merger.existing")}</option>
            </select></div>
          ${!isNew && html`<div class="field"><label for="merger-unit">${t("merger.unit")}</label>
            <${Picker} id="merger-unit" noun="units" value=${into.key} name=${into.name}
              onPick=${(/** @type {string} */ key, /** @type {string} */ name) => setInto({ key, name })} /></div>`}
          ${isNew && html`
            <div class="field"><label for="merger-name">${t("merger.name")}</label><input id="merger-name"
              value=${unit.name} maxlength="200"
              autocomplete="off" onInput=${typed((name) => setUnit({ ...unit, name }))} /></div>
            <div class="field"><label for="merger-code">${t("merger.code")}</label><input id="merger-code"
              value=${unit.code} maxlength="32"
              autocomplete="off" onInput=${typed((code) => setUnit({ ...unit, code }))} /></div>
            <div class="field"><label for="merger-what">${t("field.kind")}</label>
              <select id="merger-what" value=${unit.kind}
                onChange=${typed((kind) => setUnit({ ...unit, kind }))}>
                ${KINDS.map((kind) => html`<option key=${kind} value=${kind}>${t(`choice.${kind}`)}</option>`)}
              </select></div>`}
        </div>
        <${ErrorNotice} error=${wrong || planned.error} />
        <div class="row dialog__do"><button class="button button--primary">${t("merger.look")}</button>
          <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button></div>
      </form>`}
  <//>`;
}

/** In words: which units end, and which sites go where. @param {{desk: import("./desk.js").Desk, plan: any,
 *   on: string}} props */
function Moves({ desk, plan, on }) {
  if (!plan) return null;
  const ended = plan.alterations.filter((/** @type {any} */ one) => one.noun === "units" && one.fields.some((/** @type {any} */ field) => field.field === "successor"));
  const moved = plan.alterations.filter((/** @type {any} */ one) => one.noun === "sites" && one.fields.some((/** @type {any} */ field) => field.field === "unit"));
  return html`<ul class="changes">
    <li>${t("merger.ends", { n: ended.length, day: day(on), names: ended.map((/** @type {any} */ one) => desk.names[one.key] ?? one.key).join(", ") })}</li>
    <li>${t("merger.moves", { n: moved.length })}</li>
  </ul>`;
}
