// What a sheet's QR code opens: the line to paste on the machine. The token comes behind # and is sent to nobody.

import { call } from "./api.js";
import { CopyLine } from "./directory/copy.js";
import { t } from "./locale.js";
import { ErrorNotice, LanguageSwitch, errorWords, typed } from "./parts.js";
import { html, useEffect, useState } from "./ui.js";

const TOKEN = /^(ts-[a-z2-7]{32})(?:\.([0-9a-f]{64}))?$/;
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
  const found = token.replaceAll(/\s/g, "").toLowerCase().match(TOKEN);
  const ca = said?.ca_sha256 ?? undefined;
  const wrong = !token ? "" : !found ? t("install.wrong") : said && found[2] && found[2] !== ca ? t("install.otherHub") : "";
  // Typed from the sheet it lacks the fingerprint, which nobody should have to type.
  const whole = found && !wrong ? found[1] + (ca ? `.${ca}` : "") : "";
  return html`<main class="entry"><div class="card stack entry__card entry__card--wide">
    <div class="row row--between"><h1 class="title">${t("install.title")}</h1><${LanguageSwitch}
      onSwitch=${switchLanguage} /></div>
    <${ErrorNotice} error=${error} />
    ${said && html`<ol class="steps">
      <li>${t("install.terminal")}</li>
      <li><div class="stack stack--tight"><div class="field"><label for="install-token">${t("install.token")}</label>
        <input id="install-token" class="code" value=${token} autocomplete="off" autocapitalize="none" spellcheck=${false}
          aria-invalid=${wrong ? "true" : undefined} aria-describedby="install-token-hint"
          onInput=${typed(setToken)} />
        <span class=${wrong ? "error" : "hint"} id="install-token-hint">${wrong || t("install.hint")}</span></div>
        ${whole && html`<${CopyLine} label=${t("machine.paste")}
          value=${said.line.replace(PLACE, whole)} />`}</div></li>
      <li>${t("install.wait")}${said.telephone && html` ${t("install.call")} <a
        href=${`tel:${said.telephone.replaceAll(/[^\d+]/g, "")}`}>${said.telephone}</a>.`}</li>
    </ol>
    <details><summary>${t("machine.uninstall")}</summary><${CopyLine} label=${t("machine.uninstall")}
      value=${said.uninstall} /></details>`}
  </div></main>`;
}
