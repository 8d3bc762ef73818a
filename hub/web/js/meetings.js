// Meetings that are open: making one gives a link to send.

import { ApiError, call } from "./api.js";
import { dateTime, t } from "./locale.js";
import { html, useState } from "./ui.js";

/** @param {{meetings: any[], onChange: () => void, mayHold: boolean}} props */
export function Meetings({ meetings, onChange, mayHold }) {
  const [title, setTitle] = useState("");
  const [state, setState] = useState({ busy: false, error: "" });

  /** @param {Event} event */
  async function create(event) {
    event.preventDefault();
    setState({ busy: true, error: "" });
    try {
      await call("/api/v1/meetings", { method: "POST", body: { title: title.trim() || t("meetings.untitled") } });
      setTitle("");
      setState({ busy: false, error: "" });
      onChange();
    } catch (error) {
      const words = error instanceof ApiError && error.status ? error.message : t("error.noAnswer");
      setState({ busy: false, error: words });
    }
  }

  return html`<section class="stack stack--tight" aria-label=${t("meetings")}>
    <h2 class="subtitle">${t("meetings")}</h2>
    ${mayHold && html`<form class="row" onSubmit=${create}>
      <label class="visually-hidden" for="meeting-title">${t("meetings.title")}</label>
      <input id="meeting-title" class="grow input" placeholder=${t("meetings.title")} maxlength="200" value=${title}
        onInput=${(/** @type {any} */ event) => setTitle(event.target.value)} />
      <button class="button button--primary" disabled=${state.busy} aria-busy=${state.busy}>${t("meetings.create")}</button>
    </form>`}
    ${state.error && html`<p class="notice" data-state="bad" role="alert">${state.error}</p>`}
    ${meetings.map((meeting) => html`<${Meeting} key=${meeting.code} meeting=${meeting} onChange=${onChange}
      mayHold=${mayHold} />`)}
    ${!meetings.length && html`<p class="soft">${mayHold ? t("meetings.none") : t("meetings.noneOpen")}</p>`}
  </section>`;
}

/** @param {{meeting: any, onChange: () => void, mayHold: boolean}} props */
function Meeting({ meeting, onChange, mayHold }) {
  const [copied, setCopied] = useState(false);
  const [closing, setClosing] = useState(false);
  const link = new URL(meeting.url, location.href).href;
  async function copy() {
    await navigator.clipboard.writeText(link);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  }
  async function close() {
    await call(`/api/v1/meetings/${meeting.code}/close`, { method: "POST" });
    onChange();
  }
  return html`<div class="card stack stack--tight">
    <strong>${meeting.title}</strong>
    <span class="soft small">
      ${t("meetings.made", { time: dateTime(meeting.created_at) })} · ${t("meetings.points", { n: meeting.participants.length })}
    </span>
    <a class="code meeting__link" href=${meeting.url} target="_blank" rel="noopener">${link}</a>
    ${closing ? html`<div class="row" role="group">
      <span class="grow">${t("meetings.closing")}</span>
      <button class="button button--danger" onClick=${close}>${t("meetings.close")}</button>
      <button class="button" onClick=${() => setClosing(false)}>${t("cancel")}</button>
    </div>` : html`<div class="row">
      <a class="button" href=${meeting.url} target="_blank" rel="noopener">${t("meetings.join")}</a>
      ${navigator.clipboard && html`<button class="button" onClick=${copy} aria-live="polite">
        ${copied ? t("meetings.copied") : t("meetings.copy")}
      </button>`}
      ${mayHold && html`<button class="button button--quiet" onClick=${() => setClosing(true)}>${t("meetings.close")}</button>`}
    </div>`}
  </div>`;
}
