// Choosing a unit, a site or a person by typing some of its name: the combobox of the ARIA patterns.

import { call } from "../api.js";
import { t } from "../locale.js";
import { typed } from "../parts.js";
import { html, useEffect, useState } from "../ui.js";
import { API } from "./paths.js";

const PAUSE_MS = 200;
const MOST = 8;

/**
 * @param {{id: string, noun: string, value: string, name: string, onPick: (key: string, name: string) => void,
 *   describedBy?: string, invalid?: boolean, required?: boolean}} props `value`: the key that is chosen, `name` its name
 */
export function Picker({ id, noun, value, name, onPick, describedBy, invalid, required }) {
  const [entered, setEntered] = useState(/** @type {string | null} */ (null));
  const [options, setOptions] = useState(/** @type {any[]} */ ([]));
  const [at, setAt] = useState(0);
  const isOpen = entered !== null && entered.trim() !== "";
  useEffect(() => {
    if (!isOpen) {
      setOptions([]);
      return undefined;
    }
    let isOld = false;
    const timer = setTimeout(() => {
      call(`${API}/${noun}?limit=${MOST}&search=${encodeURIComponent(entered ?? "")}`).then((page) => {
        if (isOld) return;
        setOptions(page.items);
        setAt(0);
      }, () => {});
    }, PAUSE_MS);
    return () => { isOld = true; clearTimeout(timer); };
  }, [noun, entered]);

  const pick = (/** @type {any} */ item) => { setEntered(null); onPick(item.key, item.name); };
  const leave = () => {
    // What was emptied means none; what was entered and not chosen means nothing.
    if (entered !== null && entered.trim() === "") onPick("", "");
    setEntered(null);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (!isOpen || !options.length) return;
    if (event.key === "ArrowDown") setAt((at + 1) % options.length);
    else if (event.key === "ArrowUp") setAt((at + options.length - 1) % options.length);
    else if (event.key === "Enter") pick(options[at]);
    else if (event.key === "Escape") setEntered(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="picker">
    <input id=${id} role="combobox" autocomplete="off" spellcheck=${false} aria-expanded=${isOpen && options.length > 0}
      aria-controls=${`${id}-list`} aria-autocomplete="list" aria-invalid=${invalid ? "true" : undefined}
      aria-activedescendant=${isOpen && options.length ? `${id}-${at}` : undefined} aria-describedby=${describedBy}
      aria-required=${required ? "true" : undefined}
      placeholder=${t("picker.type")} value=${entered ?? (name || value)} onKeyDown=${onKeyDown} onBlur=${leave}
      onInput=${typed(setEntered)} />
    <ul id=${`${id}-list`} role="listbox" class="picker__list"
      aria-label=${t("picker.found")} hidden=${!isOpen || !options.length}>
      ${options.map((item, index) => html`<li key=${item.key} id=${`${id}-${index}`} role="option"
        aria-selected=${index === at}
        onMouseDown=${(/** @type {Event} */ event) => { event.preventDefault(); pick(item); }}>
        ${item.name} <span class="soft small code">${item.key}</span>
      </li>`)}
    </ul>
  </div>`;
}
