// A line for a shell, to copy whole.

import { t } from "../locale.js";
import { html, useRef, useState } from "../ui.js";

/** @param {{label: string, value: string}} props */
export function CopyLine({ label, value }) {
  const [copied, setCopied] = useState(false);
  const line = useRef(/** @type {any} */ (null));
  async function copy() {
    if (navigator.clipboard) await navigator.clipboard.writeText(value);
    else {
      // Without a secure context: selected, for Ctrl+C.
      getSelection()?.selectAllChildren(line.current);
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  }
  return html`<div class="once stack stack--tight">
    <div class="row row--between"><span class="soft small">${label}</span>
      <button type="button" class="button button--small" onClick=${copy} aria-label=${`${t("copy")}: ${label}`}>
        <span aria-live="polite">${copied ? t("copied") : t("copy")}</span></button></div>
    <pre class="code line" tabindex="0" ref=${line}>${value}</pre>
  </div>`;
}
