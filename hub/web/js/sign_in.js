// Signing in, step by step: password, code, new password, second factor. What was typed is kept when something fails.

import { ApiError, call } from "./api.js";
import { LanguageSwitch, ErrorNotice, errorWords } from "./parts.js";
import { t } from "./locale.js";
import { html, useEffect, useRef, useState } from "./ui.js";

/**
 * A form that asks the hub for one thing: busy while it answers, its words when it refuses.
 * @param {(event: Event) => Promise<void>} work
 */
export function useForm(work) {
  const [state, setState] = useState({ busy: false, error: "" });
  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setState({ busy: true, error: "" });
    try {
      await work(event);
      setState({ busy: false, error: "" });
    } catch (error) {
      setState({ busy: false, error: errorWords(error) });
    }
  }
  return { ...state, submit };
}

/** @param {{title: string, form: any, action: string, switchLanguage?: any, onLeave?: () => void, children?: any}} props */
function Entry({ title, form, action, switchLanguage, onLeave, children }) {
  useEffect(() => { document.title = `${title} – Thông Suốt`; }, [title]);
  return html`<main class="entry">
    <form class="card stack entry__card" onSubmit=${form.submit}>
      <div class="row row--between">
        <h1 class="title">${title}</h1>
        ${switchLanguage && html`<${LanguageSwitch} onSwitch=${switchLanguage} />`}
      </div>
      ${children}
      <${ErrorNotice} error=${form.error} />
      <button class="button button--primary" disabled=${form.busy} aria-busy=${form.busy}>${action}</button>
      ${onLeave && html`<button type="button" class="button button--quiet" onClick=${onLeave}>${t("signIn.other")}</button>`}
    </form>
  </main>`;
}

/** @param {{id: string, label: string, value: string, onInput: (value: string) => void, [more: string]: any}} props */
export function Field({ id, label, value, onInput, hint, ...more }) {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} value=${value} required ...${more} aria-describedby=${hint ? `${id}-hint` : undefined}
      onInput=${(/** @type {any} */ event) => onInput(event.target.value)} />
    ${hint && html`<span class="hint" id=${`${id}-hint`}>${hint}</span>`}
  </div>`;
}

/** @param {{onPerson: (person: any) => void, switchLanguage: any}} props */
export function SignIn({ onPerson, switchLanguage }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const form = useForm(async () => {
    onPerson(await call("/api/v1/session", { method: "POST", body: { name, password } }));
  });
  return html`<${Entry} title="Thông Suốt" form=${form} action=${t("signIn.do")} switchLanguage=${switchLanguage}>
    <p class="soft">${t("signIn.what")}</p>
    <${Field} id="name" label=${t("signIn.name")} value=${name} onInput=${setName} autocomplete="username" autofocus
      autocapitalize="none" spellcheck=${false} maxlength="64" />
    <${Field} id="password" label=${t("signIn.password")} value=${password} onInput=${setPassword} type="password"
      autocomplete="current-password" />
    <p class="soft small">${t("signIn.first")}</p>
  <//>`;
}

/** @param {{person: any, onPerson: (person: any) => void, signOut: () => void}} props */
export function CodeStep({ person, onPerson, signOut }) {
  const [code, setCode] = useState("");
  const form = useForm(async () => {
    onPerson(await call("/api/v1/session/code", { method: "POST", body: { code } }));
  });
  return html`<${Entry} title=${t("code.title")} form=${form} action=${t("continue")} onLeave=${signOut}>
    <p class="soft">${t("code.what", { name: person.display_name })}</p>
    <${Field} id="code" label=${t("code.label")} value=${code} onInput=${setCode} class="code code--big" autofocus
      autocomplete="one-time-code" autocapitalize="none" spellcheck=${false} maxlength="24" hint=${t("code.recovery")} />
  <//>`;
}

/** @param {(person: any) => void} onPerson */
function useUnlock(onPerson) {
  const [password, setPassword] = useState("");
  const form = useForm(async () => {
    try {
      onPerson(await call("/api/v1/session/unlock", { method: "POST", body: { password } }));
    } catch (error) {
      // Unlocked in another tab meanwhile.
      if (!(error instanceof ApiError) || error.reason !== "not locked") throw error;
      onPerson(await call("/api/v1/session"));
    }
  });
  return { form, password, setPassword };
}

/** @param {{person: any, password: string, setPassword: (password: string) => void}} props */
function UnlockFields({ person, password, setPassword }) {
  return html`
    <p class="soft">${t("unlock.what", { name: person.display_name, n: Math.round(person.idle_seconds / 60) })}</p>
    <input class="visually-hidden" tabindex="-1" aria-hidden="true" autocomplete="username" value=${person.name} readonly />
    <${Field} id="unlock-password" label=${t("signIn.password")} value=${password} onInput=${setPassword} type="password"
      autocomplete="current-password" autofocus />`;
}

/** @param {{person: any, onPerson: (person: any) => void, signOut: () => void}} props */
export function Unlock({ person, onPerson, signOut }) {
  const { form, ...fields } = useUnlock(onPerson);
  return html`<${Entry} title=${t("unlock.title")} form=${form} action=${t("unlock.do")} onLeave=${signOut}>
    <${UnlockFields} ...${{ person, ...fields }} />
  <//>`;
}

/** Over a page that was in use: it stays as it is, hidden and out of reach.
 *  @param {{person: any, onPerson: (person: any) => void, signOut: () => void}} props */
export function UnlockDialog({ person, onPerson, signOut }) {
  const { form, ...fields } = useUnlock(onPerson);
  const place = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const dialog = place.current, from = /** @type {any} */ (document.activeElement);
    dialog.showModal();
    dialog.querySelector("input[type=password]").focus();
    return () => { dialog.close(); from?.focus?.(); };
  }, []);
  return html`<dialog class="dialog lock" ref=${place} aria-labelledby="lock-title"
    onCancel=${(/** @type {Event} */ event) => event.preventDefault()}>
    <form class="stack" onSubmit=${form.submit}>
      <h1 class="title" id="lock-title">${t("unlock.title")}</h1>
      <${UnlockFields} ...${{ person, ...fields }} />
      <${ErrorNotice} error=${form.error} />
      <button class="button button--primary" disabled=${form.busy} aria-busy=${form.busy}>${t("unlock.do")}</button>
      <button type="button" class="button button--quiet" onClick=${signOut}>${t("signIn.other")}</button>
    </form>
  </dialog>`;
}

/** @param {{person: any, onPerson: (person: any) => void, signOut: () => void}} props */
export function NewPassword({ person, onPerson, signOut }) {
  const [fields, setFields] = useState({ old: "", first: "", again: "" });
  const form = useForm(async () => {
    const body = { old: fields.old, new: fields.first };
    onPerson(await call("/api/v1/session/password", { method: "POST", body }));
  });
  const different = fields.again !== "" && fields.first !== fields.again;
  return html`<${Entry} title=${t("newPassword.title")} form=${guarded(form, different)} action=${t("newPassword.do")}
    onLeave=${signOut}>
    <p class="soft">${t("newPassword.why", { name: person.display_name })}</p>
    <${PasswordFields} fields=${fields} onFields=${setFields} oldLabel=${t("newPassword.old")} />
  <//>`;
}

/** Nothing is sent while the two new passwords differ. @param {any} form @param {boolean} different */
export function guarded(form, different) {
  const submit = (/** @type {Event} */ event) => (different ? event.preventDefault() : form.submit(event));
  return { ...form, submit, error: different ? t("newPassword.different") : form.error };
}

/** @param {{fields: any, onFields: (fields: any) => void, oldLabel: string}} props */
export function PasswordFields({ fields, onFields, oldLabel }) {
  return html`
    <${Field} id="old" label=${oldLabel} type="password" autocomplete="current-password" value=${fields.old}
      onInput=${(/** @type {string} */ old) => onFields({ ...fields, old })} />
    <${Field} id="first" label=${t("newPassword.first")} type="password" autocomplete="new-password" minlength="10"
      value=${fields.first} hint=${t("newPassword.rules")}
      onInput=${(/** @type {string} */ first) => onFields({ ...fields, first })} />
    <${Field} id="again" label=${t("newPassword.again")} type="password" autocomplete="new-password"
      value=${fields.again} onInput=${(/** @type {string} */ again) => onFields({ ...fields, again })} />`;
}
