// Small parts that several pages show.

import { ApiError } from "./api.js";
import { currentLanguage, t } from "./locale.js";
import { html, useEffect, useState } from "./ui.js";

/** States of the API to states of the theme. @type {Record<string, string>} */
const THEME_STATES = { good: "good", weak: "weak", bad: "bad", down: "bad", no_data: "nodata" };

/** @param {{state: string}} props */
export function StateMark({ state }) {
  return html`<span class="state" data-state=${themeState(state)}>${t(`state.${state}`)}</span>`;
}

/** @param {string} state */
export function themeState(state) {
  return THEME_STATES[state] ?? "nodata";
}

/** @param {{onSwitch: (language: "vi" | "en") => void}} props */
export function LanguageSwitch({ onSwitch }) {
  const other = currentLanguage() === "vi" ? "en" : "vi";
  const name = other === "vi" ? "Tiếng Việt" : "English";
  return html`<button type="button" class="button button--quiet" lang=${other} onClick=${() => onSwitch(other)}>
    ${name}
  </button>`;
}

/** @param {{label: string, value: string, hint?: string, state?: string}} props */
export function Figure({ label, value, hint, state }) {
  return html`<div class="figure" data-state=${state ? themeState(state) : undefined}>
    <span class="soft small">${label}</span>
    <span class="figure__value numbers">${value}</span>
    <span class="soft small numbers">${hint ?? ""}</span>
  </div>`;
}

/** What an error says to a person; what was typed stays. @param {unknown} error */
export function errorWords(error) {
  return error instanceof ApiError && error.status !== 0 ? inOneLanguage(error.message) : t("error.noAnswer");
}

/** The hub says each thing in both languages, "Vietnamese. / English.". @param {string} text */
function inOneLanguage(text) {
  const [vietnamese, english] = text.split(". / ");
  if (english === undefined) return text;
  return currentLanguage() === "vi" ? `${vietnamese}.` : english;
}

/** What was typed or chosen, given on. @param {(value: string) => void} give */
export const typed = (give) => (/** @type {any} */ event) => give(event.target.value);

/** @param {{error: string}} props */
export function ErrorNotice({ error }) {
  return error ? html`<p class="notice" data-state="bad" role="alert">${error}</p>` : null;
}

/**
 * A secret that is shown this once: select it, copy it, write it down.
 * @param {{label: string, value: string}} props
 */
export function ShownOnce({ label, value }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  }
  return html`<div class="once">
    <span class="soft small">${label}</span>
    <div class="row">
      <output class="code once__value grow">${value}</output>
      ${navigator.clipboard && html`<button type="button" class="button" onClick=${copy} aria-live="polite">
        ${copied ? t("copied") : t("copy")}
      </button>`}
    </div>
  </div>`;
}

/** A part that is loaded when somebody opens it: the first view stays small.
 *  @param {{load: () => Promise<any>, [more: string]: any}} props */
export function Later({ load, ...props }) {
  const [part, setPart] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    let over = false;
    load().then((found) => { if (!over) setPart(() => found); }, () => { if (!over) setError(t("error.noAnswer")); });
    return () => { over = true; };
  }, [load]);
  if (error) return html`<${ErrorNotice} error=${error} />`;
  return part && html`<${part} ...${props} />`;
}

/** A link that stays in this page when it is simply clicked. @param {(path: string) => void} go */
export const followed = (go) => (/** @type {any} */ event) => {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(event.currentTarget.getAttribute("href"));
};
