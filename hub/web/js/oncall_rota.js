// The rota as people read it: who is on duty now, this week and the next.

import { call } from "./api.js";
import { dayClock, t } from "./locale.js";
import { ErrorNotice, errorWords } from "./parts.js";
import { html, useEffect, useState } from "./ui.js";

const LEADER = 9;

/** @param {{person: any}} props */
export function Rota({ person }) {
  const [rota, setRota] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const mayRead = person.actions.includes("directory.read");
  useEffect(() => {
    if (mayRead) call("/api/v1/oncall/rota").then(setRota, (problem) => setError(errorWords(problem)));
  }, [mayRead]);
  if (!mayRead) return null;
  const name = (/** @type {string} */ code) => rota.names[code] ?? code;
  const layer = (/** @type {number} */ number) => (number === LEADER ? t("oncall.leader") : t("oncall.layer", { n: number }));
  return html`<section class="card stack" aria-labelledby="rota">
    <h2 class="subtitle" id="rota">${t("oncall.rota")}</h2>
    <${ErrorNotice} error=${error} />
    ${rota && rota.rotations.length === 0 && html`<p class="soft">${t("oncall.noRota")}</p>`}
    ${rota && rota.calendar.length > 0 && html`<div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t("oncall.from")}</th><th scope="col">${t("oncall.to")}</th>
        <th scope="col">${t("oncall.person")}</th><th scope="col">${t("oncall.order")}</th></tr></thead>
      <tbody>${rota.calendar.map((/** @type {any} */ one, /** @type {number} */ index) => {
        const isNow = one.begins <= rota.now && rota.now < one.ends;
        return html`<tr key=${index}>
          <td class="numbers numbers-left">${dayClock(one.begins)}</td><td class="numbers numbers-left">${dayClock(one.ends)}</td>
          <td>${isNow ? html`<strong>${name(one.person)}</strong> <span class="badge">${t("oncall.now")}</span>` : name(one.person)}
            ${one.instead_of && html` <span class="soft small">${t("oncall.insteadOf", { name: name(one.instead_of) })}</span>`}</td>
          <td>${layer(one.layer)}</td></tr>`;
      })}</tbody>
    </table></div>`}
  </section>`;
}
