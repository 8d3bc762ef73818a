// Small parts that several pages show.

import { currentLanguage, t } from "./locale.js";
import { html } from "./ui.js";

/** States of the API to states of the theme. @type {Record<string, string>} */
const THEME_STATES = { good: "good", weak: "weak", bad: "bad", no_data: "nodata" };

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
