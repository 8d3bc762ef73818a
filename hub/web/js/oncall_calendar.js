// A changed calendar is read back: first what it would change is shown, then it is kept.

import { call } from "./api.js";
import { Dialog } from "./directory/dialog.js";
import { currentLanguage, dayClock, t } from "./locale.js";
import { ErrorNotice, errorWords } from "./parts.js";
import { html, useState } from "./ui.js";

const PATH = "/api/v1/oncall/rota/import";

/** @param {{onDone: (rota: any) => void, onClose: () => void}} props */
export function ImportCalendar({ onDone, onClose }) {
  const [file, setFile] = useState(/** @type {any} */ (null));
  const [plan, setPlan] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  /** @param {any} chosen @param {boolean} isDry */
  async function send(chosen, isDry) {
    setError("");
    try {
      setPlan(await call(`${PATH}?dry_run=${isDry}`, { method: "POST", file: chosen, type: "text/calendar" }));
      if (!isDry) onDone(await call("/api/v1/oncall/rota"));
    } catch (problem) {
      setPlan(null);
      setError(errorWords(problem));
    }
  }
  // The field is emptied before a choice: a mended file of the same name would change nothing otherwise.
  const choose = (/** @type {any} */ event) => {
    const [chosen] = event.target.files;
    setFile(chosen ?? null);
    setPlan(null);
    if (chosen) send(chosen, true);
  };
  const name = (/** @type {string} */ code) => plan.names[code] ?? code;
  return html`<${Dialog} title=${t("oncall.calendar.import")} onClose=${onClose}>
    <p class="soft">${t("oncall.calendar.what")}</p>
    <div class="field"><label for="calendar-file">${t("oncall.calendar.file")}</label>
      <input id="calendar-file" type="file" accept=".ics,text/calendar" onChange=${choose}
        onClick=${(/** @type {any} */ event) => { event.target.value = ""; }} /></div>
    <${ErrorNotice} error=${error} />
    ${plan && html`<div class="stack" role="status">
      ${plan.problems.map((/** @type {any} */ one, /** @type {number} */ at) => html`<p key=${at} class="notice" data-state="bad">${one.where || "–"}: ${currentLanguage() === "vi" ? one.vi : one.en}</p>`)}
      ${plan.kept ? html`<p class="notice" data-state="good">${t("oncall.calendar.kept", { n: plan.substitutes.length })}</p>`
        : plan.problems.length > 0 ? html`<p>${t("oncall.calendar.nothing")}</p>`
        : html`<p>${t("oncall.calendar.plan", { events: plan.events, n: plan.substitutes.length })}</p>`}
      <ul class="items">${plan.substitutes.map((/** @type {any} */ one, /** @type {number} */ at) => html`<li key=${at} class="item"><div class="grow">
        <strong>${name(one.stands_in)}</strong> ${t("oncall.insteadOf", { name: name(one.person) })}
        <div class="soft small">${t("oncall.fromTo", { from: dayClock(one.begins), to: dayClock(one.ends) })}</div></div></li>`)}</ul>
    </div>`}
    <div class="row dialog__do">
      <button type="button" class="button button--primary" disabled=${!plan || plan.kept || plan.problems.length > 0 || plan.substitutes.length === 0}
        onClick=${() => send(file, false)}>${t("oncall.substitutes.do")}</button>
      <button type="button" class="button" onClick=${onClose}>${t("close")}</button>
    </div>
  <//>`;
}
