/**
 * What the browser knows of how media arrive here, for the hub (W3C webrtc-stats). Knows no DOM and no signaling.
 *
 * @typedef {{frames_decoded: number, freeze_count: number, freeze_seconds: number, concealed_samples: number,
 *   total_samples: number, frame_height: number}} SlotReport
 * @typedef {{slots: Record<string, SlotReport>, candidate_type: string | null, round_trip_seconds: number | null,
 *   limitation: string | null, frames_encoded: number}} Report
 */

const CANDIDATES = ["host", "srflx", "prflx", "relay"];
const LIMITATIONS = ["none", "cpu", "bandwidth", "other"];

/**
 * @param {RTCPeerConnection} connection
 * @param {Map<string, RTCRtpTransceiver>} transceivers by what the section carries
 * @returns {Promise<Report>}
 */
export async function report(connection, transceivers) {
  const all = [...(await connection.getStats()).values()];
  const byMid = new Map([...transceivers].map(([name, transceiver]) => [transceiver.mid, name]));
  /** @type {Record<string, SlotReport>} */
  const slots = {};
  for (const one of all) {
    const name = one.type === "inbound-rtp" ? byMid.get(one.mid) : undefined;
    if (name !== undefined && one.packetsReceived > 0) slots[name] = slot(one);
  }
  const pair = all.find((one) => one.type === "candidate-pair" && one.nominated && one.state === "succeeded");
  const local = all.find((one) => one.id === pair?.localCandidateId);
  const sent = all.filter((one) => one.type === "outbound-rtp" && one.kind === "video");
  return {
    slots,
    candidate_type: known(CANDIDATES, local?.candidateType),
    round_trip_seconds: pair?.currentRoundTripTime ?? null,
    limitation: known(LIMITATIONS, sent.find((one) => one.qualityLimitationReason)?.qualityLimitationReason),
    frames_encoded: sum(sent.map((one) => one.framesEncoded ?? 0)),
  };
}

/** @param {any} one an RTCInboundRtpStreamStats; Firefox leaves some of it out */
function slot(one) {
  return {
    frames_decoded: whole(one.framesDecoded),
    freeze_count: whole(one.freezeCount),
    freeze_seconds: one.totalFreezesDuration ?? 0,
    // Comfort noise of a sender that says nothing is concealed too, and is no fault.
    concealed_samples: Math.max(0, whole(one.concealedSamples) - whole(one.silentConcealedSamples)),
    total_samples: whole(one.totalSamplesReceived),
    frame_height: whole(one.frameHeight),
  };
}

/** @param {number | undefined} value */
function whole(value) {
  return Math.max(0, Math.round(value ?? 0));
}

/** @param {string[]} names @param {string | undefined} value */
function known(names, value) {
  return value !== undefined && names.includes(value) ? value : null;
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
