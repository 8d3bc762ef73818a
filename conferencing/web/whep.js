/**
 * Watching by WHEP: one session that is kept up. Knows no DOM and no page.
 *
 * @typedef {"connecting" | "playing" | "lost" | "refused" | "ended"} WatchState
 */

const RETRY_SECONDS = [1, 2, 3, 5];
/** Without a packet for so long the paths are made anew, and after as long again the session. */
const DEAF_SECONDS = 3;
const REFUSALS = [400, 401, 403, 404, 415, 422];
const VOICES = 3;
const FRAGMENT = "application/trickle-ice-sdpfrag";

export class Whep {
  /**
   * @param {{url: string, token: string, changed: (state: WatchState, status: number) => void,
   *   streams: (stage: MediaStream, voices: MediaStream[]) => void}} options `status`: of HTTP, when refused
   */
  constructor(options) {
    this.options = options;
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    /** @type {string | null} the session's own address */
    this.session = null;
    this.failures = 0;
    this.received = 0;
    this.deaf = 0;
    this.over = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.watching = setInterval(() => void this.watch(), 1000);
    void this.connect();
  }

  async connect() {
    this.drop();
    if (this.over) return;
    this.options.changed(this.failures ? "lost" : "connecting", 0);
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.connection = connection;
    const kinds = /** @type {const} */ (["video", ...Array(VOICES).fill("audio")]);
    const receivers = kinds.map((kind) => connection.addTransceiver(kind, { direction: "recvonly" }).receiver);
    connection.onconnectionstatechange = () => this.state(connection);
    try {
      await connection.setLocalDescription(await connection.createOffer());
      const answer = await this.ask(connection.localDescription?.sdp ?? "");
      if (answer === null || this.connection !== connection) return;
      await connection.setRemoteDescription({ type: "answer", sdp: answer });
      const [stage, first, ...others] = receivers.map((receiver) => receiver.track);
      this.options.streams(new MediaStream([stage, first]), others.map((track) => new MediaStream([track])));
    } catch (error) {
      console.warn("watching failed", error);
      if (this.connection === connection) this.again();
    }
  }

  /** @param {string} offer @returns {Promise<string | null>} null when it is no use to go on */
  async ask(offer) {
    const response = await fetch(this.options.url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${this.options.token}` },
      body: offer,
    });
    if (response.status !== 201) {
      if (REFUSALS.includes(response.status)) this.end("refused", response.status);
      else this.again(Number(response.headers.get("Retry-After")) || undefined);
      return null;
    }
    this.session = new URL(response.headers.get("Location") ?? "", new URL(this.options.url, location.href)).href;
    // The first paths were looked for without them: they count from the next restart on.
    this.connection?.setConfiguration({ bundlePolicy: "max-bundle", iceServers: iceServers(response.headers.get("Link")) });
    return response.text();
  }

  /** @param {RTCPeerConnection} connection */
  state(connection) {
    if (this.connection !== connection) return;
    if (connection.connectionState === "connected") {
      this.failures = 0;
      this.options.changed("playing", 0);
    } else if (connection.connectionState === "failed") this.again();
  }

  async watch() {
    const connection = this.connection;
    if (connection === null || this.session === null) return;
    let received = 0;
    for (const one of (await connection.getStats()).values()) {
      if (one.type === "transport") received = one.bytesReceived ?? 0;
    }
    if (this.connection !== connection) return;
    this.deaf = received === this.received ? this.deaf + 1 : 0;
    this.received = received;
    if (this.deaf === DEAF_SECONDS) {
      this.options.changed("lost", 0);
      void this.restart(connection);
    } else if (this.deaf > 2 * DEAF_SECONDS) this.again();
    else if (this.deaf === 0 && connection.connectionState === "connected") this.options.changed("playing", 0);
  }

  /** @param {RTCPeerConnection} connection ICE is restarted in place: RFC 9725 section 4.3.3 */
  async restart(connection) {
    const before = connection.localDescription;
    if (this.session === null || connection.signalingState !== "stable" || before === null) return;
    try {
      await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
      const response = await fetch(this.session, {
        method: "PATCH",
        headers: { "Content-Type": FRAGMENT, "If-Match": "*", Authorization: `Bearer ${this.options.token}` },
        body: credentials(connection.localDescription?.sdp ?? ""),
      });
      if (this.connection !== connection) return;
      const answer = connection.currentRemoteDescription?.sdp ?? "";
      if (response.status !== 200) this.again();
      else await connection.setRemoteDescription({ type: "answer", sdp: renewed(answer, await response.text()) });
    } catch (error) {
      console.warn("ICE was not restarted", error);
    }
  }

  /** @param {number} [seconds] */
  again(seconds) {
    this.drop();
    if (this.over) return;
    const wait = seconds ?? RETRY_SECONDS[Math.min(this.failures, RETRY_SECONDS.length - 1)];
    this.failures += 1;
    this.options.changed("lost", 0);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.connect(), wait * 1000);
  }

  /** Ends the session at the server too. */
  close() {
    if (this.session !== null) {
      const headers = { Authorization: `Bearer ${this.options.token}` };
      void fetch(this.session, { method: "DELETE", headers, keepalive: true }).catch(() => undefined);
    }
    this.end("ended", 0);
  }

  /** @param {WatchState} state @param {number} status */
  end(state, status) {
    this.over = true;
    clearInterval(this.watching);
    clearTimeout(this.timer);
    this.drop();
    this.options.changed(state, status);
  }

  drop() {
    const connection = this.connection;
    this.connection = this.session = null;
    this.received = this.deaf = 0;
    if (connection !== null) {
      connection.onconnectionstatechange = null;
      connection.close();
    }
  }
}

/** @param {string} sdp @returns {string} the fragment of RFC 8840 that a restart needs */
function credentials(sdp) {
  const lines = sdp.split("\r\n");
  const first = (/** @type {string} */ start) => lines.find((line) => line.startsWith(start)) ?? "";
  return [first("a=group:BUNDLE"), first("m="), first("a=mid:"), first("a=ice-ufrag:"), first("a=ice-pwd:"), ""].join("\r\n");
}

/** @param {string} answer @param {string} fragment @returns {string} the answer with other credentials */
function renewed(answer, fragment) {
  for (const name of ["ice-ufrag", "ice-pwd"]) {
    const value = new RegExp(`^a=${name}:([A-Za-z0-9+/]+)`, "m").exec(fragment)?.[1];
    if (value === undefined) throw new Error(`the answer to a restart is without ${name}`);
    answer = answer.replace(new RegExp(`^a=${name}:.*$`, "gm"), `a=${name}:${value}`);
  }
  return answer;
}

/** @param {string | null} link @returns {RTCIceServer[]} of Link headers with rel="ice-server" */
function iceServers(link) {
  const found = [];
  for (const [, url, rest] of (link ?? "").matchAll(/<([^>]*)>((?:;\s*[\w-]+="[^"]*"\s*)*)/g)) {
    const values = Object.fromEntries([...rest.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    if (values["rel"] === "ice-server") {
      found.push({ urls: url, username: values["username"], credential: values["credential"] });
    }
  }
  return found;
}
