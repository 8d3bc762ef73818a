// What a sheet's QR code opens: the line to paste on the machine. The token comes behind # and is sent to nobody.

import { call } from "./api.js";
import { CopyLine } from "./directory/copy.js";
import { t } from "./locale.js";
import { ErrorNotice, LanguageSwitch, errorWords, typed } from "./parts.js";
import { html, useEffect, useState } from "./ui.js";

const TOKEN = /^ts-[a-z2-7]{32}(\.[0-9a-f]{64})?$/;
const PLACE = /TOKEN$/;

/** @param {{switchLanguage: any}} props */
export function Install({ switchLanguage }) {
  const [token, setToken] = useState(() => location.hash.slice(1));
  const [said, setSaid] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    document.title = `${t("install.title")} – Thông Suốt`;
    // Not for the next one who sits at this machine.
    history.replaceState(null, "", location.pathname);
    call("/api/v1/install-line").then(setSaid, (problem) => setError(errorWords(problem)));
  }, []);
  const isRight = TOKEN.test(token.trim());
  return html`<main class="entry"><div class="card stack entry__card entry__card--wide">
    <div class="row row--between"><h1 class="title">${t("install.title")}</h1><${LanguageSwitch}
      onSwitch=${switchLanguage} /></div>
    <${ErrorNotice} error=${error} />
    ${said && html`<ol class="steps">
      <li>${t("install.terminal")}</li>
      <li><div class="stack stack--tight"><div class="field"><label for="install-token">${t("install.token")}</label>
        <input id="install-token" class="code" value=${token} autocomplete="off" autocapitalize="none" spellcheck=${false}
          aria-invalid=${token && !isRight ? "true" : undefined} aria-describedby="install-token-hint"
          onInput=${typed(setToken)} />
        <span class=${token && !isRight ? "error" : "hint"} id="install-token-hint">${token && !isRight ? t("install.wrong") : t("install.hint")}</span></div>
        ${isRight && html`<${CopyLine} label=${t("machine.paste")}
          value=${said.line.replace(PLACE, token.trim())} />`}</div></li>
      <li>${t("install.wait")}${said.telephone && html` ${t("install.call")} <a
        href=${`tel:${said.telephone.replaceAll(/[^\d+]/g, "")}`}>${said.telephone}</a>.`}</li>
    </ol>
    <details><summary>${t("machine.uninstall")}</summary><${CopyLine} label=${t("machine.uninstall")}
      value=${said.uninstall} /></details>`}
  </div></main>`;
}
