// The tree of units, by mouse and by keyboard as the ARIA tree pattern says. Shows what it is given.

import { fold } from "../fold.js";
import { day, t } from "../locale.js";
import { html, useEffect, useMemo, useRef, useState } from "../ui.js";

const OPEN_AT_FIRST = 250;

/** Rows from the top down, each with its place among its siblings.
 *  @param {any[]} units @param {(key: string) => boolean} isOpen */
function rowsOf(units, isOpen) {
  const keys = new Set(units.map((unit) => unit.key));
  /** @type {Map<string, any[]>} */
  const below = new Map();
  for (const unit of units) {
    const parent = keys.has(unit.parent) ? unit.parent : "";
    below.set(parent, [...(below.get(parent) ?? []), unit]);
  }
  for (const list of below.values()) list.sort((a, b) => a.name.localeCompare(b.name, "vi"));
  /** @type {any[]} */
  const rows = [];
  const add = (/** @type {string} */ parent, /** @type {number} */ level) => {
    const siblings = below.get(parent) ?? [];
    siblings.forEach((unit, index) => {
      const children = below.get(unit.key)?.length ?? 0;
      const open = children > 0 && isOpen(unit.key);
      rows.push({ unit, level, children, open, parent, place: index + 1, of: siblings.length });
      if (open) add(unit.key, level + 1);
    });
  };
  add("", 1);
  return rows;
}

/** @param {{units: any[], chosen: string, onChoose: (key: string) => void}} props */
export function Tree({ units, chosen, onChoose }) {
  const [flipped, setFlipped] = useState(/** @type {Set<string>} */ (new Set()));
  const [focused, setFocused] = useState("");
  const list = useRef(/** @type {any} */ (null));
  const typed = useRef({ text: "", at: 0 });
  const byKey = useMemo(() => new Map(units.map((unit) => [unit.key, unit])), [units]);
  const openAtFirst = units.length <= OPEN_AT_FIRST;
  const rows = useMemo(() => {
    const above = new Set();
    for (let unit = byKey.get(chosen); unit?.parent && !above.has(unit.parent); unit = byKey.get(unit.parent)) above.add(unit.parent);
    return rowsOf(units, (key) => (openAtFirst || above.has(key)) !== flipped.has(key));
  }, [units, byKey, chosen, flipped, openAtFirst]);
  const current = rows.some((row) => row.unit.key === focused) ? focused
    : rows.some((row) => row.unit.key === chosen) ? chosen : rows[0]?.unit.key;

  const flip = (/** @type {string} */ key) => setFlipped((now) => {
    const next = new Set(now);
    if (!next.delete(key)) next.add(key);
    return next;
  });
  function go(/** @type {any} */ row) {
    if (!row) return;
    setFocused(row.unit.key);
    list.current?.querySelector(`[data-key="${CSS.escape(row.unit.key)}"]`)?.focus();
  }
  function onKeyDown(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = rows.findIndex((row) => row.unit.key === current);
    const row = rows[at];
    if (!row) return;
    if (event.key === "ArrowDown") go(rows[at + 1]);
    else if (event.key === "ArrowUp") go(rows[at - 1]);
    else if (event.key === "Home") go(rows[0]);
    else if (event.key === "End") go(rows[rows.length - 1]);
    else if (event.key === "ArrowRight" && row.children) {
      if (row.open) go(rows[at + 1]);
      else flip(current);
    } else if (event.key === "ArrowLeft") {
      if (row.open) flip(current);
      else go(rows.find((one) => one.unit.key === row.parent));
    } else if (event.key === "Enter" || event.key === " ") onChoose(current);
    else if (event.key.length === 1) typeAhead(event.key, at);
    else return;
    event.preventDefault();
  }
  /** To the next unit whose name begins with what is typed quickly. @param {string} letter @param {number} at */
  function typeAhead(letter, at) {
    const now = Date.now();
    const text = fold((now - typed.current.at < 700 ? typed.current.text : "") + letter);
    typed.current = { text, at: now };
    const order = [...rows.slice(at + (text.length === 1 ? 1 : 0)), ...rows.slice(0, at)];
    go(order.find((row) => fold(row.unit.name).startsWith(text)));
  }
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return html`<ul class="tree" role="tree" aria-label=${t("directory.units")} ref=${list} onKeyDown=${onKeyDown}>
    ${rows.map(({ unit, level, children, open, place, of }) => html`<li key=${unit.key} role="treeitem" data-key=${unit.key}
      data-level=${Math.min(level, 6)} class=${`tree__item ${unit.valid_to ? "tree__item--ended" : ""}`}
      aria-level=${level} aria-posinset=${place} aria-setsize=${of} aria-expanded=${children ? open : undefined}
      aria-selected=${unit.key === chosen} tabindex=${unit.key === current ? 0 : -1}
      onFocus=${() => setFocused(unit.key)} onClick=${() => onChoose(unit.key)}>
      <span class="tree__twist" aria-hidden="true"
        onClick=${(/** @type {Event} */ event) => { if (children) { event.stopPropagation(); flip(unit.key); } }}>${children ? (open ? "▾" : "▸") : ""}</span>
      <span class="tree__name">${unit.name}${" "}<span
        class="soft small">${t(`choice.${unit.kind}`)}${unit.valid_to ? ` · ${t("directory.until", { day: day(unit.valid_to) })}` : ""}</span></span>
      ${children > 0 && html`<span class="soft small numbers">${children}</span>`}
    </li>`)}
  </ul>`;
}
