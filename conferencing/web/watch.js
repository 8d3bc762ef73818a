/** The player of a second screen (/xem#TOKEN): the stage, large, and the voices. */
import * as i18n from "./i18n.js";
import { Whep } from "./whep.js";

const { t } = i18n;
const token = location.hash.slice(1);
const video = /** @type {HTMLVideoElement} */ (document.getElementById("stage"));
const notice = /** @type {HTMLElement} */ (document.getElementById("notice"));
const listen = /** @type {HTMLButtonElement} */ (document.getElementById("listen"));
/** @type {HTMLAudioElement[]} */
let voices = [];

/** @param {string} text */
function say(text) {
  notice.textContent = text;
  notice.hidden = text === "";
}

/** @param {import("./whep.js").WatchState} state @param {number} status */
function changed(state, status) {
  document.body.dataset["state"] = state;
  if (state === "playing") say("");
  else if (state === "refused") say(t(status === 401 || status === 403 ? "watch.token" : status === 404 ? "watch.over" : "watch.refused"));
  else say(t(state === "lost" ? "watch.lost" : "watch.connecting"));
}

/** Browsers let a page sound only after somebody has touched it: until then the picture runs without. */
async function play() {
  const all = [video, ...voices];
  for (const one of all) one.muted = false;
  try {
    await Promise.all(all.map((one) => one.play()));
    listen.hidden = true;
  } catch {
    video.muted = true;
    listen.hidden = false;
    await video.play().catch(() => undefined);
  }
}

/** @param {MediaStream} stage @param {MediaStream[]} others */
function streams(stage, others) {
  video.srcObject = stage;
  voices = others.map((stream, index) => {
    const one = voices[index] ?? new Audio();
    one.srcObject = stream;
    return one;
  });
  void play();
}

await i18n.load(i18n.preferred());
document.title = t("watch.title");
listen.textContent = t("watch.listen");
listen.addEventListener("click", () => void play());
if (token === "") say(t("watch.token"));
else {
  const watching = new Whep({ url: "/whep", token, changed, streams });
  addEventListener("pagehide", () => watching.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  Object.assign(window, { thongsuot: { watching } });
}
