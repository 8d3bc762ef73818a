// Somebody stands in for days, or two people swap; what is arranged, with a button that withdraws it.

import { call } from "./api.js";
import { Dialog } from "./directory/dialog.js";
import { DateInput } from "./directory/form.js";
import { Picker } from "./directory/picker.js";
import { dayClock, t, today } from "./locale.js";
import { atOf } from "./oncall_parts.js";
import { ErrorNotice, errorWords, typed } from "./parts.js";
import { useForm } from "./sign_in.js";
import { html, useState } from "./ui.js";

const DAY_SECONDS = 86400;

/** @param {{rota: any, onDone: (rota: any) => void, onClose: () => void}} props */
export function Substitutes({ rota, onDone, onClose }) {
  const onRota = [...new Set(rota.rotations.flatMap((/** @type {any} */ one) => one.people))];
  const name = (/** @type {string} */ code) => rota.names[code] ?? code;
  const [isSwap, setIsSwap] = useState(false);
  const [given, setGiven] = useState(() => ({
    person: String(onRota[0] ?? ""), standsIn: "", standsInName: "", first: today(), last: today(), first2: today(),
    last2: today(), reason: "",
  }));
  const [error, setError] = useState("");
  const set = (/** @type {any} */ changes) => setGiven({ ...given, ...changes });
  const form = useForm(async () => {
    const ours = stretch(rota, given.person, given.standsIn, given.first, given.last, given.reason);
    const theirs = stretch(rota, given.standsIn, given.person, given.first2, given.last2, given.reason);
    const found = await call("/api/v1/oncall/substitutes", { method: "POST", body: isSwap ? [ours, theirs] : [ours] });
    onDone(found);
    set({ standsIn: "", standsInName: "", reason: "" });
  });
  async function withdraw(/** @type {number} */ id) {
    try {
      await call(`/api/v1/oncall/substitutes/${id}`, { method: "DELETE" });
      onDone(await call("/api/v1/oncall/rota"));
      setError("");
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  const coming = rota.substitutes.filter((/** @type {any} */ one) => one.ends > rota.now);
  return html`<${Dialog} title=${t("oncall.substitutes")} onClose=${onClose}>
    <${ErrorNotice} error=${error} />
    ${coming.length === 0 ? html`<p class="soft">${t("oncall.substitutes.none")}</p>` : html`<ul class="items items--wrap">
      ${coming.map((/** @type {any} */ one) => html`<li key=${one.id} class="item">
        <div class="grow"><strong>${name(one.stands_in)}</strong> ${t("oncall.insteadOf", { name: name(one.person) })}
          <div class="soft small numbers-left">${t("oncall.fromTo", { from: dayClock(one.begins), to: dayClock(one.ends) })}${one.reason && ` · ${one.reason}`}</div></div>
        <button type="button" class="button button--small" aria-label=${t("oncall.withdraw.of", { name: name(one.stands_in) })}
          onClick=${() => withdraw(one.id)}>${t("oncall.withdraw")}</button>
      </li>`)}
    </ul>`}
    <form class="stack" onSubmit=${form.submit}>
      <fieldset class="row choices"><legend>${t("oncall.substitutes.new")}</legend>
        <label class="choice"><input type="radio" name="kind" checked=${!isSwap} onChange=${() => setIsSwap(false)} /> ${t("oncall.substitute")}</label>
        <label class="choice"><input type="radio" name="kind" checked=${isSwap} onChange=${() => setIsSwap(true)} /> ${t("oncall.swap")}</label>
      </fieldset>
      <div class="fields">
        <div class="field"><label for="absent">${t("oncall.absent")}</label>
          <select id="absent" value=${given.person} onChange=${typed((person) => set({ person }))}>
            ${onRota.map((/** @type {any} */ code) => html`<option key=${code} value=${code}>${name(code)}</option>`)}
          </select></div>
        ${isSwap
          ? html`<div class="field"><label for="swaps">${t("oncall.swap.with")}</label>
            <select id="swaps" required value=${given.standsIn} onChange=${typed((standsIn) => set({ standsIn, standsInName: name(standsIn) }))}>
              <option value="">${t("oncall.choose")}</option>
              ${onRota.filter((code) => code !== given.person).map((/** @type {any} */ code) => html`<option key=${code} value=${code}>${name(code)}</option>`)}
            </select></div>`
          : html`<div class="field"><label for="stands-in">${t("oncall.standsIn")}</label>
            <${Picker} id="stands-in" noun="people" value=${given.standsIn} name=${given.standsInName} required
              onPick=${(/** @type {string} */ standsIn, /** @type {string} */ standsInName) => set({ standsIn, standsInName })} /></div>`}
      </div>
      <${Span} id="span" label=${isSwap ? t("oncall.swap.days", { name: name(given.person) }) : t("oncall.days")}
        first=${given.first} last=${given.last}
        onChange=${(/** @type {string} */ first, /** @type {string} */ last) => set({ first, last })} />
      ${isSwap && given.standsIn && html`<${Span} id="span2" label=${t("oncall.swap.days", { name: name(given.standsIn) })}
        first=${given.first2} last=${given.last2}
        onChange=${(/** @type {string} */ first2, /** @type {string} */ last2) => set({ first2, last2 })} />`}
      <div class="field"><label for="why">${t("oncall.reason")}</label>
        <input id="why" maxlength="200" value=${given.reason} onInput=${typed((reason) => set({ reason }))} /></div>
      <${ErrorNotice} error=${form.error} />
      <div class="row">
        <button class="button button--primary" disabled=${form.busy || !given.person || !given.standsIn} aria-busy=${form.busy}>${t("oncall.substitutes.do")}</button>
        <button type="button" class="button" onClick=${onClose}>${t("close")}</button>
      </div>
    </form>
  <//>`;
}

/** @param {{id: string, label: string, first: string, last: string, onChange: (first: string, last: string) => void}} props */
function Span({ id, label, first, last, onChange }) {
  return html`<fieldset class="choices stack stack--tight"><legend>${label}</legend><div class="fields">
    <div class="field"><label for=${`${id}-first`}>${t("oncall.firstDay")}</label>
      <${DateInput} id=${`${id}-first`} value=${first} required
        onValue=${(/** @type {string} */ day) => day && onChange(day, last < day ? day : last)} /></div>
    <div class="field"><label for=${`${id}-last`}>${t("oncall.lastDay")}</label>
      <${DateInput} id=${`${id}-last`} value=${last} required min=${first}
        onValue=${(/** @type {string} */ day) => day && onChange(first, day)} /></div>
  </div></fieldset>`;
}

/** Whole days of duty, from handover to handover.
 *  @param {any} rota @param {string} person @param {string} standsIn @param {string} first @param {string} last
 *  @param {string} reason */
function stretch(rota, person, standsIn, first, last, reason) {
  const turn = rota.rotations.find((/** @type {any} */ one) => one.people.includes(person));
  const handover = (turn?.handover ?? 0) * 60;
  return {
    person, stands_in: standsIn, begins: atOf(first) + handover, ends: atOf(last) + DAY_SECONDS + handover,
    reason: reason.trim(),
  };
}
