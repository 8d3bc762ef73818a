// The one place that knows where Preact, htm and uPlot lie.
export { html, render, useCallback, useEffect, useMemo, useRef, useState } from "/hop/static/vendor/htm-preact.js";
export { default as uPlot } from "/static/vendor/uplot/uPlot.esm.js";
