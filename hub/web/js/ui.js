// The one place that knows where Preact and htm lie. uPlot, which only charts need, is named by them.
export { html, render, useCallback, useEffect, useMemo, useRef, useState } from "/hop/static/vendor/htm-preact.js";
