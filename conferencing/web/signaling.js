/**
 * Signaling: one WebSocket to the hub that connects again by itself. Knows no DOM and no media.
 *
 * @typedef {{seat: string, name: string, presence: "away"|"joining"|"connected"|"silent", microphone: boolean,
 *   camera: boolean, screen: boolean}} Participant
 * @typedef {{type: "joined", seat: string, token: string, peer: string, answer: string, title: string,
 *   participants: Participant[], speaker: string|null}} Joined
 * @typedef {{type: "resumed", seat: string, peer: string, title: string, participants: Participant[],
 *   speaker: string|null, stage: string|null, slots: Record<string, string>}} Resumed
 * @typedef {Joined | Resumed
 *   | {type: "ice_servers", servers: {urls: string[], username: string, credential: string}[], relay_only: boolean}
 *   | {type: "restarted", peer: string, answer: string}
 *   | {type: "rejoin", reason: string}
 *   | {type: "participant", participant: Participant}
 *   | {type: "participant_left", seat: string}
 *   | {type: "slots", stage: string|null, slots: Record<string, string>}
 *   | {type: "layers", role: import("./media.js").Role, rids: string[]}
 *   | {type: "reception", level: "full"|"reduced"|"sound", reason: ""|"line"|"codec"}
 *   | {type: "speaker", seat: string|null}
 *   | {type: "recording", active: boolean}
 *   | {type: "closed", reason: string}
 *   | {type: "error", code: string, title: string, detail: string, fatal: boolean}
 *   | {type: "pong"}} FromHub
 * @typedef {{type: "join", name: string, offer: string, roles: Record<string, string>, microphone: boolean,
 *   camera: boolean, token: string|null}
 *   | {type: "resume", token: string, peer: string}
 *   | {type: "restart_ice", peer: string, offer: string}
 *   | {type: "switch", role: string, enabled: boolean}
 *   | {type: "transport", transport: string}
 *   | ({type: "statistics", peer: string} & import("./statistics.js").Report)
 *   | {type: "leave"}
 *   | {type: "ping"}} ToHub
 */

const PING_SECONDS = 5;
const SILENCE_SECONDS = 12;
const CONNECT_SECONDS = 8;
const PROBE_SECONDS = 2;
const RETRY_SECONDS = [0.3, 0.6, 1, 1.5, 2, 3];

/** Close codes of the hub after which trying again is of no use. */
export const REFUSED = /** @type {Record<number, string>} */ ({ 4403: "foreign", 4404: "unknown", 4429: "busy" });

export class Signaling {
  /**
   * @param {string} url
   * @param {{open: () => void, message: (message: FromHub) => void, lost: (attempts: number) => void,
   *   refused: (reason: string) => void}} events `lost` at each failed attempt, counted from 1
   */
  constructor(url, events) {
    this.url = url;
    this.events = events;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.attempts = 0;
    this.heard = 0;
    this.closed = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.beat = undefined;
  }

  get open() {
    return this.socket !== null && this.socket.readyState === WebSocket.OPEN;
  }

  connect() {
    if (this.closed) return;
    clearTimeout(this.retry);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    const late = setTimeout(() => socket.close(), CONNECT_SECONDS * 1000);
    socket.onopen = () => {
      clearTimeout(late);
      this.heard = performance.now();
      this.beat = setInterval(() => this.pulse(), PING_SECONDS * 1000);
      this.events.open();
    };
    socket.onmessage = (event) => {
      if (this.socket !== socket) return;
      this.heard = performance.now();
      const message = read(event.data);
      if (message === null || message.type === "pong") return;
      if (message.type !== "error") this.attempts = 0;
      this.events.message(message);
    };
    socket.onclose = (event) => {
      clearTimeout(late);
      if (this.socket === socket) this.lose(event.code);
    };
  }

  /** Tries at once: the network is said to be back. */
  hurry() {
    if (!this.closed && this.socket === null) this.connect();
  }

  /** An open connection must say something soon, or it is taken for dead: it may lead through a network that is gone. */
  probe() {
    const socket = this.socket;
    const asked = performance.now();
    if (!this.send({ type: "ping" })) return;
    setTimeout(() => {
      if (this.socket !== socket || this.heard >= asked) return;
      this.lose(1006);
      socket?.close();
    }, PROBE_SECONDS * 1000);
  }

  /** @param {ToHub} message @returns {boolean} false when it could not be sent */
  send(message) {
    if (!this.open || this.socket === null) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  close() {
    this.closed = true;
    clearTimeout(this.retry);
    clearInterval(this.beat);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  pulse() {
    if (performance.now() - this.heard > SILENCE_SECONDS * 1000) {
      // A connection through a dead router stays "open" for minutes.
      const socket = this.socket;
      this.lose(1006);
      socket?.close();
      return;
    }
    this.send({ type: "ping" });
  }

  /** @param {number} code */
  lose(code) {
    this.socket = null;
    clearInterval(this.beat);
    if (this.closed) return;
    const reason = REFUSED[code];
    if (reason !== undefined) {
      this.closed = true;
      this.events.refused(reason);
      return;
    }
    this.attempts += 1;
    this.events.lost(this.attempts);
    const wait = RETRY_SECONDS[Math.min(this.attempts, RETRY_SECONDS.length) - 1];
    // Spread, so that 170 pages do not come back in one moment.
    this.retry = setTimeout(() => this.connect(), wait * (700 + 600 * Math.random()));
  }
}

/** @param {unknown} text @returns {FromHub | null} */
function read(text) {
  if (typeof text !== "string") return null;
  try {
    const message = JSON.parse(text);
    return typeof message === "object" && message !== null && typeof message.type === "string" ? message : null;
  } catch {
    return null;
  }
}
