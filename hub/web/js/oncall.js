// The technicians' page: what is open and who has it, who is on duty, figures, ways out.

import { call } from "./api.js";
import { Page } from "./frame.js";
import { ago, currentLanguage, dateTime, dayClock, duration, number, percent, t } from "./locale.js";
import { ErrorNotice, Figure, Later, errorWords, typed } from "./parts.js";
import { Rota } from "./oncall_rota.js";
import { html, useCallback, useEffect, useState } from "./ui.js";

const REFRESH_MS = 5000;
const maintenance = async () => (await import("./oncall_maintenance.js")).Maintenance;
const STATES = /** @type {Record<string, string>} */ ({
  waiting: "weak", notified: "bad", acknowledged: "planned", suppressed: "nodata", resolved: "good",
});

/** @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function Oncall({ person, switchLanguage, signOut }) {
  const [known, setKnown] = useState(/** @type {any} */ (null));
  const [past, setPast] = useState(/** @type {any[] | null} */ (null));
  const [figures, setFigures] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const load = useCallback(async () => {
    try {
      const [bridge, page] = await Promise.all([call("/api/v1/oncall"), call("/api/v1/troubles?state=open")]);
      setKnown({ bridge, page });
      setError("");
    } catch (problem) {
      setError(errorWords(problem));
    }
  }, []);
  useEffect(() => {
    load();
    call("/api/v1/oncall/figures?weeks=8").then(setFigures, () => {});
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, [load]);
  const showPast = () => call("/api/v1/troubles?state=resolved").then(
    (page) => setPast(page.troubles), (problem) => setError(errorWords(problem)));
  return html`<${Page} ...${{ person, switchLanguage, signOut }} title=${t("oncall.title")}>
    <${ErrorNotice} error=${error} />
    ${known && html`<${Warnings} bridge=${known.bridge} />`}
    <section class="stack" aria-labelledby="open-troubles">
      <h2 class="subtitle" id="open-troubles">${t("oncall.open")}</h2>
      ${known && known.page.troubles.length === 0 && html`<p class="notice" data-state="good">${t("oncall.none")}</p>`}
      ${known?.page.troubles.map((/** @type {any} */ one) => html`<${Trouble} key=${one.id} ...${{ one, now: known.page.now, load }} />`)}
    </section>
    <${Rota} person=${person} />
    <${Later} load=${maintenance} person=${person} />
    ${known && html`<${Channels} bridge=${known.bridge} />`}
    ${figures && html`<${Figures} figures=${figures} />`}
    <section class="stack" aria-labelledby="past-troubles">
      <h2 class="subtitle" id="past-troubles">${t("oncall.past")}</h2>
      ${past === null
        ? html`<div><button class="button" onClick=${showPast}>${t("oncall.showPast")}</button></div>`
        : past.length === 0 ? html`<p class="soft">${t("oncall.noPast")}</p>`
        : past.map((one) => html`<${Trouble} key=${one.id} ...${{ one, now: known?.page.now ?? 0, load }} />`)}
    </section>
  <//>`;
}

/** @param {{bridge: any}} props */
function Warnings({ bridge }) {
  const said = [bridge.nobody && "nobody", bridge.no_channel && "noChannel"].filter(Boolean);
  return said.map((one) => html`<p key=${one} class="notice" data-state="bad" role="alert">${t(`oncall.${one}`)}</p>`);
}

/** @param {{one: any, now: number, load: () => Promise<void>}} props */
function Trouble({ one, now, load }) {
  const [open, setOpen] = useState(false);
  const [detail, setDetail] = useState(/** @type {any} */ (null));
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  const path = `/api/v1/troubles/${one.id}`;
  const look = async () => setDetail(await call(path));
  /** @param {string} what @param {any} [body] */
  async function act(what, body = {}) {
    try {
      await call(`${path}/${what}`, { method: "POST", body });
      setError("");
      if (what === "notes") setNote("");
      await load();
      if (open) await look();
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  const toggle = () => {
    setOpen(!open);
    if (!open) look().catch((problem) => setError(errorWords(problem)));
  };
  const words = (/** @type {any} */ alert) => (currentLanguage() === "vi" ? alert.summary_vi : alert.summary_en) || alert.name;
  const isOpen = one.state !== "resolved";
  return html`<article class="card stack stack--tight">
    <div class="row row--between">
      <strong>${one.place}</strong>
      <span class="state" data-state=${STATES[one.state]}>${t(`oncall.state.${one.state}`)}</span>
    </div>
    ${one.alerts.map((/** @type {any} */ alert, /** @type {number} */ index) => html`<div key=${index}>${words(alert)}${alert.runbook && html` · <a href=${alert.runbook}>${t("oncall.guide")}</a>`}</div>`)}
    <div class="soft small numbers">
      ${isOpen ? t("oncall.since", { time: dayClock(one.opened_at), duration: duration(Math.max(0, now - one.opened_at)) })
        : t("oncall.fromTo", { from: dayClock(one.opened_at), to: dayClock(one.resolved_at) })}
      ${one.acknowledged_name ? ` · ${t("oncall.has", { name: one.acknowledged_name })}` : ""}
      ${one.told.length > 0 ? ` · ${t("oncall.told", { names: one.told.join(", ") })}` : ""}
      ${one.waits_until ? ` · ${t("oncall.until", { time: dayClock(one.waits_until) })}` : ""}
    </div>
    <div class="row">
      ${isOpen && one.may_answer && !one.acknowledged_at && html`<button class="button button--primary" onClick=${() => act("acknowledge")}>${t("oncall.take")}</button>`}
      ${isOpen && one.may_answer && one.acknowledged_at && html`<button class="button" onClick=${() => act("hand-back")}>${t("oncall.back")}</button>`}
      <button class="button button--quiet" aria-expanded=${open} onClick=${toggle}>${t("oncall.history")}</button>
    </div>
    <${ErrorNotice} error=${error} />
    ${open && detail && html`<div class="stack stack--tight">
      <ul class="plain">${detail.events.map((/** @type {any} */ event, /** @type {number} */ index) => html`<li key=${index} class="small">
        <span class="numbers soft">${dateTime(event.at)}</span> ${eventWords(event)}</li>`)}</ul>
      ${detail.deliveries.length > 0 && html`<ul class="plain">${detail.deliveries.map((/** @type {any} */ sent, /** @type {number} */ index) => html`<li key=${index} class="small">
        ${sent.name} · ${t(`oncall.channel.${sent.channel}`)} · ${t(`oncall.delivery.${sent.state}`)}</li>`)}</ul>`}
      ${one.may_answer && html`<form class="row" onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); if (note.trim()) act("notes", { text: note.trim() }); }}>
        <label class="visually-hidden" for=${`note-${one.id}`}>${t("oncall.note")}</label>
        <input id=${`note-${one.id}`} class="input grow" maxlength="1000" placeholder=${t("oncall.note")} value=${note} onInput=${typed(setNote)} />
        <button class="button">${t("oncall.addNote")}</button>
      </form>`}
    </div>`}
  </article>`;
}

/** @param {any} event */
function eventWords(event) {
  const said = t(`oncall.event.${event.kind}`);
  // A kind that this page does not know yet is shown by its own name.
  const words = said === `oncall.event.${event.kind}` ? event.kind : said;
  return [words, event.detail.name, event.detail.text].filter(Boolean).join(": ");
}

/** @param {{bridge: any}} props */
function Channels({ bridge }) {
  if (bridge.channels.length === 0) return null;
  return html`<section class="card stack stack--tight" aria-labelledby="channels">
    <h2 class="subtitle" id="channels">${t("oncall.channels")}</h2>
    ${bridge.channels.map((/** @type {any} */ one) => html`<div key=${one.name} class="row row--between">
      <span>${t(`oncall.channel.${one.name}`)}</span>
      <span class="small soft">${one.last_success ? t("oncall.lastSent", { time: ago(bridge.now - one.last_success) }) : t("oncall.neverSent")}</span>
      <span class="state" data-state=${one.works ? "good" : "bad"}>${one.works ? t("oncall.works") : one.last_failure_detail}</span>
    </div>`)}
  </section>`;
}

/** @param {{figures: any}} props */
function Figures({ figures }) {
  const week = figures.weeks.at(-1);
  return html`<section class="card stack" aria-labelledby="figures">
    <h2 class="subtitle" id="figures">${t("oncall.figures")}</h2>
    ${week && html`<div class="row">
      <${Figure} label=${t("oncall.week")} value=${number(week.troubles, 0)} hint=${t("oncall.critical", { n: week.critical })} />
      <${Figure} label=${t("oncall.median")} value=${week.median_seconds === null ? "–" : duration(week.median_seconds)} />
      <${Figure} label=${t("oncall.taken")} value=${`${week.taken}/${week.told}`} />
    </div>`}
    ${figures.rules.length > 0 && html`<div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t("oncall.rule")}</th><th scope="col" class="numbers">${t("oncall.troubles")}</th><th scope="col" class="numbers">${t("oncall.noise")}</th></tr></thead>
      <tbody>${figures.rules.slice(0, 10).map((/** @type {any} */ rule) => html`<tr key=${rule.rule}><th scope="row">${rule.rule}</th>
        <td class="numbers">${rule.troubles}</td><td class="numbers">${rule.noise === null ? "–" : percent(rule.noise)}</td></tr>`)}</tbody>
    </table></div>`}
  </section>`;
}
