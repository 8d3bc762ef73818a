/**
 * Cameras and microphones of this machine: asks for them, remembers them by label, says in a word what is wrong.
 *
 * @typedef {"" | "denied" | "missing" | "busy" | "insecure" | "failed"} Trouble
 */

const KEY = "thongsuot.devices";
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const PICTURE = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 25, max: 30 },
};

/**
 * One device; null and the trouble when there is none.
 * @param {"audioinput" | "videoinput"} kind
 * @param {string} [deviceId] another than the remembered one
 * @returns {Promise<{track: MediaStreamTrack | null, trouble: Trouble}>}
 */
export async function open(kind, deviceId) {
  if (!navigator.mediaDevices) return { track: null, trouble: "insecure" };
  const wanted = deviceId ?? (await rememberedDevice(kind));
  const choice = wanted ? { deviceId: { ideal: wanted } } : {};
  try {
    const stream = await navigator.mediaDevices.getUserMedia(
      kind === "audioinput" ? { audio: { ...SOUND, ...choice } } : { video: { ...PICTURE, ...choice } },
    );
    const track = stream.getTracks()[0] ?? null;
    if (track && deviceId) remember(kind, track.label);
    return { track, trouble: track ? "" : "missing" };
  } catch (error) {
    return { track: null, trouble: troubleOf(error) };
  }
}

/** @param {"audioinput" | "videoinput"} kind @returns {Promise<MediaDeviceInfo[]>} */
export async function list(kind) {
  if (!navigator.mediaDevices) return [];
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((device) => device.kind === kind && device.deviceId !== "");
}

/** @param {unknown} error @returns {Trouble} */
export function troubleOf(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "failed";
}

/** @param {"audioinput" | "videoinput"} kind */
async function rememberedDevice(kind) {
  const label = remembered()[kind];
  if (!label) return undefined;
  // Ids change when a USB camera moves to another port; labels stay.
  return (await list(kind)).find((device) => device.label === label)?.deviceId;
}

/** @returns {Record<string, string>} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {string} kind @param {string} label */
function remember(kind, label) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...remembered(), [kind]: label }));
  } catch {
    // A full or forbidden store: the device is chosen again next time.
  }
}
