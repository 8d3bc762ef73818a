/**
 * Media: one RTCPeerConnection, negotiated once. What is sent and received later changes without negotiation.
 * Knows no DOM and no signaling.
 */

import { report } from "./statistics.js";

/** At most six pictures below the stage: an old PC decodes no more. */
export const THUMBNAILS = ["thumbnail0", "thumbnail1", "thumbnail2", "thumbnail3", "thumbnail4", "thumbnail5"];
export const VOICES = ["voice0", "voice1", "voice2"];

/** A hall at 720p takes no more of its line than this. */
const CAMERA_BITS_PER_SECOND = 1_200_000;

/** @type {readonly {name: string, kind: "audio"|"video", direction: "sendonly"|"recvonly"}[]} */
const SECTIONS = [
  { name: "microphone", kind: "audio", direction: "sendonly" },
  { name: "camera", kind: "video", direction: "sendonly" },
  ...VOICES.map((name) => ({ name, kind: /** @type {const} */ ("audio"), direction: /** @type {const} */ ("recvonly") })),
  { name: "stage", kind: "video", direction: "recvonly" },
  ...THUMBNAILS.map((name) => ({
    name,
    kind: /** @type {const} */ ("video"),
    direction: /** @type {const} */ ("recvonly"),
  })),
];

const CODECS = { audio: "audio/opus", video: "video/VP8" };

export class Media {
  /** @param {{state: (state: RTCPeerConnectionState) => void}} events */
  constructor(events) {
    this.events = events;
    /** @type {RTCConfiguration} */
    this.configuration = { bundlePolicy: "max-bundle" };
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    /** @type {Map<string, RTCRtpTransceiver>} */
    this.transceivers = new Map();
    /** @type {Record<string, MediaStream>} streams to play, by slot; that of the stage has its voice too */
    this.streams = {};
  }

  /**
   * Begins a new connection; an older one is closed.
   * @param {MediaStreamTrack | null} microphone
   * @param {MediaStreamTrack | null} camera
   * @returns {Promise<{offer: string, roles: Record<string, string>}>}
   */
  async offer(microphone, camera) {
    this.close();
    const connection = new RTCPeerConnection(this.configuration);
    this.connection = connection;
    connection.onconnectionstatechange = () => {
      if (this.connection === connection) this.events.state(connection.connectionState);
    };
    for (const section of SECTIONS) {
      const track = section.name === "microphone" ? microphone : section.name === "camera" ? camera : null;
      const transceiver = connection.addTransceiver(track ?? section.kind, {
        direction: section.direction,
        ...(section.name === "camera" ? { sendEncodings: [{ maxBitrate: CAMERA_BITS_PER_SECOND }] } : {}),
      });
      prefer(transceiver, section.kind);
      this.transceivers.set(section.name, transceiver);
    }
    await connection.setLocalDescription(await connection.createOffer());
    /** @type {Record<string, string>} */
    const roles = {};
    for (const [name, transceiver] of this.transceivers) {
      if (transceiver.mid !== null) roles[transceiver.mid] = name;
    }
    // Without waiting for candidates: the worker learns our address from our own checks.
    return { offer: connection.localDescription?.sdp ?? "", roles };
  }

  /**
   * New ICE credentials for the connection that is there: other paths, the same DTLS and media.
   * @returns {Promise<string>} the offer, or "" when there is no connection
   */
  async restart() {
    const connection = this.connection;
    if (connection === null) return "";
    // The answer to an earlier one was lost with its signaling.
    if (connection.signalingState === "have-local-offer") await connection.setLocalDescription({ type: "rollback" });
    await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
    return connection.localDescription?.sdp ?? "";
  }

  /** @param {string} answer of a restart */
  async restarted(answer) {
    if (this.connection?.signalingState !== "have-local-offer") return;
    await this.connection.setRemoteDescription({ type: "answer", sdp: answer });
  }

  /**
   * Relays that may be used, from the next connection or restart on.
   * @param {RTCIceServer[]} servers
   * @param {boolean} relayOnly
   */
  relays(servers, relayOnly) {
    this.configuration = {
      bundlePolicy: "max-bundle",
      iceServers: servers,
      iceTransportPolicy: relayOnly ? "relay" : "all",
    };
    this.connection?.setConfiguration(this.configuration);
  }

  /** @returns {Promise<string>} how the media travel: "udp", "relay_udp", "relay_tcp", "relay_tls"; "" before they do */
  async transport() {
    const found = await this.connection?.getStats();
    if (found === undefined) return "";
    const all = new Map([...found.values()].map((one) => [one.id, one]));
    const pair =
      all.get([...all.values()].find((one) => one.type === "transport")?.selectedCandidatePairId) ??
      [...all.values()].find((one) => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
    const local = all.get(pair?.localCandidateId);
    if (local === undefined) return "";
    return local.candidateType === "relay" ? `relay_${local.relayProtocol ?? "udp"}` : "udp";
  }

  /** True while the answer to a restart is awaited. */
  get restarting() {
    return this.connection?.signalingState === "have-local-offer";
  }

  /** @returns {Promise<import("./statistics.js").Report | null>} null while there is no connection */
  async report() {
    return this.connection === null ? null : report(this.connection, this.transceivers);
  }

  /** @returns {Promise<number>} bytes that came, of whatever kind */
  async received() {
    // Of one receiver: all slots share the transport, and all statistics cost an old PC some milliseconds.
    for (const one of (await this.transceivers.get("voice0")?.receiver.getStats())?.values() ?? []) {
      if (one.type === "transport") return one.bytesReceived ?? 0;
    }
    return 0;
  }

  /** @param {string} answer */
  async accept(answer) {
    const connection = this.connection;
    if (connection === null) return;
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    const stage = new MediaStream(this.tracks("stage", "voice0"));
    this.streams = { stage };
    for (const name of [...VOICES.slice(1), ...THUMBNAILS]) this.streams[name] = new MediaStream(this.tracks(name));
  }

  /** @param {string[]} names */
  tracks(...names) {
    return names.flatMap((name) => this.transceivers.get(name)?.receiver.track ?? []);
  }

  /**
   * Sends this track from now on, or nothing: then no packet leaves.
   * @param {"microphone" | "camera"} role
   * @param {MediaStreamTrack | null} track
   */
  async send(role, track) {
    await this.transceivers.get(role)?.sender.replaceTrack(track);
  }

  close() {
    const connection = this.connection;
    this.connection = null;
    this.transceivers.clear();
    this.streams = {};
    if (connection !== null) {
      connection.onconnectionstatechange = null;
      connection.close();
    }
  }
}

/** @param {RTCRtpTransceiver} transceiver @param {"audio" | "video"} kind */
function prefer(transceiver, kind) {
  const capabilities = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const wanted = capabilities.filter((codec) => codec.mimeType.toLowerCase() === CODECS[kind].toLowerCase());
  if (wanted.length > 0 && "setCodecPreferences" in transceiver) transceiver.setCodecPreferences(wanted);
}
