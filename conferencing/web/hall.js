/** Inside a meeting, for a TV at eight metres: the stage, thumbnails below, three controls that hide. */
import { html, useEffect, useRef, useState } from "./vendor/htm-preact.js";
import { t } from "./i18n.js";
import { THUMBNAILS, VOICES } from "./media.js";
import { Icon, Picture, Sound } from "./parts.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./call.js").CallState} CallState
 * @typedef {import("./signaling.js").Participant} Participant
 */

const CONTROLS_SECONDS = 4;
const RECORDING_NOTICE_SECONDS = 8;

const STATES = /** @type {const} */ ({ connected: "good", silent: "bad", joining: "nodata", away: "weak" });

/** @param {{call: Call, state: CallState, link: string}} props */
export function Hall({ call, state, link }) {
  const shown = useAwake();
  const [leaving, setLeaving] = useState(false);
  const [blocked, setBlocked] = useState(false);
  const streams = call.media.streams;
  const others = state.participants.filter((one) => one.seat !== state.seat);
  const stage = others.find((one) => one.seat === state.stage) ?? null;
  const presenter = others.find((one) => one.seat === state.slots.screen) ?? null;
  const thumbnails = below(others, state, presenter !== null);
  const onBlocked = () => setBlocked(true);

  useEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || leaving) return;
      if (event.key === "m" || event.key === "M") void call.setMicrophone(!call.state.microphone);
      if (event.key === "c" || event.key === "C") void call.setCamera(!call.state.camera);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [call, leaving]);

  return html`
    <main class="hall ${shown || leaving || blocked ? "" : "hall--asleep"} ${thumbnails.length ? "" : "hall--bare"}">
      <header class="hall__top">
        <h1 class="hall__title">${state.title}</h1>
        <span class="numbers">${t("call.participants", { count: state.participants.length })}</span>
      </header>
      <section class="stage ${stage && stage.seat === state.speaker && stage.microphone ? "stage--speaking" : ""}">
        ${presenter
          ? html`<${Screen} participant=${presenter} stream=${streams.screen} blocked=${onBlocked} />`
          : stage
          ? html`<${Stage} participant=${stage} stream=${streams.stage} sent=${"stage" in state.slots} blocked=${onBlocked} />`
          : html`<${Alone} link=${link} waiting=${others.length > 0} />`}
        <${Trouble} state=${state} />
        <${RecordingMark} active=${state.recording} />
        ${!state.microphone && html`<p class="muted-mark"><${Icon} name="microphoneOff" />${t("call.muted")}</p>`}
      </section>
      <section class="strip">
        ${presenter &&
        stage &&
        html`<${Tile}
            key="stage"
            participant=${stage}
            stream=${"stage" in state.slots ? streams.stage : undefined}
            speaking=${stage.seat === state.speaker && stage.microphone}
          />
          <${Sound} key="stage sound" stream=${streams.stage} blocked=${onBlocked} />`}
        ${thumbnails.map(
          ({ slot, participant }) =>
            html`<${Tile}
              key=${slot}
              participant=${participant}
              stream=${streams[slot]}
              speaking=${participant.seat === state.speaker && participant.microphone}
            />`,
        )}
        <${Own} call=${call} state=${state} />
      </section>
      ${VOICES.slice(1).map((slot) => html`<${Sound} key=${slot} stream=${streams[slot]} blocked=${onBlocked} />`)}
      ${blocked && html`<${Blocked} done=${() => setBlocked(false)} />`}
      <${Controls} call=${call} state=${state} leave=${() => setLeaving(true)} />
      ${leaving && html`<${Leaving} stay=${() => setLeaving(false)} leave=${() => call.leave()} />`}
    </main>
  `;
}

/**
 * Who is shown below the stage: those with a picture in their slots, then those without as long as there is room.
 * @param {Participant[]} others @param {CallState} state @param {boolean} shared the strip has the stage too
 * @returns {{slot: string, participant: Participant}[]}
 */
function below(others, state, shared) {
  const pictures = THUMBNAILS.flatMap((slot) => {
    const participant = others.find((one) => one.seat === state.slots[slot]);
    return participant ? [{ slot, participant }] : [];
  });
  const shown = new Set([state.stage, ...pictures.map((one) => one.participant.seat)]);
  const rest = others.filter((one) => !shown.has(one.seat)).map((one) => ({ slot: one.seat, participant: one }));
  return [...pictures, ...rest].slice(0, THUMBNAILS.length - (shared ? 1 : 0));
}

/** True for some seconds after each key or movement. */
function useAwake() {
  const [awake, setAwake] = useState(true);
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const wake = () => {
      clearTimeout(timer);
      setAwake(true);
      timer = setTimeout(() => setAwake(false), CONTROLS_SECONDS * 1000);
    };
    wake();
    const signs = ["pointermove", "pointerdown", "keydown", "focusin"];
    for (const sign of signs) document.addEventListener(sign, wake);
    return () => {
      clearTimeout(timer);
      for (const sign of signs) document.removeEventListener(sign, wake);
    };
  }, []);
  return awake;
}

/** @param {{participant: Participant, stream: MediaStream, sent: boolean, blocked: () => void}} props */
function Stage({ participant, stream, sent, blocked }) {
  const [playing, setPlaying] = useState(false);
  const picture = participant.camera && participant.presence === "connected" && sent;
  useEffect(() => {
    if (!picture) setPlaying(false);
  }, [picture]);
  return html`
    <div class="stage__frame">
      <${Picture} stream=${stream} className=${picture ? "" : "picture--hidden"} blocked=${blocked} playing=${setPlaying} />
      ${!picture &&
      html`<div class="stage__card">
        <${Icon} name="person" />
        <p>${participant.camera ? t(`state.${participant.presence}`) : t("call.nopicture", { name: participant.name })}</p>
      </div>`}
      ${picture && !playing && html`<div class="stage__card"><p>${t("call.waiting.picture")}</p></div>`}
      <${NameBar} participant=${participant} />
    </div>
  `;
}

/** @param {{participant: Participant, stream: MediaStream, blocked: () => void}} props */
function Screen({ participant, stream, blocked }) {
  const [playing, setPlaying] = useState(false);
  return html`
    <div class="stage__frame stage__frame--screen">
      <${Picture} stream=${stream} blocked=${blocked} playing=${setPlaying} />
      ${!playing && html`<div class="stage__card"><p>${t("call.waiting.screen")}</p></div>`}
      <p class="namebar"><span class="namebar__name">${t("call.screen.of", { name: participant.name })}</span></p>
    </div>
  `;
}

/** @param {{participant: Participant, short?: boolean}} props */
function NameBar({ participant, short = false }) {
  // In a tile there is no room for what all have in common.
  const name = short ? participant.name.replace(/^(Điểm cầu|Bridge point) (?=\S)/i, "") : participant.name;
  return html`
    <div class="namebar">
      <span class="state" data-state=${STATES[participant.presence]}>
        <span class="visually-hidden">${t(`state.${participant.presence}`)}</span>
      </span>
      <span class="namebar__name">${name}</span>
      ${!participant.microphone &&
      html`<span class="namebar__muted">
        <${Icon} name="microphoneOff" /><span class=${short ? "visually-hidden" : ""}>${t("call.muted.small")}</span>
      </span>`}
    </div>
  `;
}

/** @param {{participant: Participant, stream: MediaStream | undefined, speaking: boolean}} props */
function Tile({ participant, stream, speaking }) {
  return html`
    <div class="tile ${speaking ? "tile--speaking" : ""}">
      ${participant.camera && stream
        ? html`<${Picture} stream=${stream} muted=${true} />`
        : html`<${Icon} name="person" />`}
      <${NameBar} participant=${participant} short=${true} />
    </div>
  `;
}

/** @param {{call: Call, state: CallState}} props */
function Own({ call, state }) {
  const track = state.camera ? call.cameraTrack : null;
  const [stream, setStream] = useState(/** @type {MediaStream | null} */ (null));
  useEffect(() => setStream(track ? new MediaStream([track]) : null), [track]);
  const speaking = state.participants.length > 1 && state.seat === state.speaker && state.microphone;
  return html`
    <div class="tile tile--own ${speaking ? "tile--speaking" : ""} ${state.microphone ? "" : "tile--muted"}">
      ${stream ? html`<${Picture} stream=${stream} muted=${true} mirror=${true} />` : html`<${Icon} name="cameraOff" />`}
      <div class="namebar">
        <span class="namebar__name">${t("call.you")}</span>
        ${!state.microphone && html`<span class="namebar__muted"><${Icon} name="microphoneOff" /></span>`}
      </div>
    </div>
  `;
}

/** @param {{link: string, waiting: boolean}} props */
function Alone({ link, waiting }) {
  const [copied, setCopied] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  if (waiting) return html`<div class="stage__card"><p>${t("call.waiting.picture")}</p></div>`;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      field.current?.select();
      document.execCommand("copy");
    }
    setCopied(true);
  };
  return html`
    <div class="stage__card alone">
      <p class="alone__title">${t("call.alone")}</p>
      <p class="soft">${t("call.alone.text")}</p>
      <input class="alone__link code" readonly value=${link} ref=${field} aria-label=${t("call.alone.text")} />
      <button class="button" onClick=${copy} aria-live="polite">
        <${Icon} name="copy" />${copied ? t("call.copied") : t("call.copy")}
      </button>
    </div>
  `;
}

/** @param {{state: CallState}} props */
function Trouble({ state }) {
  let text = "";
  if (state.refusals > 0 && state.media !== "connected") text = state.overloaded ? t("error.overloaded") : t("error.no_worker", { count: state.refusals });
  else if (state.media === "lost") {
    text = t("call.reconnecting", { count: Math.max(1, state.attempts, state.signalingAttempts) });
  } else if (state.media === "connecting") text = t("call.connecting");
  else if (state.reception !== "full") text = t(`call.line.${state.reception}`);
  else if (state.signalingAttempts > 1) text = t("call.signaling.lost", { count: state.signalingAttempts });
  return html`<div class="trouble" role="status">
    ${text && html`<p class="notice trouble__text" data-state=${state.media === "lost" ? "bad" : "weak"}>${text}</p>`}
  </div>`;
}

/** @param {{done: () => void}} props */
function Blocked({ done }) {
  const play = async () => {
    const elements = /** @type {NodeListOf<HTMLMediaElement>} */ (document.querySelectorAll("video, audio"));
    await Promise.allSettled([...elements].map((element) => element.play()));
    done();
  };
  return html`<div class="blocked">
    <p>${t("call.sound.blocked")}</p>
    <button class="button button--primary button--big" onClick=${play}><${Icon} name="sound" />${t("call.sound.play")}</button>
  </div>`;
}

/** @param {{call: Call, state: CallState, leave: () => void}} props */
function Controls({ call, state, leave }) {
  const mute = state.microphone ? "call.microphone.off" : "call.microphone.on";
  return html`
    <nav class="controls" aria-label=${t("call.controls")}>
      <button
        class="button controls__button ${state.microphone ? "" : "controls__button--off"}"
        aria-pressed=${!state.microphone}
        disabled=${call.microphoneTrack === null}
        onClick=${() => void call.setMicrophone(!state.microphone)}
      >
        <${Icon} name=${state.microphone ? "microphone" : "microphoneOff"} />
        ${call.microphoneTrack === null ? t("call.microphone.none") : t(mute)}
      </button>
      <button
        class="button controls__button ${state.camera ? "" : "controls__button--off"}"
        aria-pressed=${!state.camera}
        onClick=${() => void call.setCamera(!state.camera)}
      >
        <${Icon} name=${state.camera ? "camera" : "cameraOff"} />
        ${t(state.camera ? "call.camera.off" : "call.camera.on")}
      </button>
      ${"getDisplayMedia" in (navigator.mediaDevices ?? {}) &&
      html`<button
        class="button controls__button ${state.screen ? "controls__button--on" : ""}"
        aria-pressed=${state.screen}
        onClick=${() => void call.setScreen(!state.screen)}
      >
        <${Icon} name="screen" />
        ${t(state.screen ? "call.screen.off" : "call.screen.on")}
      </button>`}
      <button class="button button--danger controls__button" onClick=${leave}>
        <${Icon} name="leave" />${t("call.leave")}
      </button>
    </nav>
  `;
}

/** @param {{stay: () => void, leave: () => void}} props */
function Leaving({ stay, leave }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  return html`
    <dialog class="dialog" ref=${dialog} onClose=${stay} aria-labelledby="leaving">
      <div class="stack">
        <h2 class="subtitle" id="leaving">${t("call.leave.question")}</h2>
        <p>${t("call.leave.text")}</p>
        <div class="row">
          <button class="button" onClick=${stay}>${t("call.leave.stay")}</button>
          <button class="button button--danger" onClick=${leave}>${t("call.leave")}</button>
        </div>
      </div>
    </dialog>
  `;
}

/**
 * A mark that never hides, and a sentence each time it begins or ends; a screen reader says it.
 * @param {{active: boolean}} props
 */
function RecordingMark({ active }) {
  const before = useRef(false);
  const [notice, setNotice] = useState("");
  useEffect(() => {
    if (active === before.current) return;
    before.current = active;
    setNotice(t(active ? "call.recording.started" : "call.recording.stopped"));
    const timer = setTimeout(() => setNotice(""), RECORDING_NOTICE_SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [active]);
  return html`
    <div class="recording" role="status" aria-live="assertive">
      ${active && html`<p class="recording__mark"><span aria-hidden="true">●</span> ${t("call.recording")}</p>`}
      ${notice && html`<p class="recording__notice">${notice}</p>`}
    </div>
  `;
}
