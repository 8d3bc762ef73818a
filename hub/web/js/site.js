// One site in full: what is wrong now, its lines over a day and a month, outages with their causes, whom to call,
// machines, devices, meetings.

import { call, every } from "./api.js";
import { contactsOf, dialled } from "./contacts.js";
import { Line } from "./line.js";
import { Days } from "./days.js";
import { t, today } from "./locale.js";
import { Node } from "./node.js";
import { Outages } from "./outages.js";
import { StateMark, followed } from "./parts.js";
import { isCut, siteState } from "./trouble.js";
import { html, useEffect, useRef, useState } from "./ui.js";

const HISTORY_POLL_MS = 60000;
const HISTORY_MINUTES = 1440;
const DAYS = 30;
const DAYS_POLL_MS = 5 * 60 * 1000;

/** What a route of the hub says, asked again from time to time; null until it is there. Left alone when it fails: the
 *  board itself says that the hub does not answer. @param {string} path @param {number} pollMs */
function useAsked(path, pollMs) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let over = false;
    const refresh = () => call(path).then((answer) => { if (!over) setFound(answer); }, () => {});
    refresh();
    const timer = setInterval(refresh, pollMs);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [path, pollMs]);
  return found;
}

/** Once per site. @param {() => Promise<any>} ask @param {string} code @param {boolean} may */
function useOnce(ask, code, may) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let over = false;
    if (may) ask().then((answer) => { if (!over) setFound(answer); }, () => {});
    return () => { over = true; };
  }, [code, may]);
  return found;
}

/** @param {{board: any, code: string, person: any, go: (path: string) => void, isMoved: boolean, onShown: () => void}} props
 *  `isMoved`: from another page of the board, so the focus goes to the heading */
export function Site({ board, code, person, go, isMoved, onShown }) {
  const heading = useRef(/** @type {any} */ (null));
  const site = board.sites.find((/** @type {any} */ one) => one.code === code);
  useEffect(() => { onShown(); if (isMoved) heading.current?.focus(); }, [code]);
  useEffect(() => { document.title = `${site?.name ?? code} – Thông Suốt`; }, [site?.name]);
  const back = html`<a class="site__back" href="/" onClick=${followed(go)}><span aria-hidden="true">←</span> ${t("site.back")}</a>`;
  if (!site) return html`<div class="page stack">${back}<h1 class="title" ref=${heading} tabindex="-1">${t("site.unknown", { code })}</h1></div>`;
  return html`<div class="site stack">
    ${back}
    <div class="row row--between">
      <h1 class="title grow" ref=${heading} tabindex="-1">${site.name}</h1>
      <${StateMark} state=${isCut(site) ? "down" : siteState(site)} />
    </div>
    <${Detail} key=${code} ...${{ board, site, person }} />
  </div>`;
}

/** @param {{board: any, site: any, person: any}} props */
function Detail({ board, site, person }) {
  const at = `/api/v1/board/sites/${encodeURIComponent(site.code)}`;
  const mayRead = person.actions.includes("directory.read");
  const history = useAsked(`${at}/history?minutes=${HISTORY_MINUTES}`, HISTORY_POLL_MS);
  const outages = useAsked(`${at}/outages`, HISTORY_POLL_MS);
  const days = useAsked(`${at}/days?days=${DAYS}`, DAYS_POLL_MS);
  const contacts = useOnce(() => contactsOf(site.code), site.code, mayRead);
  const devices = useOnce(() => every(`/api/v1/directory/devices?site=${encodeURIComponent(site.code)}`), site.code, mayRead);
  const contract = (/** @type {any} */ line) => contacts?.lines.find((/** @type {any} */ one) => one.key === line.line);
  return html`<div class="site__columns">
    <div class="stack">
      ${site.lines.map((/** @type {any} */ line) => html`<${Line} key=${line.line} line=${line} now=${board.now}
        history=${history?.lines[line.line]} times=${history?.times ?? []} contract=${contract(line)}>
        ${days && html`<${Days} days=${days.lines[line.line] ?? []} last=${today()} count=${DAYS} />`}
        <p class="small"><a href=${`/bao-cao?line=${encodeURIComponent(line.line)}`}>${t("line.report")}</a></p><//>`)}
      ${!site.lines.length && html`<p class="empty">${t("site.noLines")}</p>`}
      ${outages && site.lines.length > 0 && html`<${Outages} outages=${outages.outages} lines=${site.lines} now=${outages.now}
        code=${site.code} />`}
      ${site.nodes.map((/** @type {any} */ node) => html`<${Node} key=${node.node} node=${node}
        history=${history?.nodes[node.node]} times=${history?.times ?? []} />`)}
      ${!site.nodes.length && html`<p class="empty">${t("site.noNode")}
        ${" "}<a href=${`/danh-muc/diem/${encodeURIComponent(site.code)}`}>${t("site.addNode")}</a></p>`}
    </div>
    <aside class="stack site__side" aria-label=${t("site.about")}>
      <section class="card stack stack--tight" aria-labelledby="about">
        <h2 class="subtitle" id="about">${t("site.about")}</h2>
        <p>${site.unit && html`${site.unit} · `}<span class="code">${site.code}</span></p>
        ${mayRead && html`<a href=${`/danh-muc/diem/${encodeURIComponent(site.code)}`}>${t("site.directory")}</a>`}
      </section>
      ${contacts && html`<${Contacts} contacts=${contacts} />`}
      <${Open} meetings=${board.meetings} />
      ${devices && devices.length > 0 && html`<${Devices} devices=${devices} />`}
    </aside>
  </div>`;
}

/** @param {{contacts: any}} props */
function Contacts({ contacts }) {
  const hotlines = contacts.lines.filter((/** @type {any} */ line) => line.hotline);
  return html`<section class="card stack stack--tight site__contacts" aria-labelledby="contacts">
    <h2 class="subtitle" id="contacts">${t("contacts")}</h2>
    ${!contacts.people.length && !hotlines.length && html`<p class="soft">${t("contacts.none")}</p>`}
    <ul class="plain">${contacts.people.map((/** @type {any} */ one) => html`<li key=${one.name}>
      <strong>${one.name}</strong> <span class="soft small">${one.title}</span>
      ${one.numbers.map((/** @type {string} */ number) => html`<div><a class="numbers" href=${dialled(number)}>${number}</a></div>`)}
    </li>`)}
    ${hotlines.map((/** @type {any} */ line) => html`<li key=${line.key}>
      <strong>${t("contacts.hotline", { provider: line.provider })}</strong>
      <div><a class="numbers" href=${dialled(line.hotline)}>${line.hotline}</a>
        ${line.contract_number && html`<span class="soft small"> · ${t("contract", { number: line.contract_number })}</span>`}</div>
    </li>`)}</ul>
  </section>`;
}

/** @param {{meetings: any[]}} props */
function Open({ meetings }) {
  return html`<section class="card stack stack--tight" aria-labelledby="meetings">
    <h2 class="subtitle" id="meetings">${t("meetings")}</h2>
    ${!meetings.length && html`<p class="soft">${t("meetings.noneOpen")}</p>`}
    ${meetings.map((meeting) => html`<div key=${meeting.code} class="row row--between">
      <span class="grow">${meeting.title}<br /><span class="soft small">${t("meetings.points", { n: meeting.participants.length })}</span></span>
      <a class="button" href=${meeting.url} target="_blank" rel="noopener">${t("meetings.join")}</a>
    </div>`)}
  </section>`;
}

/** @param {{devices: any[]}} props */
function Devices({ devices }) {
  return html`<section class="card stack stack--tight" aria-labelledby="devices">
    <h2 class="subtitle" id="devices">${t("noun.devices")} <span class="soft numbers">${devices.length}</span></h2>
    <ul class="plain">${devices.map((device) => html`<li key=${device.key}>
      <strong>${device.name}</strong> <span class="soft small">${t(`choice.${device.kind}`)}</span>
      <div class="soft small">${[device.address, device.firmware, device.place].filter(Boolean).join(" · ")}</div>
    </li>`)}</ul>
  </section>`;
}
