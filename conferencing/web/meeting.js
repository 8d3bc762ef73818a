/** The meeting page: looks up the meeting, shows its door, the hall, and what comes after. */
import { html, render } from "./vendor/htm-preact.js";
import { Call } from "./call.js";
import * as devices from "./devices.js";
import { Hall } from "./hall.js";
import * as i18n from "./i18n.js";
import { Lobby } from "./lobby.js";
import { keepName, lastName, openSeat } from "./seat.js";

const { t } = i18n;
const RETRY_SECONDS = 3;

const code = decodeURIComponent(location.pathname.split("/").pop() ?? "");
const link = `${location.origin}/hop/${code}`;

/**
 * @typedef {object} View
 * @property {"loading" | "unknown" | "unreachable" | "lobby" | "ended"} page
 * @property {string} title
 * @property {string} name
 * @property {boolean} named by its site: the name is no choice
 * @property {boolean} opening devices are being asked for
 * @property {boolean} muted
 * @property {import("./lobby.js").Own} own
 * @property {Call | null} call
 * @property {string} ended
 */

/** @type {View} */
let view = {
  page: "loading",
  title: "",
  name: "",
  named: false,
  opening: true,
  muted: false,
  own: { microphone: null, camera: null, microphoneTrouble: "", cameraTrouble: "" },
  call: null,
  ended: "",
};

/** @type {Awaited<ReturnType<typeof openSeat>>} */
let seat;

/** @param {Partial<View>} changes */
function show(changes) {
  view = { ...view, ...changes };
  const app = document.getElementById("app");
  if (app) render(html`<${Page} view=${view} />`, app);
}

/** @param {{view: View}} props */
function Page({ view }) {
  const call = view.call;
  if (call !== null && call.state.phase === "in") return html`<${Hall} call=${call} state=${call.state} link=${link} />`;
  if (view.page === "lobby") {
    const refusals = call?.state.refusals ?? 0;
    const lost = call?.state.signalingAttempts ?? 0;
    const notice = refusals
      ? call?.state.overloaded
        ? t("error.overloaded")
        : t("error.no_worker", { count: refusals })
      : lost
        ? t("call.reconnecting", { count: lost })
        : "";
    return html`
      <${Lobby}
        title=${view.title}
        name=${view.name}
        named=${view.named}
        own=${view.own}
        opening=${view.opening}
        joining=${call !== null}
        rename=${(/** @type {string} */ name) => show({ name })}
        reopen=${reopen}
        join=${join}
        cancel=${cancel}
        notice=${notice}
      />
      <${Language} />
    `;
  }
  return html`<main class="page message"><${Message} view=${view} /></main><${Language} />`;
}

/** @param {{view: View}} props */
function Message({ view }) {
  if (view.page === "loading") return html`<p class="soft">${t("join.loading")}</p>`;
  const key = view.page === "ended" ? endedKey(view.ended) : view.page;
  const again = { left: "left.again", replaced: "left.again" }[view.ended] ?? "refused.again";
  return html`
    <div class="card stack message__card" role="status">
      ${view.title && html`<p class="soft">${view.title}</p>`}
      <h1 class="title">${t(`${key}.title`)}</h1>
      <p>${t(`${key}.text`)}</p>
      ${view.page === "ended" &&
      view.ended !== "meeting closed" &&
      html`<div class="row">
        <button class="button button--primary button--big" onClick=${enter}>${t(again)}</button>
      </div>`}
    </div>
  `;
}

/** @param {string} reason */
function endedKey(reason) {
  if (reason === "meeting closed") return "closed";
  if (reason === "left" || reason === "replaced" || reason === "unknown") return reason;
  return ["full", "bad_offer", "browser", "busy", "foreign"].includes(reason) ? `error.${reason}` : "error.internal";
}

function Language() {
  const other = i18n.current() === "vi" ? "en" : "vi";
  const change = async () => {
    await i18n.load(other);
    show({});
  };
  return html`<button class="button button--quiet language" lang=${other} onClick=${change}>${t("language")}</button>`;
}

async function openDevices() {
  show({ opening: true });
  // One after the other: two questions at once hide one another in some browsers.
  await reopen("audioinput");
  await reopen("videoinput");
  show({ opening: false });
}

/** @param {"audioinput" | "videoinput"} kind @param {string} [deviceId] */
async function reopen(kind, deviceId) {
  const own = view.own;
  (kind === "audioinput" ? own.microphone : own.camera)?.stop();
  const { track, trouble } = await devices.open(kind, deviceId);
  show({
    own:
      kind === "audioinput"
        ? { ...view.own, microphone: track, microphoneTrouble: trouble }
        : { ...view.own, camera: track, cameraTrouble: trouble },
  });
}

function join() {
  if (!("RTCPeerConnection" in window)) {
    show({ page: "ended", ended: "browser" });
    return;
  }
  if (!view.named) keepName(view.name);
  const address = new URL(`/api/v1/meetings/${encodeURIComponent(code)}/signaling`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const call = new Call({
    url: address.href,
    name: view.name,
    token: seat.token,
    keep: seat.keep,
    microphone: view.own.microphone,
    camera: view.own.camera,
    muted: view.muted,
    relayOnly: new URLSearchParams(location.search).has("relay"),
    openCamera: async () => (await devices.open("videoinput")).track,
    changed: (state) => changed(call, state),
  });
  Object.assign(window, { thongsuot: { call } });
  show({ call });
  call.start();
}

/** @param {Call} call @param {import("./call.js").CallState} state */
function changed(call, state) {
  if (view.call !== call) return;
  if (state.phase === "in") seat.enter(true);
  if (state.phase !== "ended") {
    show({ muted: view.own.microphone !== null && !state.microphone });
    return;
  }
  if (state.ended !== "internal") seat.enter(false);
  stopOwn(call);
  show({ call: null, page: "ended", ended: state.ended, title: state.title || view.title });
}

function cancel() {
  const call = view.call;
  if (call === null) return;
  show({ call: null });
  call.end("left");
}

/** @param {Call} call */
function stopOwn(call) {
  call.microphoneTrack?.stop();
  call.cameraTrack?.stop();
  view.own = { microphone: null, camera: null, microphoneTrouble: "", cameraTrouble: "" };
}

async function enter() {
  show({ page: "loading" });
  let answer;
  try {
    const response = await fetch(`/api/v1/meetings/${encodeURIComponent(code)}`);
    if (response.status === 404) return show({ page: "unknown" });
    if (!response.ok) throw new Error(String(response.status));
    answer = await response.json();
  } catch {
    show({ page: "unreachable" });
    setTimeout(enter, RETRY_SECONDS * 1000);
    return undefined;
  }
  document.title = `${answer.title} – ${t("app")}`;
  if (!answer.open) return show({ page: "ended", ended: "meeting closed", title: answer.title });
  // The PC of a hall is its site and chooses no name.
  const named = answer.site !== null;
  const name = named ? answer.you : view.name || lastName() || answer.you || t("join.name.default");
  show({ page: "lobby", title: answer.title, name, named });
  await openDevices();
  // A page that was loaded again in the middle of a meeting goes back to it by itself.
  if (seat.inside()) join();
  return undefined;
}

addEventListener("online", () => view.call?.hurry());
/** @type {{connection?: EventTarget}} */ (navigator).connection?.addEventListener("change", () => view.call?.hurry());

await i18n.load(i18n.preferred());
seat = await openSeat(code);
await enter();
