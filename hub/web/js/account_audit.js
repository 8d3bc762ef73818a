// The audit log: newest first, by person or kind of event, exported whole, its chain proved.

import { call } from "./api.js";
import { Page } from "./frame.js";
import { dateTime, t } from "./locale.js";
import { ErrorNotice, errorWords } from "./parts.js";
import { html, useCallback, useEffect, useState } from "./ui.js";

const KINDS = ["sign_in", "account", "user", "token", "hall", "directory", "meeting", "node", "writer", "alert", "rota", "maintenance",
  "audit"];
const REFUSALS = ["sign_in.failed", "sign_in.replayed_code"];

/** @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function AuditLog({ person, switchLanguage, signOut }) {
  const [entries, setEntries] = useState(/** @type {any[]} */ ([]));
  const [before, setBefore] = useState(/** @type {number | null} */ (null));
  const [filter, setFilter] = useState({ action: "", actor: "" });
  const [error, setError] = useState("");
  const [proof, setProof] = useState(/** @type {any} */ (null));
  const load = useCallback(async (/** @type {number | null} */ from) => {
    const query = new URLSearchParams({ ...filter, ...(from === null ? {} : { before: String(from) }) });
    try {
      const page = await call(`/api/v1/audit?${query}`);
      setEntries((known) => (from === null ? page.entries : [...known, ...page.entries]));
      setBefore(page.before);
      setError("");
    } catch (problem) {
      setError(errorWords(problem));
    }
  }, [filter]);
  useEffect(() => {
    const timer = setTimeout(() => load(null), 150);
    return () => clearTimeout(timer);
  }, [load]);
  async function prove() {
    setProof(null);
    try {
      setProof(await call("/api/v1/audit/proof"));
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  return html`<${Page} ...${{ person, switchLanguage, signOut }} title=${t("audit.title")}>
    <div class="row row--between">
      <div class="row grow">
        <label class="visually-hidden" for="audit-kind">${t("audit.kind")}</label>
        <select id="audit-kind" class="input" value=${filter.action}
          onChange=${(/** @type {any} */ event) => setFilter({ ...filter, action: event.target.value })}>
          <option value="">${t("audit.all")}</option>
          ${KINDS.map((kind) => html`<option key=${kind} value=${kind}>${t(`audit.kind.${kind}`)}</option>`)}
        </select>
        <label class="visually-hidden" for="audit-actor">${t("audit.actor")}</label>
        <input id="audit-actor" class="input" type="search" placeholder=${t("audit.actor")} value=${filter.actor} maxlength="100"
          onInput=${(/** @type {any} */ event) => setFilter({ ...filter, actor: event.target.value.trim() })} />
      </div>
      <div class="row">
        <button class="button" onClick=${prove}>${t("audit.prove")}</button>
        <a class="button" href="/api/v1/audit/export.csv" download>${t("audit.csv")}</a>
        <a class="button" href="/api/v1/audit/export.json" download>${t("audit.json")}</a>
      </div>
    </div>
    <${ErrorNotice} error=${error} />
    ${proof && html`<p class="notice" data-state=${proof.problem ? "bad" : "good"} role="status">
      ${proof.problem ? t("audit.broken", { problem: proof.problem }) : t("audit.whole", { n: proof.entries })}</p>`}
    <div class="card scroll">
      <table class="table audit">
        <thead><tr><th>${t("audit.time")}</th><th>${t("audit.actor")}</th><th>${t("audit.what")}</th><th>${t("audit.object")}</th><th>${t("audit.from")}</th></tr></thead>
        <tbody>${entries.map((entry) => html`<tr key=${entry.seq}>
          <td class="numbers-left">${dateTime(entry.at)}</td>
          <td>${entry.actor}</td>
          <td>${REFUSALS.includes(entry.action) ? html`<span class="state" data-state="weak">${words(entry.action)}</span>` : words(entry.action)}</td>
          <td>${entry.object !== entry.actor && entry.object} ${Object.keys(entry.detail).length > 0 && html`<span class="code soft small">${inShort(entry.detail)}</span>`}</td>
          <td class="code">${entry.address}</td>
        </tr>`)}</tbody>
      </table>
      ${!entries.length && html`<p class="soft">${t("audit.none")}</p>`}
    </div>
    ${before !== null && html`<div><button class="button" onClick=${() => load(before)}>${t("audit.more")}</button></div>`}
  <//>`;
}

/** What happened, in words; what is not known by name shows its name. @param {string} action */
function words(action) {
  const said = t(`did.${action}`);
  return said === `did.${action}` ? action : said;
}

/** @param {Record<string, any>} detail */
function inShort(detail) {
  const text = Object.entries(detail).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
