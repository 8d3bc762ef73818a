// Lines, devices, people and telephones of a place: each a card that is edited, ended and looked back on in place.

import { ApiError, ask, call, every } from "../api.js";
import { currentLanguage, day, t, today } from "../locale.js";
import { ErrorNotice, errorWords } from "../parts.js";
import { html, useCallback, useEffect, useRef, useState } from "../ui.js";
import { DateInput, ThingForm } from "./form.js";
import { saved } from "./desk.js";
import { History } from "./history.js";
import { NOUNS, codeOf, label, shown } from "./nouns.js";
import { API, of } from "./paths.js";

/** All that refers to a place, what ended too. @param {string} noun @param {string} by @param {string} key @param {number} version */
export function useThings(noun, by, key, version) {
  const [items, setItems] = useState(/** @type {any[] | null} */ (null));
  const [error, setError] = useState("");
  const read = useCallback(async () => {
    try {
      setItems(await every(`${API}/${noun}?closed=true&${by}=${encodeURIComponent(key)}`));
      setError("");
    } catch (problem) {
      setError(errorWords(problem));
    }
  }, [noun, by, key]);
  useEffect(() => { read(); }, [read, version]);
  return { items, error };
}

/** Whoever closes a form goes on at the button that opened it. @param {string} doing what is open
 *  @returns {{current: any}} for what holds the button */
export function useReturn(doing) {
  const place = useRef(/** @type {any} */ (null));
  const before = useRef(doing);
  useEffect(() => {
    if (!["", "history"].includes(before.current) && doing === "") place.current?.querySelector("button")?.focus();
    before.current = doing;
  }, [doing]);
  return place;
}

/** @param {any} item */
export const isEnded = (item) => Boolean(item.valid_to && item.valid_to <= today());

/**
 * @param {{desk: import("./desk.js").Desk, noun: string, by: string, itemKey: string, given: Record<string, any>,
  *   empty: string, codePrefix?: string,
 *   more?: (item: any) => any}} props
 */
export function Things({ desk, noun, by, itemKey, given, empty, codePrefix = "", more }) {
  const { items, error } = useThings(noun, by, itemKey, desk.version);
  const [adding, setAdding] = useState(false);
  const now = (items ?? []).filter((item) => !isEnded(item)), ended = (items ?? []).filter(isEnded);
  const card = (/** @type {any} */ item) => html`<${Thing} key=${item.key} ...${{ desk, noun, item, more }} />`;
  const title = `${noun}-of`;
  const place = useReturn(adding ? "add" : "");
  return html`<section class="stack stack--tight" aria-labelledby=${title}>
    <div class="row row--between" ref=${place}>
      <h2 class="subtitle" id=${title}>${t(`noun.${noun}`)} ${items && html`<span
        class="soft numbers">${now.length}</span>`}</h2>
      ${desk.mayWrite && !adding && html`<button type="button" class="button button--small"
        onClick=${() => setAdding(true)}>${t(`add.${noun}`)}</button>`}
    </div>
    <${ErrorNotice} error=${error} />
    ${adding && html`<${ThingForm} noun=${noun} title=${t(`add.${noun}`)} given=${given} onCancel=${() => setAdding(false)}
      codeFrom=${(/** @type {string} */ name) => (codePrefix ? `${codePrefix}-${codeOf(name)}`.slice(0, 64) : codeOf(name))}
      onDone=${(/** @type {any} */ made) => { setAdding(false); saved(desk, noun, made.key, t("added", { what: made.name ?? made.number })); }} />`}
    ${now.length > 0 && html`<ul class="items cards">${now.map(card)}</ul>`}
    ${items && !now.length && !adding && html`<p class="empty empty--small">${empty}</p>`}
    ${ended.length > 0 && html`<details><summary>${t("things.ended", { n: ended.length })}</summary>
      <ul class="items cards">${ended.map(card)}</ul></details>`}
  </section>`;
}

/** @param {{desk: import("./desk.js").Desk, noun: string, item: any, more?: (item: any) => any}} props */
export function Thing({ desk, noun, item, more }) {
  const [doing, setDoing] = useState("");
  const place = useReturn(doing);
  const name = item.name ?? item.number;
  if (doing === "edit") {
    return html`<li><${ThingForm} noun=${noun} itemKey=${item.key} title=${t("edit.title", { what: name })}
      onCancel=${() => setDoing("")}
      onDone=${() => { setDoing(""); saved(desk, noun, item.key, t("saved", { what: name })); }} /></li>`;
  }
  return html`<li class="card stack stack--tight thing">
    <div class="row row--between"><strong
      class="grow">${noun === "telephones" ? html`<${Telephone} number=${item.number} />` : name}</strong>
      ${isEnded(item) && html`<span class="badge">${t("directory.until", { day: day(item.valid_to) })}</span>`}</div>
    <${Facts} noun=${noun} item=${item} />
    ${more?.(item)}
    ${doing !== "end" && html`<${Actions} ...${{ desk, noun, item, doing, setDoing, place }} />`}
    ${doing === "end" && html`<${End} ...${{ desk, noun, item, onClose: () => setDoing("") }} />`}
    ${doing === "history" && html`<${History} desk=${desk} noun=${noun} itemKey=${item.key} />`}
  </li>`;
}

/** @param {{desk: import("./desk.js").Desk, noun: string, item: any, doing: string, setDoing: (what: string) => void,
 *   place: any, children?: any}} props */
export function Actions({ desk, noun, item, doing, setDoing, place, children }) {
  const name = item.name ?? item.number;
  return html`<div class="row actions" ref=${place}>
    ${desk.mayWrite && html`<button type="button" class="button button--small"
      aria-label=${t("edit.title", { what: name })} onClick=${() => setDoing("edit")}>${t("edit")}</button>
      ${!isEnded(item) && html`<button type="button" class="button button--small"
        aria-label=${t("end.title", { what: name })} onClick=${() => setDoing("end")}>
        ${noun === "telephones" ? t("remove") : t("end")}</button>`}`}
    ${children}
    <button type="button" class="button button--small button--quiet" aria-expanded=${doing === "history"}
      aria-label=${t("history.of", { what: name })}
      onClick=${() => setDoing(doing === "history" ? "" : "history")}>${t("history")}</button>
  </div>`;
}

/** @param {{number: string}} props */
export const Telephone = ({ number }) => html`<a class="telephone"
  href=${`tel:${number.replaceAll(/[^\d+]/g, "")}`}>${number}</a>`;

/** Its fields that hold something. @param {{noun: string, item: any}} props */
export function Facts({ noun, item }) {
  const fields = NOUNS[noun].filter((field) => !["name", "number"].includes(field.name) && shown(field.name, item[field.name]));
  return html`<dl class="facts">${fields.map((field) => html`<div key=${field.name}>
    <dt>${label(field.name)}</dt>
    <dd class=${["code", "mac", "serial", "address"].includes(field.name) && noun !== "sites" ? "code" : ""}>
      ${field.type === "tel" ? html`<${Telephone} number=${item[field.name]} />`
        : shown(field.name, item[field.name], item.names)}</dd>
  </div>`)}</dl>`;
}

/** From a day on it is no more; a telephone is removed.
 *  @param {{desk: import("./desk.js").Desk, noun: string, item: any, onClose: () => void}} props */
export function End({ desk, noun, item, onClose }) {
  const [on, setOn] = useState(today());
  const [state, setState] = useState({ busy: false, error: "" });
  const name = item.name ?? item.number;
  const removes = noun === "telephones";
  async function end(/** @type {Event} */ event) {
    event.preventDefault();
    if (!removes && !on) {
      setState({ busy: false, error: t("form.required") });
      return;
    }
    setState({ busy: true, error: "" });
    try {
      const { etag } = await ask(of(noun, item.key));
      if (removes) {
        await call(of(noun, item.key), { method: "DELETE", match: etag });
        desk.reload(noun);
        await removed(desk, noun, item.key, t("removed", { what: name }));
      } else {
        await call(`${of(noun, item.key)}/close`, { method: "POST", body: { on }, match: etag });
        onClose();
        await saved(desk, noun, item.key, t("ended", { what: name, day: day(on) }));
      }
    } catch (problem) {
      const first = problem instanceof ApiError ? problem.errors[0] : null;
      setState({ busy: false, error: first ? (currentLanguage() === "vi" ? first.vi : first.en) : errorWords(problem) });
    }
  }
  const id = `end-${noun}-${item.key}`.replaceAll(/[^\w-]/g, "_");
  return html`<form class="stack stack--tight" onSubmit=${end} novalidate aria-label=${t("end.title", { what: name })}>
    ${removes ? html`<p>${t("remove.sure", { what: name })}</p>` : html`<div class="field field--short">
      <label for=${id}>${t("end.on")}</label>
      <${DateInput} id=${id} value=${on} aria-describedby=${`${id}-hint`} onValue=${setOn} />
      <span class="hint" id=${`${id}-hint`}>${t("end.hint")}</span></div>`}
    <${ErrorNotice} error=${state.error} />
    <div class="row"><button class="button button--danger" disabled=${state.busy}
      aria-busy=${state.busy}>${removes ? t("remove") : t("end.do")}</button>
      <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button></div>
  </form>`;
}

/** What is gone has no history of its own page: the change is looked up among all, by those who may.
 *  @param {import("./desk.js").Desk} desk @param {string} noun @param {string} key @param {string} words */
async function removed(desk, noun, key, words) {
  const last = desk.mayAll ? await call(`${API}/changes?noun=${noun}&limit=20`).catch(() => null) : null;
  const change = last?.items.find((/** @type {any} */ one) => one.key === key && one.done === "removed");
  desk.say(words, change && { path: `${API}/changes/${change.id}/undo` });
}
