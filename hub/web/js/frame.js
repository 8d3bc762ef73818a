// What stands around every page but the first: brand, the pages that this person may open, language, signing out.

import { t } from "./locale.js";
import { LanguageSwitch } from "./parts.js";
import { html, useEffect, useRef, useState } from "./ui.js";

/** The pages: address, word, and the right that opens it (none: every user); `whole`: on the whole tree. */
const PAGES = [
  { href: "/", key: () => t("nav.board"), action: "board.see" },
  { href: "/danh-muc", key: () => t("nav.directory"), action: "directory.read" },
  { href: "/truc", key: () => t("nav.oncall"), action: "board.see" },
  { href: "/bao-cao", key: () => t("nav.reports"), action: "board.see" },
  { href: "/tai-khoan", key: () => t("nav.account"), action: "" },
  { href: "/nguoi-dung", key: () => t("nav.users"), action: "users.manage" },
  { href: "/nhat-ky", key: () => t("nav.audit"), action: "audit.read", whole: true },
];

/** @param {string} href */
const isHere = (href) => location.pathname === href || (href !== "/" && location.pathname.startsWith(`${href}/`));

/** @param {any} person */
const pagesOf = (person) => PAGES.filter(({ action, whole }) =>
  !action || (whole ? person.everywhere : person.actions).includes(action));

/** @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function PersonMenu({ person, switchLanguage, signOut }) {
  const [open, setOpen] = useState(false);
  const menu = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (!open) return undefined;
    const close = (/** @type {any} */ event) => {
      if (event.type === "keydown" ? event.key === "Escape" : !menu.current?.contains(event.target)) setOpen(false);
    };
    addEventListener("keydown", close);
    addEventListener("pointerdown", close);
    return () => {
      removeEventListener("keydown", close);
      removeEventListener("pointerdown", close);
    };
  }, [open]);
  return html`<${LanguageSwitch} onSwitch=${switchLanguage} /><div class="menu" ref=${menu}>
    <button class="button button--quiet" aria-expanded=${open} aria-controls="person-menu" onClick=${() => setOpen(!open)}>
      ${person.display_name} <span aria-hidden="true">▾</span>
    </button>
    <div id="person-menu" class="menu__list card" hidden=${!open}>
      <nav class="stack stack--tight" aria-label=${t("nav")}>
        ${pagesOf(person).map(({ href, key }) => html`<a key=${href} class="button button--quiet menu__item" href=${href}
          aria-current=${isHere(href) ? "page" : undefined}>${key()}</a>`)}
      </nav>
      <div class="menu__end stack stack--tight">
        <button class="button button--quiet menu__item" onClick=${signOut}>${t("signOut")}</button>
      </div>
    </div>
  </div>`;
}

/** The top line. @param {{person: any, switchLanguage: any, signOut: () => void}} props */
export function Bar({ person, switchLanguage, signOut }) {
  if (person.kind === "wall") {
    return html`<header class="bar board__bar">
      <span class="brand grow"><img src="/static/icon.svg" alt="" width="28" height="28" /> Thông Suốt</span>
      <${LanguageSwitch} onSwitch=${switchLanguage} />
    </header>`;
  }
  return html`<header class="bar board__bar">
    <a class="brand" href="/"><img src="/static/icon.svg" alt="" width="28" height="28" /> Thông Suốt</a>
    <nav class="grow row page__nav" aria-label=${t("nav")}>
      ${pagesOf(person).map(({ href, key }) => html`<a key=${href} class="button button--quiet" href=${href}
        aria-current=${isHere(href) ? "page" : undefined}>${key()}</a>`)}
    </nav>
    <${PersonMenu} ...${{ person, switchLanguage, signOut }} />
  </header>`;
}

/** @param {{person: any, switchLanguage: any, signOut: () => void, title: string, wide?: boolean, children?: any}} props
 *  `wide`: the page has headings of its own below the title and needs the width */
export function Page({ person, switchLanguage, signOut, title, wide = false, children }) {
  useEffect(() => { document.title = `${title} – Thông Suốt`; }, [title]);
  return html`
    <${Bar} ...${{ person, switchLanguage, signOut }} />
    <main class=${`page stack ${wide ? "page--wide" : "page--account"}`}>
      ${!wide && html`<h1 class="title">${title}</h1>`}
      ${children}
    </main>`;
}
