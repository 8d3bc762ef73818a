// API tokens of the person who is signed in: for programs that read or write in their name, until a date.

import { call } from "./api.js";
import { dateTime, t } from "./locale.js";
import { ErrorNotice, ShownOnce, errorWords } from "./parts.js";
import { Field, useForm } from "./sign_in.js";
import { html, useCallback, useEffect, useState } from "./ui.js";

const SCOPES = ["read", "write", "metrics", "wall"];
const DAYS = [30, 90, 365];

export function ApiTokens() {
  const [tokens, setTokens] = useState(/** @type {any[]} */ ([]));
  const [made, setMade] = useState({ token: "", wall: false });
  const [error, setError] = useState("");
  const [asked, setAsked] = useState({ name: "", scopes: ["read"], days: 90 });
  const refresh = useCallback(() => {
    call("/api/v1/account/tokens").then(setTokens, (problem) => setError(errorWords(problem)));
  }, []);
  useEffect(refresh, [refresh]);
  const form = useForm(async () => {
    const { token } = await call("/api/v1/account/tokens", { method: "POST", body: asked });
    setMade({ token, wall: asked.scopes.includes("wall") });
    setAsked({ ...asked, name: "" });
    refresh();
  });
  async function revoke(/** @type {number} */ id) {
    try {
      await call(`/api/v1/account/tokens/${id}`, { method: "DELETE" });
      refresh();
    } catch (problem) {
      setError(errorWords(problem));
    }
  }
  const toggle = (/** @type {string} */ scope) => setAsked({
    ...asked, scopes: SCOPES.filter((one) => (one === scope) !== asked.scopes.includes(one)),
  });
  return html`<section class="card stack" aria-labelledby="tokens-title">
    <h2 class="subtitle" id="tokens-title">${t("tokens.title")}</h2>
    <p class="soft">${t("tokens.what")}</p>
    <${ErrorNotice} error=${error} />
    ${tokens.length > 0 && html`<ul class="items">
      ${tokens.map((one) => html`<li key=${one.id} class="item">
        <div class="grow">
          <strong>${one.name}</strong> ${one.scopes.map((/** @type {string} */ scope) => html`<span class="badge" key=${scope}>${t(`scope.${scope}`)}</span> `)}
          <div class="soft small numbers">${t("tokens.until", { time: dateTime(one.expires_at) })} ·
            ${" "}${one.last_used_at ? t("tokens.used", { time: dateTime(one.last_used_at), address: one.last_address }) : t("tokens.unused")}</div>
        </div>
        <button class="button" onClick=${() => revoke(one.id)}>${t("revoke")}</button>
      </li>`)}
    </ul>`}
    ${made.token && html`<${ShownOnce} label=${t("tokens.once")} value=${made.token} />`}
    ${made.wall && html`<${ShownOnce} label=${t("tokens.wall")} value=${`${location.origin}/man-hinh#${made.token}`} />`}
    <form class="stack" onSubmit=${form.submit}>
      <${Field} id="token-name" label=${t("tokens.name")} value=${asked.name} maxlength="100"
        onInput=${(/** @type {string} */ name) => setAsked({ ...asked, name })} />
      <fieldset class="row choices"><legend>${t("tokens.scope")}</legend>
        ${SCOPES.map((scope) => html`<label key=${scope} class="choice"><input type="checkbox" checked=${asked.scopes.includes(scope)}
          onChange=${() => toggle(scope)} /> ${t(`scope.${scope}`)}</label>`)}
      </fieldset>
      <div class="field"><label for="token-days">${t("tokens.days")}</label>
        <select id="token-days" value=${asked.days}
          onChange=${(/** @type {any} */ event) => setAsked({ ...asked, days: Number(event.target.value) })}>
          ${DAYS.map((days) => html`<option key=${days} value=${days}>${t("duration.days", { n: days })}</option>`)}
        </select></div>
      <${ErrorNotice} error=${form.error} />
      <div><button class="button button--primary" disabled=${form.busy || !asked.scopes.length} aria-busy=${form.busy}>
        ${t("tokens.do")}</button></div>
    </form>
  </section>`;
}
