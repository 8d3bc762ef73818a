// What an import, a preset or a merger would change: looked at first, then done, then taken back in one go.

import { ApiError, call } from "../api.js";
import { currentLanguage, t } from "../locale.js";
import { ErrorNotice, errorWords } from "../parts.js";
import { html, useState } from "../ui.js";
import { Fields } from "./history.js";
import { label } from "./nouns.js";
import { API } from "./paths.js";

const PLAN_MS = 60000;
const SHOWN = 100;

/** The hub's plan for a request, or the plan carried out. @param {string} path @param {any} options @param {boolean} dry */
export const plan = (path, options, dry) =>
  call(`${path}${path.includes("?") ? "&" : "?"}dry_run=${dry}`, { method: "POST", timeout: PLAN_MS, ...options });

/** One request that is tried first and done after somebody looked.
 *  @param {import("./desk.js").Desk} desk @param {(words: string) => void} onDone */
export function usePlan(desk, onDone) {
  const [asked, setAsked] = useState(/** @type {any} */ (null));
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [state, setState] = useState({ busy: false, error: "" });
  async function work(/** @type {any} */ request, /** @type {boolean} */ dry) {
    setState({ busy: true, error: "" });
    try {
      const answer = await plan(request.path, request.options, dry);
      setState({ busy: false, error: "" });
      if (dry) setFound(answer);
      else {
        desk.say(request.done, answer.batch && { path: `${API}/batches/${answer.batch}/undo` });
        desk.reload();
        onDone(request.done);
      }
    } catch (problem) {
      setState({ busy: false, error: errorWords(problem) });
      if (!dry && problem instanceof ApiError && problem.errors.length) setFound({ ...found, bad: problem.errors });
    }
  }
  return {
    ...state, found,
    /** @param {any} request path, options, and the words for when it is done */
    look: (request) => { setAsked(request); setFound(null); work(request, true); },
    apply: () => work(asked, false),
    forget: () => { setFound(null); setState({ busy: false, error: "" }); },
  };
}

/** @param {{desk: import("./desk.js").Desk, plan: any, action: string, onCancel: () => void}} props `plan`: of usePlan */
export function PlanView({ desk, plan: planned, action, onCancel }) {
  const { found, busy, error } = planned;
  if (!found) {
    return html`<${ErrorNotice} error=${error} />${busy && html`<p class="soft" role="status">${t("plan.reading")}</p>`}`;
  }
  const isEmpty = found.alterations.length === 0;
  const count = found.alterations.length + found.left_out;
  const names = { ...desk.names, ...namesOf(found.alterations) };
  return html`<div class="stack">
    <div role="status" class="stack stack--tight">
      ${found.bad.length > 0 && html`<p class="notice" data-state="bad">${t("plan.bad", { n: found.bad.length })}</p>`}
      ${!found.bad.length && isEmpty && html`<p class="notice" data-state="good">${t("plan.same")}</p>`}
      ${!found.bad.length && !isEmpty && html`<p class="notice">${t("plan.good")}</p>`}
    </div>
    <${Counts} counts=${found.counts} />
    <${Cells} cells=${found.bad} title=${t("plan.badTitle")} state="bad" />
    <${Cells} cells=${found.warnings} title=${t("plan.warnings")} state="weak" />
    ${!isEmpty && html`<details open=${count <= 40}>
      <summary>${t("plan.all", { n: count })}</summary>
      <ul class="items plan__list">
        ${found.alterations.slice(0, SHOWN).map((/** @type {any} */ one) => html`<li key=${`${one.noun} ${one.key}`}
          class="item item--top">
          <div class="grow"><strong>${t(`done.${one.done}`)}</strong> ${t(`noun.${one.noun}`)}
            ${" "}<span class="code">${one.key}</span> <${Fields} change=${one} names=${names} /></div>
        </li>`)}
      </ul>
      ${count > SHOWN && html`<p class="soft">${t("plan.more", { n: count - SHOWN })}</p>`}
    </details>`}
    <${ErrorNotice} error=${error} />
    <div class="row dialog__do">
      <button type="button" class="button button--primary" disabled=${busy || isEmpty || found.bad.length > 0}
        aria-busy=${busy}
        onClick=${planned.apply}>${action}</button>
      <button type="button" class="button" onClick=${onCancel}>${t("cancel")}</button>
    </div>
  </div>`;
}

/** Of the units that come with the plan. @param {any[]} alterations */
const namesOf = (alterations) => Object.fromEntries(alterations.filter((one) => one.noun === "units" && one.done === "added")
  .map((one) => [one.key, one.fields.find((/** @type {any} */ field) => field.field === "name")?.after]));

/** @param {{counts: Record<string, any>}} props */
function Counts({ counts }) {
  const rows = Object.entries(counts).filter(([, one]) => one.added + one.changed + one.removed + one.unchanged > 0);
  if (!rows.length) return null;
  return html`<div class="scroll"><table class="table table--plain">
    <thead><tr><th scope="col">${t("plan.what")}</th>${["added", "changed", "removed", "unchanged"].map((name) => html`
      <th scope="col" key=${name} class="numbers">${t(`plan.${name}`)}</th>`)}</tr></thead>
    <tbody>${rows.map(([noun, one]) => html`<tr key=${noun}><th scope="row">${t(`noun.${noun}`)}</th>
      <td class="numbers">${one.added}</td><td class="numbers">${one.changed}</td><td class="numbers">${one.removed}</td>
      <td class="numbers">${one.unchanged}</td></tr>`)}</tbody>
  </table></div>`;
}

/** @param {{cells: any[], title: string, state: string}} props */
function Cells({ cells, title, state }) {
  if (!cells.length) return null;
  return html`<section class="stack stack--tight"><h3><span class="state" data-state=${state}>${title}</span></h3>
    <div class="scroll"><table class="table table--plain">
      <thead><tr><th scope="col">${t("plan.line")}</th><th scope="col">${t("plan.field")}</th>
        <th scope="col">${t("plan.value")}</th>
        <th scope="col">${t("plan.why")}</th></tr></thead>
      <tbody>${[...cells].sort((a, b) => a.line - b.line).map((one, index) => html`<tr key=${index}>
        <td class="numbers">${one.line || "–"}</td><td class="nowrap">${one.column ? label(one.column) : "–"}</td>
        <td class="code plan__value">${one.value || "–"}</td><td>${currentLanguage() === "vi" ? one.vi : one.en}</td>
          </tr>`)}</tbody>
    </table></div></section>`;
}
