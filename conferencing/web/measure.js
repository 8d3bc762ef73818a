/** The technicians' page of one meeting: how every bridge point's media do now, worst first. */
import { html, render } from "./vendor/htm-preact.js";
import * as i18n from "./i18n.js";

const { t } = i18n;
const REFRESH_SECONDS = 2;
const BITS = 1000;

/**
 * @typedef {{name: string, from: string | null, layer: string | null, enabled: boolean, bits_per_second: number,
 *   packets_per_second: number, loss: number | null, jitter_seconds: number | null, nacks: number, resent: number,
 *   keyframe_requests: number, frames_per_second: number | null, frame_height: number | null, freezes: number | null,
 *   frozen_share: number | null, concealed_share: number | null, score: number | null}} Stream
 * @typedef {{up: Stream[], down: Stream[], up_bits_per_second: number, down_bits_per_second: number,
 *   loss_up: number | null, loss_down: number | null, jitter_up_seconds: number | null,
 *   jitter_down_seconds: number | null, round_trip_seconds: number | null, estimate_bits_per_second: number | null,
 *   candidate_type: string | null, limitation: string | null, sound: number | null, picture: number | null}} Quality
 * @typedef {{seat: string, name: string, site: string | null, presence: string, microphone: boolean, camera: boolean,
 *   transport: string | null, quality: Quality | null}} Seat
 * @typedef {{code: string, title: string, at: number, speaker: string | null, seats: Seat[],
 *   worker: {name: string, connected: boolean, resident_bytes: number | null, drops: Record<string, number>} | null}} Figures
 */

const code = decodeURIComponent(location.pathname.split("/")[2] ?? "");

/** @type {{figures: Figures | null, trouble: "" | "signin" | "rights" | "unknown" | "unreachable", since: number}} */
let view = { figures: null, trouble: "", since: 0 };

function draw() {
  const app = document.getElementById("app");
  if (app) render(html`<${Page} view=${view} />`, app);
}

/** @param {{view: typeof view}} props */
function Page({ view }) {
  const { figures, trouble } = view;
  const stale = trouble === "unreachable" && figures !== null;
  return html`
    <main class="page page--wide stack ${stale ? "measure__stale" : ""}">
      <header class="measure__top row row--between">
        <div>
          <h1 class="title">${t("measure.title")}</h1>
          ${figures && html`<p class="soft">${summary(figures)}</p>`}
        </div>
        <div class="row">
          <a class="button button--quiet" href=${`/hop/${code}`}>${t("measure.meeting")}</a>
          <button class="button button--quiet" onClick=${language}>${t("language")}</button>
        </div>
      </header>
      ${trouble &&
      html`<p class="notice" data-state="bad" role="status">
        ${t(`measure.${trouble}`, { time: clock(view.since) })} ${trouble === "signin" && html`<a href="/">${t("measure.signin.link")}</a>`}
      </p>`}
      ${figures && figures.seats.length === 0 && html`<p class="empty">${t("measure.nobody")}</p>`}
      ${figures &&
      html`<div class="measure__seats">
          ${[...figures.seats].sort(worstFirst).map((seat) => html`<${Row} key=${seat.seat} seat=${seat} />`)}
        </div>
        <p class="soft small">${t("measure.legend")}</p>
        <${Worker} figures=${figures} />`}
    </main>
  `;
}

/** @param {Figures} figures */
function summary(figures) {
  const bad = figures.seats.filter((seat) => state(seat) === "bad").length;
  const weak = figures.seats.filter((seat) => state(seat) === "weak").length;
  return t("measure.summary", { title: figures.title, count: figures.seats.length, bad, weak, time: clock(figures.at) });
}

/** @param {{seat: Seat}} props */
function Row({ seat }) {
  const quality = seat.quality;
  const mark = state(seat);
  return html`
    <details class="measure__seat">
      <summary>
        <span class="measure__name">${seat.name}</span>
        <span class="state" data-state=${mark}>${t(`measure.state.${mark}`)}</span>
        <${Figure} label=${t("measure.sound")} value=${score(quality?.sound)} />
        <${Figure} label=${t("measure.picture")} value=${score(quality?.picture)} />
        <${Figure} label=${t("measure.down")} value=${quality ? `${bits(quality.down_bits_per_second)} · ${percent(quality.loss_down)}` : "–"} />
        <${Figure} label=${t("measure.up")} value=${quality ? `${bits(quality.up_bits_per_second)} · ${percent(quality.loss_up)}` : "–"} />
        <${Figure} label=${t("measure.rtt")} value=${milliseconds(quality?.round_trip_seconds)} />
      </summary>
      <div class="measure__inside stack">
        <p class="row soft small">
          <span>${t("measure.presence")}: ${t(`measure.presence.${seat.presence}`)}</span>
          <span>${t("measure.transport")}: ${seat.transport ? t(`measure.transport.${seat.transport}`) : "–"}${quality?.candidate_type ? ` (${quality.candidate_type})` : ""}</span>
          <span>${t("measure.estimate")}: ${quality?.estimate_bits_per_second ? bits(quality.estimate_bits_per_second) : "–"}</span>
          ${quality?.limitation === "cpu" && html`<span class="state" data-state="weak">${t("measure.cpu")}</span>`}
        </p>
        ${quality && html`<${Streams} title=${t("measure.streams.up")} streams=${quality.up} received=${false} />`}
        ${quality && html`<${Streams} title=${t("measure.streams.down")} streams=${quality.down} received=${true} />`}
      </div>
    </details>
  `;
}

/** @param {{label: string, value: string}} props */
function Figure({ label, value }) {
  return html`<span class="numbers"><span class="measure__label">${label}</span>${value}</span>`;
}

/** @param {{title: string, streams: Stream[], received: boolean}} props */
function Streams({ title, streams, received }) {
  if (streams.length === 0) return null;
  const columns = ["stream", "from", "bitrate", "packets", "loss", "jitter", "nack", "pli", "frames", "freezes", "concealed", "score"];
  const shown = received ? columns : columns.slice(0, 8).filter((name) => name !== "from");
  return html`
    <div class="measure__scroll" tabindex="0" role="region" aria-label=${title}>
      <table class="table">
        <caption class="subtitle">
          ${title}
        </caption>
        <thead>
          <tr>
            ${shown.map((name) => html`<th scope="col" class=${name === "stream" || name === "from" ? "" : "numbers"}>${t(`measure.column.${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${streams.map(
            (one) => html`<tr key=${one.name}>
              ${shown.map((name) => html`<td class=${name === "stream" || name === "from" ? "" : "numbers"}>${cell(one, name)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** @param {Stream} one @param {string} column */
function cell(one, column) {
  switch (column) {
    case "stream":
      return `${t(`measure.stream.${one.name.replace(/\d+$/, "")}`, { number: Number(/\d+$/.exec(one.name)?.[0] ?? 0) + 1 })}${one.layer ? ` · ${one.layer}` : ""}${one.enabled ? "" : ` (${t("measure.off")})`}`;
    case "from":
      return one.from ?? "–";
    case "bitrate":
      return bits(one.bits_per_second);
    case "packets":
      return number(one.packets_per_second, 0);
    case "loss":
      return percent(one.loss);
    case "jitter":
      return milliseconds(one.jitter_seconds);
    case "nack":
      return one.resent ? `${one.nacks} (${one.resent})` : String(one.nacks);
    case "pli":
      return String(one.keyframe_requests);
    case "frames":
      return one.frame_height ? `${number(one.frames_per_second, 0)} · ${one.frame_height}p` : "–";
    case "freezes":
      return one.frame_height ? `${one.freezes} (${percent(one.frozen_share)})` : "–";
    case "concealed":
      return percent(one.concealed_share);
    default:
      return score(one.score);
  }
}

/** @param {{figures: Figures}} props */
function Worker({ figures }) {
  const worker = figures.worker;
  if (worker === null) return html`<p class="soft">${t("measure.worker.none")}</p>`;
  const drops = Object.entries(worker.drops).sort((a, b) => b[1] - a[1]);
  return html`
    <section class="card stack">
      <h2 class="subtitle">${t("measure.worker", { name: worker.name })}</h2>
      <p class="soft">
        ${worker.resident_bytes === null ? "" : t("measure.worker.memory", { size: number(worker.resident_bytes / 1048576, 0) })}
        ${worker.connected ? "" : ` · ${t("measure.worker.lost")}`}
      </p>
      ${drops.length > 0 &&
      html`<p class="small">${t("measure.worker.drops")}: ${drops.map(([reason, count]) => html`<span class="badge code">${reason} ${count}</span> `)}</p>`}
    </section>
  `;
}

/** @param {Seat} seat @returns {"good" | "weak" | "bad" | "nodata"} */
function state(seat) {
  if (seat.presence === "silent") return "bad";
  const quality = seat.quality;
  if (quality === null) return "nodata";
  const scores = [quality.sound, quality.picture].filter((one) => one !== null);
  const loss = Math.max(quality.loss_up ?? 0, quality.loss_down ?? 0);
  if (scores.some((one) => one < 2.5) || loss > 0.1) return "bad";
  if (scores.some((one) => one < 3.6) || loss > 0.03) return "weak";
  return scores.length === 0 && quality.down_bits_per_second + quality.up_bits_per_second === 0 ? "nodata" : "good";
}

const WEIGHT = { bad: 0, weak: 1, nodata: 2, good: 3 };

/** @param {Seat} a @param {Seat} b */
function worstFirst(a, b) {
  return WEIGHT[state(a)] - WEIGHT[state(b)] || a.name.localeCompare(b.name, "vi");
}

/** @param {number | null | undefined} value @param {number} digits */
function number(value, digits) {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString(i18n.current(), { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/** @param {number} value */
function bits(value) {
  return value >= BITS * BITS ? `${number(value / BITS / BITS, 1)} Mbit/s` : `${number(value / BITS, 0)} kbit/s`;
}

/** @param {number | null | undefined} value */
function percent(value) {
  return value === null || value === undefined ? "–" : `${number(100 * value, 1)} %`;
}

/** @param {number | null | undefined} value */
function milliseconds(value) {
  return value === null || value === undefined ? "–" : `${number(1000 * value, value < 0.01 ? 1 : 0)} ms`;
}

/** @param {number | null | undefined} value */
function score(value) {
  return number(value, 1);
}

/** @param {number} seconds */
function clock(seconds) {
  return seconds ? new Date(seconds * 1000).toLocaleTimeString(i18n.current()) : "";
}

async function language() {
  await i18n.load(i18n.current() === "vi" ? "en" : "vi");
  draw();
}

async function refresh() {
  try {
    const response = await fetch(`/api/v1/meetings/${encodeURIComponent(code)}/statistics`);
    if (response.ok) view = { figures: await response.json(), trouble: "", since: 0 };
    else view = { ...view, figures: null, trouble: response.status === 401 ? "signin" : response.status === 403 ? "rights" : "unknown" };
  } catch {
    view = { ...view, trouble: "unreachable", since: view.since || Date.now() / 1000 };
  }
  document.title = `${t("measure.title")} – ${t("app")}`;
  draw();
  if (view.trouble === "" || view.trouble === "unreachable") setTimeout(refresh, REFRESH_SECONDS * 1000);
}

await i18n.load(i18n.preferred());
await refresh();
