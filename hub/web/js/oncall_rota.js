// The rota as people read it: who is on duty now, this week and the next; and the way to everything that changes it.

import { call } from "./api.js";
import { dayClock, t } from "./locale.js";
import { layerWords } from "./oncall_parts.js";
import { ErrorNotice, Later, errorWords } from "./parts.js";
import { html, useEffect, useState } from "./ui.js";

const FORMS = {
  turns: async () => (await import("./oncall_turns.js")).Turns,
  calendar: async () => (await import("./oncall_calendar.js")).ImportCalendar,
  substitutes: async () => (await import("./oncall_substitutes.js")).Substitutes,
};
const people = async () => (await import("./oncall_people.js")).People;

/** @param {{person: any}} props */
export function Rota({ person }) {
  const [rota, setRota] = useState(/** @type {any} */ (null));
  const [open, setOpen] = useState(/** @type {"" | "turns" | "substitutes" | "calendar"} */ (""));
  const [error, setError] = useState("");
  const mayRead = person.actions.includes("directory.read");
  const mayCall = ["contacts.read", "alerts.answer"].every((action) => person.everywhere.includes(action));
  useEffect(() => {
    if (mayRead) call("/api/v1/oncall/rota").then(setRota, (problem) => setError(errorWords(problem)));
  }, [mayRead]);
  if (!mayRead) return null;
  const close = () => setOpen("");
  const done = (/** @type {any} */ found) => {
    setRota(found);
    if (open === "turns") close();
  };
  return html`<section class="card stack" aria-labelledby="rota">
    <h2 class="subtitle" id="rota">${t("oncall.rota")}</h2>
    <${ErrorNotice} error=${error} />
    ${rota && rota.rotations.length === 0 && html`<p class="soft">${t("oncall.noRota")}</p>`}
    ${rota && rota.calendar.length > 0 && html`<${Calendar} rota=${rota} />`}
    ${rota && html`<div class="row">
      ${rota.may_edit && html`<button class="button" onClick=${() => setOpen("turns")}>${t("oncall.turns")}</button>`}
      ${rota.may_edit && rota.rotations.length > 0 && html`<button class="button" onClick=${() => setOpen("substitutes")}>${t("oncall.substitutes")}</button>`}
      ${rota.rotations.length > 0 && html`<a class="button" href="/api/v1/oncall/rota.ics" download>${t("oncall.calendar.export")}</a>`}
      ${rota.may_edit && rota.rotations.length > 0 && html`<button class="button" onClick=${() => setOpen("calendar")}>${t("oncall.calendar.import")}</button>`}
    </div>`}
    ${open && html`<${Later} key=${open} load=${FORMS[open]} ...${{ rota, onDone: done, onClose: close }} />`}
  </section>
  ${rota && mayCall && html`<${Later} load=${people} onRota=${rota.rotations.flatMap((/** @type {any} */ one) => one.people)} />`}`;
}

/** @param {{rota: any}} props */
function Calendar({ rota }) {
  const name = (/** @type {string} */ code) => rota.names[code] ?? code;
  const hasUnits = rota.rotations.some((/** @type {any} */ one) => one.unit);
  return html`<div class="scroll"><table class="table">
    <thead><tr><th scope="col">${t("oncall.from")}</th><th scope="col">${t("oncall.to")}</th>
      <th scope="col">${t("oncall.person")}</th><th scope="col">${t("oncall.order")}</th>
      ${hasUnits && html`<th scope="col">${t("oncall.unit")}</th>`}</tr></thead>
    <tbody>${rota.calendar.map((/** @type {any} */ one, /** @type {number} */ index) => {
      const isNow = one.begins <= rota.now && rota.now < one.ends;
      return html`<tr key=${index}>
        <td class="numbers-left">${dayClock(one.begins)}</td><td class="numbers-left">${dayClock(one.ends)}</td>
        <td>${isNow ? html`<strong>${name(one.person)}</strong> <span class="badge">${t("oncall.now")}</span>` : name(one.person)}
          ${one.instead_of && html` <span class="soft small">${t("oncall.insteadOf", { name: name(one.instead_of) })}</span>`}</td>
        <td>${layerWords(one.layer)}</td>
        ${hasUnits && html`<td>${one.unit ? rota.unit_names[one.unit] ?? one.unit : t("oncall.whole")}</td>`}</tr>`;
    })}</tbody>
  </table></div>`;
}
