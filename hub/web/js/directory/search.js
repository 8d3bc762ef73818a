// Finding by any of code, name, telephone and contract number, without diacritics; each hit leads to its page.

import { call } from "../api.js";
import { t } from "../locale.js";
import { errorWords } from "../parts.js";
import { html, useEffect, useState } from "../ui.js";
import { API, of, sitePage, unitPage } from "./paths.js";

const PAUSE_MS = 200;

/** @param {string} words @param {boolean} closed also what ended */
export function useSearch(words, closed) {
  const [hits, setHits] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    if (!words.trim()) {
      setHits(null);
      setError("");
      return undefined;
    }
    let isOld = false;
    const timer = setTimeout(() => {
      call(`${API}/search?q=${encodeURIComponent(words.trim().slice(0, 200))}&closed=${closed}`).then(
        (found) => { if (!isOld) { setHits(found); setError(""); } },
        (problem) => { if (!isOld) setError(errorWords(problem)); },
      );
    }, PAUSE_MS);
    return () => { isOld = true; clearTimeout(timer); };
  }, [words, closed]);
  return { hits, error };
}

/** The page on which a hit stands. @param {any} hit */
async function pageOf(hit) {
  if (hit.noun === "units") return unitPage(hit.key);
  if (hit.noun === "sites") return sitePage(hit.key);
  let item = await call(of(hit.noun, hit.key));
  if (hit.noun === "telephones" && !item.site && item.person) item = await call(of("people", item.person));
  if (item.site) return sitePage(item.site);
  return item.unit ? unitPage(item.unit) : "";
}

/** @param {{desk: import("./desk.js").Desk, hits: any}} props */
export function Hits({ desk, hits }) {
  const nouns = Object.keys(hits.totals);
  async function open(/** @type {any} */ hit) {
    try {
      const page = await pageOf(hit);
      if (page) desk.go(page);
    } catch (problem) {
      desk.fail(problem);
    }
  }
  return html`<div class="stack stack--tight">
    <p class="soft small" role="status">${hits.items.length ? t("search.found", { n: nouns.reduce((sum, noun) => sum + hits.totals[noun], 0) }) : t("search.none")}</p>
    ${nouns.map((noun) => html`<section key=${noun} aria-label=${t(`noun.${noun}`)}>
      <h2 class="soft small hits__noun">${t(`noun.${noun}`)} <span class="numbers">${hits.totals[noun]}</span></h2>
      <ul class="hits">${hits.items.filter((/** @type {any} */ hit) => hit.noun === noun).map((/** @type {any} */ hit) => html`<li key=${hit.key}>
        <button type="button" class="hit" onClick=${() => open(hit)}><strong>${hit.title}</strong>${" "}<span
          class="soft small">${[hit.at, noun === "telephones" ? "" : hit.key].filter(Boolean).join(" · ")}</span>
            </button></li>`)}</ul>
    </section>`)}
  </div>`;
}
