// Boots the board: language first, then who is signed in, then the page for it.

import { ApiError, call } from "./api.js";
import { Board } from "./board.js";
import { currentLanguage, storedLanguage, useLanguage } from "./locale.js";
import { NewPassword, SignIn } from "./sign_in.js";
import { html, render, useCallback, useEffect, useState } from "./ui.js";

function App() {
  const [person, setPerson] = useState(/** @type {any} */ (undefined));
  const [, setLanguage] = useState(currentLanguage());

  useEffect(() => {
    call("/api/v1/session").then(setPerson, (error) => {
      // Without an answer the board says so itself; only a refusal asks for a password.
      setPerson(error instanceof ApiError && error.status === 401 ? null : { name: "", display_name: "" });
    });
  }, []);
  const switchLanguage = useCallback(async (/** @type {"vi" | "en"} */ wanted) => {
    await useLanguage(wanted);
    setLanguage(wanted);
  }, []);
  const signOut = useCallback(async () => {
    await call("/api/v1/session", { method: "DELETE" });
    setPerson(null);
  }, []);
  const signedOut = useCallback(() => setPerson(null), []);

  if (person === undefined) return null;
  if (person === null) return html`<${SignIn} onSignedIn=${setPerson} switchLanguage=${switchLanguage} />`;
  if (person.must_change_password) return html`<${NewPassword} person=${person} onChanged=${setPerson} />`;
  return html`<${Board} ...${{ person, switchLanguage, signOut, signedOut }} />`;
}

await useLanguage(storedLanguage());
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("root")));
