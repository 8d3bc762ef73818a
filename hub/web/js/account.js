// "My account": password, second factor, signed-in browsers, API tokens.

import { call } from "./api.js";
import { RecoveryCodes, TotpSetUp } from "./account_totp.js";
import { ApiTokens } from "./account_tokens.js";
import { Page } from "./frame.js";
import { dateTime, t } from "./locale.js";
import { ErrorNotice, errorWords } from "./parts.js";
import { Field, PasswordFields, guarded, useForm } from "./sign_in.js";
import { html, useCallback, useEffect, useState } from "./ui.js";

const NO_PASSWORDS = { old: "", first: "", again: "" };

/** @param {{person: any, onPerson: (person: any) => void, switchLanguage: any, signOut: () => void}} props */
export function Account({ person, onPerson, switchLanguage, signOut }) {
  const [account, setAccount] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const refresh = useCallback(() => {
    call("/api/v1/account").then((found) => { setAccount(found); setError(""); }, (problem) => setError(errorWords(problem)));
  }, []);
  useEffect(refresh, [refresh]);
  return html`<${Page} ...${{ person, switchLanguage, signOut }} title=${t("account.title")}>
    <p class="soft">${person.display_name} · <span class="code">${person.name}</span></p>
    <${ErrorNotice} error=${error} />
    ${account && html`<div class="sections">
      <${SecondFactor} account=${account} onChanged=${(/** @type {any} */ now) => { if (now) onPerson(now); refresh(); }} />
      <${Password} onPerson=${onPerson} onChanged=${refresh} />
      <${Browsers} sessions=${account.sessions} onChanged=${refresh} />
      <${ApiTokens} />
    </div>`}
  <//>`;
}

/** @param {{account: any, onChanged: (person?: any) => void}} props */
function SecondFactor({ account, onChanged }) {
  const [doing, setDoing] = useState("");
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState(/** @type {string[] | null} */ (null));
  const done = (/** @type {any} */ now = undefined) => { setDoing(""); setCode(""); setCodes(null); onChanged(now); };
  const form = useForm(async () => {
    if (doing === "codes") setCodes(await call("/api/v1/account/recovery-codes", { method: "POST", body: { code } }));
    else if (doing === "remove") {
      await call("/api/v1/account/totp/remove", { method: "POST", body: { code } });
      done();
    } else setDoing("renewing");
  });
  const few = account.recovery_codes_left <= 3;
  return html`<section class="card stack" aria-labelledby="totp-title">
    <h2 class="subtitle" id="totp-title">${t("account.totp")}</h2>
    ${account.has_totp
      ? html`<p><span class="state" data-state="good">${t("account.totpOn")}</span></p>
        <p class=${few ? "notice" : "soft"} data-state=${few ? "weak" : undefined}>
          ${t("account.codesLeft", { n: account.recovery_codes_left })}</p>`
      : html`<p><span class="state" data-state="weak">${t("account.totpOff")}</span></p>`}
    ${doing === "" && html`<div class="row">
      ${account.has_totp
        ? html`<button class="button" onClick=${() => setDoing("codes")}>${t("account.newCodes")}</button>
          <button class="button" onClick=${() => setDoing("renew")}>${t("account.totpRenew")}</button>
          ${!account.person.grants.some((/** @type {any} */ grant) => grant.role === "administrator") && html`
            <button class="button button--quiet" onClick=${() => setDoing("remove")}>${t("account.totpRemove")}</button>`}`
        : html`<button class="button button--primary" onClick=${() => setDoing("renewing")}>${t("account.totpSetUp")}</button>`}
    </div>`}
    ${codes && html`<${RecoveryCodes} codes=${codes} onKept=${() => done()} />`}
    ${["codes", "renew", "remove"].includes(doing) && !codes && html`<form class="stack" onSubmit=${form.submit}>
      <${Field} id="present-code" label=${t("account.presentCode")} value=${code} onInput=${setCode} autofocus
        class="code" autocomplete="one-time-code" maxlength="24" />
      <${ErrorNotice} error=${form.error} />
      <div class="row">
        <button class="button button--primary" disabled=${form.busy} aria-busy=${form.busy}>${t("continue")}</button>
        <button type="button" class="button" onClick=${() => done()}>${t("cancel")}</button>
      </div>
    </form>`}
    ${doing === "renewing" && html`<${TotpSetUp} present=${code || null} onDone=${done} onCancel=${() => done()} />`}
  </section>`;
}

/** @param {{onPerson: (person: any) => void, onChanged: () => void}} props */
function Password({ onPerson, onChanged }) {
  const [fields, setFields] = useState(NO_PASSWORDS);
  const [changed, setChanged] = useState(false);
  const form = useForm(async () => {
    const body = { old: fields.old, new: fields.first };
    onPerson(await call("/api/v1/session/password", { method: "POST", body }));
    setFields(NO_PASSWORDS);
    setChanged(true);
    onChanged();
  });
  const { submit, error, busy } = guarded(form, fields.again !== "" && fields.first !== fields.again);
  return html`<section class="card stack" aria-labelledby="password-title">
    <h2 class="subtitle" id="password-title">${t("account.password")}</h2>
    <form class="stack" onSubmit=${submit}>
      <${PasswordFields} fields=${fields} onFields=${(/** @type {any} */ now) => { setFields(now); setChanged(false); }}
        oldLabel=${t("account.oldPassword")} />
      <${ErrorNotice} error=${error} />
      ${changed && html`<p class="notice" data-state="good" role="status">${t("account.passwordChanged")}</p>`}
      <div><button class="button button--primary" disabled=${busy} aria-busy=${busy}>${t("newPassword.do")}</button></div>
    </form>
  </section>`;
}

/** @param {{sessions: any[], onChanged: () => void}} props */
function Browsers({ sessions, onChanged }) {
  const [error, setError] = useState("");
  async function end(/** @type {number} */ id) {
    try {
      await call(`/api/v1/account/sessions/${id}`, { method: "DELETE" });
      onChanged();
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  return html`<section class="card stack" aria-labelledby="browsers-title">
    <h2 class="subtitle" id="browsers-title">${t("account.browsers")}</h2>
    <p class="soft">${t("account.browsersWhat")}</p>
    <${ErrorNotice} error=${error} />
    <ul class="items">
      ${sessions.map((one) => html`<li key=${one.id} class="item">
        <div class="grow">
          <strong>${one.browser || t("unknown")}</strong> ${one.this && html`<span class="badge">${t("account.this")}</span>`}
          <div class="soft small numbers">${one.address} · ${t("account.seen", { time: dateTime(one.last_seen_at) })}</div>
        </div>
        ${!one.this && html`<button class="button" onClick=${() => end(one.id)}>${t("account.end")}</button>`}
      </li>`)}
    </ul>
  </section>`;
}
