/** Recordings of one meeting, for whoever holds it: begin, end, have a video made, fetch it. */
import { html, render } from "./vendor/htm-preact.js";
import * as i18n from "./i18n.js";

const { t } = i18n;
const REFRESH_SECONDS = 3;

/**
 * @typedef {{state: "queued" | "running" | "done" | "failed", progress: number, detail: string}} Composition
 * @typedef {{name: string, started_at: number, started_by: string, stopped_at: number | null, kept: boolean,
 *   bytes: number, composition: Composition | null, video: boolean}} Recording
 * @typedef {{code: string, recording: string | null, recordings: Recording[]}} Answer
 */

const code = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const base = `/api/v1/meetings/${encodeURIComponent(code)}/recording`;

/** @type {{answer: Answer | null, trouble: string, busy: boolean}} */
let view = { answer: null, trouble: "", busy: false };

/** @param {Partial<typeof view>} changes */
function show(changes) {
  view = { ...view, ...changes };
  const app = document.getElementById("app");
  if (app) render(html`<${Page} view=${view} />`, app);
}

/** @param {{view: typeof view}} props */
function Page({ view }) {
  const { answer, trouble, busy } = view;
  const on = answer?.recording != null;
  return html`
    <main class="page stack">
      <header class="row row--between">
        <h1 class="title">${t("recordings.title")}</h1>
        <div class="row">
          <a class="button button--quiet" href=${`/hop/${code}`}>${t("measure.meeting")}</a>
          <button class="button button--quiet" onClick=${language}>${t("language")}</button>
        </div>
      </header>
      ${trouble && html`<p class="notice" data-state="bad" role="alert">${trouble} <a href="/">${t("measure.signin.link")}</a></p>`}
      ${answer &&
      html`
        <section class="card stack">
          <p class="state" data-state=${on ? "bad" : "nodata"}>${t(on ? "recordings.on" : "recordings.off")}</p>
          <p class="soft">${t("recordings.what")}</p>
          <div class="row">
            <button
              class=${`button button--big ${on ? "button--danger" : "button--primary"}`}
              aria-busy=${busy}
              disabled=${busy}
              onClick=${() => act(on ? "DELETE" : "POST", base)}
            >
              ${t(on ? "recordings.stop" : "recordings.start")}
            </button>
          </div>
        </section>
        ${answer.recordings.length === 0 && html`<p class="empty">${t("recordings.none")}</p>`}
        ${answer.recordings.map((one) => html`<${Row} key=${one.name} one=${one} busy=${busy} />`)}
      `}
    </main>
  `;
}

/** @param {{one: Recording, busy: boolean}} props */
function Row({ one, busy }) {
  const made = one.composition;
  const working = made !== null && (made.state === "queued" || made.state === "running");
  return html`
    <article class="card stack">
      <h2 class="subtitle numbers">${time(one.started_at)} – ${one.stopped_at === null ? t("recordings.going") : time(one.stopped_at)}</h2>
      <p class="soft">
        ${t("recordings.by", { name: one.started_by })} · ${one.kept ? t("recordings.size", { size: megabytes(one.bytes) }) : t("recordings.purged")}
      </p>
      ${working &&
      html`<p role="status">
        ${t(`recordings.${made.state}`, { percent: Math.round(100 * made.progress) })}
        <progress max="1" value=${made.progress} aria-label=${t("recordings.progress")}></progress>
      </p>`}
      ${made?.state === "failed" && html`<p class="error">${t("recordings.failed", { detail: made.detail })}</p>`}
      <div class="row">
        ${one.kept &&
        one.stopped_at !== null &&
        !working &&
        !one.video &&
        html`<button class="button" disabled=${busy} onClick=${() => act("POST", `${base}s/${one.name}/composition`)}>
          ${t("recordings.compose")}
        </button>`}
        ${one.video && html`<a class="button button--primary" href=${`${base}s/${one.name}/video`} download>${t("recordings.fetch")}</a>`}
      </div>
    </article>
  `;
}

/** @param {string} method @param {string} address */
async function act(method, address) {
  show({ busy: true });
  try {
    const response = await fetch(address, { method });
    show({ trouble: response.ok ? "" : await said(response) });
  } catch {
    show({ trouble: t("recordings.unreachable") });
  }
  await load();
  show({ busy: false });
}

/** @param {Response} response the words of a problem document in the page's language */
async function said(response) {
  const problem = await response.json().catch(() => ({ title: String(response.status), detail: "" }));
  const [vi, en] = [problem.title, problem.detail].map((text) => String(text).split(" / ")).reduce(
    (all, parts) => [[...all[0], parts[0] ?? ""], [...all[1], parts[1] ?? parts[0] ?? ""]],
    /** @type {string[][]} */ ([[], []]),
  );
  return ((i18n.current() === "vi" ? vi : en) ?? []).join(". ");
}

/** @returns {Promise<boolean>} whether to look again */
async function load() {
  try {
    const response = await fetch(`${base}s`);
    if (!response.ok) {
      show({ answer: null, trouble: await said(response) });
      return false;
    }
    show({ answer: await response.json() });
  } catch {
    show({ trouble: t("recordings.unreachable") });
  }
  return true;
}

/** @param {number} seconds */
function time(seconds) {
  return new Date(seconds * 1000).toLocaleString(i18n.current(), { dateStyle: "short", timeStyle: "short" });
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toLocaleString(i18n.current(), { maximumFractionDigits: 1 });
}

async function language() {
  await i18n.load(i18n.current() === "vi" ? "en" : "vi");
  show({});
}

async function refresh() {
  if (view.busy || (await load())) setTimeout(refresh, REFRESH_SECONDS * 1000);
}

await i18n.load(i18n.preferred());
document.title = `${t("recordings.title")} – ${t("app")}`;
await refresh();
