// What is wrong, heaviest first: what, where, since when, whose fault, whom to call.

import { calleeOf, contactsOf, dialled } from "./contacts.js";
import { clock, dayClock, duration, t } from "./locale.js";
import { followed, themeState } from "./parts.js";
import { causeWords, evidenceWords, troubles } from "./trouble.js";
import { html, useEffect, useMemo, useRef, useState } from "./ui.js";

const FIRST = 5;

/** The contacts of the sites that are shown, asked for one after the other and once.
 *  @param {string[]} codes @param {boolean} mayRead */
function useContacts(codes, mayRead) {
  const [found, setFound] = useState(/** @type {Record<string, any>} */ ({}));
  const wanted = codes.find((code) => !(code in found));
  useEffect(() => {
    if (!mayRead || wanted === undefined) return undefined;
    let over = false;
    contactsOf(wanted).catch(() => null).then((contacts) => {
      if (!over) setFound((before) => ({ ...before, [wanted]: contacts }));
    });
    return () => { over = true; };
  }, [mayRead, wanted]);
  return found;
}

/** While the pointer or the focus is in the list, what is there keeps its place; what is new comes below.
 *  @param {import("./trouble.js").Trouble[]} found @param {boolean} held */
function useSteady(found, held) {
  const order = useRef(/** @type {string[]} */ ([]));
  const place = (/** @type {any} */ one) => {
    const index = order.current.indexOf(one.site.code);
    return index < 0 ? order.current.length : index;
  };
  const steady = held ? [...found].sort((one, other) => place(one) - place(other)) : found;
  order.current = steady.map((one) => one.site.code);
  return steady;
}

/** @param {{board: any, person: any, go: (path: string) => void}} props */
export function Troubles({ board, person, go }) {
  const [all, setAll] = useState(false);
  const [held, setHeld] = useState(false);
  const found = useSteady(useMemo(() => troubles(board), [board]), held);
  const shown = all ? found : found.slice(0, FIRST);
  const contacts = useContacts(shown.slice(0, FIRST * 3).map((one) => one.site.code), person.actions.includes("directory.read"));
  return html`<section class="stack stack--tight" aria-labelledby="troubles"
    onMouseEnter=${() => setHeld(true)} onMouseLeave=${() => setHeld(false)}
    onFocusIn=${() => setHeld(true)} onFocusOut=${() => setHeld(false)}>
    <h2 class="subtitle" id="troubles">${t("troubles")} ${found.length > 0 && html`<span class="soft numbers">${found.length}</span>`}</h2>
    ${!found.length && html`<p class="soft">${board.sites.length ? t("troubles.none") : t("troubles.noSites")}</p>`}
    ${found.length > 0 && html`<ul class="troubles">${shown.map((one) => html`<${Row} key=${one.site.code}
      trouble=${one} now=${board.now} go=${go} contacts=${contacts[one.site.code]} />`)}</ul>`}
    ${found.length > FIRST && html`<button type="button" class="button button--small" aria-expanded=${all}
      onClick=${() => setAll(!all)}>${all ? t("troubles.fewer") : t("troubles.more", { n: found.length - FIRST })}</button>`}
  </section>`;
}

/** @param {{trouble: import("./trouble.js").Trouble, now: number, go: any, contacts: any}} props */
function Row({ trouble, now, go, contacts }) {
  const { site, line, state, what, since } = trouble;
  const cause = causeWords(line), evidence = evidenceWords(line);
  const callee = contacts && calleeOf(contacts, line);
  return html`<li class="trouble card" data-state=${themeState(state)}>
    <div class="trouble__head">
      <a class="trouble__site" href=${`/diem/${encodeURIComponent(site.code)}`} onClick=${followed(go)}>
        <span class="state" data-state=${themeState(state)}><span class="visually-hidden">${t(`state.${state}`)}: </span>${site.name}</span></a>
      ${since !== null && html`<span class="soft small numbers" title=${dayClock(since)}>
        ${t("since", { time: now - since < 72000 ? clock(since) : dayClock(since), duration: duration(now - since) })}</span>`}
    </div>
    <p class="trouble__what">${what}${line && !what.includes(line.name) && html` <span class="soft">· ${line.name}</span>`}</p>
    ${(cause || evidence) && html`<p class="small soft trouble__why" title=${evidence}>
      ${cause && html`<strong class="trouble__cause">${cause}</strong>`}${cause && evidence ? ": " : ""}${evidence}</p>`}
    ${callee && html`<p class="small"><a class="trouble__call" href=${dialled(callee.number)}>
      ${t("call", { name: callee.name, number: callee.number })}</a>
      ${callee.contract && html`<span class="soft"> · ${t("contract", { number: callee.contract })}</span>`}</p>`}
  </li>`;
}
