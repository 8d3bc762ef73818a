// The PC of a hall without an account: how its own line is, and the meetings it can join with one click.

import { ApiError, call } from "./api.js";
import { clock, t } from "./locale.js";
import { ErrorNotice, LanguageSwitch, StateMark, errorWords } from "./parts.js";
import { siteState } from "./trouble.js";
import { html, useEffect, useState } from "./ui.js";

const POLL_MS = 5000;

/** The link that technicians give: what follows # is the token, and it leaves the address bar at once.
 *  @param {{onPerson: (person: any) => void, switchLanguage: any}} props */
export function EnterHall({ onPerson, switchLanguage }) {
  const [error, setError] = useState("");
  useEffect(() => {
    const token = location.hash.slice(1);
    history.replaceState(null, "", "/vao");
    if (!token) {
      setError(t("hall.noToken"));
      return;
    }
    call("/api/v1/hall-session", { method: "POST", body: { token } }).then(
      (person) => {
        history.replaceState(null, "", "/");
        onPerson(person);
      },
      (problem) => setError(errorWords(problem)),
    );
  }, [onPerson]);
  return html`<main class="entry"><div class="card stack entry__card">
    <div class="row row--between"><h1 class="title">Thông Suốt</h1><${LanguageSwitch} onSwitch=${switchLanguage} /></div>
    ${error ? html`<${ErrorNotice} error=${error} />` : html`<p class="soft" role="status">${t("hall.entering")}</p>`}
    <a class="button" href="/dang-nhap">${t("hall.signIn")}</a>
  </div></main>`;
}

/** @param {{person: any, onPerson: (person: any) => void, switchLanguage: any}} props */
export function HallHome({ person, onPerson, switchLanguage }) {
  const [known, setKnown] = useState(/** @type {any} */ (null));
  const [lostSince, setLostSince] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    document.title = `${person.display_name} – Thông Suốt`;
    const ask = async () => {
      try {
        const [board, open] = await Promise.all([call("/api/v1/board"), call("/api/v1/meetings")]);
        setKnown({ site: board.sites[0], meetings: open.meetings });
        setLostSince(null);
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) onPerson(null);
        else setLostSince((since) => since ?? Date.now() / 1000);
      }
    };
    ask();
    const timer = setInterval(ask, POLL_MS);
    return () => clearInterval(timer);
  }, [person, onPerson]);
  return html`<main class="hall stack">
    <header class="row row--between">
      <h1 class="title hall__name">${person.display_name}</h1>
      <${LanguageSwitch} onSwitch=${switchLanguage} />
    </header>
    ${lostSince !== null && html`<p class="notice" data-state="bad" role="alert">${t("lost", { time: clock(lostSince) })}</p>`}
    ${known?.site && html`<p class="hall__line">${t("hall.line")} <${StateMark} state=${siteState(known.site)} /></p>`}
    <section class="stack" aria-labelledby="hall-meetings">
      <h2 class="subtitle" id="hall-meetings">${t("meetings")}</h2>
      ${known?.meetings.map((/** @type {any} */ meeting) => html`<div key=${meeting.code} class="card row hall__meeting">
        <strong class="grow">${meeting.title}</strong>
        <a class="button button--primary button--big" href=${meeting.url}>${t("meetings.join")}</a>
      </div>`)}
      ${known && !known.meetings.length && html`<p class="empty">${t("hall.noMeeting")}</p>`}
    </section>
  </main>`;
}
