// Announced work: while a window lasts nobody is called for what it covers.

import { call } from "./api.js";
import { DateInput } from "./directory/form.js";
import { Picker } from "./directory/picker.js";
import { clock, dayClock, t, today } from "./locale.js";
import { atOf } from "./oncall_parts.js";
import { ErrorNotice, errorWords, typed } from "./parts.js";
import { useForm } from "./sign_in.js";
import { html, useCallback, useEffect, useState } from "./ui.js";

const SCOPES = /** @type {const} */ (["site", "line", "unit", "whole"]);
const NOUNS = { site: "sites", line: "lines", unit: "units", whole: "" };
const USUAL_SECONDS = 2 * 3600;

const start = () => {
  const now = Date.now() / 1000;
  const until = now + USUAL_SECONDS;
  return {
    scope: /** @type {"site" | "line" | "unit" | "whole"} */ ("site"), target: "", name: "", reason: "",
    day: today(), from: clock(now), lastDay: clock(until) < clock(now) ? tomorrow() : today(), to: clock(until),
  };
};
const tomorrow = () => new Date(Date.parse(today()) + 86400000).toISOString().slice(0, 10);

/** @param {{person: any}} props */
export function Maintenance({ person }) {
  const [known, setKnown] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const [open, setOpen] = useState(false);
  const load = useCallback(() => call("/api/v1/maintenance").then(setKnown, (problem) => setError(errorWords(problem))), []);
  useEffect(() => { load(); }, [load]);
  async function end(/** @type {number} */ id) {
    try {
      await call(`/api/v1/maintenance/${id}`, { method: "DELETE" });
      setError("");
      await load();
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  const current = known?.windows.filter((/** @type {any} */ one) => one.ends > known.now) ?? [];
  return html`<section class="card stack" aria-labelledby="maintenance">
    <h2 class="subtitle" id="maintenance">${t("oncall.maintenance")}</h2>
    <${ErrorNotice} error=${error} />
    ${known && current.length === 0 && html`<p class="soft">${t("oncall.maintenance.none")}</p>`}
    ${current.length > 0 && html`<ul class="items items--wrap">
      ${current.map((/** @type {any} */ one) => html`<li key=${one.id} class="item">
        <div class="grow"><strong>${one.scope === "whole" ? t("oncall.whole") : one.place || one.target}</strong> · ${one.reason}
          <div class="soft small">${t("oncall.fromTo", { from: dayClock(one.begins), to: dayClock(one.ends) })} · ${one.created_by}</div></div>
        ${one.begins <= known.now && html`<span class="state" data-state="planned">${t("oncall.maintenance.runs")}</span>`}
        ${one.may_end && html`<button class="button button--small" onClick=${() => end(one.id)}>${one.begins <= known.now ? t("oncall.maintenance.end") : t("remove")}</button>`}
      </li>`)}
    </ul>`}
    ${person.actions.includes("alerts.answer") && !open && html`<div><button class="button" onClick=${() => setOpen(true)}>${t("oncall.maintenance.add")}</button></div>`}
    ${open && html`<${Announce} mayWhole=${person.everywhere.includes("alerts.answer")} onClose=${() => setOpen(false)}
      onDone=${() => { setOpen(false); load(); }} />`}
  </section>`;
}

/** @param {{mayWhole: boolean, onDone: () => void, onClose: () => void}} props */
function Announce({ mayWhole, onDone, onClose }) {
  const [given, setGiven] = useState(start);
  const set = (/** @type {any} */ changes) => setGiven({ ...given, ...changes });
  const form = useForm(async () => {
    await call("/api/v1/maintenance", {
      method: "POST",
      body: {
        scope: given.scope, target: given.target, reason: given.reason.trim(),
        begins: atOf(given.day, given.from), ends: atOf(given.lastDay, given.to),
      },
    });
    onDone();
  });
  const noun = NOUNS[given.scope];
  return html`<form class="stack" onSubmit=${form.submit} aria-label=${t("oncall.maintenance.add")}>
    <div class="fields">
      <div class="field"><label for="scope">${t("oncall.maintenance.scope")}</label>
        <select id="scope" value=${given.scope} onChange=${typed((scope) => set({ scope, target: "", name: "" }))}>
          ${SCOPES.filter((one) => one !== "whole" || mayWhole).map((one) => html`<option key=${one} value=${one}>${t(`oncall.scope.${one}`)}</option>`)}
        </select></div>
      ${noun && html`<div class="field"><label for="target">${t("oncall.maintenance.target")}</label>
        <${Picker} key=${noun} id="target" noun=${noun} value=${given.target} name=${given.name} required
          onPick=${(/** @type {string} */ key, /** @type {string} */ name) => set({ target: key.split("@")[0], name })} /></div>`}
      <div class="field"><label for="reason">${t("oncall.maintenance.reason")}</label>
        <input id="reason" required maxlength="500" value=${given.reason} onInput=${typed((reason) => set({ reason }))} /></div>
    </div>
    <div class="fields">
      <div class="field"><label for="begin-day">${t("oncall.firstDay")}</label>
        <${DateInput} id="begin-day" value=${given.day} required
          onValue=${(/** @type {string} */ day) => day && set({ day, lastDay: given.lastDay < day ? day : given.lastDay })} /></div>
      <div class="field"><label for="begin-time">${t("oncall.fromClock")}</label>
        <input id="begin-time" type="time" required value=${given.from} onInput=${typed((from) => from && set({ from }))} /></div>
      <div class="field"><label for="end-day">${t("oncall.toDay")}</label>
        <${DateInput} id="end-day" value=${given.lastDay} required onValue=${(/** @type {string} */ lastDay) => lastDay && set({ lastDay })} /></div>
      <div class="field"><label for="end-time">${t("oncall.toClock")}</label>
        <input id="end-time" type="time" required value=${given.to} onInput=${typed((to) => to && set({ to }))} /></div>
    </div>
    <${ErrorNotice} error=${form.error} />
    <div class="row">
      <button class="button button--primary" disabled=${form.busy || (noun !== "" && !given.target)} aria-busy=${form.busy}>${t("oncall.maintenance.do")}</button>
      <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
    </div>
  </form>`;
}
