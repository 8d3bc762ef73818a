// A dialog over the page: the browser's own <dialog>, which keeps the keyboard inside and gives it back when it closes.

import { t } from "../locale.js";
import { html, useEffect, useRef } from "../ui.js";

/** @param {{title: string, onClose: () => void, children?: any}} props */
export function Dialog({ title, onClose, children }) {
  const dialog = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const before = /** @type {any} */ (document.activeElement);
    dialog.current.showModal();
    return () => before?.focus?.();
  }, []);
  const cancel = (/** @type {Event} */ event) => {
    // A file chooser that is cancelled says so too.
    if (event.target !== dialog.current) return;
    event.preventDefault();
    onClose();
  };
  return html`<dialog class="dialog dialog--wide" ref=${dialog} aria-labelledby="dialog-title" onCancel=${cancel}>
    <div class="stack">
      <div class="row row--between dialog__head">
        <h2 class="subtitle grow" id="dialog-title">${title}</h2>
        <button type="button" class="button button--quiet" onClick=${onClose}>${t("close")}</button>
      </div>
      ${children}
    </div>
  </dialog>`;
}
