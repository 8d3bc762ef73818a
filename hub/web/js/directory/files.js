// Import with a look before, export, and the trees to begin with.

import { call } from "../api.js";
import { currentLanguage, t } from "../locale.js";
import { ErrorNotice, errorWords, typed } from "../parts.js";
import { html, useEffect, useState } from "../ui.js";
import { Dialog } from "./dialog.js";
import { NOUNS } from "./nouns.js";
import { API } from "./paths.js";
import { PlanView, usePlan } from "./plan.js";

/** What a CSV holds, by its name and by its first line. @param {string} name @param {string} head */
function guess(name, head) {
  const named = Object.keys(NOUNS).find((noun) => name.toLowerCase().includes(noun));
  if (named) return named;
  const has = (/** @type {RegExp} */ words) => words.test(head.toLowerCase());
  if (has(/parent|cấp trên|valid_from|từ ngày/)) return "units";
  if (has(/provider|nhà mạng|contract|hợp đồng/)) return "lines";
  if (has(/mac|serial|firmware|sê-ri/)) return "devices";
  if (has(/number|^số|,số/)) return "telephones";
  if (has(/title|chức vụ|họ tên/)) return "people";
  return "sites";
}

/** @param {{desk: import("./desk.js").Desk, onClose: () => void}} props */
export function ImportDialog({ desk, onClose }) {
  const [file, setFile] = useState(/** @type {{name: string, content: Blob} | null} */ (null));
  const [noun, setNoun] = useState("units");
  const [over, setOver] = useState(false);
  const planned = usePlan(desk, onClose);
  const isYaml = file !== null && /\.ya?ml$/i.test(file.name);

  function look(/** @type {{name: string, content: Blob}} */ chosen, /** @type {string} */ of) {
    const yaml = /\.ya?ml$/i.test(chosen.name);
    planned.look({
      path: yaml ? `${API}/import` : `${API}/import?noun=${of}`,
      options: { file: chosen.content, type: yaml ? "application/yaml" : "text/csv" },
      done: t("import.done", { file: chosen.name }),
    });
  }
  async function take(/** @type {File | undefined} */ chosen) {
    if (!chosen) return;
    const found = guess(chosen.name, (await chosen.slice(0, 400).text()).split("\n")[0]);
    // As it is now: what is written must be what was looked at, even when a spreadsheet saves the file meanwhile.
    const held = { name: chosen.name, content: new Blob([await chosen.arrayBuffer()]) };
    setFile(held);
    setNoun(found);
    look(held, found);
  }
  const drop = (/** @type {any} */ event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return html`<${Dialog} title=${t("import.title")} onClose=${onClose}>
    <div class=${`drop stack ${over ? "drop--over" : ""}`} onDrop=${drop}
      onDragOver=${(/** @type {Event} */ event) => { event.preventDefault(); setOver(true); }}
        onDragLeave=${() => setOver(false)}>
      <div class="field"><label for="import-file">${t("import.file")}</label>
        <input id="import-file" type="file" accept=".csv,.yaml,.yml,.txt" aria-describedby="import-hint"
          onClick=${(/** @type {any} */ event) => { event.target.value = ""; }}
          onChange=${(/** @type {any} */ event) => take(event.target.files[0])} />
        <span class="hint" id="import-hint">${t("import.hint")}</span></div>
      ${file && !isYaml && html`<div class="field"><label for="import-noun">${t("import.noun")}</label>
        <select id="import-noun" value=${noun}
          onChange=${(/** @type {any} */ event) => { setNoun(event.target.value); look(file, event.target.value); }}>
          ${Object.keys(NOUNS).map((one) => html`<option key=${one} value=${one}>${t(`noun.${one}`)}</option>`)}
        </select></div>`}
    </div>
    ${!file && html`<section class="stack stack--tight" aria-labelledby="presets-title"><h3
      class="subtitle" id="presets-title">${t("preset.title")}</h3>
      <ul class="items start__ways"><${Presets} desk=${desk} /></ul></section>`}
    ${file && html`<${PlanView} desk=${desk} plan=${planned} action=${t("import.do")} onCancel=${onClose} />`}
  <//>`;
}

/** @param {{onClose: () => void}} props */
export function ExportDialog({ onClose }) {
  const [delimiter, setDelimiter] = useState("semicolon");
  return html`<${Dialog} title=${t("export.title")} onClose=${onClose}>
    <p class="soft">${t("export.what")}</p>
    <div class="field"><label for="export-delimiter">${t("export.delimiter")}</label>
      <select id="export-delimiter" value=${delimiter}
        onChange=${typed(setDelimiter)}>
        <option value="semicolon">${t("export.semicolon")}</option><option value="comma">${t("export.comma")}</option>
      </select></div>
    <div class="row">
      ${Object.keys(NOUNS).map((noun) => html`<a key=${noun} class="button" download
        href=${`${API}/export?format=csv&noun=${noun}&delimiter=${delimiter}`}>CSV: ${t(`noun.${noun}`)}</a>`)}
    </div>
    <div><a class="button" download href=${`${API}/export?format=yaml`}>${t("export.yaml")}</a></div>
  <//>`;
}

/** @param {{desk: import("./desk.js").Desk, preset: any, onClose: () => void}} props */
export function PresetDialog({ desk, preset, onClose }) {
  const planned = usePlan(desk, onClose);
  const title = currentLanguage() === "vi" ? preset.title_vi : preset.title_en;
  useEffect(() => planned.look({ path: `${API}/presets/${preset.name}`, options: {}, done: t("preset.done", { title }) }), []);
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p class="soft small">${t("preset.source", { source: currentLanguage() === "vi" ? preset.source_vi : preset.source })}</p>
    <${PlanView} desk=${desk} plan=${planned} action=${t("preset.do")} onCancel=${onClose} />
  <//>`;
}

/** The trees that come with the hub. @param {{desk: import("./desk.js").Desk}} props */
function Presets({ desk }) {
  const [presets, setPresets] = useState(/** @type {any[]} */ ([]));
  const [error, setError] = useState("");
  useEffect(() => { call(`${API}/presets`).then((found) => setPresets(found.items), (problem) => setError(errorWords(problem))); }, []);
  const look = (/** @type {any} */ preset) => desk.open((desk) => html`<${PresetDialog} key=${preset.name}
    desk=${desk} preset=${preset} onClose=${desk.close} />`);
  return html`${error && html`<li><${ErrorNotice} error=${error} /></li>`}
    ${presets.map((preset) => html`<li key=${preset.name} class="card stack stack--tight">
      <strong>${currentLanguage() === "vi" ? preset.title_vi : preset.title_en}</strong>
      <span class="soft small">${t("preset.source", { source: currentLanguage() === "vi" ? preset.source_vi : preset.source })}</span>
      <div><button type="button" class="button" onClick=${() => look(preset)}>${t("preset.look")}</button></div>
    </li>`)}`;
}

/** An empty directory: three ways to begin. @param {{desk: import("./desk.js").Desk, onAdd: () => void,
 *   onImport: () => void}} props */
export function Start({ desk, onAdd, onImport }) {
  return html`<section class="stack start" aria-labelledby="start-title">
    <h2 class="subtitle" id="start-title">${t("start.title")}</h2>
    <p class="soft">${desk.mayAll ? t("start.what") : t("start.wait")}</p>
    ${desk.mayAll && html`<ul class="items start__ways">
      <${Presets} desk=${desk} />
      <li class="card stack stack--tight"><strong>${t("start.import")}</strong><span
        class="soft small">${t("start.importWhat")}</span>
        <div><button type="button" class="button" onClick=${onImport}>${t("import.open")}</button></div></li>
      <li class="card stack stack--tight"><strong>${t("start.add")}</strong><span
        class="soft small">${t("start.addWhat")}</span>
        <div><button type="button" class="button" onClick=${onAdd}>${t("add.units")}</button></div></li>
    </ul>`}
  </section>`;
}
