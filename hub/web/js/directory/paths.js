// Addresses of the directory's pages and of its API.

export const API = "/api/v1/directory";
export const HOME = "/danh-muc";

/** @param {string} noun @param {string} key */
export const of = (noun, key) => `${API}/${noun}/${encodeURIComponent(key)}`;
/** @param {string} key */
export const unitPage = (key) => `${HOME}/don-vi/${encodeURIComponent(key)}`;
/** @param {string} code */
export const sitePage = (code) => `${HOME}/diem/${encodeURIComponent(code)}`;

/** What the address bar asks for. @param {string} path @returns {{noun: "" | "units" | "sites", key: string}} */
export function chosen(path) {
  const found = path.match(/^\/danh-muc\/(don-vi|diem)\/(.+)$/);
  if (!found) return { noun: "", key: "" };
  return { noun: found[1] === "don-vi" ? "units" : "sites", key: decodeURIComponent(found[2]) };
}
