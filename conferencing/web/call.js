/**
 * A call: signaling and media together, and what to do when either fails. Knows no DOM: it says `changed`.
 *
 * @typedef {import("./signaling.js").Participant} Participant
 * @typedef {object} CallState
 * @property {"joining" | "in" | "ended"} phase
 * @property {string} ended why: "left", "replaced", "meeting closed", "full", "bad_offer", …
 * @property {string} title
 * @property {string | null} seat our own
 * @property {Participant[]} participants
 * @property {string | null} speaker
 * @property {boolean} recording what is said and shown is being recorded
 * @property {string | null} stage the seat shown large
 * @property {Record<string, string>} slots slot → seat
 * @property {"connecting" | "connected" | "lost"} media
 * @property {number} attempts how often the media were tried again since they were lost, 0 when all is well
 * @property {number} signalingAttempts the same of signaling
 * @property {number} refusals how often the server said that it is not ready
 * @property {boolean} overloaded the reason of the last of them
 * @property {boolean} microphone
 * @property {boolean} camera
 * @property {boolean} screen whether our own screen is shown
 * @property {"full" | "reduced" | "sound" | "codec"} reception how much of the pictures our line lets through;
 *   "codec": this browser cannot decode them
 */
import { Media } from "./media.js";
import { Signaling } from "./signaling.js";

const DISCONNECTED_SECONDS = 6;
/** A better path than the first is found by then. */
const PATH_SECONDS = 3;
/** So long without a packet: sooner than the browser says "disconnected". */
const DEAF_SECONDS = 3;
const NO_WORKER_SECONDS = 2;
const OVERLOADED_SECONDS = 10;
const ANSWER_SECONDS = 10;
const REPORT_SECONDS = 5;

export class Call {
  /**
   * @param {{url: string, name: string, token: () => string | null, keep: (token: string) => void,
   *   microphone: MediaStreamTrack | null, camera: MediaStreamTrack | null, muted: boolean,
   *   relayOnly?: boolean, openCamera: () => Promise<MediaStreamTrack | null>, changed: (state: CallState) => void}} options
   */
  constructor(options) {
    this.options = options;
    this.microphoneTrack = options.microphone;
    this.cameraTrack = options.camera;
    /** @type {MediaStream | null} */
    this.screen = null;
    /** @type {string | null} */
    this.peer = null;
    /** @type {CallState} */
    this.state = {
      phase: "joining",
      ended: "",
      title: "",
      seat: null,
      participants: [],
      speaker: null,
      recording: false,
      stage: null,
      slots: {},
      media: "connecting",
      attempts: 0,
      signalingAttempts: 0,
      refusals: 0,
      overloaded: false,
      microphone: options.microphone !== null && !options.muted,
      camera: options.camera !== null,
      screen: false,
      reception: "full",
    };
    this.generation = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.reports = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.watching = undefined;
    this.received = 0;
    this.deaf = 0;
    this.media = new Media({ state: (state) => this.mediaState(state) });
    this.signaling = new Signaling(options.url, {
      open: () => this.change({ signalingAttempts: 0 }),
      message: (message) => void this.message(message),
      lost: (attempts) => this.change({ signalingAttempts: attempts }),
      refused: (reason) => this.end(reason),
    });
    if (this.microphoneTrack) this.microphoneTrack.enabled = this.state.microphone;
  }

  start() {
    this.signaling.connect();
    this.reports = setInterval(() => void this.tellStatistics(), REPORT_SECONDS * 1000);
    this.watching = setInterval(() => void this.watch(), 1000);
  }

  /** The browser says that the network is back, or another one. */
  hurry() {
    this.signaling.hurry();
    this.signaling.probe();
    this.deaf = DEAF_SECONDS - 1;
  }

  /** Every second: the worker reports as often, so a path that brings nothing at all is dead. */
  async watch() {
    const generation = this.generation;
    if (this.peer === null || this.state.media === "connecting") return;
    const received = await this.media.received();
    if (generation !== this.generation) return;
    this.deaf = received === this.received ? this.deaf + 1 : 0;
    this.received = received;
    if (this.deaf < DEAF_SECONDS) return;
    this.deaf = 0;
    this.signaling.probe();
    await this.restart();
  }

  /** Other paths for the same media; when it does not help, the timer of `mediaState` joins anew. */
  async restart() {
    const { peer, generation } = this;
    if (peer === null || !this.signaling.open) return;
    try {
      const offer = await this.media.restart();
      if (generation === this.generation && offer !== "") this.signaling.send({ type: "restart_ice", peer, offer });
    } catch (error) {
      console.warn("ICE was not restarted", error);
    }
  }

  leave() {
    this.signaling.send({ type: "leave" });
    this.end("left");
  }

  /** @param {boolean} on */
  async setMicrophone(on) {
    const track = this.microphoneTrack;
    if (track === null) return;
    track.enabled = on;
    this.change({ microphone: on });
    this.signaling.send({ type: "switch", role: "microphone", enabled: on });
    await this.media.send("microphone", on ? track : null);
  }

  /** @param {boolean} on */
  async setCamera(on) {
    if (on === this.state.camera) return;
    if (on) {
      const track = this.cameraTrack ?? (await this.options.openCamera());
      if (track === null || this.state.phase === "ended") {
        track?.stop();
        return;
      }
      this.cameraTrack = track;
      await this.media.send("camera", track);
    } else {
      // The camera's own light goes out: people trust it more than any mark of ours.
      this.cameraTrack?.stop();
      this.cameraTrack = null;
      await this.media.send("camera", null);
    }
    this.change({ camera: on });
    this.signaling.send({ type: "switch", role: "camera", enabled: on });
  }

  /** Shows a screen or window that the user chooses, with its sound where the browser has it; or ends that. */
  async setScreen(/** @type {boolean} */ on) {
    if (on === this.state.screen) return;
    if (on) {
      /** @type {MediaStream} */
      let stream;
      try {
        stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 10 } }, audio: true });
      } catch {
        // The user thought better of it.
        return;
      }
      if (this.state.phase === "ended") {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      this.screen = stream;
      const [picture] = stream.getVideoTracks();
      picture.contentHint = "detail";
      picture.onended = () => void this.setScreen(false);
    } else {
      for (const track of this.screen?.getTracks() ?? []) track.stop();
      this.screen = null;
    }
    this.change({ screen: on });
    await this.sendScreen();
    this.signaling.send({ type: "switch", role: "screen", enabled: on });
  }

  async sendScreen() {
    await this.media.send("screen", this.screen?.getVideoTracks()[0] ?? null);
    await this.media.send("screen_sound", this.screen?.getAudioTracks()[0] ?? null);
  }

  /** @param {Partial<CallState>} changes */
  change(changes) {
    this.state = { ...this.state, ...changes };
    this.options.changed(this.state);
  }

  /** @param {string} reason */
  end(reason) {
    if (this.state.phase === "ended") return;
    this.generation += 1;
    clearTimeout(this.timer);
    clearInterval(this.watching);
    clearInterval(this.reports);
    this.signaling.close();
    this.media.close();
    for (const track of this.screen?.getTracks() ?? []) track.stop();
    this.change({ phase: "ended", ended: reason });
  }

  /** Signaling is there: the media are kept when they live, and connected otherwise. */
  opened() {
    const token = this.options.token();
    const alive = ["connected", "connecting", "disconnected"].includes(this.media.connection?.connectionState ?? "");
    if (this.peer !== null && token !== null && alive) {
      this.signaling.send({ type: "resume", token, peer: this.peer });
    } else {
      void this.join();
    }
  }

  /** Connects the media anew, to the same seat. */
  async join() {
    const generation = ++this.generation;
    clearTimeout(this.timer);
    this.peer = null;
    if (!this.signaling.open || this.state.phase === "ended") return;
    if (this.state.phase === "in") this.change({ media: "lost", attempts: this.state.attempts + 1 });
    const { offer, roles } = await this.media.offer(
      this.state.microphone ? this.microphoneTrack : null,
      this.state.camera ? this.cameraTrack : null,
    );
    if (generation !== this.generation) return;
    const { microphone, camera } = this.state;
    const sent = this.signaling.send({
      type: "join", name: this.options.name, offer, roles, microphone, camera, token: this.options.token(),
    });
    // Without an answer, or when signaling went meanwhile, it is tried again.
    if (sent) this.later(ANSWER_SECONDS, generation);
  }

  /** @param {number} seconds @param {number} generation */
  later(seconds, generation) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (generation === this.generation && this.signaling.open) void this.join();
    }, seconds * 1000);
  }

  /** @param {RTCPeerConnectionState} state */
  mediaState(state) {
    if (state === "connected") {
      clearTimeout(this.timer);
      this.change({ media: "connected", attempts: 0, phase: "in" });
      void this.tellTransport();
      setTimeout(() => void this.tellTransport(), PATH_SECONDS * 1000);
    } else if (state === "disconnected") {
      this.change({ media: "lost" });
      this.later(DISCONNECTED_SECONDS, this.generation);
      this.signaling.probe();
      void this.restart();
    } else if (state === "failed") {
      this.change({ media: "lost" });
      void this.join();
    }
  }

  async tellTransport() {
    const transport = await this.media.transport();
    if (transport !== "") this.signaling.send({ type: "transport", transport });
  }

  async tellStatistics() {
    const peer = this.peer;
    if (peer === null || !this.signaling.open || this.state.media !== "connected") return;
    const report = await this.media.report();
    if (report !== null && peer === this.peer) this.signaling.send({ type: "statistics", peer, ...report });
  }

  /** @param {import("./signaling.js").FromHub} message */
  async message(message) {
    switch (message.type) {
      case "ice_servers":
        this.media.relays(message.servers, message.relay_only || (this.options.relayOnly ?? false));
        this.opened();
        break;
      case "joined": {
        const { seat, token, peer, title, participants, speaker } = message;
        const generation = this.generation;
        this.options.keep(token);
        this.peer = peer;
        this.change({ seat, title, participants, speaker, phase: "in", refusals: 0 });
        try {
          await this.media.accept(message.answer);
        } catch (error) {
          console.error("the answer was not accepted", error);
          if (generation === this.generation) this.end("bad_offer");
          return;
        }
        this.change({ reception: "full" });
        if (this.screen !== null) await this.sendScreen();
        this.tellSwitches();
        if (generation === this.generation) this.later(ANSWER_SECONDS, generation);
        break;
      }
      case "resumed": {
        const { seat, title, participants, speaker, stage, slots } = message;
        this.change({ seat, title, participants, speaker, stage, slots, phase: "in" });
        this.tellSwitches();
        void this.tellTransport();
        if (this.state.media === "lost" || this.media.restarting) await this.restart();
        break;
      }
      case "restarted":
        if (message.peer === this.peer) await this.media.restarted(message.answer);
        setTimeout(() => void this.tellTransport(), PATH_SECONDS * 1000);
        break;
      case "rejoin":
        void this.join();
        break;
      case "participant":
        this.change({ participants: replaced(this.state.participants, message.participant) });
        break;
      case "participant_left":
        this.change({ participants: this.state.participants.filter((one) => one.seat !== message.seat) });
        break;
      case "slots":
        this.change({ stage: message.stage, slots: message.slots });
        break;
      case "layers":
        await this.media.layers(message.role, message.rids);
        break;
      case "reception":
        this.change({ reception: message.reason === "codec" ? "codec" : message.level });
        break;
      case "speaker":
        this.change({ speaker: message.seat });
        break;
      case "recording":
        this.change({ recording: message.active });
        break;
      case "closed":
        this.end(message.reason);
        break;
      case "error":
        this.refused(message);
        break;
    }
  }

  /** What was switched while the hub could not hear it. */
  tellSwitches() {
    const known = this.state.participants.find((one) => one.seat === this.state.seat);
    if (known === undefined) return;
    for (const role of /** @type {const} */ (["microphone", "camera", "screen"])) {
      const enabled = this.state[role];
      if (known[role] !== enabled) this.signaling.send({ type: "switch", role, enabled });
    }
  }

  /** @param {{code: string, fatal: boolean}} error */
  refused(error) {
    if (error.code === "no_worker" || error.code === "overloaded") {
      const overloaded = error.code === "overloaded";
      this.change({ refusals: this.state.refusals + 1, overloaded });
      this.later(overloaded ? OVERLOADED_SECONDS : NO_WORKER_SECONDS, this.generation);
    } else if (error.fatal) {
      this.end(error.code === "closed" ? "meeting closed" : error.code);
    } else {
      console.warn("the hub refused", error);
    }
  }
}

/** @param {Participant[]} participants @param {Participant} one */
function replaced(participants, one) {
  return participants.some((other) => other.seat === one.seat)
    ? participants.map((other) => (other.seat === one.seat ? one : other))
    : [...participants, one];
}
