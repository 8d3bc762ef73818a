/**
 * What a page sends of its pictures: the camera in three sizes, of which those are paused that nobody sees.
 * Knows no connection and no DOM.
 */

/** With everything on, a hall takes no more of its line than this. */
const CAMERA_BITS_PER_SECOND = 1_200_000;
const SCREEN_BITS_PER_SECOND = 1_000_000;

/** From low to high, as the worker expects them. @type {readonly {rid: string, scale: number, bits: number, frames: number}[]} */
const CAMERA_LAYERS = [
  { rid: "l", scale: 4, bits: 100_000, frames: 15 },
  { rid: "m", scale: 2, bits: 280_000, frames: 25 },
  { rid: "h", scale: 1, bits: 820_000, frames: 25 },
];

/** @returns {RTCRtpEncodingParameters[]} only the smallest is on until the worker asks for more */
export function cameraEncodings() {
  return CAMERA_LAYERS.map(({ rid, scale, bits, frames }) => ({
    rid,
    scaleResolutionDownBy: scale,
    maxBitrate: bits,
    maxFramerate: frames,
    active: rid === "l",
  }));
}

/** @returns {RTCRtpEncodingParameters[]} a screen is to be read: one size, few frames */
export function screenEncodings() {
  return [{ maxBitrate: SCREEN_BITS_PER_SECOND, maxFramerate: 10 }];
}

/**
 * Turns layers on and off. The highest that is on may use what the paused ones leave.
 * @param {RTCRtpEncodingParameters[]} encodings of the sender, changed in place
 * @param {readonly string[]} rids to be on; "" is that of a sender without layers
 * @returns {boolean} false when nothing changes
 */
export function activate(encodings, rids) {
  let left = CAMERA_BITS_PER_SECOND;
  let changed = false;
  const layered = encodings.length > 1;
  for (const encoding of encodings) {
    const layer = CAMERA_LAYERS.find((one) => one.rid === encoding.rid);
    const active = layered ? rids.includes(encoding.rid ?? "") : rids.length > 0;
    const top = layered && active && encoding.rid === "h";
    const bits = top ? left : (layer?.bits ?? encoding.maxBitrate);
    if (active) left -= bits ?? 0;
    if (encoding.active !== active || (bits !== undefined && encoding.maxBitrate !== bits)) changed = true;
    encoding.active = active;
    if (bits !== undefined) encoding.maxBitrate = bits;
  }
  return changed;
}

/**
 * Asks for repairs of sound as well: browsers can, but do not offer it (RFC 4585).
 * @param {string} sdp
 */
export function withSoundRepair(sdp) {
  return sdp.replace(/^a=rtpmap:(\d+) opus\/48000\/2\r\n/gim, (line, number) => `${line}a=rtcp-fb:${number} nack\r\n`);
}
