// One site in full: its lines and machines now, and their last hour.

import { call } from "./api.js";
import { Chart } from "./chart.js";
import { ago, bitRate, bytes, duration, milliseconds, number, orDash, percent, t } from "./locale.js";
import { StateMark, themeState } from "./parts.js";
import { html, useEffect, useState } from "./ui.js";

const HISTORY_POLL_MS = 30000;

/** @param {string} code */
function useHistory(code) {
  const [history, setHistory] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let over = false;
    const refresh = async () => {
      try {
        const found = await call(`/api/v1/board/sites/${encodeURIComponent(code)}/history`);
        if (!over) setHistory(found);
      } catch {
        // The board itself says that the hub does not answer; the charts keep what they have.
      }
    };
    refresh();
    const timer = setInterval(refresh, HISTORY_POLL_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [code]);
  return history;
}

/** @param {{site: any}} props */
export function Site({ site }) {
  const history = useHistory(site.code);
  const times = history?.times;
  return html`<section class="site stack" aria-label=${site.name}>
    <div class="row row--between">
      <h1 class="title">${site.name}</h1>
      <span class="soft">${site.unit ?? ""} <span class="code">${site.code}</span></span>
    </div>
    ${site.lines.map((/** @type {any} */ line) => html`<${Line} key=${line.line} line=${line} />`)}
    ${site.nodes.map((/** @type {any} */ node) => html`<${Node} key=${node.node} node=${node} />`)}
    ${!site.nodes.length && html`<p class="empty">${t("site.noNode")}
      ${" "}<a href=${`/danh-muc/diem/${encodeURIComponent(site.code)}`}>${t("site.addNode")}</a></p>`}
    ${history && html`<article class="card stack">
      <h2 class="subtitle">${t("lastHour")}</h2>
      ${site.lines.filter((/** @type {any} */ line) => history.lines[line.line]).map((/** @type {any} */ line) => html`
        <${LineCharts} key=${line.line} times=${times} history=${history.lines[line.line]} />`)}
      ${site.nodes.filter((/** @type {any} */ node) => history.nodes[node.node]).map((/** @type {any} */ node) => html`
        <${NodeCharts} key=${node.node} times=${times} history=${history.nodes[node.node]} />`)}
    </article>`}
  </section>`;
}

/** @param {{label: string, value: string, hint?: string, state?: string}} props */
function Figure({ label, value, hint, state }) {
  return html`<div class="figure" data-state=${state ? themeState(state) : undefined}>
    <span class="soft small">${label}</span>
    <span class="figure__value numbers">${value}</span>
    <span class="soft small numbers">${hint ?? ""}</span>
  </div>`;
}

/** @param {{line: any}} props */
function Line({ line }) {
  const broken = (/** @type {string} */ reason) => (line.reasons.includes(reason) ? line.state : undefined);
  const unknown = line.loss_unknown_ratio > 0 ? t("line.unknown", { loss: percent(line.loss_unknown_ratio) }) : "";
  return html`<article class="card stack" data-state=${themeState(line.state)}>
    <div class="row row--between">
      <h2 class="subtitle">${t("line")}: ${line.name} ${line.provider && html`<span class="soft">${line.provider}</span>`}</h2>
      <span class="row"><${StateMark} state=${line.state} />
        <span class="soft small">${line.age_seconds === null ? t("never") : ago(line.age_seconds)}</span></span>
    </div>
    <div class="figures">
      <${Figure} label=${t("line.rtt")} value=${orDash(line.rtt_p50_seconds, milliseconds)} state=${broken("rtt")}
        hint=${t("line.p95", { value: orDash(line.rtt_p95_seconds, milliseconds) })} />
      <${Figure} label=${t("line.jitter")} value=${orDash(line.jitter_seconds, milliseconds)} state=${broken("jitter")} />
      <${Figure} label=${t("line.lossUp")} value=${orDash(line.loss_up_ratio, percent)} hint=${unknown} state=${broken("loss")} />
      <${Figure} label=${t("line.lossDown")} value=${orDash(line.loss_down_ratio, percent)} state=${broken("loss")} />
      <${Figure} label=${t("line.mos")} value=${orDash(line.mos, (value) => number(value, 2))} state=${broken("mos")}
        hint=${t("line.mosScale")} />
    </div>
  </article>`;
}

/** @param {{node: any}} props */
function Node({ node }) {
  const used = node.memory_size_bytes ? 1 - node.memory_available_bytes / node.memory_size_bytes : null;
  const wired = node.networks.filter((/** @type {any} */ one) => one.up !== false);
  const total = (/** @type {string} */ key) => {
    const values = wired.map((/** @type {any} */ one) => one[key]).filter((/** @type {any} */ value) => value !== null);
    return values.length ? values.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0) : null;
  };
  return html`<article class="card stack" data-state=${themeState(node.state)}>
    <div class="row row--between">
      <h2 class="subtitle">${t("node")}: ${node.hostname}</h2>
      <span class="row"><${StateMark} state=${node.state} />
        <span class="soft small">${node.age_seconds === null ? t("never") : ago(node.age_seconds)}</span></span>
    </div>
    <div class="figures">
      <${Figure} label=${t("node.cpu")} value=${orDash(node.cpu_busy_ratio, percent)}
        hint=${node.cpu_count ? t("node.cores", { n: node.cpu_count }) : ""} />
      <${Figure} label=${t("node.memory")} value=${orDash(used, percent)}
        hint=${orDash(node.memory_size_bytes, (size) => t("of", { size: bytes(size) }))} />
      ${node.filesystems.map((/** @type {any} */ disk) => html`<${Figure} key=${disk.mountpoint}
        label=${t("node.disk", { place: disk.mountpoint })} value=${percent(disk.used_ratio)}
        hint=${t("node.free", { size: bytes(disk.available_bytes) })} />`)}
      <${Figure} label=${t("node.network")} value=${`↓ ${orDash(total("receive_bytes_per_second"), bitRate)}`}
        hint=${`↑ ${orDash(total("transmit_bytes_per_second"), bitRate)}`} />
      <${Figure} label=${t("node.uptime")} value=${orDash(node.uptime_seconds, duration)}
        hint=${t("node.version", { version: node.version })} />
    </div>
    ${node.clock_offset_seconds !== 0 && html`<p class="notice" data-state="weak">
      ${t("node.clock", { duration: duration(Math.abs(node.clock_offset_seconds)) })}</p>`}
  </article>`;
}

/** The unknown direction shows only where there is some: a red line at zero would alarm. @param {any} history */
function lossSeries(history) {
  const known = [{ label: t("up"), values: history.loss_up_ratio }, { label: t("down"), values: history.loss_down_ratio }];
  const unknown = history.loss_unknown_ratio.some((/** @type {number | null} */ ratio) => (ratio ?? 0) > 0);
  return unknown ? [...known, { label: t("unknown"), values: history.loss_unknown_ratio }] : known;
}

/** @param {{times: number[], history: any}} props */
function LineCharts({ times, history }) {
  return html`<div class="charts">
    <${Chart} title=${t("chart.rtt")} times=${times} format=${milliseconds} threshold=${0.3}
      thresholdLabel=${t("chart.rtt.limit")} most=${0.001}
      series=${[{ label: "p50", values: history.rtt_p50 }, { label: "p95", values: history.rtt_p95 }]} />
    <${Chart} title=${t("chart.loss")} times=${times} format=${percent} threshold=${0.02}
      thresholdLabel=${t("chart.loss.limit")} most=${0.025}
      series=${lossSeries(history)} />
    <${Chart} title=${t("chart.jitter")} times=${times} format=${milliseconds} threshold=${0.03}
      thresholdLabel=${t("chart.jitter.limit")} most=${0.001} series=${[{ label: "", values: history.jitter }]} />
    <${Chart} title=${t("chart.mos")} times=${times} format=${(/** @type {number} */ value) => number(value, 2)} most=${5}
      series=${[{ label: "", values: history.mos }]} />
  </div>`;
}

/** @param {{times: number[], history: any}} props */
function NodeCharts({ times, history }) {
  return html`<div class="charts">
    <${Chart} title=${t("chart.cpu")} times=${times} format=${percent} most=${1}
      series=${[{ label: "", values: history.cpu_busy_ratio }]} />
    <${Chart} title=${t("chart.memory")} times=${times} format=${percent} most=${1}
      series=${[{ label: "", values: history.memory_used_ratio }]} />
    <${Chart} title=${t("chart.disk")} times=${times} format=${percent} most=${1} threshold=${0.9}
      thresholdLabel=${t("chart.disk.limit")} series=${[{ label: "", values: history.filesystem_worst_used_ratio }]} />
    <${Chart} title=${t("chart.network")} times=${times} format=${bitRate} most=${1000}
      series=${[{ label: t("receive"), values: history.receive_bytes_per_second }, { label: t("transmit"), values: history.transmit_bytes_per_second }]} />
  </div>`;
}
