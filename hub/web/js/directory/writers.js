// Programs of others (Prometheus, vmagent, …) that write samples for a site: a token each, shown once.

import { call } from "../api.js";
import { dateTime, t } from "../locale.js";
import { ErrorNotice, errorWords } from "../parts.js";
import { html, useCallback, useEffect, useState } from "../ui.js";
import { CopyLine } from "./copy.js";

/** @param {string} site */
const writersOf = (site) => `/api/v1/sites/${encodeURIComponent(site)}/writers`;

/** Only for those who may enrol machines there. @param {{desk: import("./desk.js").Desk, site: any}} props */
export function Writers({ desk, site }) {
  const [writers, setWriters] = useState(/** @type {any[]} */ ([]));
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [name, setName] = useState("");
  const [state, setState] = useState({ busy: false, error: "" });
  const read = useCallback(() => call(writersOf(site.key)).then(setWriters,
    (problem) => setState({ busy: false, error: errorWords(problem) })), [site.key]);
  useEffect(() => { read(); }, [read]);
  async function work(/** @type {() => Promise<void>} */ what) {
    setState({ busy: true, error: "" });
    try {
      await what();
      await read();
      setState({ busy: false, error: "" });
    } catch (problem) {
      setState({ busy: false, error: errorWords(problem) });
    }
  }
  const make = (/** @type {Event} */ event) => {
    event.preventDefault();
    work(async () => {
      setMade(await call(writersOf(site.key), { method: "POST", body: { name } }));
      setName("");
    });
  };
  const revoke = (/** @type {any} */ one) => work(async () => {
    await call(`${writersOf(site.key)}/${one.id}`, { method: "DELETE" });
    if (made?.id === one.id) setMade(null);
    desk.say(t("writer.revoked", { name: one.name }));
  });
  return html`<details class="stack stack--tight" open=${writers.length > 0}><summary>${t("writer.title")}
    <span class="soft numbers"> ${writers.length}</span></summary>
    <p class="soft small">${t("writer.what")}</p>
    <${ErrorNotice} error=${state.error} />
    ${writers.length > 0 && html`<ul class="items cards">${writers.map((one) => html`<${Writer} key=${one.id}
      one=${one} onRevoke=${() => revoke(one)} />`)}</ul>`}
    ${made && html`<div class="card stack stack--tight" role="status">
      <p>${t("writer.made", { name: made.name })}</p>
      <${CopyLine} label=${t("writer.url")} value=${made.url} />
      <${CopyLine} label=${t("writer.token")} value=${made.token} />
      <div><button type="button" class="button" onClick=${() => setMade(null)}>${t("users.written")}</button></div>
    </div>`}
    <form class="row row--end" onSubmit=${make} aria-label=${t("writer.add")}>
      <div class="field grow"><label for="writer-name">${t("writer.name")}</label>
        <input id="writer-name" class="input" required maxlength="100" autocomplete="off" value=${name}
          onInput=${(/** @type {any} */ event) => setName(event.target.value)} /></div>
      <button class="button" disabled=${state.busy} aria-busy=${state.busy}>${t("writer.add")}</button>
    </form>
  </details>`;
}

/** @param {{one: any, onRevoke: () => void}} props */
function Writer({ one, onRevoke }) {
  const [sure, setSure] = useState(false);
  return html`<li class="card stack stack--tight thing"><strong>${one.name}</strong>
    <span class="soft small">${t("writer.last", { time: one.last_write_at === null ? t("never") : dateTime(one.last_write_at) })}</span>
    ${sure ? html`<div class="row"><span class="grow">${t("writer.sure")}</span>
      <button type="button" class="button button--danger" onClick=${onRevoke}>${t("users.sure")}</button>
      <button type="button" class="button" onClick=${() => setSure(false)}>${t("cancel")}</button></div>`
      : html`<div><button type="button" class="button button--small button--quiet"
        aria-label=${t("writer.revokeOne", { name: one.name })} onClick=${() => setSure(true)}>${t("revoke")}</button></div>`}
  </li>`;
}
