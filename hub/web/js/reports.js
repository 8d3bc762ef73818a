// The months there are reports of: printable, CSV and XLSX, of the whole tree, a provider or a line.

import { Page } from "./frame.js";
import { t } from "./locale.js";
import { html } from "./ui.js";

/** @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function Reports({ person, switchLanguage, signOut }) {
  return html`<${Page} ...${{ person, switchLanguage, signOut }} title=${t("reports")}>
    <p class="empty">${t("reports.none")}</p>
  <//>`;
}
