// The form of any thing of the directory, in place: what is wrong stands at its field, what was typed stays.

import { ApiError, ask, call } from "../api.js";
import { currentLanguage, dateTime, day, t, today } from "../locale.js";
import { ErrorNotice, errorWords, typed } from "../parts.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { NOUNS, asText, asValue, codeOf, label, shown } from "./nouns.js";
import { API, of } from "./paths.js";
import { Picker } from "./picker.js";

/**
 * @param {{noun: string, title: string, itemKey?: string, given?: Record<string, any>, names?: Record<string, string>,
 *   level?: 2 | 3, codeFrom?: (name: string) => string, onDone: (saved: any) => void, onCancel: () => void}} props
 *   `itemKey`: the thing to change; without it a new one, which has what `given` holds
 */
export function ThingForm(props) {
  const { noun, itemKey } = props;
  const [opened, setOpened] = useState(/** @type {any} */ (itemKey ? null : { document: {}, etag: "" }));
  const [error, setError] = useState("");
  useEffect(() => {
    if (itemKey) ask(of(noun, itemKey)).then(setOpened, (problem) => setError(errorWords(problem)));
  }, [noun, itemKey]);
  if (error) return html`<${ErrorNotice} error=${error} />`;
  return opened && html`<${OpenForm} ...${props} opened=${opened} />`;
}

/** @param {any} props */
function OpenForm({ noun, title, itemKey, given = {}, names = {}, level = 3, codeFrom = codeOf, onDone, onCancel, opened }) {
  // A site goes to another unit on a day, by a form of its own.
  const fields = NOUNS[noun].filter((field) => !itemKey || (!field.fixed && !(noun === "sites" && field.name === "unit")));
  const start = (/** @type {any} */ item) =>
    Object.fromEntries(fields.map((field) => [field.name, asText(field, item[field.name] ?? given[field.name]) || usual(field)]));
  const [base, setBase] = useState(opened);
  const [values, setValues] = useState(() => start(opened.document));
  const [known, setKnown] = useState(/** @type {Record<string, string>} */ ({ ...names, ...opened.document.names }));
  const [wrong, setWrong] = useState(/** @type {Record<string, string>} */ ({}));
  const [state, setState] = useState({ busy: false, error: "" });
  const [conflict, setConflict] = useState(/** @type {any} */ (null));
  const [codeTyped, setCodeTyped] = useState(false);
  const form = useRef(/** @type {any} */ (null));
  const id = `${noun}-${itemKey ?? "new"}`.replaceAll(/[^\w-]/g, "_");

  useEffect(() => { form.current?.querySelector("input, select")?.focus(); }, []);
  useEffect(() => {
    if (Object.keys(wrong).length) form.current?.querySelector("[aria-invalid=true]")?.focus();
  }, [wrong]);

  const set = (/** @type {string} */ name, /** @type {string} */ value) => setValues((now) => {
    const next = { ...now, [name]: value };
    // A code that nobody typed follows the name.
    const derives = !itemKey && name === "name" && !codeTyped && fields.some((one) => one.name === "code" && one.required);
    return derives && noun !== "units" ? { ...next, code: codeFrom(value) } : next;
  });

  /** What is sent: of a change only the fields that differ from `item`. @param {any} item @param {Record<string,
   *   string>} held */
  function body(item, held) {
    /** @type {Record<string, any>} */
    const sent = itemKey ? {} : Object.fromEntries(Object.entries(given).filter(([name]) => !(name in held)));
    for (const field of fields) {
      const value = asValue(field, held[field.name]);
      if (itemKey ? held[field.name] !== start(item)[field.name] : value !== null && value !== "") sent[field.name] = value;
    }
    return sent;
  }

  /** @param {Record<string, string>} held */
  function findWrong(held) {
    /** @type {Record<string, string>} */
    const found = {};
    for (const field of fields) {
      const value = asValue(field, held[field.name]);
      if (field.required && !held[field.name].trim()) found[field.name] = t("form.required");
      else if (value === undefined) found[field.name] = t("form.number");
      else if (typeof value === "number" && (value < (field.least ?? value) || value > (field.most ?? value))) {
        found[field.name] = t("form.range", { least: String(field.least), most: String(field.most) });
      }
    }
    return found;
  }

  /** @param {any} against the version that is meant @param {Record<string, string>} held what the form holds */
  async function save(against, held) {
    const found = findWrong(held);
    setWrong(found);
    if (Object.keys(found).length) return;
    setState({ busy: true, error: "" });
    try {
      const sent = body(against.document, held);
      if (itemKey && !Object.keys(sent).length) {
        onCancel();
        return;
      }
      const saved = itemKey
        ? await call(of(noun, itemKey), { method: "PATCH", body: sent, match: against.etag })
        : await call(`${API}/${noun}`, { method: "POST", body: sent });
      onDone(saved);
    } catch (problem) {
      await refused(problem);
    }
  }

  /** @param {unknown} problem */
  async function refused(problem) {
    if (problem instanceof ApiError && problem.status === 412 && itemKey) {
      const theirs = await ask(of(noun, itemKey)).catch(() => null);
      const last = await call(`${of(noun, itemKey)}/history?limit=1`).catch(() => null);
      if (theirs) setConflict({ theirs, last: last?.items[0] });
      setState({ busy: false, error: theirs ? "" : errorWords(problem) });
      return;
    }
    const at = problem instanceof ApiError ? atFields(problem, fields) : {};
    setWrong(at);
    setState({ busy: false, error: Object.keys(at).length ? "" : errorWords(problem) });
  }

  /** Theirs where I changed nothing, mine where I did; then mine is saved over it, or theirs shown. @param {boolean} mine */
  function settle(mine) {
    const { theirs } = conflict;
    const before = start(base.document), now = start(theirs.document);
    const merged = Object.fromEntries(Object.keys(now).map((name) => [name, mine && values[name] !== before[name] ? values[name] : now[name]]));
    setKnown({ ...known, ...theirs.document.names });
    setConflict(null);
    setBase(theirs);
    setValues(merged);
    if (mine) save(theirs, merged);
  }

  const submit = (/** @type {Event} */ event) => { event.preventDefault(); save(base, values); };
  return html`<form class="card stack thing__form" onSubmit=${submit} ref=${form} aria-label=${title} novalidate>
    <${`h${level}`} class="subtitle">${title}<//>
    ${conflict && html`<${Conflict} ...${{ conflict, fields, values, start, base, known, onSettle: settle }} />`}
    <div class="fields">
      ${fields.map((field) => html`<${Input} key=${field.name} id=${`${id}-${field.name}`} field=${field}
        value=${values[field.name]}
        wrong=${wrong[field.name]} name=${known[field.name] ?? ""}
        onName=${(/** @type {string} */ name) => setKnown((now) => ({ ...now, [field.name]: name }))}
        onValue=${(/** @type {string} */ value) => { if (field.name === "code") setCodeTyped(true); set(field.name, value); }} />`)}
    </div>
    <${ErrorNotice} error=${state.error} />
    ${!conflict && html`<div class="row">
      <button class="button button--primary" disabled=${state.busy}
        aria-busy=${state.busy}>${itemKey ? t("save") : t("add")}</button>
      <button type="button" class="button" onClick=${onCancel}>${t("cancel")}</button>
    </div>`}
  </form>`;
}

/** What a new thing has until somebody says otherwise. @param {any} field */
const usual = (field) => field.choices?.[0] ?? (field.input === "date" && field.required ? today() : "");

/** The hub's words, by the field they are about. @param {ApiError} problem @param {any[]} fields */
function atFields(problem, fields) {
  /** @type {Record<string, string>} */
  const found = {};
  const has = (/** @type {string} */ name) => fields.some((field) => field.name === name);
  for (const one of problem.errors) if (has(one.field)) found[one.field] = currentLanguage() === "vi" ? one.vi : one.en;
  for (const [, name, words] of problem.message.matchAll(/body\.(\w+): ([^;]+)/g)) if (has(name)) found[name] ??= words;
  return found;
}

/** @param {{id: string, field: any, value: string, wrong?: string, name: string, onValue: (value: string) => void,
 *   onName: (name: string) => void}} props */
function Input({ id, field, value, wrong, name, onValue, onName }) {
  const hint = HINTS[field.name]?.(field);
  const described = [wrong && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  const common = { id, value, "aria-invalid": wrong ? "true" : undefined, "aria-describedby": described };
  const onInput = (/** @type {any} */ event) => onValue(event.target.value);
  return html`<div class="field">
    <label for=${id}>${label(field.name)}${field.required && html` <span aria-hidden="true">*</span>`}</label>
    ${field.input === "choice" && html`<select ...${common} onChange=${onInput}>
      ${field.choices.map((/** @type {string} */ one) => html`<option key=${one}
        value=${one}>${t(`choice.${one}`)}</option>`)}
    </select>`}
    ${field.input === "reference" && html`<${Picker} id=${id} noun=${field.refers} value=${value} name=${value ? name : ""}
      invalid=${Boolean(wrong)} describedBy=${described}
      onPick=${(/** @type {string} */ key, /** @type {string} */ found) => { onName(found); onValue(key); }} />`}
    ${field.input === "date" && html`<${DateInput} ...${common} required=${field.required} onValue=${onValue} />`}
    ${["text", "number"].includes(field.input) && html`<input ...${common} autocomplete="off" maxlength=${field.max}
      type=${field.type ?? "text"} inputmode=${field.input === "number" ? "decimal" : undefined}
      aria-required=${field.required ? "true" : undefined} onInput=${onInput} />`}
    ${hint && html`<span class="hint" id=${`${id}-hint`}>${hint}</span>`}
    ${wrong && html`<span class="error" id=${`${id}-wrong`}>${wrong}</span>`}
  </div>`;
}

/** A day; said once more as it is read here, for browsers that put the month first.
 *  @param {{id: string, value: string, onValue: (value: string) => void, required?: boolean, [more: string]: any}} props */
export function DateInput({ id, value, onValue, required, ...more }) {
  return html`<input id=${id} type="date" value=${value} ...${more} aria-required=${required ? "true" : undefined}
      onInput=${typed(onValue)} />
    ${value && html`<span class="hint numbers">${t("date.read", { day: day(value) })}</span>`}`;
}

/** @type {Record<string, (field: any) => string>} */
const HINTS = {
  code: (field) => (field.optional ? t("hint.codeMade") : t("hint.code")),
  visibility: () => t("hint.visibility"),
  place: () => t("hint.place"),
};

/** Somebody else was quicker: what it was, what it is now, what was typed here.
 *  @param {{conflict: any, fields: any[], values: any, start: any, base: any, known: any,
  *   onSettle: (mine: boolean) => void}} props */
function Conflict({ conflict, fields, values, start, base, known, onSettle }) {
  const before = start(base.document), now = start(conflict.theirs.document);
  const touched = fields.filter((field) => before[field.name] !== now[field.name] || before[field.name] !== values[field.name]);
  const names = conflict.theirs.document.names ?? {};
  const words = (/** @type {any} */ field, /** @type {string} */ value, /** @type {any} */ of) =>
    (field.input === "number" ? value : shown(field.name, value, of)) || "–";
  return html`<div class="notice conflict" data-state="weak" role="alert"><div class="stack stack--tight grow">
    <strong>${conflict.last ? t("conflict.who", { who: conflict.last.actor, time: dateTime(conflict.last.at) }) : t("conflict.someone")}</strong>
    <div class="scroll"><table class="table table--plain">
      <thead><tr><th scope="col">${t("plan.field")}</th><th scope="col">${t("conflict.opened")}</th>
        <th scope="col">${t("conflict.theirs")}</th><th scope="col">${t("conflict.mine")}</th></tr></thead>
      <tbody>${touched.map((field) => html`<tr key=${field.name}>
        <th scope="row">${label(field.name)}</th>
        <td>${words(field, before[field.name], base.document.names)}</td>
        <td>${words(field, now[field.name], names)}</td>
        <td>${before[field.name] === values[field.name] ? html`<span
          class="soft">${t("conflict.untouched")}</span>` : html`<strong>${words(field, values[field.name], known)}</strong>`}</td>
      </tr>`)}</tbody>
    </table></div>
    <div class="row">
      <button type="button" class="button button--primary" onClick=${() => onSettle(true)}>${t("conflict.keepMine")}</button>
      <button type="button" class="button" onClick=${() => onSettle(false)}>${t("conflict.takeTheirs")}</button>
    </div>
  </div></div>`;
}
