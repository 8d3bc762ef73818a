/** The door of a meeting: its name, one's own picture and level, one button. */
import { html, useEffect, useState } from "./vendor/htm-preact.js";
import * as devices from "./devices.js";
import { t } from "./i18n.js";
import { Icon, Level, Picture } from "./parts.js";

/**
 * @typedef {{microphone: MediaStreamTrack | null, camera: MediaStreamTrack | null,
 *   microphoneTrouble: devices.Trouble, cameraTrouble: devices.Trouble}} Own
 */

/**
 * @param {{title: string, name: string, named: boolean, own: Own, opening: boolean, joining: boolean, rename: (name: string) => void,
 *   reopen: (kind: "audioinput" | "videoinput", deviceId?: string) => void, join: () => void,
 *   cancel: () => void, notice: string}} props
 */
export function Lobby({ title, name, named, own, opening, joining, rename, reopen, join, cancel, notice }) {
  const [stream, setStream] = useState(/** @type {MediaStream | null} */ (null));
  useEffect(() => setStream(own.camera ? new MediaStream([own.camera]) : null), [own.camera]);
  return html`
    <main class="lobby">
      <section class="lobby__self">
        <div class="lobby__picture">
          ${own.camera && stream
            ? html`<${Picture} stream=${stream} muted=${true} mirror=${true} />`
            : html`<div class="lobby__nopicture">
                <${Icon} name=${own.camera ? "camera" : "cameraOff"} />
                ${opening ? t("join.loading") : t("join.camera.none")}
              </div>`}
        </div>
        <div class="lobby__level">
          <${Icon} name=${own.microphone ? "microphone" : "microphoneOff"} />
          <${Level} track=${own.microphone} label=${t("join.level")} />
        </div>
        ${own.microphone && html`<p class="hint">${t("join.level.hint")}</p>`}
      </section>
      <form
        class="lobby__form stack"
        onSubmit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          if (!joining) join();
        }}
      >
        <p class="soft">${t("join.title")}</p>
        <h1 class="title lobby__title">${title}</h1>
        ${!opening && html`<${Troubles} own=${own} reopen=${reopen} />`}
        <div class="field">
          <label for="name">${t("join.name")}</label>
          <input
            id="name"
            maxlength="80"
            autocomplete="off"
            value=${name}
            readonly=${named}
            onInput=${(/** @type {Event} */ event) => rename(/** @type {HTMLInputElement} */ (event.target).value)}
          />
          <p class="hint">${t(named ? "join.name.site" : "join.name.hint")}</p>
        </div>
        <div class="stack" aria-live="polite">${notice && html`<p class="notice" data-state="weak">${notice}</p>`}</div>
        <button class="button button--primary button--big lobby__join" aria-busy=${joining} disabled=${opening}>
          ${joining ? t("join.joining") : t("join.button")}
        </button>
        ${joining &&
        html`<button type="button" class="button button--quiet" onClick=${cancel}>${t("join.cancel")}</button>`}
        <${Devices} own=${own} reopen=${reopen} />
      </form>
    </main>
  `;
}

/** @param {{own: Own, reopen: (kind: "audioinput" | "videoinput") => void}} props */
function Troubles({ own, reopen }) {
  const { microphoneTrouble, cameraTrouble } = own;
  if (!microphoneTrouble && !cameraTrouble) return null;
  const same = microphoneTrouble === cameraTrouble;
  const what = same ? "both" : microphoneTrouble ? "hear" : "see";
  const device = t(same ? "device.both" : microphoneTrouble ? "device.microphone" : "device.camera");
  const trouble = microphoneTrouble || cameraTrouble;
  return html`
    <div class="notice lobby__trouble" data-state="weak" role="alert">
      <div class="stack">
        <p class="lobby__troubletitle">${t(`${trouble}.title`, { device })}</p>
        <p>${t(`${trouble}.text`, { device })}</p>
        ${trouble === "denied" && html`<${AddressBar} device=${device} />`}
        <p class="soft">${t("join.without", { what: t(`join.without.${what}`) })}</p>
        <div class="row">
          <button
            type="button"
            class="button"
            onClick=${() => {
              if (microphoneTrouble) reopen("audioinput");
              if (cameraTrouble) reopen("videoinput");
            }}
          >
            ${t("join.retry")}
          </button>
        </div>
      </div>
    </div>
  `;
}

/**
 * The browser's own control, as it looks.
 * @param {{device: string}} props
 */
function AddressBar({ device }) {
  return html`
    <div class="addressbar" aria-hidden="true">
      <div class="addressbar__line">
        <span class="addressbar__site">
          <svg class="icon" viewBox="0 0 24 24"><path d="M4 8h8M18 8h2M4 16h2M12 16h8M15 5.5v5M9 13.5v5" /></svg>
        </span>
        <span class="code">${location.host}/hop/…</span>
      </div>
      <div class="addressbar__menu">
        <span>${device}</span><span class="addressbar__switch"></span><b>${t("browser.allow")}</b>
      </div>
    </div>
  `;
}

/** @param {{own: Own, reopen: (kind: "audioinput" | "videoinput", deviceId: string) => void}} props */
function Devices({ own, reopen }) {
  return html`
    <details class="lobby__devices">
      <summary>${t("join.devices")}</summary>
      <div class="stack">
        <${Choice} kind="videoinput" label=${t("join.camera")} track=${own.camera} reopen=${reopen} />
        <${Choice} kind="audioinput" label=${t("join.microphone")} track=${own.microphone} reopen=${reopen} />
      </div>
    </details>
  `;
}

/**
 * @param {{kind: "audioinput" | "videoinput", label: string, track: MediaStreamTrack | null,
 *   reopen: (kind: "audioinput" | "videoinput", deviceId: string) => void}} props
 */
function Choice({ kind, label, track, reopen }) {
  const [found, setFound] = useState(/** @type {MediaDeviceInfo[]} */ ([]));
  useEffect(() => {
    const look = () => void devices.list(kind).then(setFound);
    look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", look);
  }, [track]);
  return html`
    <div class="field">
      <label for=${kind}>${label}</label>
      <select
        id=${kind}
        disabled=${found.length === 0}
        onChange=${(/** @type {Event} */ event) =>
          reopen(kind, /** @type {HTMLSelectElement} */ (event.target).value)}
      >
        ${found.map(
          (device) =>
            html`<option value=${device.deviceId} selected=${device.label === track?.label}>${device.label}</option>`,
        )}
      </select>
    </div>
  `;
}
