// The machines of a site that run an agent, and adding one: a token, the line to paste, the sheet to print.

import { call, every } from "../api.js";
import { dateTime, duration, t } from "../locale.js";
import { ErrorNotice, errorWords } from "../parts.js";
import { html, useCallback, useEffect, useState } from "../ui.js";
import { CopyLine } from "./copy.js";
import { API } from "./paths.js";
import { Sheet } from "./sheet.js";

const POLL_MS = 3000;
const DAYS = [1, 7, 30];

/** @param {string} site */
const tokensOf = (site) => `/api/v1/sites/${encodeURIComponent(site)}/enrolment-tokens`;

/** @param {{desk: import("./desk.js").Desk, site: any}} props */
export function Machines({ desk, site }) {
  const [nodes, setNodes] = useState(/** @type {any[] | null} */ (null));
  const [error, setError] = useState("");
  const [adding, setAdding] = useState(false);
  const mayEnrol = desk.may("nodes.enrol");
  const read = useCallback(() => {
    every(`${API}/nodes?closed=true&site=${encodeURIComponent(site.key)}`).then(setNodes, (problem) => setError(errorWords(problem)));
  }, [site.key]);
  useEffect(read, [read, desk.version]);
  const now = (nodes ?? []).filter((node) => node.revoked_at === null), ended = (nodes ?? []).filter((node) => node.revoked_at !== null);
  return html`<section class="stack stack--tight" aria-labelledby="nodes-title">
    <div class="row row--between"><h2 class="subtitle" id="nodes-title">${t("noun.nodes")} ${nodes && html`<span
      class="soft numbers">${now.length}</span>`}</h2>
      ${mayEnrol && !adding && html`<button type="button" class="button button--small"
        onClick=${() => setAdding(true)}>${t("machine.add")}</button>`}</div>
    <${ErrorNotice} error=${error} />
    ${adding && html`<${AddMachine} desk=${desk} site=${site} onEnrolled=${read} onClose=${() => setAdding(false)} />`}
    ${now.length > 0 && html`<ul class="items cards">${now.map((node) => html`<${Machine}
      key=${node.key} ...${{ desk, node, mayEnrol, onChanged: read }} />`)}</ul>`}
    ${nodes && !now.length && !adding && html`<p class="empty empty--small">${t("machine.none")}</p>`}
    ${ended.length > 0 && html`<details><summary>${t("machine.revoked", { n: ended.length })}</summary>
      <ul class="links">${ended.map((node) => html`<li key=${node.key}>${node.hostname} <span
        class="soft small">${t("machine.revokedAt", { time: dateTime(node.revoked_at) })}</span></li>`)}</ul></details>`}
  </section>`;
}

/** @param {{desk: import("./desk.js").Desk, node: any, mayEnrol: boolean, onChanged: () => void}} props */
function Machine({ desk, node, mayEnrol, onChanged }) {
  const [sure, setSure] = useState(false);
  const [error, setError] = useState("");
  async function revoke() {
    try {
      await call(`${API}/nodes/${encodeURIComponent(node.key)}/revoke`, { method: "POST", body: {} });
      desk.say(t("machine.revokeDone", { name: node.hostname }));
      onChanged();
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  return html`<li class="card stack stack--tight thing">
    <strong>${node.hostname}</strong>
    <dl class="facts">
      <div><dt>${t("machine.system")}</dt><dd>${node.platform}</dd></div>
      <div><dt>${t("machine.version")}</dt><dd class="numbers">${node.version}</dd></div>
      <div><dt>${t("machine.enrolled")}</dt><dd class="numbers">${dateTime(node.enrolled_at)}</dd></div>
      <div><dt>${t("machine.seen")}</dt><dd
        class="numbers">${node.last_seen_at === null ? t("never") : dateTime(node.last_seen_at)}</dd></div>
    </dl>
    <${ErrorNotice} error=${error} />
    ${mayEnrol && !sure && html`<div><button type="button" class="button button--small button--quiet"
      aria-label=${t("machine.revokeOne", { name: node.hostname })}
        onClick=${() => setSure(true)}>${t("revoke")}</button></div>`}
    ${sure && html`<div class="row"><span class="grow">${t("machine.revokeSure")}</span>
      <button type="button" class="button button--danger" onClick=${revoke}>${t("users.sure")}</button>
      <button type="button" class="button" onClick=${() => setSure(false)}>${t("cancel")}</button></div>`}
  </li>`;
}

/** @param {{desk: import("./desk.js").Desk, site: any, onEnrolled: () => void, onClose: () => void}} props */
function AddMachine({ desk, site, onEnrolled, onClose }) {
  const [days, setDays] = useState(1);
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [open, setOpen] = useState(/** @type {any[]} */ ([]));
  const [state, setState] = useState({ busy: false, error: "" });
  const read = useCallback(() => call(tokensOf(site.key)).then(setOpen, () => {}), [site.key]);
  useEffect(() => {
    read();
    const timer = setInterval(read, POLL_MS);
    return () => clearInterval(timer);
  }, [read]);
  const used = made && open.find((one) => one.id === made.record.id && one.node);
  useEffect(() => { if (used) onEnrolled(); }, [used?.node]);
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
  const make = () => work(async () => setMade(await call(tokensOf(site.key), { method: "POST", body: { days } })));
  const revoke = (/** @type {string} */ id) => work(async () => {
    await call(`${tokensOf(site.key)}/${id}`, { method: "DELETE" });
    if (made?.record.id === id) setMade(null);
  });
  const waiting = open.filter((one) => !one.node && one.id !== made?.record.id);
  return html`<section class="card stack" aria-labelledby="machine-title">
    <h3 class="subtitle" id="machine-title">${t("machine.add")}</h3>
    ${!made && html`<p class="soft">${t("machine.what")}</p>
      <div class="row row--end"><div class="field"><label for="machine-days">${t("machine.days")}</label>
        <select id="machine-days" value=${days}
          onChange=${(/** @type {any} */ event) => setDays(Number(event.target.value))}>
          ${DAYS.map((one) => html`<option key=${one} value=${one}>${t("duration.days", { n: one })}</option>`)}</select>
            </div>
        <button type="button" class="button button--primary" disabled=${state.busy} aria-busy=${state.busy}
          onClick=${make}>${t("machine.make")}</button>
        <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button></div>`}
    <${ErrorNotice} error=${state.error} />
    ${made && html`<${Lines} made=${made} />
      <p role="status" class="notice" data-state=${used ? "good" : "nodata"}>
        ${used ? t("machine.arrived", { name: used.hostname, time: dateTime(used.used_at) }) : t("machine.waiting")}</p>
      <div class="row"><button type="button" class="button button--primary"
        onClick=${() => desk.open((desk) => html`<${Sheet} site=${site} made=${made}
          onClose=${desk.close} />`)}>${t("machine.print")}</button>
        <button type="button" class="button" onClick=${onClose}>${t("done")}</button>
        ${!used && html`<button type="button" class="button button--quiet"
          onClick=${() => revoke(made.record.id)}>${t("machine.takeBack")}</button>`}</div>`}
    ${waiting.length > 0 && html`<details><summary>${t("machine.open", { n: waiting.length })}</summary><ul class="items">
      ${waiting.map((one) => html`<li key=${one.id} class="item"><span
        class="grow">${t("machine.openOne", { made: dateTime(one.created_at), until: dateTime(one.expires_at) })}</span>
        <button type="button" class="button button--small" onClick=${() => revoke(one.id)}>${t("revoke")}</button>
          </li>`)}</ul></details>`}
  </section>`;
}

/** @param {{made: any}} props */
function Lines({ made }) {
  return html`<div class="stack">
    ${made.only_here && html`<p class="notice" data-state="weak">${t("machine.onlyHere")}</p>`}
    ${!made.has_packages && html`<p class="notice" data-state="weak">${t("machine.noPackages")}</p>`}
    <${CopyLine} label=${t("machine.paste")} value=${made.line} />
    <p class="soft small">${t("machine.until", { time: dateTime(made.record.expires_at), left: duration(made.record.expires_at - Date.now() / 1000) })}</p>
    <${CopyLine} label=${t("machine.uninstall")} value=${made.uninstall} />
  </div>`;
}
