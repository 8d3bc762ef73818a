"""Builds the C of this package by cffi, API mode, stable ABI. Known to setup.py; alone: `python -m …fast.build`.

A build for tests carries sanitizers: THONGSUOT_SANITIZE=address,undefined and a folder to put it in.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cffi import FFI

NAME = "conferencing.media.fast._core"
HERE = Path(__file__).resolve().parent
SOURCES = ("wire.c", "incoming.c", "outgoing.c", "core.c", "paths.c", "port.c", "api.c")

DECLARATIONS = """
typedef struct ts_core ts_core;
typedef struct ts_source ts_source;
typedef struct ts_port ts_port;
typedef struct { uint64_t packets_in, bytes_in, packets_out, bytes_out, sent_octets;
    uint32_t probe; int playout_delay, ssrc_count, arrival_count; bool redundant, reports_due; ...; } ts_link;
typedef struct { uint32_t generation, restarts, ssrc;
    uint64_t received, octets, repaired, requested, given_up, coalesced, requests_total;
    double jitter, last_packet; int64_t base, highest; int missing_count, codec, slot_count; ...; } ts_layer;
typedef struct { uint64_t packets, octets; uint32_t layer_id; uint16_t rtx_sequence; ...; } ts_slot;

typedef struct { double time; int64_t sequence; uint32_t layer, timestamp, ssrc;
    int codec, payload_type, sequence_number; bool marker, padding, keyframe; ...; } ts_copy;

const char *ts_reason(int index);
int ts_drop_kinds(void);
ts_core *ts_core_new(void *protect, void *unprotect, void *protect_rtcp, void *unprotect_rtcp);
void ts_core_release(ts_core *core);
void ts_counts(ts_core *core, uint64_t *totals, uint64_t *drops);
int ts_levels(ts_core *core, double *times, uint32_t *links, uint32_t *sources, int *levels, int room);
void ts_path(ts_core *core, int endpoint, const char *address, int length, ts_link *link);

ts_link *ts_link_new(ts_core *core, uint32_t id);
void ts_link_detach(ts_link *link);
void ts_link_release(ts_link *link);
void ts_link_extensions(ts_link *link, int mid, int rid, int repaired_rid, int transport);
void ts_link_rtx(ts_link *link, int rtx, int media);
void ts_link_keys(ts_link *link, void *receiving, void *sending);
void ts_link_path(ts_link *link, int socket, const char *address, int length);
int ts_link_ssrc(ts_link *link, uint32_t ssrc, int repairs, ts_layer *layer);
int ts_link_known(ts_link *link, int index, uint32_t *ssrc, int *repairs, uint32_t *layer);
int ts_arrivals(ts_link *link, uint16_t *numbers, double *times, int room);
void ts_acknowledge(ts_link *link, const uint16_t *numbers, int count, double *times, uint32_t *octets,
    uint32_t *probes, char *there);

ts_source *ts_source_new(ts_link *link, int video, int microphone, int nacks, int enabled, int clock_rate,
    int level_extension, const char *mid, int mid_length, const char *codecs);
void ts_source_enable(ts_source *source, int enabled);
void ts_source_tap(ts_source *source, int on);
int ts_tapped(ts_core *core, char *octets, ts_copy *copy);

ts_layer *ts_layer_new(ts_source *source, uint32_t id, const char *rid, int length);
int ts_layer_slots(ts_layer *layer, uint32_t *ids, int room);
int ts_layer_due(ts_layer *layer, double now, double round_trip, double patience, uint16_t *asked);
int ts_layer_keyframe(ts_layer *layer, int ask, double now, double interval, int limit);
void ts_layer_note(ts_layer *layer, int asked);

ts_slot *ts_slot_new(ts_link *link, uint32_t id, int video, uint32_t ssrc, int has_rtx, uint32_t rtx_ssrc,
    int rtx_sequence, int clock_rate, int first_sequence, uint32_t first_timestamp, int capacity);
void ts_slot_codec(ts_slot *slot, int codec, int payload_type);
void ts_slot_rtx(ts_slot *slot, int media, int rtx);
int ts_slot_extensions(ts_slot *slot, const char *octets, int length, int transport, int time, int level, int delay);
void ts_slot_await(ts_slot *slot, ts_layer **layers, int count);
void ts_slot_layer(ts_slot *slot, ts_layer *layer);
int ts_slot_awaited(ts_slot *slot, uint32_t *ids);
void ts_slot_restart(ts_slot *slot);
int ts_slot_anchored(ts_slot *slot);
uint32_t ts_slot_timestamp_offset(ts_slot *slot);
uint32_t ts_slot_last_timestamp(ts_slot *slot);

void ts_rtp(ts_link *link, char *packet, int length, double now);
int ts_rtcp_in(ts_link *link, char *packet, int length);
void ts_rtcp_out(ts_link *link, const char *compound, int length);
int ts_resend(ts_slot *slot, const uint16_t *numbers, int count, double now);
int ts_pad(ts_slot *slot, int octets, double now, int worth_repeating);

ts_port *ts_port_new(ts_core *core, const int *sockets, int count, double epoch, int longest);
void ts_port_free(ts_port *port);
int ts_port_wake(ts_port *port);
int ts_port_take(ts_port *port, char *octets, int *endpoint, char *address, int *address_length);
"""


def builder() -> FFI:
    """What setup.py and tests compile."""
    made = FFI()
    made.cdef(DECLARATIONS)
    sanitize = os.environ.get("THONGSUOT_SANITIZE", "")
    # Contraction to fused operations would round otherwise than Python does.
    flags = [
        "-std=c11",
        "-D_GNU_SOURCE",
        "-O2",
        "-ffp-contract=off",
        "-fvisibility=hidden",
        "-pthread",
        "-Wall",
        "-Wextra",
    ]
    links = ["-pthread"]
    if sanitize:
        flags += [f"-fsanitize={sanitize}", "-fno-omit-frame-pointer", "-fno-sanitize-recover=undefined", "-g", "-O1"]
        links += [f"-fsanitize={sanitize}"]
    # One unit: the parts see one another, and the module exports nothing but its start.
    text = "\n".join(f'#include "{name}"' for name in SOURCES)
    declared = "\n".join(
        line for line in DECLARATIONS[DECLARATIONS.index("const char *ts_reason") :].split("\n") if line
    )
    made.set_source(
        NAME,
        f'#include "core.h"\n{declared}\n{text}',
        include_dirs=[str(HERE / "c")],
        extra_compile_args=flags,
        extra_link_args=links,
        py_limited_api=True,
    )
    return made


if __name__ == "__main__":
    builder().compile(tmpdir=sys.argv[1] if len(sys.argv) > 1 else str(HERE.parents[2]), verbose=True)
