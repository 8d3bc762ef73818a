// How each person on duty is told: channels in their order, language, quiet hours; a message to try each.

import { call } from "./api.js";
import { Dialog } from "./directory/dialog.js";
import { Picker } from "./directory/picker.js";
import { t } from "./locale.js";
import { fromMinutes, inMinutes, moved } from "./oncall_parts.js";
import { ErrorNotice, errorWords, typed } from "./parts.js";
import { useForm } from "./sign_in.js";
import { html, useEffect, useState } from "./ui.js";

const CHANNELS = ["email", "webhook", "zalo", "zns", "sms", "modem"];
const MOST_CONTACTS = 8;
const MOST_QUIET = 4;
const TEST_MS = 60000;
const RESULTS = /** @type {Record<string, string>} */ ({ sent: "good", delivered: "good", retry: "weak", refused: "bad" });
const NIGHT = [1320, 360];
let made = 0;

/** @param {{onRota: string[]}} props codes of those who take turns */
export function People({ onRota }) {
  const [known, setKnown] = useState(/** @type {any} */ (null));
  const [editing, setEditing] = useState("");
  const [error, setError] = useState("");
  useEffect(() => {
    call("/api/v1/oncall/people").then(setKnown, (problem) => setError(errorWords(problem)));
  }, []);
  const shown = known?.people.filter((/** @type {any} */ one) => one.contacts.length > 0 || onRota.includes(one.code)) ?? [];
  const person = known?.people.find((/** @type {any} */ one) => one.code === editing);
  const save = (/** @type {any} */ saved) => setKnown({
    ...known, people: known.people.map((/** @type {any} */ one) => (one.code === saved.code ? saved : one)),
  });
  return html`<section class="card stack" aria-labelledby="contacts">
    <h2 class="subtitle" id="contacts">${t("oncall.contacts")}</h2>
    <${ErrorNotice} error=${error} />
    ${known && shown.length === 0 && html`<p class="soft">${t("oncall.contacts.none")}</p>`}
    ${shown.length > 0 && html`<ul class="items">
      ${shown.map((/** @type {any} */ one) => html`<li key=${one.code} class="item">
        <div class="grow"><strong>${one.name}</strong>
          <div class="small soft">${one.contacts.length
            ? one.contacts.map((/** @type {any} */ contact) => `${t(`oncall.channel.${contact.channel}`)} ${contact.to}`).join(" → ")
            : html`<span class="state" data-state="weak">${t("oncall.contacts.missing")}</span>`}</div></div>
        <button class="button" aria-label=${t("oncall.contacts.edit", { name: one.name })} onClick=${() => setEditing(one.code)}>${t("edit")}</button>
      </li>`)}
    </ul>`}
    ${known && html`<div class="field field--short"><label for="another">${t("oncall.contacts.another")}</label>
      <${Picker} id="another" noun="people" value="" name="" onPick=${(/** @type {string} */ code) => setEditing(code)} /></div>`}
    ${person && html`<${Reach} key=${person.code} person=${person} channels=${known.channels} onSaved=${save} onClose=${() => setEditing("")} />`}
  </section>`;
}

/** @param {any} contact */
const withKey = (contact) => ({ ...contact, key: (made += 1) });

/** @param {{person: any, channels: string[], onSaved: (saved: any) => void, onClose: () => void}} props */
function Reach({ person, channels, onSaved, onClose }) {
  const usual = channels[0] ?? "sms";
  const [contacts, setContacts] = useState(() => person.contacts.map(withKey));
  const [quiet, setQuiet] = useState(() => [...person.quiet]);
  const [language, setLanguage] = useState(person.language);
  const [saved, setSaved] = useState(false);
  const body = {
    language, quiet,
    contacts: contacts.map((/** @type {any} */ { channel, to }) => ({ channel, to: to.trim() })),
  };
  const isSaved = JSON.stringify(body) === JSON.stringify({ language: person.language, quiet: person.quiet, contacts: person.contacts });
  const form = useForm(async () => {
    onSaved(await call(`/api/v1/oncall/people/${encodeURIComponent(person.code)}`, { method: "PUT", body }));
    setSaved(true);
  });
  /** @param {number} key @param {any} changes */
  const change = (key, changes) =>
    setContacts(contacts.map((/** @type {any} */ one) => (one.key === key ? { ...one, ...changes } : one)));
  /** @param {number} at @param {number} end @param {string} value */
  const setHour = (at, end, value) => value && setQuiet(quiet.map((pair, index) =>
    (index === at ? pair.map((/** @type {number} */ minute, /** @type {number} */ which) => (which === end ? inMinutes(value) : minute)) : pair)));
  return html`<${Dialog} title=${person.name} onClose=${onClose}>
    <form class="stack" onSubmit=${form.submit}>
      <p class="soft">${t("oncall.contacts.what")}</p>
      <ol class="items" aria-label=${t("oncall.contacts")}>
        ${contacts.map((/** @type {any} */ one, /** @type {number} */ at) => html`<${ContactRow} key=${one.key}
          ...${{ one, at, channels, isSaved, code: person.code, last: at === contacts.length - 1 }}
          onChange=${(/** @type {any} */ changes) => change(one.key, changes)}
          onMove=${(/** @type {number} */ by) => setContacts(moved(contacts, at, by))}
          onRemove=${() => setContacts(contacts.filter((/** @type {any} */ other) => other.key !== one.key))} />`)}
      </ol>
      <div><button type="button" class="button" disabled=${contacts.length >= MOST_CONTACTS}
        onClick=${() => setContacts([...contacts, withKey({ channel: usual, to: "" })])}>${t("oncall.contacts.add")}</button></div>
      <div class="fields">
        <div class="field"><label for="reach-language">${t("oncall.language")}</label>
          <select id="reach-language" value=${language} onChange=${typed(setLanguage)}>
            <option value="vi">Tiếng Việt</option><option value="en">English</option>
          </select></div>
      </div>
      <fieldset class="choices stack stack--tight"><legend>${t("oncall.quiet")}</legend>
        <p class="soft small">${t("oncall.quiet.what")}</p>
        ${quiet.map((pair, at) => html`<div key=${at} class="row row--end">
          ${[0, 1].map((end) => html`<div class="field" key=${end}><label for=${`quiet-${at}-${end}`}>${end === 0 ? t("oncall.from") : t("oncall.to")}</label>
            <input id=${`quiet-${at}-${end}`} type="time" required value=${fromMinutes(pair[end])} onInput=${typed((value) => setHour(at, end, value))} /></div>`)}
          <button type="button" class="button" onClick=${() => setQuiet(quiet.filter((_, index) => index !== at))}>${t("remove")}</button>
        </div>`)}
        <div><button type="button" class="button" disabled=${quiet.length >= MOST_QUIET} onClick=${() => setQuiet([...quiet, NIGHT])}>${t("oncall.quiet.add")}</button></div>
      </fieldset>
      <${ErrorNotice} error=${form.error} />
      ${saved && isSaved && html`<p class="notice" data-state="good" role="status">${t("oncall.contacts.saved")}</p>`}
      <div class="row dialog__do">
        <button class="button button--primary" disabled=${form.busy || isSaved} aria-busy=${form.busy}>${t("save")}</button>
        <button type="button" class="button" onClick=${onClose}>${t("close")}</button>
      </div>
    </form>
  <//>`;
}

/** @param {any} props */
function ContactRow({ one, at, channels, isSaved, code, last, onChange, onMove, onRemove }) {
  const [tried, setTried] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  async function test() {
    setBusy(true);
    setTried(null);
    setError("");
    try {
      const path = `/api/v1/oncall/people/${encodeURIComponent(code)}/contacts/${at + 1}/test`;
      setTried(await call(path, { method: "POST", body: {}, timeout: TEST_MS }));
    } catch (problem) {
      setError(errorWords(problem));
    }
    setBusy(false);
  }
  const isSetUp = channels.includes(one.channel);
  return html`<li class="item contact-row">
    <div class="stack stack--tight grow">
      <div class="row row--end">
        <div class="field"><label for=${`channel-${one.key}`}>${t("oncall.channel")}</label>
          <select id=${`channel-${one.key}`} value=${one.channel} onChange=${typed((channel) => onChange({ channel }))}>
            ${CHANNELS.map((channel) => html`<option key=${channel} value=${channel}>${t(`oncall.channel.${channel}`)}</option>`)}
          </select></div>
        <div class="field grow"><label for=${`to-${one.key}`}>${t(`oncall.address.${one.channel}`)}</label>
          <input id=${`to-${one.key}`} required maxlength="500" autocomplete="off" spellcheck=${false} value=${one.to}
            onInput=${typed((to) => onChange({ to }))} /></div>
      </div>
      <div class="row">
        <button type="button" class="button button--small" disabled=${busy || !isSaved || !isSetUp} aria-busy=${busy} onClick=${test}>${t("oncall.try")}</button>
        <button type="button" class="button button--small" disabled=${at === 0} onClick=${() => onMove(-1)}>${t("oncall.up")}</button>
        <button type="button" class="button button--small" disabled=${last} onClick=${() => onMove(1)}>${t("oncall.down")}</button>
        <button type="button" class="button button--small" onClick=${onRemove}>${t("remove")}</button>
        ${!isSetUp ? html`<span class="state" data-state="weak">${t("oncall.notSetUp")}</span>`
          : !isSaved && html`<span class="soft small">${t("oncall.try.save")}</span>`}
      </div>
      ${tried && html`<p class="small" role="status"><span class="state" data-state=${RESULTS[tried.result]}>${t(`oncall.tried.${tried.result}`)}</span> ${tried.detail}</p>`}
      <${ErrorNotice} error=${error} />
    </div>
  </li>`;
}
