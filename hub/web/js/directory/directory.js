// "Units and sites": the tree at the left, what is chosen at the right; on a telephone one after the other.

import { call, every } from "../api.js";
import { Page } from "../frame.js";
import { t } from "../locale.js";
import { ErrorNotice, errorWords, typed } from "../parts.js";
import { html, useCallback, useEffect, useMemo, useRef, useState } from "../ui.js";
import { ExportDialog, ImportDialog, Start } from "./files.js";
import { ThingForm } from "./form.js";
import { saved } from "./desk.js";
import { MergerDialog } from "./merger.js";
import { API, HOME, chosen, sitePage, unitPage } from "./paths.js";
import { Hits, useSearch } from "./search.js";
import { Site } from "./site.js";
import { isEnded } from "./things.js";
import { Tree } from "./tree.js";
import { Go, Unit } from "./unit.js";

const UNDO_MS = 60000;

/** All units, those that ended too, and the sites that belong to none. @param {number} version */
function useTree(version) {
  const [tree, setTree] = useState(/** @type {{units: any[], loose: any[]} | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    let isOld = false;
    Promise.all([every(`${API}/units?closed=true`), call("/api/v1/board")]).then(([units, board]) => {
      if (isOld) return;
      setTree({ units, loose: board.sites.filter((/** @type {any} */ site) => !site.unit) });
      setError("");
    }, (problem) => { if (!isOld) setError(errorWords(problem)); });
    return () => { isOld = true; };
  }, [version]);
  return { tree, error };
}

function useAddress() {
  const [path, setPath] = useState(location.pathname);
  const moved = useRef(false);
  useEffect(() => {
    const follow = () => setPath(location.pathname);
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const go = useCallback((/** @type {string} */ wanted) => {
    // Whoever goes from the list of hits, from a link, or on a telephone, goes on at the heading of what comes.
    moved.current = !document.activeElement?.closest(".tree") || matchMedia("(max-width: 900px)").matches;
    history.pushState(null, "", wanted);
    setPath(wanted);
    scrollTo(0, 0);
  }, []);
  const arrived = useCallback(() => {
    if (moved.current) /** @type {any} */ (document.querySelector(".detail h1"))?.focus();
    moved.current = false;
  }, []);
  return { path, go, arrived };
}

/** @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function Directory({ person, switchLanguage, signOut }) {
  const [version, setVersion] = useState(0);
  const [treeVersion, setTreeVersion] = useState(0);
  const [said, setSaid] = useState(/** @type {any} */ (null));
  const [dialog, setDialog] = useState(/** @type {any} */ (null));
  const [adding, setAdding] = useState(false);
  const [siteUnit, setSiteUnit] = useState("");
  const [words, setWords] = useState("");
  const [withEnded, setWithEnded] = useState(false);
  const { path, go, arrived } = useAddress();
  const { tree, error } = useTree(treeVersion);
  const { hits, error: searchError } = useSearch(words, withEnded);
  const { noun, key } = chosen(path);

  const reload = useCallback((/** @type {string} */ noun = "") => {
    setVersion((now) => now + 1);
    // The whole country is many pages: it is read again only when the tree may differ.
    if (["", "units", "sites"].includes(noun)) setTreeVersion((now) => now + 1);
  }, []);
  const units = useMemo(() => new Map((tree?.units ?? []).map((unit) => [unit.key, unit])), [tree]);
  const names = useMemo(() => Object.fromEntries([...units.values()].map((unit) => [unit.key, unit.name])), [units]);
  /** @type {import("./desk.js").Desk} */
  const desk = {
    person, units, names, version, reload, go, arrived,
    may: (/** @type {string} */ action) => person.actions.includes(action),
    mayWrite: person.actions.includes("directory.write"),
    mayAll: person.everywhere.includes("directory.write"),
    at: (/** @type {string | null} */ unit) => setSiteUnit(unit ?? ""),
    say: (/** @type {string} */ text, /** @type {any} */ undo = null) => setSaid({ text, undo }),
    fail: (/** @type {unknown} */ problem) => setSaid({ text: errorWords(problem), state: "bad" }),
    open: (/** @type {(desk: import("./desk.js").Desk) => any} */ make) => setDialog(() => make),
    close: () => setDialog(null),
  };
  const choose = (/** @type {string} */ unit) => { setAdding(false); go(unitPage(unit)); };
  const shown = (tree?.units ?? []).filter((unit) => withEnded || !isEnded(unit) || unit.key === key);
  const isEmpty = tree !== null && tree.units.length === 0;
  const anyEnded = (tree?.units ?? []).some(isEnded);
  const openImport = () => desk.open((desk) => html`<${ImportDialog} desk=${desk} onClose=${desk.close} />`);
  return html`<${Page} ...${{ person, switchLanguage, signOut }} title=${t("directory.title")} wide=${true}>
    ${!key && html`<h1 class="visually-hidden">${t("directory.title")}</h1>`}
    <div class=${`directory ${key || adding ? "directory--chosen" : ""}`}>
      <section class="directory__side stack stack--tight" aria-label=${t("directory.units")}>
        <div class="field"><label class="visually-hidden" for="directory-search">${t("search.label")}</label>
          <input id="directory-search" type="search" placeholder=${t("search.label")} value=${words}
            autocomplete="off" spellcheck=${false}
            onInput=${typed(setWords)} /></div>
        ${desk.mayWrite && tree && html`<div class="row directory__do">
          ${desk.mayAll && html`<button type="button" class="button button--small"
            onClick=${() => setAdding(true)}>${t("add.units")}</button>
            <button type="button" class="button button--small" onClick=${openImport}>${t("import.open")}</button>
            ${!isEmpty && html`<button type="button" class="button button--small"
              onClick=${() => desk.open((desk) => html`<${MergerDialog} desk=${desk}
                onClose=${desk.close} />`)}>${t("merger.open")}</button>`}`}
          ${person.everywhere.includes("directory.read") && html`<button type="button" class="button button--small"
            onClick=${() => desk.open(() => html`<${ExportDialog} onClose=${desk.close} />`)}>${t("export.open")}</button>`}
        </div>`}
        <${ErrorNotice} error=${error || searchError} />
        <div class="directory__list stack stack--tight">${hits ? html`<${Hits} desk=${desk} hits=${hits} />` : html`
          ${shown.length > 0 && html`<${Tree} units=${shown} chosen=${noun === "units" ? key : noun === "sites" ? siteUnit : ""} onChoose=${choose} />`}
          ${anyEnded && html`<label class="choice small"><input type="checkbox" checked=${withEnded}
            onChange=${() => setWithEnded(!withEnded)} /> ${t("directory.withEnded")}</label>`}
          ${tree && tree.loose.length > 0 && html`<section aria-label=${t("directory.loose")}><h2
            class="soft small hits__noun">${t("directory.loose")}</h2>
            <ul class="links">${tree.loose.map((site) => html`<li key=${site.code}><${Go} desk=${desk}
              href=${sitePage(site.code)}>${site.name}<//></li>`)}</ul></section>`}`}</div>
      </section>
      <div class="detail stack">
        ${(key || adding) && html`<a class="button button--small directory__back" href=${HOME}
          onClick=${(/** @type {Event} */ event) => { event.preventDefault(); setAdding(false); go(HOME); }}>‹ ${t("directory.back")}</a>`}
        ${adding && html`<${ThingForm} level=${2} noun="units" title=${t("add.units")} onCancel=${() => setAdding(false)}
          onDone=${(/** @type {any} */ made) => { setAdding(false); saved(desk, "units", made.key, t("added", { what: made.name })); go(unitPage(made.key)); }} />`}
        ${!adding && noun === "units" && tree && html`<${Unit} key=${key} desk=${desk} itemKey=${key} />`}
        ${!adding && noun === "sites" && html`<${Site} key=${key} desk=${desk} itemKey=${key} />`}
        ${!adding && !key && isEmpty && html`<${Start} desk=${desk} onAdd=${() => setAdding(true)}
          onImport=${openImport} />`}
        ${!adding && !key && tree && !isEmpty && html`<p class="empty directory__hint">${t("directory.choose")}</p>`}
      </div>
    </div>
    ${dialog && dialog(desk)}
    <${Said} said=${said} onClose=${() => setSaid(null)} desk=${desk} />
  <//>`;
}

/** What was just done, and taking it back. @param {{said: any, onClose: () => void,
 *   desk: import("./desk.js").Desk}} props */
function Said({ said, onClose, desk }) {
  const [busy, setBusy] = useState(false);
  async function undo() {
    setBusy(true);
    try {
      await call(said.undo.path, { method: "POST", body: {}, timeout: UNDO_MS });
      desk.say(t("undone"));
      desk.reload();
    } catch (problem) {
      desk.fail(problem);
    }
    setBusy(false);
  }
  return html`<div class="said" role="status">${said && html`<div class="said__box card row">
    <span class=${`grow ${said.state ? "state" : ""}`} data-state=${said.state}>${said.text}</span>
    ${said.undo && html`<button type="button" class="button button--small" disabled=${busy} aria-busy=${busy}
      onClick=${undo}>${t("undo")}</button>`}
    <button type="button" class="button button--small button--quiet" onClick=${onClose}>${t("close")}</button>
  </div>`}</div>`;
}
