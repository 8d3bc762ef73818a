// When somebody last did something in this page. The hub locks a session by it; a page that polls is nobody.

let lastAt = Date.now();

/** Whole seconds since the last key, click or movement. */
export const idleSeconds = () => Math.floor((Date.now() - lastAt) / 1000);

export function watchActivity() {
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
    addEventListener(kind, () => { lastAt = Date.now(); }, { passive: true, capture: true });
  }
}
