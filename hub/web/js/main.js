// Boots the board: language first, then who is signed in, then the page for it.

import { idleSeconds, watchActivity } from "./activity.js";
import { ApiError, call, hooks } from "./api.js";
import { Board } from "./board.js";
import { currentLanguage, storedLanguage, useLanguage } from "./locale.js";
import { Later } from "./parts.js";
import { CodeStep, NewPassword, SignIn, Unlock, UnlockDialog } from "./sign_in.js";
import { html, render, useCallback, useEffect, useRef, useState } from "./ui.js";

const LINK = "/vao";
const INSTALL = "/cai-dat";
const WALL = "/man-hinh";
const WALL_TOKEN = "thongsuot.wall";

/** Loaded when somebody opens it: the first view stays small. */
const later = (/** @type {() => Promise<any>} */ load) => (/** @type {any} */ props) => html`<${Later} load=${load} ...${props} />`;
const Account = later(async () => (await import("./account.js")).Account);
const AuditLog = later(async () => (await import("./account_audit.js")).AuditLog);
const EnterHall = later(async () => (await import("./account_hall.js")).EnterHall);
const HallHome = later(async () => (await import("./account_hall.js")).HallHome);
const TotpStep = later(async () => (await import("./account_totp.js")).TotpStep);
const Users = later(async () => (await import("./account_users.js")).Users);
const Directory = later(async () => (await import("./directory/directory.js")).Directory);
const Install = later(async () => (await import("./install.js")).Install);
const Oncall = later(async () => (await import("./oncall.js")).Oncall);
const Reports = later(async () => (await import("./reports.js")).Reports);

/** Pages by address; everything else is the board. */
const PAGES = /** @type {Record<string, any>} */ ({
  "/tai-khoan": Account,
  "/nguoi-dung": Users,
  "/nhat-ky": AuditLog,
  "/bao-cao": Reports,
  "/truc": Oncall,
});

/** What is still to be done before the account may be used. */
const STEPS = /** @type {Record<string, any>} */ ({
  code: CodeStep,
  unlock: Unlock,
  new_password: NewPassword,
  set_up_totp: TotpStep,
});

/** While the hub does not answer the board says so itself. */
const UNKNOWN = { kind: "user", name: "", display_name: "", next: "", grants: [], actions: ["board.see"], everywhere: [] };

/** Nobody signs in at a screen on a wall: its link brings an API token, which stays on that machine. */
const OF_WALL = { ...UNKNOWN, kind: "wall", actions: ["board.see", "meetings.list"] };

/** Whether this page is such a screen, which then asks by its token. */
function isWall() {
  const given = location.pathname === WALL ? location.hash.slice(1) : "";
  if (given) {
    localStorage.setItem(WALL_TOKEN, given);
    history.replaceState(null, "", WALL);
  }
  if (location.pathname === WALL) hooks.token = localStorage.getItem(WALL_TOKEN) ?? "";
  return Boolean(hooks.token);
}

/** The address, which the live pages change without leaving. */
function usePath() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const follow = () => setPath(location.pathname);
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const go = useCallback((/** @type {string} */ wanted) => {
    history.pushState(null, "", wanted);
    setPath(wanted);
    scrollTo(0, 0);
  }, []);
  return { path, go };
}

function App() {
  const [onWall, setOnWall] = useState(isWall);
  const [person, setPerson] = useState(/** @type {any} */ (undefined));
  const [, setLanguage] = useState(currentLanguage());
  const { path, go } = usePath();
  // Who used the page before it locked: what they had open and had typed stays underneath.
  const before = useRef(/** @type {any} */ (null));

  const ask = useCallback(() => {
    call("/api/v1/session").then(setPerson, (error) => {
      setPerson(error instanceof ApiError && error.status === 401 ? null : UNKNOWN);
    });
  }, []);
  useEffect(() => {
    hooks.onStep = ask;
    // A hall's link answers by itself who is there.
    if (![LINK, INSTALL].includes(location.pathname) && !onWall) ask();
  }, [ask]);
  const switchLanguage = useCallback(async (/** @type {"vi" | "en"} */ wanted) => {
    await useLanguage(wanted);
    setLanguage(wanted);
  }, []);
  const signedOut = useCallback(() => setPerson(null), []);
  const signOut = useCallback(async () => {
    await call("/api/v1/session", { method: "DELETE" });
    history.replaceState(null, "", "/");
    // At a hall's PC the hall is what is left.
    ask();
  }, [ask]);
  const onPerson = setPerson;
  const endWall = useCallback(() => {
    localStorage.removeItem(WALL_TOKEN);
    hooks.token = "";
    setOnWall(false);
    ask();
  }, [ask]);

  if (onWall) {
    const props = { person: OF_WALL, switchLanguage, signOut: endWall, signedOut: endWall, path, go, locked: false };
    return html`<${Board} ...${props} />`;
  }
  if (person === null) before.current = null;
  if (location.pathname === LINK) return html`<${EnterHall} ...${{ onPerson, switchLanguage }} />`;
  if (location.pathname === INSTALL) return html`<${Install} ...${{ switchLanguage }} />`;
  if (person === undefined) return null;
  if (person === null) return html`<${SignIn} ...${{ onPerson, switchLanguage }} />`;
  const isLocked = person.next === "unlock" && before.current?.name === person.name;
  const shown = isLocked ? before.current : person;
  before.current = shown.next ? null : shown;
  const props = { person: shown, onPerson, switchLanguage, signOut, signedOut, path, go, locked: isLocked };
  if (!isLocked && STEPS[person.next]) return html`<${STEPS[person.next]} ...${props} />`;
  // Somebody who looks after a hall's PC may sign in on it.
  if (person.kind === "hall" && location.pathname !== "/dang-nhap") return html`<${HallHome} ...${props} />`;
  if (person.kind === "hall") return html`<${SignIn} ...${{ onPerson: toBoard(onPerson), switchLanguage }} />`;
  const page = location.pathname.startsWith("/danh-muc") ? Directory : PAGES[location.pathname] ?? Board;
  return html`<${page} ...${props} />${isLocked && html`<${UnlockDialog} ...${{ person, onPerson, signOut }} />`}`;
}

/** @param {(person: any) => void} onPerson */
const toBoard = (onPerson) => (/** @type {any} */ person) => {
  history.replaceState(null, "", "/");
  onPerson(person);
};

watchActivity();
hooks.idleSeconds = idleSeconds;
await useLanguage(storedLanguage());
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("root")));
