// The second factor: its QR code, the first code, and the recovery codes that are shown this once.

import { call } from "./api.js";
import { t } from "./locale.js";
import { ErrorNotice, errorWords } from "./parts.js";
import { Field, useForm } from "./sign_in.js";
import { html, useEffect, useState } from "./ui.js";

/**
 * @param {{present: string | null, onDone: (person: any) => void, onCancel?: () => void}} props
 *   `present`: a code of the second factor that is there already
 */
export function TotpSetUp({ present, onDone, onCancel }) {
  const [offer, setOffer] = useState(/** @type {any} */ (null));
  const [failed, setFailed] = useState("");
  const [code, setCode] = useState("");
  const [made, setMade] = useState(/** @type {any} */ (null));
  useEffect(() => {
    call("/api/v1/account/totp", { method: "POST", body: { code: present } })
      .then(setOffer, (error) => setFailed(errorWords(error)));
  }, [present]);
  const form = useForm(async () => {
    setMade(await call("/api/v1/account/totp/confirm", { method: "POST", body: { code } }));
  });
  if (made) return html`<${RecoveryCodes} codes=${made.recovery_codes} onKept=${() => onDone(made.person)} />`;
  return html`<form class="stack" onSubmit=${form.submit}>
    <${ErrorNotice} error=${failed} />
    ${offer && html`
      <ol class="steps">
        <li>${t("totp.install")}</li>
        <li>${t("totp.scan")}
          <div class="row totp">
            <img class="totp__qr" src=${offer.qr} alt=${t("totp.qr")} />
            <details class="grow"><summary>${t("totp.typing")}</summary>
              <output class="code">${offer.secret.match(/.{1,4}/g).join(" ")}</output></details>
          </div>
        </li>
        <li>${t("totp.type")}
          <${Field} id="code" label=${t("totp.code")} value=${code} onInput=${setCode} class="code code--big"
            inputmode="numeric" autocomplete="one-time-code" maxlength="10" />
        </li>
      </ol>
      <${ErrorNotice} error=${form.error} />
      <div class="row">
        <button class="button button--primary" disabled=${form.busy} aria-busy=${form.busy}>${t("totp.do")}</button>
        ${onCancel && html`<button type="button" class="button" onClick=${onCancel}>${t("cancel")}</button>`}
      </div>`}
    ${failed && onCancel && html`<button type="button" class="button" onClick=${onCancel}>${t("cancel")}</button>`}
  </form>`;
}

/** @param {{codes: string[], onKept: () => void}} props */
export function RecoveryCodes({ codes, onKept }) {
  const [kept, setKept] = useState(false);
  const text = codes.join("\n");
  return html`<div class="stack">
    <p>${t("recovery.what")}</p>
    <ul class="recovery" aria-label=${t("recovery.title")}>${codes.map((one) => html`<li key=${one} class="code">${one}</li>`)}</ul>
    <div class="row">
      <a class="button" download="thong-suot-ma-du-phong.txt" href=${`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}>
        ${t("recovery.save")}</a>
      <button type="button" class="button" onClick=${() => print()}>${t("recovery.print")}</button>
    </div>
    <label class="row"><input type="checkbox" checked=${kept}
      onChange=${(/** @type {any} */ event) => setKept(event.target.checked)} /> ${t("recovery.kept")}</label>
    <button type="button" class="button button--primary" disabled=${!kept} onClick=${onKept}>${t("continue")}</button>
  </div>`;
}

/** The step of an administrator's first sign-in. @param {{person: any, onPerson: (person: any) => void, signOut: () => void}} props */
export function TotpStep({ person, onPerson, signOut }) {
  return html`<main class="entry">
    <div class="card stack entry__card entry__card--wide">
      <h1 class="title">${t("totp.title")}</h1>
      <p class="soft">${t("totp.why", { name: person.display_name })}</p>
      <${TotpSetUp} present=${null} onDone=${onPerson} />
      <button type="button" class="button button--quiet" onClick=${signOut}>${t("signIn.other")}</button>
    </div>
  </main>`;
}
