// The kinds of things that the directory holds: their fields as a form asks for them and a page shows them.

import { fold } from "../fold.js";
import { day, number, t } from "../locale.js";

/** @typedef {{name: string, input: "text" | "date" | "number" | "choice" | "reference", required?: boolean,
 *   fixed?: boolean, max?: number, choices?: string[], refers?: string, optional?: boolean, least?: number, most?: number,
 *   type?: string}} Field
 * `optional`: the code may stay empty, the hub makes one. */
/** @typedef {{noun: string, key: string, item: any, etag: string}} Opened */

const UNIT_KINDS = ["xa", "phuong", "thi-tran", "dac-khu", "huyen", "quan", "thi-xa", "thanh-pho", "tinh", "khac"];
const DEVICE_KINDS = ["router", "switch", "access-point", "ont", "firewall", "ups", "computer", "camera", "printer",
  "recorder", "other"];

/** @param {string} name @param {number} max @param {object} [more] @returns {Field} */
const text = (name, max, more = {}) => ({ name, input: "text", max, ...more });
/** @param {string} name @param {string[]} choices @returns {Field} */
const choice = (name, choices) => ({ name, input: "choice", choices });
/** @param {string} name @param {string} refers @returns {Field} */
const reference = (name, refers) => ({ name, input: "reference", refers });
/** @param {string} name @param {number} least @param {number} most @returns {Field} */
const amount = (name, least, most) => ({ name, input: "number", least, most });

/** @type {Record<string, Field[]>} */
export const NOUNS = {
  units: [
    text("name", 200, { required: true }),
    choice("kind", UNIT_KINDS),
    text("code", 32, { required: true, fixed: true }),
    { name: "valid_from", input: "date", required: true, fixed: true },
    reference("parent", "units"),
  ],
  sites: [
    text("name", 200, { required: true }),
    text("code", 64, { required: true, fixed: true }),
    reference("unit", "units"),
    text("address", 300),
    text("place", 200),
    reference("technician", "people"),
    amount("latitude", -90, 90),
    amount("longitude", -180, 180),
  ],
  lines: [
    text("name", 200, { required: true }),
    text("code", 64, { required: true, fixed: true }),
    text("provider", 64),
    choice("network", ["internet", "government"]),
    amount("contract_download_mbits", 0.01, 1000000),
    amount("contract_upload_mbits", 0.01, 1000000),
    text("contract_number", 100),
    text("hotline", 40, { type: "tel" }),
  ],
  devices: [
    text("name", 200, { required: true }),
    choice("kind", DEVICE_KINDS),
    text("address", 255),
    text("mac", 23),
    text("serial", 100),
    text("firmware", 100),
    { name: "end_of_support", input: "date" },
    text("owner", 200),
    text("place", 200),
    text("code", 64, { fixed: true, optional: true }),
  ],
  people: [
    text("name", 200, { required: true }),
    text("title", 200),
    text("code", 64, { fixed: true, optional: true }),
  ],
  telephones: [
    text("number", 40, { required: true, type: "tel" }),
    choice("kind", ["mobile", "office", "home", "fax"]),
    choice("visibility", ["staff", "everyone", "administrators"]),
  ],
};

/** What every field may hold when somebody else's change or an import is told: also those that no form has. */
const BY_NAME = Object.fromEntries(Object.values(NOUNS).flat().map((field) => [field.name, field]));

/** The word for a field of a noun. @param {string} name */
export const label = (name) => t(`field.${name}`);

/** A value as people read it; empty when there is none.
 *  @param {string} name of the field @param {any} value @param {Record<string, string>} [names] of what is referred to */
export function shown(name, value, names = {}) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((past) => `${names[past.unit] ?? past.unit} → ${day(past.until)}`).join("; ");
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return day(value);
  if (typeof value === "number") return number(value, 6);
  if (BY_NAME[name]?.choices || ["kind", "network", "visibility"].includes(name)) return t(`choice.${value}`);
  return names[value] ?? names[name] ?? String(value);
}

/** As a form holds it. @param {Field} field @param {any} value */
export function asText(field, value) {
  if (value === null || value === undefined) return "";
  return field.input === "number" ? number(value, 6).replaceAll(/[^\d,.-]/g, "") : String(value);
}

/** As the hub takes it; undefined: it is not a number. @param {Field} field @param {string} given */
export function asValue(field, given) {
  const found = given.trim();
  if (field.input !== "number") return found === "" && field.input !== "text" ? null : found;
  if (found === "") return null;
  return /^-?\d+([.,]\d+)?$/.test(found) ? Number(found.replace(",", ".")) : undefined;
}

/** A code that is made of a name: "UBND xã Kim Xá" → "ubnd-xa-kim-xa". @param {string} name */
export function codeOf(name) {
  return fold(name).replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 64);
}
