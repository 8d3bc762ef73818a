/** Small pieces of the page: icons, pictures, the level of a microphone. */
import { html, useEffect, useRef } from "./vendor/htm-preact.js";

/** One set, drawn on 24 × 24. */
const ICONS = {
  microphone: "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11v1a6 6 0 0 0 12 0v-1M12 18v3",
  microphoneOff: "M4 3l16 18M9 9v3a3 3 0 0 0 4.6 2.5M15 11.5V6a3 3 0 0 0-5.8-1M6 11v1a6 6 0 0 0 9.6 4.8M12 18v3",
  camera: "M3 7h12v10H3zM15 11l6-3.5v9L15 13z",
  cameraOff: "M4 3l16 18M10 7h5v5M15 11l6-3.5v9L15 13M14 17H3V7h3",
  screen: "M3 5h18v11H3zM8 20h8M12 16v4M12 13V8M9.5 10.5 12 8l2.5 2.5",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
  sound: "M4 9h4l5-4v14l-5-4H4zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
};

/** @param {{name: keyof typeof ICONS}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]} /></svg>`;
}

/**
 * A picture of a stream, or sound when it has none to show.
 * @param {{stream: MediaStream | null | undefined, muted?: boolean, mirror?: boolean, className?: string,
 *   blocked?: () => void, playing?: (playing: boolean) => void}} props
 */
export function Picture({ stream, muted = false, mirror = false, className = "", blocked, playing }) {
  const element = useRef(/** @type {HTMLVideoElement | null} */ (null));
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    // Preact sets the attribute only, which a browser ignores after the start.
    video.muted = muted;
    video.srcObject = stream ?? null;
    if (stream) video.play().catch((error) => error.name === "NotAllowedError" && blocked?.());
    return () => {
      video.srcObject = null;
    };
  }, [stream, muted]);
  return html`<video
    ref=${element}
    class="picture ${mirror ? "picture--mirror" : ""} ${className}"
    playsinline
    autoplay
    onPlaying=${() => playing?.(true)}
  ></video>`;
}

/** @param {{stream: MediaStream | null | undefined, blocked?: () => void}} props */
export function Sound({ stream, blocked }) {
  const element = useRef(/** @type {HTMLAudioElement | null} */ (null));
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    audio.srcObject = stream ?? null;
    if (stream) audio.play().catch((error) => error.name === "NotAllowedError" && blocked?.());
    return () => {
      audio.srcObject = null;
    };
  }, [stream]);
  return html`<audio ref=${element} autoplay></audio>`;
}

/**
 * How loud the microphone is now; drawn without going through the page's state, ten times a second.
 * @param {{track: MediaStreamTrack | null, label: string}} props
 */
export function Level({ track, label }) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (track === null) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    const source = context.createMediaStreamSource(new MediaStream([track]));
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // −60 dB is silence, 0 dB full scale.
      const share = Math.max(0, Math.min(1, (10 * Math.log10(power + 1e-9) + 60) / 50));
      element.current?.style.setProperty("--level", String(share));
    }, 100);
    const wake = () => void context.resume();
    document.addEventListener("pointerdown", wake, { once: true });
    return () => {
      clearInterval(timer);
      document.removeEventListener("pointerdown", wake);
      source.disconnect();
      void context.close();
    };
  }, [track]);
  return html`<div class="level" role="img" aria-label=${label} ref=${element}><div class="level__bar"></div></div>`;
}
