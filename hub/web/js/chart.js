// One chart over time: title and unit in words, thresholds, value under the pointer or the arrow keys, and the same
// numbers as a table. Lines, a smoke band between two series, or bars up and down from zero.

import uPlot from "/static/vendor/uplot/uPlot.esm.js";
import { clock, orDash, t } from "./locale.js";
import { html, useEffect, useRef, useState } from "./ui.js";

const HEIGHT = 120;
const FEW_VALUES = 4;
const PALETTE = ["--accent", "--weak", "--bad", "--planned"];
const KEY_STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, PageUp: -60, PageDown: 60 });

/** @param {string} name a custom property of the theme */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * @typedef {{label: string, values: (number | null)[], colour?: string, way?: "bars" | "edge"}} ChartSeries
 *   `bars`: from zero; `edge`: only the edge of a band, no line of its own
 * @typedef {{from: number, to: number, strength: number}} Band between two series (by index), 0..1
 * @param {{title: string, times: number[], series: ChartSeries[], format: (value: number) => string, bands?: Band[],
 *          thresholds?: number[], thresholdLabel?: string, most?: number, cap?: number, mirrored?: boolean, height?: number, sync?: string}} props
 *   times in Unix seconds; `most`: the least height of the scale, `cap`: the greatest; `mirrored`: the scale goes as far below zero;
 *   `sync`: charts of one name show the same instant
 */
export function Chart({ title, times, series, format, bands = [], thresholds = [], thresholdLabel, most, cap, mirrored = false,
  height = HEIGHT, sync }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const [under, setUnder] = useState(/** @type {number | null} */ (null));
  const [open, setOpen] = useState(false);
  const shown = under ?? lastWithValue(series);

  useEffect(() => {
    const element = /** @type {HTMLElement} */ (place.current);
    /** @type {any} */
    const wanted = options({ width: element.clientWidth, height, series, format, bands, thresholds, most, cap, mirrored, sync, setUnder });
    plot.current = new uPlot(wanted, rows(times, series), element);
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    const theme = new MutationObserver(() => plot.current?.redraw(false));
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      watcher.disconnect();
      theme.disconnect();
      plot.current?.destroy();
    };
    // Made anew only when its shape changes; values go in below.
  }, [series.map((one) => one.label).join("|"), thresholds.join("|"), times.length, isSparse(series)]);
  useEffect(() => plot.current?.setData(rows(times, series)), [times, series]);

  /** @param {KeyboardEvent} event */
  function move(event) {
    const last = times.length - 1;
    const from = under ?? times.length;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : KEY_STEPS[event.key] ? from + KEY_STEPS[event.key] : null;
    if (to === null) return;
    event.preventDefault();
    const next = Math.min(Math.max(to, 0), last);
    plot.current.setCursor({ left: plot.current.valToPos(times[next], "x"), top: height / 3 });
  }

  return html`<figure class="chart" tabindex="0" aria-label=${title} onKeyDown=${move} onBlur=${() => setUnder(null)}>
    <figcaption class="row row--between">
      <strong>${title}</strong>
      <span class="numbers small chart__value">
        ${shown !== null && times.length > 0 && html`<span class="soft">${clock(times[shown])} </span>
          ${series.map((one, index) => html`<span class="key" data-colour=${one.colour ?? PALETTE[index % PALETTE.length]}>
            ${one.label} ${orDash(one.values[shown], format)}
          </span>`)}`}
      </span>
    </figcaption>
    <div ref=${place} class=${`chart__plot chart__plot--${height}`}></div>
    ${thresholdLabel && html`<span class="soft small">${thresholdLabel}</span>`}
    <details class="small" onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
      <summary>${t("chart.table")}</summary>
      ${open && html`<div class="chart__table" tabindex="0" role="region" aria-label=${title}><table class="table numbers">
        <thead><tr><th scope="col">${t("chart.time")}</th>
          ${series.map((one) => html`<th scope="col">${one.label || title}</th>`)}</tr></thead>
        <tbody>${times.map((time, row) => html`<tr><td>${clock(time)}</td>
          ${series.map((one) => html`<td>${orDash(one.values[row], format)}</td>`)}</tr>`)}</tbody>
      </table></div>`}
    </details>
  </figure>`;
}

/** @param {ChartSeries[]} series */
function lastWithValue(series) {
  const length = series[0]?.values.length ?? 0;
  for (let row = length - 1; row >= 0; row -= 1) if (series.some((one) => (one.values[row] ?? null) !== null)) return row;
  return length ? length - 1 : null;
}

/** @param {ChartSeries[]} series */
const isSparse = (series) => series.some((one) => one.values.filter((value) => value !== null).length < FEW_VALUES);

/** @param {number[]} times @param {ChartSeries[]} series @returns {any} uPlot's aligned rows */
const rows = (times, series) => [times, ...series.map((one) => one.values)];

/** @param {any} chart what Chart was given, its width and what hears of the row under the pointer */
function options({ width, height, series, format, bands, thresholds, most, cap = Infinity, mirrored, sync, setUnder }) {
  const axis = { stroke: () => colour("--ink-soft"), grid: { stroke: () => colour("--edge"), width: 0.5 }, ticks: { show: false }, font: "11px system-ui" };
  const mirror = (/** @type {[number, number]} */ [, high]) => [-high, high];
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, ...(sync ? { sync: { key: sync } } : {}) },
    scales: {
      x: { time: true },
      y: {
        range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) =>
          (mirrored ? mirror(heights(Math.min(Math.max(high ?? 0, -(low ?? 0)), cap), most)) : heights(high, most)),
      },
    },
    axes: [
      { ...axis, size: 24, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => clock(tick)) },
      { ...axis, size: 66, space: 34, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(format) },
    ],
    series: [{}, ...series.map((/** @type {ChartSeries} */ one, /** @type {number} */ index) => drawn(one, index))],
    // uPlot counts the times as its first series.
    bands: bands.map((/** @type {Band} */ { from, to, strength }) => ({
      series: [from + 1, to + 1],
      fill: () => `${colour("--accent")}${Math.round(strength * 255).toString(16).padStart(2, "0")}`,
    })),
    hooks: {
      setCursor: [(/** @type {any} */ chart) => setUnder(chart.cursor.idx ?? null)],
      draw: [(/** @type {any} */ chart) => thresholds.forEach((/** @type {number} */ at) => drawThreshold(chart, at))],
    },
  };
}

/** @param {ChartSeries} one @param {number} index @returns {any} */
function drawn(one, index) {
  const stroke = () => colour(one.colour ?? PALETTE[index % PALETTE.length]);
  if (one.way === "edge") return { label: one.label, stroke: "transparent", width: 0, points: { show: false } };
  if (one.way === "bars") {
    return { label: one.label, stroke, fill: stroke, width: 1, paths: uPlot.paths.bars?.({ size: [1, 6] }), points: { show: false } };
  }
  return {
    label: one.label,
    stroke,
    width: 1.5,
    dash: index === 1 && !one.colour ? [4, 3] : undefined,
    spanGaps: false,
    // A lone minute is no line: it must show as a point.
    points: { size: 4, show: isSparse([one]) },
  };
}

/**
 * The scale starts at zero, or small things would look large. No data at all gives null.
 * @param {number | null} high @param {number | undefined} most @returns {[number, number]}
 */
const heights = (high, most) => [0, Math.max(most ?? 0, (high ?? 0) * 1.1) || 1];

/** @param {any} chart @param {number} threshold */
function drawThreshold(chart, threshold) {
  const y = chart.valToPos(threshold, "y", true);
  const { ctx, bbox } = chart;
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = colour("--bad");
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 4]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
