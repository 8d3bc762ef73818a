// One line of a site: its last minute in figures, its day as a smoke band with loss up and down.

import { Chart } from "./chart.js";
import { ago, clock, dayClock, duration, milliseconds, number, orDash, percent, t } from "./locale.js";
import { Figure, StateMark, themeState } from "./parts.js";
import { causeWords, evidenceWords, isMeasured } from "./trouble.js";
import { html, useMemo } from "./ui.js";

const RTT_LIMIT_SECONDS = 0.3;
const LOSS_LIMIT = 0.02;
/** A cut would press all other loss flat. */
const LOSS_CAP = 0.2;
const JITTER_LIMIT_SECONDS = 0.03;
const whole = (/** @type {number} */ seconds) => `${number(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms`;
/** Down is drawn below zero. */
const share = (/** @type {number} */ ratio) => percent(Math.abs(ratio));

/** @param {{line: any, history: any, times: number[], now: number, contract?: any, children?: any}} props */
export function Line({ line, history, times, now, contract, children }) {
  const broken = (/** @type {string} */ reason) => (line.reasons.includes(reason) ? line.state : undefined);
  const unknown = line.loss_unknown_ratio > 0 ? t("line.unknown", { loss: percent(line.loss_unknown_ratio) }) : "";
  const cause = causeWords(line), evidence = evidenceWords(line);
  const title = line.name.startsWith(t("line")) ? line.name : `${t("line")}: ${line.name}`;
  return html`<article class="card stack" data-state=${themeState(line.state)} aria-label=${title}>
    <div class="row row--between">
      <h2 class="subtitle">${title} ${line.provider && !line.name.includes(line.provider)
        && html`<span class="soft">${line.provider}</span>`}</h2>
      <span class="row"><${StateMark} state=${line.state} />
        <span class="soft small">${line.age_seconds === null ? t("never") : ago(line.age_seconds)}</span></span>
    </div>
    ${line.state !== "good" && (line.since || cause) && html`<p class="notice" data-state=${themeState(line.state)}><span>
      ${line.since && html`<strong>${t("since", { time: now - line.since < 72000 ? clock(line.since) : dayClock(line.since), duration: duration(now - line.since) })}</strong>`}
      ${cause && html` · ${cause}`}${evidence && `: ${evidence}`}</span></p>`}
    ${isMeasured(line) ? html`<${Figures} ...${{ line, broken, unknown }} />` : html`<p class="soft">${t("line.notMeasured")}</p>`}
    ${contract && (contract.contract_number || contract.hotline) && html`<p class="soft small">
      ${[contract.contract_number && t("contract", { number: contract.contract_number }),
        contract.contract_download_mbits && t("contract.speed", { down: number(contract.contract_download_mbits), up: number(contract.contract_upload_mbits ?? contract.contract_download_mbits) })]
        .filter(Boolean).join(" · ")}</p>`}
    ${history && isKnown(history) && html`<${LineDay} key=${line.line} ...${{ history, times, name: line.line }} />`}
    ${children}
  </article>`;
}

/** Whether anything was measured in that time. @param {any} history */
const isKnown = (history) => history.sent.some((/** @type {number | null} */ sent) => sent !== null);

/** @param {{line: any, broken: (reason: string) => string | undefined, unknown: string}} props */
function Figures({ line, broken, unknown }) {
  return html`<div class="figures">
    <${Figure} label=${t("line.rtt")} value=${orDash(line.rtt_p50_seconds, milliseconds)} state=${broken("rtt")}
      hint=${t("line.p95", { value: orDash(line.rtt_p95_seconds, milliseconds) })} />
    <${Figure} label=${t("line.jitter")} value=${orDash(line.jitter_seconds, milliseconds)} state=${broken("jitter")} />
    <${Figure} label=${t("line.lossUp")} value=${orDash(line.loss_up_ratio, percent)} hint=${unknown} state=${broken("loss")} />
    <${Figure} label=${t("line.lossDown")} value=${orDash(line.loss_down_ratio, percent)} state=${broken("loss")} />
    <${Figure} label=${t("line.mos")} value=${orDash(line.mos, (value) => number(value, 2))} state=${broken("mos")}
      hint=${t("line.mosScale")} />
  </div>`;
}

/** @param {(number | null)[]} values */
const below = (values) => values.map((value) => (value === null ? null : -value));

/** @param {{history: any, times: number[], name: string}} props */
function LineDay({ history, times, name }) {
  const [rtt, loss, jitter, mos] = useMemo(() => [
    [
      { label: t("chart.most"), values: history.rtt_max, colour: "--edge", way: "edge" },
      { label: "p95", values: history.rtt_p95, colour: "--ink-soft", way: "edge" },
      { label: t("chart.median"), values: history.rtt_p50, colour: "--accent" },
      { label: t("chart.least"), values: history.rtt_min, colour: "--edge", way: "edge" },
    ],
    lossSeries(history),
    [{ label: "", values: history.jitter }],
    [{ label: "", values: history.mos }],
  ], [history]);
  return html`
    <${Chart} title=${t("chart.rtt")} times=${times} format=${whole} thresholds=${[RTT_LIMIT_SECONDS]} height=${180}
      thresholdLabel=${t("chart.rtt.limit")} most=${0.02} series=${rtt} sync=${name}
      bands=${[{ from: 0, to: 3, strength: 0.14 }, { from: 1, to: 3, strength: 0.3 }]} />
    <${Chart} title=${t("chart.lossBoth")} times=${times} format=${share} thresholds=${[LOSS_LIMIT, -LOSS_LIMIT]}
      thresholdLabel=${t("chart.loss.limit")} most=${0.025} cap=${LOSS_CAP} mirrored=${true} series=${loss} sync=${name} />
    <details class="more"><summary>${t("line.more")}</summary><div class="charts">
      <${Chart} title=${t("chart.jitter")} times=${times} format=${whole} thresholds=${[JITTER_LIMIT_SECONDS]}
        thresholdLabel=${t("chart.jitter.limit")} most=${0.001} series=${jitter} sync=${name} />
      <${Chart} title=${t("chart.mos")} times=${times} format=${(/** @type {number} */ value) => number(value, 2)} most=${5}
        series=${mos} sync=${name} />
    </div></details>`;
}

/** The unknown direction shows only where there is some: a red bar at zero would alarm. @param {any} history */
function lossSeries(history) {
  const known = [
    { label: t("up"), values: history.loss_up_ratio, colour: "--weak", way: "bars" },
    { label: t("down"), values: below(history.loss_down_ratio), colour: "--planned", way: "bars" },
  ];
  const unknown = history.loss_unknown_ratio.some((/** @type {number | null} */ ratio) => (ratio ?? 0) > 0);
  return unknown ? [...known, { label: t("unknown"), values: history.loss_unknown_ratio, colour: "--bad", way: "bars" }] : known;
}
