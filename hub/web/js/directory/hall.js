// The link by which a hall's PC enters without an account: made, shown once with its QR code, revoked.

import { call } from "../api.js";
import { dateTime, t } from "../locale.js";
import { ErrorNotice, errorWords, typed } from "../parts.js";
import { html, useCallback, useEffect, useState } from "../ui.js";
import { CopyLine } from "./copy.js";

/** @param {{desk: import("./desk.js").Desk, site: any}} props */
export function Hall({ desk, site }) {
  const path = `/api/v1/halls/${encodeURIComponent(site.key)}/access`;
  const [links, setLinks] = useState(/** @type {any[] | null} */ (null));
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [name, setName] = useState("");
  const [state, setState] = useState({ busy: false, error: "" });
  const read = useCallback(() => call(path).then(setLinks), [path]);
  const work = async (/** @type {() => Promise<any>} */ what) => {
    setState({ busy: true, error: "" });
    try {
      await what();
      await read();
      setState({ busy: false, error: "" });
    } catch (problem) {
      setState({ busy: false, error: errorWords(problem) });
    }
  };
  useEffect(() => { work(async () => {}); }, [read]);
  const make = (/** @type {Event} */ event) => {
    event.preventDefault();
    work(async () => {
      setMade(await call(path, { method: "POST", body: { label: name.trim() } }));
      setName("");
    });
  };
  const revoke = (/** @type {any} */ link) => work(async () => {
    await call(`${path}/${link.id}`, { method: "DELETE" });
    if (made?.record.id === link.id) setMade(null);
    desk.say(t("access.revoked"));
  });
  return html`<section class="stack stack--tight" aria-labelledby="hall-title">
    <h2 class="subtitle" id="hall-title">${t("access.title")}</h2>
    <p class="soft">${t("access.what")}</p>
    <${ErrorNotice} error=${state.error} />
    ${made && html`<div class="card stack">
      <p class="notice" data-state="weak">${t("access.once")}</p>
      <div class="row totp"><img class="totp__qr" src=${made.qr} alt=${t("access.qr")} />
        <div class="grow access__link"><${CopyLine} label=${t("access.link")} value=${made.link} /></div></div>
      <div><button type="button" class="button" onClick=${() => setMade(null)}>${t("done")}</button></div></div>`}
    ${links && links.length > 0 && html`<ul class="items cards">${links.map((link) => html`<li key=${link.id}
      class="card row">
      <div class="grow"><strong>${link.label || t("access.unnamed")}</strong>
        <div class="soft small numbers">${t("access.made", { time: dateTime(link.created_at), who: link.created_by })} ·${" "}
          ${link.last_used_at ? t("tokens.used", { time: dateTime(link.last_used_at), address: link.last_address }) : t("tokens.unused")}</div></div>
      <button type="button" class="button button--small" disabled=${state.busy}
        aria-label=${t("access.revokeOne", { name: link.label || t("access.unnamed") })}
        onClick=${() => revoke(link)}>${t("revoke")}</button></li>`)}</ul>`}
    <form class="row row--end" onSubmit=${make}>
      <div class="field grow"><label for="hall-label">${t("access.label")}</label><input id="hall-label" value=${name}
        maxlength="100" autocomplete="off"
        placeholder=${t("access.example")} onInput=${typed(setName)} /></div>
      <button class="button" disabled=${state.busy} aria-busy=${state.busy}>${t("access.make")}</button>
    </form>
  </section>`;
}
