// One small chart of the last hour: title and unit in words, threshold, value under the pointer or the arrow keys,
// and the same numbers as a table.

import { clock, orDash, t } from "./locale.js";
import { html, uPlot, useEffect, useRef, useState } from "./ui.js";

const HEIGHT = 120;
const FEW_VALUES = 4;
const PALETTE = ["--accent", "--weak", "--bad", "--planned"];

/** @param {string} name a custom property of the theme */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * @typedef {{label: string, values: (number | null)[]}} ChartSeries
 * @param {{title: string, times: number[], series: ChartSeries[], format: (value: number) => string,
 *          threshold?: number, thresholdLabel?: string, most?: number}} props
 *   times in Unix seconds; `most`: the least height of the scale
 */
export function Chart({ title, times, series, format, threshold, thresholdLabel, most }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const [under, setUnder] = useState(/** @type {number | null} */ (null));
  const shown = under ?? lastWithValue(series);

  useEffect(() => {
    const element = /** @type {HTMLElement} */ (place.current);
    plot.current = new uPlot(options(element.clientWidth, series, format, threshold, most, setUnder), rows(times, series), element);
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.current?.destroy();
    };
    // Made anew only when its shape changes; values go in below.
  }, [series.map((one) => one.label).join("|"), threshold, times.length, isSparse(series)]);
  useEffect(() => plot.current?.setData(rows(times, series)), [times, series]);

  /** @param {KeyboardEvent} event */
  function move(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.min(Math.max((under ?? times.length) + step, 0), times.length - 1);
    plot.current.setCursor({ left: plot.current.valToPos(times[next], "x"), top: HEIGHT / 3 });
  }

  return html`<figure class="chart" tabindex="0" aria-label=${title} onKeyDown=${move} onBlur=${() => setUnder(null)}>
    <figcaption class="row row--between">
      <strong>${title}</strong>
      <span class="numbers small">
        ${shown !== null && times.length > 0 && html`<span class="soft">${clock(times[shown])} </span>
          ${series.map((one, index) => html`<span class=${`key key--${index}`}>
            ${one.label} ${orDash(one.values[shown], format)}
          </span>`)}`}
      </span>
    </figcaption>
    <div ref=${place} class="chart__plot"></div>
    ${thresholdLabel && html`<span class="soft small">${thresholdLabel}</span>`}
    <details class="small"><summary>${t("chart.table")}</summary>
      <div class="chart__table"><table class="table numbers">
        <thead><tr><th scope="col">${t("chart.time")}</th>
          ${series.map((one) => html`<th scope="col">${one.label || title}</th>`)}</tr></thead>
        <tbody>${times.map((time, row) => html`<tr><td>${clock(time)}</td>
          ${series.map((one) => html`<td>${orDash(one.values[row], format)}</td>`)}</tr>`)}</tbody>
      </table></div>
    </details>
  </figure>`;
}

/** @param {ChartSeries[]} series */
function lastWithValue(series) {
  const length = series[0]?.values.length ?? 0;
  for (let row = length - 1; row >= 0; row -= 1) if (series.some((one) => one.values[row] !== null)) return row;
  return length ? length - 1 : null;
}

/** @param {ChartSeries[]} series */
const isSparse = (series) => series.some((one) => one.values.filter((value) => value !== null).length < FEW_VALUES);

/** @param {number[]} times @param {ChartSeries[]} series @returns {any} uPlot's aligned rows */
const rows = (times, series) => [times, ...series.map((one) => one.values)];

/**
 * @param {number} width @param {ChartSeries[]} series @param {(value: number) => string} format
 * @param {number | undefined} threshold @param {number | undefined} most
 * @param {(row: number | null) => void} setUnder
 */
function options(width, series, format, threshold, most, setUnder) {
  const axis = { stroke: () => colour("--ink-soft"), grid: { stroke: () => colour("--edge"), width: 0.5 }, ticks: { show: false }, font: "11px system-ui" };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: true },
      y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ high) => heights(high, most) },
    },
    axes: [
      { ...axis, size: 24, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => clock(tick)) },
      { ...axis, size: 66, space: 34, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...series.map((one, index) => ({
        label: one.label,
        stroke: () => colour(PALETTE[index % PALETTE.length]),
        width: 1.5,
        dash: index === 1 ? [4, 3] : undefined,
        spanGaps: false,
        // A lone minute is no line: it must show as a point.
        points: { size: 4, show: isSparse([one]) },
      })),
    ],
    hooks: {
      setCursor: [(/** @type {any} */ chart) => setUnder(chart.cursor.idx ?? null)],
      draw: threshold === undefined ? [] : [(/** @type {any} */ chart) => drawThreshold(chart, threshold)],
    },
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
  if (y < bbox.top) return;
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
