// What the parts of the directory's page share: the tree, what this person may do, going, saying, reading again.

import { call } from "../api.js";
import { useEffect, useState } from "../ui.js";
import { API, of } from "./paths.js";

/**
 * @typedef {object} Desk
 * @property {any} person
 * @property {Map<string, any>} units by key, those that ended too
 * @property {Record<string, string>} names of the units, by key
 * @property {number} version grows when something changed: whoever shows something reads it again
 * @property {(noun?: string) => void} reload something changed; of that noun only, or of any
 * @property {(path: string) => void} go to another page of the directory
 * @property {() => void} arrived what was gone to is there
 * @property {(unit: string | null) => void} at the unit of the site that is shown
 * @property {(action: string) => boolean} may at least somewhere; of useDeskAt: here
 * @property {boolean} mayWrite at least somewhere; of useDeskAt: here
 * @property {boolean} mayAll write everywhere
 * @property {(words: string, undo?: {path: string} | null) => void} say what was done, and how it is taken back
 * @property {(problem: unknown) => void} fail say what went wrong
 * @property {(make: (desk: Desk) => any) => void} open a dialog, made anew of the desk as it then is
 * @property {() => void} close it
 */

/** The desk as it is at one unit or site: what a part of the tree allows, the whole need not.
 *  @param {Desk} desk @param {"units" | "sites"} noun @param {string} key @returns {Desk} */
export function useDeskAt(desk, noun, key) {
  const [actions, setActions] = useState(/** @type {string[] | null} */ (null));
  const isSame = desk.person.actions.length === desk.person.everywhere.length;
  useEffect(() => {
    let isOld = false;
    if (!isSame) call(`${of(noun, key)}/rights`).then((found) => { if (!isOld) setActions(found.actions); }, () => {});
    return () => { isOld = true; };
  }, [noun, key, isSame]);
  // Until it is known nothing is offered that may be refused.
  const here = isSame ? desk.person.actions : actions ?? [];
  return { ...desk, may: (action) => here.includes(action), mayWrite: here.includes("directory.write") };
}

/** Say that it was saved, and offer to take the newest change of it back.
 *  @param {Desk} desk @param {string} noun @param {string} key @param {string} words */
export async function saved(desk, noun, key, words) {
  const last = await call(`${of(noun, key)}/history?limit=1`).catch(() => null);
  const change = last?.items[0];
  desk.say(words, change && { path: `${API}/changes/${change.id}/undo` });
  desk.reload(noun);
}
