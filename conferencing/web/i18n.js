/** Words by key, Vietnamese first. Missing words fall back to Vietnamese, then to the key. */

/** @typedef {"vi" | "en"} Language */

/** @type {Record<string, Record<string, string>>} */
const words = { vi: {}, en: {} };
/** @type {Language} */
let language = "vi";

/**
 * @param {Language} wanted
 * @param {string} [folder] where vi.json and en.json lie: other pages bring words of their own
 */
export async function load(wanted, folder = "/hop/static/i18n") {
  const loading = [...new Set(["vi", wanted])].map(async (name) => {
    const response = await fetch(`${folder}/${name}.json`);
    words[name] = await response.json();
  });
  await Promise.all(loading);
  language = wanted;
  document.documentElement.lang = wanted;
  try {
    localStorage.setItem("thongsuot.language", wanted);
  } catch {
    // Chosen again next time.
  }
}

/** @returns {Language} */
export function preferred() {
  try {
    return localStorage.getItem("thongsuot.language") === "en" ? "en" : "vi";
  } catch {
    return "vi";
  }
}

/** @returns {Language} */
export function current() {
  return language;
}

/** @param {string} key @param {Record<string, string | number>} [values] */
export function t(key, values = {}) {
  const text = words[language]?.[key] ?? words.vi?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
