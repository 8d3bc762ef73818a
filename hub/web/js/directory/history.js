// What was changed of one thing, by whom, from what to what; each change can be taken back.

import { call } from "../api.js";
import { dateTime, t } from "../locale.js";
import { ErrorNotice, errorWords } from "../parts.js";
import { html, useCallback, useEffect, useState } from "../ui.js";
import { label, shown } from "./nouns.js";
import { API, of } from "./paths.js";

/** @param {{desk: import("./desk.js").Desk, noun: string, itemKey: string}} props */
export function History({ desk, noun, itemKey }) {
  const [changes, setChanges] = useState(/** @type {any[] | null} */ (null));
  const [next, setNext] = useState(/** @type {number | null} */ (null));
  const [error, setError] = useState("");
  const read = useCallback(async (/** @type {number | null} */ before) => {
    try {
      const page = await call(`${of(noun, itemKey)}/history?limit=20${before ? `&before=${before}` : ""}`);
      setChanges((known) => (before ? [...(known ?? []), ...page.items] : page.items));
      setNext(page.next);
    } catch (problem) {
      setError(errorWords(problem));
    }
  }, [noun, itemKey]);
  useEffect(() => { read(null); }, [read, desk.version]);
  async function undo(/** @type {any} */ change) {
    setError("");
    try {
      await call(`${API}/changes/${change.id}/undo`, { method: "POST", body: {} });
      desk.say(t("undone"));
      desk.reload(noun);
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  const undone = new Set((changes ?? []).map((change) => change.undoes));
  return html`<section class="card stack stack--tight history" aria-label=${t("history")}>
    <h3 class="subtitle">${t("history")}</h3>
    <${ErrorNotice} error=${error} />
    <ul class="items">
      ${(changes ?? []).map((change) => html`<li key=${change.id} class="item item--top">
        <div class="grow">
          <div><strong>${t(`done.${change.done}`)}</strong>${change.undoes && html` <span
            class="badge">${t("history.undo")}</span>`}
            ${" "}<span class="soft small numbers">${dateTime(change.at)} · ${change.actor}</span></div>
          <${Fields} change=${change} names=${desk.names} />
        </div>
        ${desk.mayWrite && !undone.has(change.id) && html`<button type="button" class="button button--small"
          aria-label=${t("history.undoOne", { time: dateTime(change.at) })}
            onClick=${() => undo(change)}>${t("undo")}</button>`}
      </li>`)}
    </ul>
    ${changes && !changes.length && html`<p class="soft">${t("history.none")}</p>`}
    ${next && html`<button type="button" class="button" onClick=${() => read(next)}>${t("audit.more")}</button>`}
  </section>`;
}

/** From what to what, one line for each field. @param {{change: any, names: Record<string, string>}} props */
export function Fields({ change, names }) {
  const told = change.fields.filter((/** @type {any} */ one) => shown(one.field, one.before) || shown(one.field, one.after));
  return html`<ul class=${`changes ${change.done === "changed" ? "" : "changes--inline"}`}>
    ${told.map((/** @type {any} */ one) => html`<li key=${one.field}>
      <span class="soft">${label(one.field)}:</span>${" "}
      ${change.done !== "added" && html`${shown(one.field, one.before, names) ? html`<del>${shown(one.field, one.before, names)}</del>` : "–"}${change.done === "changed" && html` → `}`}
      ${change.done !== "removed" && html`<ins>${shown(one.field, one.after, names) || "–"}</ins>`}
    </li>`)}
  </ul>`;
}
