// Whom to call about a site: the directory's people, telephones and hotlines, as far as this person may see them.

import { call, every } from "./api.js";

const API = "/api/v1/directory";
const MAX_PEOPLE = 6;

/** @typedef {{name: string, title: string, numbers: string[]}} Callee */

/** @param {string} code of a site @returns {Promise<{people: Callee[], lines: any[], unit: string | null}>} */
export async function contactsOf(code) {
  const at = encodeURIComponent(code);
  const [site, lines, staff, own] = await Promise.all([
    call(`${API}/sites/${at}`), every(`${API}/lines?site=${at}`), every(`${API}/people?site=${at}`),
    every(`${API}/telephones?site=${at}`),
  ]);
  let found = staff;
  if (!found.length && site.unit) found = await every(`${API}/people?unit=${encodeURIComponent(site.unit)}`);
  if (site.technician && !found.some((/** @type {any} */ one) => one.key === site.technician)) {
    found = [await call(`${API}/people/${encodeURIComponent(site.technician)}`), ...found];
  }
  // Who looks after the place comes first.
  const people = [...found].sort((/** @type {any} */ one, /** @type {any} */ other) =>
    Number(other.key === site.technician) - Number(one.key === site.technician)).slice(0, MAX_PEOPLE);
  const numbers = await Promise.all(people.map((/** @type {any} */ one) =>
    every(`${API}/telephones?person=${encodeURIComponent(one.key)}`)));
  const callees = people.map((/** @type {any} */ one, /** @type {number} */ index) => ({
    name: one.name, title: one.title, numbers: numbers[index].map((/** @type {any} */ telephone) => telephone.number),
  }));
  if (own.length) callees.push({ name: site.name, title: "", numbers: own.map((/** @type {any} */ one) => one.number) });
  return { people: callees, lines, unit: site.unit };
}

/** Who can do something about it. @param {{people: Callee[], lines: any[]}} contacts @param {any} line the troubled one
 *  @returns {{name: string, number: string, contract: string} | null} */
export function calleeOf(contacts, line) {
  const held = contacts.lines.find((one) => one.key === line?.line);
  const provider = held?.hotline && { name: held.provider, number: held.hotline, contract: held.contract_number };
  const one = contacts.people.find(({ numbers }) => numbers.length);
  const person = one && { name: one.name, number: one.numbers[0], contract: "" };
  const isProviders = ["provider", "upstream"].includes(line?.cause);
  return (isProviders ? provider || person : person || provider) || null;
}

/** @param {string} number as people write it */
export const dialled = (number) => `tel:${number.replaceAll(/[^\d+]/g, "")}`;
