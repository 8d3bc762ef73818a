// One machine of a site: its readings now and their last hours.

import { Chart } from "./chart.js";
import { ago, bitRate, bytes, duration, orDash, percent, t } from "./locale.js";
import { Figure, StateMark, themeState } from "./parts.js";
import { html, useMemo } from "./ui.js";

/** @param {{node: any, history: any, times: number[]}} props */
export function Node({ node, history, times }) {
  const used = node.memory_size_bytes ? 1 - node.memory_available_bytes / node.memory_size_bytes : null;
  const wired = node.networks.filter((/** @type {any} */ one) => one.up !== false);
  const total = (/** @type {string} */ key) => {
    const values = wired.map((/** @type {any} */ one) => one[key]).filter((/** @type {any} */ value) => value !== null);
    return values.length ? values.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0) : null;
  };
  return html`<article class="card stack" data-state=${themeState(node.state)} aria-label=${`${t("node")}: ${node.hostname}`}>
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
    ${history && html`<${NodeCharts} ...${{ history, times }} />`}
  </article>`;
}

/** @param {{times: number[], history: any}} props */
function NodeCharts({ times, history }) {
  const [cpu, memory, disk, network] = useMemo(() => [
    [{ label: "", values: history.cpu_busy_ratio }],
    [{ label: "", values: history.memory_used_ratio }],
    [{ label: "", values: history.filesystem_worst_used_ratio }],
    [{ label: t("receive"), values: history.receive_bytes_per_second }, { label: t("transmit"), values: history.transmit_bytes_per_second }],
  ], [history]);
  return html`<details class="more"><summary>${t("node.more")}</summary><div class="charts">
    <${Chart} title=${t("chart.cpu")} times=${times} format=${percent} most=${1} series=${cpu} />
    <${Chart} title=${t("chart.memory")} times=${times} format=${percent} most=${1} series=${memory} />
    <${Chart} title=${t("chart.disk")} times=${times} format=${percent} most=${1} thresholds=${[0.9]}
      thresholdLabel=${t("chart.disk.limit")} series=${disk} />
    <${Chart} title=${t("chart.network")} times=${times} format=${bitRate} most=${1000} series=${network} />
  </div></details>`;
}
