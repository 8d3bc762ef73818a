// Signing in, and changing the one-time password. What was typed is kept when something fails.

import { ApiError, call } from "./api.js";
import { LanguageSwitch } from "./parts.js";
import { t } from "./locale.js";
import { html, useState } from "./ui.js";

/** @param {unknown} error */
function words(error) {
  return error instanceof ApiError && error.status !== 0 ? error.message : t("error.noAnswer");
}

/** @param {{onSignedIn: (person: any) => void, switchLanguage: (language: "vi" | "en") => void}} props */
export function SignIn({ onSignedIn, switchLanguage }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [state, setState] = useState({ busy: false, error: "" });

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setState({ busy: true, error: "" });
    try {
      onSignedIn(await call("/api/v1/session", { method: "POST", body: { name, password } }));
    } catch (error) {
      setState({ busy: false, error: words(error) });
    }
  }

  return html`<main class="entry">
    <form class="card stack entry__card" onSubmit=${submit}>
      <div class="row row--between">
        <h1 class="title">Thông Suốt</h1>
        <${LanguageSwitch} onSwitch=${switchLanguage} />
      </div>
      <p class="soft">${t("signIn.what")}</p>
      <div class="field">
        <label for="name">${t("signIn.name")}</label>
        <input id="name" autocomplete="username" autofocus required autocapitalize="none" spellcheck=${false}
          value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />
      </div>
      <div class="field">
        <label for="password">${t("signIn.password")}</label>
        <input id="password" type="password" autocomplete="current-password" required
          value=${password} onInput=${(/** @type {any} */ event) => setPassword(event.target.value)} />
      </div>
      ${state.error && html`<p class="notice" data-state="bad" role="alert">${state.error}</p>`}
      <button class="button button--primary" disabled=${state.busy} aria-busy=${state.busy}>${t("signIn.do")}</button>
      <p class="soft small">${t("signIn.first")}</p>
    </form>
  </main>`;
}

/** @param {{person: any, onChanged: (person: any) => void}} props */
export function NewPassword({ person, onChanged }) {
  const [fields, setFields] = useState({ old: "", first: "", again: "" });
  const [state, setState] = useState({ busy: false, error: "" });

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (fields.first !== fields.again) {
      setState({ busy: false, error: t("newPassword.different") });
      return;
    }
    setState({ busy: true, error: "" });
    try {
      const body = { old: fields.old, new: fields.first };
      onChanged(await call("/api/v1/session/password", { method: "POST", body }));
    } catch (error) {
      setState({ busy: false, error: words(error) });
    }
  }

  /** @param {"old" | "first" | "again"} id @param {string} autocomplete */
  const field = (id, autocomplete) => html`<div class="field">
    <label for=${id}>${t(`newPassword.${id}`)}</label>
    <input id=${id} type="password" required autocomplete=${autocomplete} value=${fields[id]}
      minlength=${id === "old" ? 1 : 10}
      onInput=${(/** @type {any} */ event) => setFields({ ...fields, [id]: event.target.value })} />
  </div>`;

  return html`<main class="entry">
    <form class="card stack entry__card" onSubmit=${submit}>
      <h1 class="title">${t("newPassword.title")}</h1>
      <p class="soft">${t("newPassword.why", { name: person.display_name })}</p>
      ${field("old", "current-password")} ${field("first", "new-password")} ${field("again", "new-password")}
      ${state.error && html`<p class="notice" data-state="bad" role="alert">${state.error}</p>`}
      <button class="button button--primary" disabled=${state.busy} aria-busy=${state.busy}>
        ${t("newPassword.do")}
      </button>
    </form>
  </main>`;
}
