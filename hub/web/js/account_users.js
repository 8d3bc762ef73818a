// Users and what they may do, for administrators: each within the part of the tree that is theirs.

import { call } from "./api.js";
import { Page } from "./frame.js";
import { fold } from "./fold.js";
import { t } from "./locale.js";
import { ErrorNotice, ShownOnce, errorWords } from "./parts.js";
import { Field, useForm } from "./sign_in.js";
import { html, useCallback, useEffect, useState } from "./ui.js";

const ROLES = ["administrator", "technician", "secretary", "leader"];

/** @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function Users({ person, switchLanguage, signOut }) {
  const [users, setUsers] = useState(/** @type {any[] | null} */ (null));
  const [error, setError] = useState("");
  const [search, setSearch] = useState("");
  const [adding, setAdding] = useState(false);
  const [oneTime, setOneTime] = useState(/** @type {any} */ (null));
  const refresh = useCallback(() => {
    call("/api/v1/users").then((found) => { setUsers(found); setError(""); }, (problem) => setError(errorWords(problem)));
  }, []);
  useEffect(refresh, [refresh]);
  /** One change of one user; its words when it is refused.
   * @param {string} path @param {string} method @param {any} [body] */
  async function change(path, method, body) {
    try {
      const answer = await call(`/api/v1/users/${path}`, { method, body });
      if (answer?.password) setOneTime(answer);
      refresh();
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  const wanted = fold(search);
  const shown = (users ?? []).filter((user) => fold(`${user.name} ${user.display_name}`).includes(wanted));
  return html`<${Page} ...${{ person, switchLanguage, signOut }} title=${t("users.title")}>
    <div class="row">
      <label class="visually-hidden" for="user-search">${t("users.search")}</label>
      <input id="user-search" class="input grow" type="search" placeholder=${t("users.search")} value=${search}
        onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} />
      <button class="button button--primary" aria-expanded=${adding} onClick=${() => setAdding(!adding)}>${t("users.add")}</button>
    </div>
    <${ErrorNotice} error=${error} />
    ${oneTime && html`<div class="notice" data-state="good" role="status"><div class="stack stack--tight grow">
      <span>${t("users.oneTime", { name: oneTime.user.display_name })}</span>
      <${ShownOnce} label=${oneTime.user.name} value=${oneTime.password} />
      <div><button class="button" onClick=${() => setOneTime(null)}>${t("users.written")}</button></div>
    </div></div>`}
    ${adding && html`<${NewUser} onCancel=${() => setAdding(false)}
      onAdded=${(/** @type {any} */ made) => { setOneTime(made); setAdding(false); refresh(); }} />`}
    <ul class="items">
      ${shown.map((user) => html`<${User} key=${user.name} user=${user} isSelf=${user.name === person.name} change=${change} />`)}
    </ul>
    ${users && !shown.length && html`<p class="empty">${t("users.none")}</p>`}
  <//>`;
}

/** @param {{user: any, isSelf: boolean, change: (path: string, method: string, body?: any) => void}} props */
function User({ user, isSelf, change }) {
  const [open, setOpen] = useState("");
  const path = encodeURIComponent(user.name);
  const sure = {
    password: { words: t("users.sure.password"), act: () => change(`${path}/one-time-password`, "POST") },
    totp: { words: t("users.sure.totp"), act: () => change(`${path}/totp`, "DELETE") },
    disable: { words: t("users.sure.disable"), act: () => change(path, "PATCH", { disabled: true }) },
  }[open];
  return html`<li class=${`card stack stack--tight user ${user.disabled ? "user--disabled" : ""}`}>
    <div class="row">
      <div class="grow"><strong>${user.display_name}</strong> <span class="code soft">${user.name}</span>
        ${isSelf && html` <span class="badge">${t("users.you")}</span>`}
        ${user.disabled && html` <span class="badge">${t("users.disabled")}</span>`}
        ${user.must_change_password && html` <span class="badge">${t("users.waiting")}</span>`}
      </div>
      <span class="state small" data-state=${user.has_totp ? "good" : "nodata"}>
        ${user.has_totp ? t("users.totp") : t("users.noTotp")}</span>
    </div>
    <ul class="grants" aria-label=${t("users.rights")}>
      ${user.grants.map((/** @type {any} */ grant) => html`<li key=${grant.id} class="grant">
        <span><strong>${t(`role.${grant.role}`)}</strong> · ${grant.unit === null ? t("users.everything") : `${grant.unit_name} (${grant.unit_code})`}</span>
        ${user.yours && html`<button class="button button--quiet button--small"
          aria-label=${t("users.revoke", { role: t(`role.${grant.role}`), name: user.display_name })}
          onClick=${() => change(`${path}/grants/${grant.id}`, "DELETE")}>${t("revoke")}</button>`}
      </li>`)}
      ${!user.grants.length && html`<li class="soft">${t("users.noRights")}</li>`}
    </ul>
    ${user.yours && !sure && open !== "grant" && html`<div class="row">
      <button class="button button--small" onClick=${() => setOpen("grant")}>${t("users.grant")}</button>
      <button class="button button--small" onClick=${() => setOpen("password")}>${t("users.reset")}</button>
      ${user.has_totp && html`<button class="button button--small" onClick=${() => setOpen("totp")}>${t("users.removeTotp")}</button>`}
      ${user.disabled
        ? html`<button class="button button--small" onClick=${() => change(path, "PATCH", { disabled: false })}>${t("users.enable")}</button>`
        : html`<button class="button button--small button--quiet" onClick=${() => setOpen("disable")}>${t("users.disable")}</button>`}
    </div>`}
    ${sure && html`<div class="row" role="group">
      <span class="grow">${sure.words}</span>
      <button class="button button--danger" onClick=${() => { setOpen(""); sure.act(); }}>${t("users.sure")}</button>
      <button class="button" onClick=${() => setOpen("")}>${t("cancel")}</button>
    </div>`}
    ${open === "grant" && html`<${NewGrant} id=${user.name} onCancel=${() => setOpen("")}
      onGrant=${(/** @type {any} */ grant) => { setOpen(""); change(`${path}/grants`, "POST", grant); }} />`}
  </li>`;
}

/** @param {{onAdded: (made: any) => void, onCancel: () => void}} props */
function NewUser({ onAdded, onCancel }) {
  const [user, setUser] = useState({ name: "", display_name: "", role: "leader", unit: null });
  const form = useForm(async () => onAdded(await call("/api/v1/users", { method: "POST", body: user })));
  return html`<form class="card stack" onSubmit=${form.submit} aria-label=${t("users.add")}>
    <div class="fields">
      <${Field} id="new-display-name" label=${t("users.displayName")} value=${user.display_name} maxlength="200" autofocus
        autocomplete="off" onInput=${(/** @type {string} */ display_name) => setUser({ ...user, display_name })} />
      <${Field} id="new-name" label=${t("users.name")} value=${user.name} maxlength="64" autocapitalize="none"
        autocomplete="off" spellcheck=${false} pattern="[a-zA-Z0-9][a-zA-Z0-9._@\\-]*" hint=${t("users.nameRules")}
        onInput=${(/** @type {string} */ name) => setUser({ ...user, name })} />
      <${RoleAndUnit} id="new" grant=${user} onGrant=${(/** @type {any} */ grant) => setUser({ ...user, ...grant })} />
    </div>
    <${ErrorNotice} error=${form.error} />
    <div class="row">
      <button class="button button--primary" disabled=${form.busy} aria-busy=${form.busy}>${t("users.doAdd")}</button>
      <button type="button" class="button" onClick=${onCancel}>${t("cancel")}</button>
    </div>
  </form>`;
}

/** @param {{id: string, onGrant: (grant: any) => void, onCancel: () => void}} props */
function NewGrant({ id, onGrant, onCancel }) {
  const [grant, setGrant] = useState({ role: "leader", unit: null });
  return html`<form class="stack" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); onGrant(grant); }}>
    <div class="fields"><${RoleAndUnit} id=${id} grant=${grant} onGrant=${setGrant} /></div>
    <div class="row">
      <button class="button button--primary">${t("users.grant")}</button>
      <button type="button" class="button" onClick=${onCancel}>${t("cancel")}</button>
    </div>
  </form>`;
}

/** @param {{id: string, grant: any, onGrant: (grant: {role: string, unit: number | null}) => void}} props */
function RoleAndUnit({ id, grant, onGrant }) {
  const [search, setSearch] = useState("");
  const [units, setUnits] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    if (!search.trim()) {
      setUnits([]);
      onGrant({ role: grant.role, unit: null });
      return undefined;
    }
    let isOld = false;
    // One question per pause in typing.
    const timer = setTimeout(() => call(`/api/v1/users/units?search=${encodeURIComponent(search)}`)
      .then((found) => {
        if (isOld) return;
        setUnits(found);
        // Whoever typed a unit does not mean everything.
        onGrant({ role: grant.role, unit: found[0]?.id ?? null });
      }, () => {}), 200);
    return () => { isOld = true; clearTimeout(timer); };
  }, [search]);
  return html`
    <div class="field"><label for=${`${id}-role`}>${t("users.role")}</label>
      <select id=${`${id}-role`} value=${grant.role} aria-describedby=${`${id}-role-hint`}
        onChange=${(/** @type {any} */ event) => onGrant({ role: event.target.value, unit: grant.unit })}>
        ${ROLES.map((role) => html`<option key=${role} value=${role}>${t(`role.${role}`)}</option>`)}
      </select><span class="hint" id=${`${id}-role-hint`}>${t(`roleWhat.${grant.role}`)}</span></div>
    <div class="field"><label for=${`${id}-unit`}>${t("users.unit")}</label>
      <input id=${`${id}-unit`} type="search" placeholder=${t("users.unitSearch")} autocomplete="off" value=${search}
        onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} />
      <select aria-label=${t("users.unit")} required=${search.trim() !== ""} value=${grant.unit ?? ""}
        onChange=${(/** @type {any} */ event) => onGrant({ role: grant.role, unit: event.target.value ? Number(event.target.value) : null })}>
        ${!search.trim() && html`<option value="">${t("users.everything")}</option>`}
        ${search.trim() && !units.length && html`<option value="">${t("users.noUnit")}</option>`}
        ${units.map((unit) => html`<option key=${unit.id} value=${unit.id}>
          ${[`${unit.name} (${unit.code})`, unit.within].filter(Boolean).join(" · ")}</option>`)}
      </select></div>`;
}
