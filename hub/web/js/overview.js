// The first screen: the sentence, what is wrong by weight, the meetings, and every site as a tile.

import { call, every } from "./api.js";
import { Grid } from "./grid.js";
import { clock, t } from "./locale.js";
import { Meetings } from "./meetings.js";
import { themeState } from "./parts.js";
import { sentence } from "./trouble.js";
import { Troubles } from "./troubles.js";
import { html, useEffect, useMemo, useState } from "./ui.js";

const UNITS_POLL_MS = 10 * 60 * 1000;
const NOTHING = new Map();

/** The unit that each site is grouped under: what its own unit belongs to. Without the right to read the directory
 *  there is one group. @param {boolean} mayRead @param {number} sites
 *  @returns {Map<string, string>} site's code → name */
function useGroups(mayRead, sites) {
  const [found, setFound] = useState(NOTHING);
  useEffect(() => {
    if (!mayRead) return undefined;
    let over = false;
    const read = async () => {
      try {
        const [units, places] = await Promise.all([every("/api/v1/directory/units?"), every("/api/v1/directory/sites?")]);
        if (!over) setFound(grouped(units, places));
      } catch {
        // Without groups the sites are all there.
      }
    };
    read();
    const timer = setInterval(read, UNITS_POLL_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [mayRead, sites]);
  return found;
}

/** @param {any[]} units @param {any[]} sites */
function grouped(units, sites) {
  const byKey = new Map(units.map((unit) => [unit.key, unit]));
  const parents = new Set(units.map((unit) => unit.parent));
  return new Map(sites.filter((site) => byKey.has(site.unit)).map((site) => {
    const unit = byKey.get(site.unit);
    // The office of a district stands with its communes.
    const above = parents.has(unit.key) ? unit : byKey.get(unit.parent) ?? unit;
    return [site.key, above.name];
  }));
}

/** @param {{board: any, person: any, go: (path: string) => void, asked: any, setAsked: any, refresh: () => void}} props */
export function Overview({ board, person, go, asked, setAsked, refresh }) {
  const groupOf = useGroups(person.actions.includes("directory.read"), board.sites.length);
  const said = useMemo(() => sentence(board), [board]);
  useEffect(() => { document.title = "Thông Suốt"; }, []);
  return html`<div class="board">
    <div class="board__top row row--between">
      <div role="status" class="grow"><h1 class="sentence">
        <span class="state" data-state=${themeState(said.state)}>${said.text}</span></h1></div>
      <span class="soft small numbers">${t("board.updated", { time: clock(board.now, true) })}</span>
    </div>
    <div class="board__side stack">
      <${Troubles} ...${{ board, person, go }} />
      ${person.actions.includes("meetings.list") && html`<${Meetings} meetings=${board.meetings} onChange=${refresh}
        mayHold=${person.actions.includes("meetings.hold")} />`}
    </div>
    <${Grid} ...${{ board, groupOf, go, asked, setAsked, mayAdd: person.actions.includes("directory.write") }} />
  </div>`;
}
