/**
 * Media: one RTCPeerConnection, negotiated once. What is sent and received later changes without negotiation.
 * Knows no DOM and no signaling.
 */

import { activate, cameraEncodings, screenEncodings, withSoundRepair } from "./encodings.js";
import { report } from "./statistics.js";

/** At most six pictures below the stage: an old PC decodes no more. */
export const THUMBNAILS = ["thumbnail0", "thumbnail1", "thumbnail2", "thumbnail3", "thumbnail4", "thumbnail5"];
export const VOICES = ["voice0", "voice1", "voice2"];

/** @typedef {"microphone" | "camera" | "screen" | "screen_sound"} Role */

/**
 * `name` is unique among the sections; `role` is what the worker calls what is in it.
 * @type {readonly {name: string, role?: string, kind: "audio"|"video", direction: "sendonly"|"recvonly"}[]}
 */
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
  { name: "own_screen", role: "screen", kind: "video", direction: "sendonly" },
  { name: "own_screen_sound", role: "screen_sound", kind: "audio", direction: "sendonly" },
  { name: "screen", kind: "video", direction: "recvonly" },
  { name: "screen_sound", kind: "audio", direction: "recvonly" },
];

/** Best first. Redundant sound costs some bits and hides most losses; H.264 is what hardware encoders send. */
const CODECS = {
  audio: { sendonly: ["audio/red", "audio/opus"], recvonly: ["audio/opus", "audio/red"] },
  video: { sendonly: ["video/vp8", "video/h264", "video/rtx"], recvonly: ["video/vp8", "video/h264", "video/rtx"] },
};

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
        ...(section.name === "camera" ? { sendEncodings: cameraEncodings() } : {}),
        ...(section.name === "own_screen" ? { sendEncodings: screenEncodings() } : {}),
      });
      prefer(transceiver, section.kind, section.direction);
      this.transceivers.set(section.name, transceiver);
    }
    await describe(connection, await connection.createOffer());
    /** @type {Record<string, string>} */
    const roles = {};
    for (const { name, role } of SECTIONS) {
      const mid = this.transceivers.get(name)?.mid ?? null;
      if (mid !== null) roles[mid] = role ?? name;
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
    await describe(connection, await connection.createOffer({ iceRestart: true }));
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
    this.streams = { stage, screen: new MediaStream(this.tracks("screen", "screen_sound")) };
    for (const name of [...VOICES.slice(1), ...THUMBNAILS]) this.streams[name] = new MediaStream(this.tracks(name));
  }

  /** @param {string[]} names */
  tracks(...names) {
    return names.flatMap((name) => this.transceivers.get(name)?.receiver.track ?? []);
  }

  /**
   * Sends this track from now on, or nothing: then no packet leaves.
   * @param {Role} role
   * @param {MediaStreamTrack | null} track
   */
  async send(role, track) {
    await this.sender(role)?.replaceTrack(track);
  }

  /**
   * Sends only the layers that somebody sees.
   * @param {Role} role
   * @param {readonly string[]} rids
   */
  async layers(role, rids) {
    const sender = this.sender(role);
    const parameters = sender?.getParameters();
    if (sender === undefined || !parameters?.encodings || !activate(parameters.encodings, rids)) return;
    try {
      await sender.setParameters(parameters);
    } catch (error) {
      // Too much is sent, which is no harm to anybody else.
      console.warn("layers could not be changed", error);
    }
  }

  /** @param {Role} role */
  sender(role) {
    return this.transceivers.get(role.startsWith("screen") ? `own_${role}` : role)?.sender;
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

/**
 * The local description, with repairs of sound where the browser takes them.
 * @param {RTCPeerConnection} connection
 * @param {RTCSessionDescriptionInit} offer
 */
async function describe(connection, offer) {
  try {
    await connection.setLocalDescription({ type: "offer", sdp: withSoundRepair(offer.sdp ?? "") });
  } catch {
    await connection.setLocalDescription(offer);
  }
}

/**
 * @param {RTCRtpTransceiver} transceiver
 * @param {"audio" | "video"} kind
 * @param {"sendonly" | "recvonly"} direction
 */
function prefer(transceiver, kind, direction) {
  const capabilities = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const order = CODECS[kind][direction];
  const wanted = order.flatMap((type) => capabilities.filter((codec) => codec.mimeType.toLowerCase() === type));
  if (wanted.length > 0 && "setCodecPreferences" in transceiver) transceiver.setCodecPreferences(wanted);
}
