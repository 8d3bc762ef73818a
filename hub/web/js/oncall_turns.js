// Editing the rota: who takes turns, in which order, from which day on. All rotations are kept as a whole.

import { call } from "./api.js";
import { Dialog } from "./directory/dialog.js";
import { Picker } from "./directory/picker.js";
import { DateInput } from "./directory/form.js";
import { t, today } from "./locale.js";
import { ErrorNotice, typed } from "./parts.js";
import { useForm } from "./sign_in.js";
import { fromMinutes, inMinutes, layerWords, moved } from "./oncall_parts.js";
import { html, useState } from "./ui.js";

const LAYERS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
let made = 0;

/** @param {any} one */
const withKey = (one) => ({ ...one, key: (made += 1) });
const empty = () => withKey({ unit: "", layer: 1, every: "week", people: [], starts: today(), handover: 0 });

/** @param {{rota: any, onDone: (rota: any) => void, onClose: () => void}} props */
export function Turns({ rota, onDone, onClose }) {
  const [turns, setTurns] = useState(() => (rota.rotations.length ? rota.rotations.map(withKey) : [empty()]));
  const [names, setNames] = useState({ ...rota.names });
  const [units, setUnits] = useState({ ...rota.unit_names });
  const form = useForm(async () => {
    const body = turns.map((/** @type {any} */ one) => ({
      unit: one.unit, layer: one.layer, every: one.every, people: one.people, starts: one.starts, handover: one.handover,
    }));
    onDone(await call("/api/v1/oncall/rotations", { method: "PUT", body }));
  });
  /** @param {number} key @param {any} changes */
  const change = (key, changes) =>
    setTurns(turns.map((/** @type {any} */ one) => (one.key === key ? { ...one, ...changes } : one)));
  const nobody = turns.some((/** @type {any} */ one) => one.people.length === 0);
  return html`<${Dialog} title=${t("oncall.turns")} onClose=${onClose}>
    <form class="stack" onSubmit=${form.submit}>
      <p class="soft">${t("oncall.turns.what")}</p>
      ${turns.map((/** @type {any} */ one) => html`<${Turn} key=${one.key} ...${{ one, names, units }}
        onChange=${(/** @type {any} */ changes) => change(one.key, changes)}
        onName=${(/** @type {string} */ code, /** @type {string} */ name) => setNames({ ...names, [code]: name })}
        onUnit=${(/** @type {string} */ code, /** @type {string} */ name) => setUnits({ ...units, [code]: name })}
        onRemove=${() => setTurns(turns.filter((/** @type {any} */ other) => other.key !== one.key))} />`)}
      <div><button type="button" class="button" onClick=${() => setTurns([...turns, empty()])}>${t("oncall.turns.add")}</button></div>
      ${nobody && html`<p class="soft" role="status">${t("oncall.turns.nobody")}</p>`}
      <${ErrorNotice} error=${form.error} />
      <div class="row dialog__do">
        <button class="button button--primary" disabled=${form.busy || nobody} aria-busy=${form.busy}>${t("save")}</button>
        <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
      </div>
    </form>
  <//>`;
}

/** @param {any} props */
function Turn({ one, names, units, onChange, onName, onUnit, onRemove }) {
  const id = (/** @type {string} */ name) => `turn-${one.key}-${name}`;
  const people = (/** @type {string[]} */ found) => onChange({ people: found });
  /** @param {string} key @param {string} name */
  function add(key, name) {
    if (!key || one.people.includes(key)) return;
    onName(key, name);
    people([...one.people, key]);
  }
  return html`<fieldset class="card stack turn">
    <legend class="visually-hidden">${layerWords(one.layer)} · ${units[one.unit] || one.unit || t("oncall.whole")}</legend>
    <div class="fields">
      <div class="field"><label for=${id("unit")}>${t("oncall.unit")}</label>
        <${Picker} id=${id("unit")} noun="units" value=${one.unit} name=${one.unit ? units[one.unit] ?? "" : ""}
          describedBy=${id("unit-hint")}
          onPick=${(/** @type {string} */ key, /** @type {string} */ name) => {
            // The rota looks after a unit whatever its version.
            const code = key.split("@")[0];
            onUnit(code, name);
            onChange({ unit: code });
          }} />
        <span class="hint" id=${id("unit-hint")}>${t("oncall.unit.hint")}</span></div>
      <div class="field"><label for=${id("layer")}>${t("oncall.order")}</label>
        <select id=${id("layer")} value=${one.layer} onChange=${typed((value) => onChange({ layer: Number(value) }))}>
          ${LAYERS.map((layer) => html`<option key=${layer} value=${layer}>${layerWords(layer)}</option>`)}
        </select></div>
      <div class="field"><label for=${id("every")}>${t("oncall.every")}</label>
        <select id=${id("every")} value=${one.every} onChange=${typed((value) => onChange({ every: value }))}>
          <option value="week">${t("oncall.every.week")}</option><option value="day">${t("oncall.every.day")}</option>
        </select></div>
      <div class="field"><label for=${id("starts")}>${t("oncall.starts")}</label>
        <${DateInput} id=${id("starts")} value=${one.starts} required
          onValue=${(/** @type {string} */ value) => onChange({ starts: value || one.starts })} /></div>
      <div class="field"><label for=${id("handover")}>${t("oncall.handover")}</label>
        <input id=${id("handover")} type="time" required value=${fromMinutes(one.handover)}
          onInput=${typed((value) => value && onChange({ handover: inMinutes(value) }))} /></div>
    </div>
    <div class="stack stack--tight">
      <strong id=${id("people")}>${t("oncall.people.order")}</strong>
      <ol class="items items--wrap" aria-labelledby=${id("people")}>
        ${one.people.map((/** @type {string} */ code, /** @type {number} */ at) => html`<li key=${code} class="item">
          <span class="grow">${at + 1}. ${names[code] ?? code}</span>
          <button type="button" class="button button--small" disabled=${at === 0}
            aria-label=${t("oncall.up.of", { name: names[code] ?? code })} onClick=${() => people(moved(one.people, at, -1))}>${t("oncall.up")}</button>
          <button type="button" class="button button--small" disabled=${at === one.people.length - 1}
            aria-label=${t("oncall.down.of", { name: names[code] ?? code })} onClick=${() => people(moved(one.people, at, 1))}>${t("oncall.down")}</button>
          <button type="button" class="button button--small" aria-label=${t("oncall.remove.of", { name: names[code] ?? code })}
            onClick=${() => people(one.people.filter((/** @type {string} */ other) => other !== code))}>${t("remove")}</button>
        </li>`)}
      </ol>
      <div class="row row--between">
        <div class="field grow"><label for=${id("person")}>${t("oncall.person.add")}</label>
          <${Picker} id=${id("person")} noun="people" value="" name="" onPick=${add} /></div>
        <button type="button" class="button" onClick=${onRemove}>${t("oncall.turns.remove")}</button>
      </div>
    </div>
  </fieldset>`;
}
