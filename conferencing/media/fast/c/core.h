/* State of the packet path in C. Python decides who gets what and writes it here; see conferencing/media/forwarder.py
 * for what each step is for: this does the same, byte for byte.
 *
 * Every function named ts_* takes the core's lock itself; all others are called with it held. */
#ifndef THONGSUOT_CORE_H
#define THONGSUOT_CORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wire.h"

#define PACKET_BYTES 2048
/* A packet with the largest trailer libsrtp may add. */
#define OUT_BYTES (PACKET_BYTES + 256)
#define LONGEST_EXTENSIONS 32
#define SRTP_OCTETS 16
/* SRTP_MAX_SRTCP_TRAILER_LEN of libsrtp 2. */
#define SRTP_TRAILER 148
#define BATCH 64
#define LAYERS 3
#define SOURCES 4
#define SLOTS 20
#define SSRCS 96
#define SSRCS_PER_PEER 32
#define PROVED 64
#define ADDRESS_BYTES 28
#define SEEN 1024
#define MISSING 500
#define LEVELS 4096
#define ARRIVALS 4096
#define SENT 4096
#define TAPPED 2048
#define SRTP_ERRORS 32
#define PATHS 8192

enum codec { NO_CODEC, CODEC_VP8, CODEC_H264, CODEC_OPUS, CODEC_RED, CODECS };

enum reason {
    RTP_BEFORE_HANDSHAKE,
    RTP_MALFORMED,
    RTP_UNKNOWN_SOURCE,
    RTP_PAYLOAD_TYPE,
    REPAIRED_TWICE,
    PAYLOAD_MALFORMED,
    MUTED,
    RTP_TOO_LONG,
    LATE,
    NO_PATH,
    SEND_BUFFER_FULL,
    SEND_ERROR,
    SOCKET_ERROR,
    TOO_SHORT,
    CORE_MEMORY,
    LEVELS_FULL,
    ARRIVALS_FULL,
    PYTHON_RING_FULL,
    TAP_FULL,
    TOO_MANY_SSRCS,
    REASONS
};
enum operation { PROTECT, UNPROTECT, PROTECT_RTCP, UNPROTECT_RTCP, OPERATIONS };

typedef int (*srtp_function)(void *session, void *packet, int *length);

typedef struct ts_core ts_core;
typedef struct ts_link ts_link;
typedef struct ts_source ts_source;
typedef struct ts_layer ts_layer;
typedef struct ts_slot ts_slot;
typedef struct ts_port ts_port;

/* A payload, once for all receivers that may ask for it again. */
typedef struct {
    int references, length;
    uint8_t octets[];
} blob;

typedef struct {
    blob *payload;
    int32_t sequence_number;
    double resent;
    uint32_t timestamp;
    uint8_t payload_type;
    bool marker, padding;
    /* From the start of the payload. */
    int picture_id_position, picture_id_bits, tl0_position;
    int picture_id, tl0_picture_index;
} cached;

typedef struct {
    uint16_t sequence_number;
    uint32_t timestamp;
    int picture_id, tl0_picture_index;
} outgoing_ids;

typedef struct {
    bool anchored, started;
    int clock_rate;
    int64_t next_sequence, first, highest, sequence_offset;
    uint32_t last_timestamp, timestamp_offset;
    double last_time;
    int last_picture_id, last_tl0, picture_id_offset, tl0_offset;
} continuity;

typedef struct {
    uint8_t octets[LONGEST_EXTENSIONS];
    int length, transport, time, level, delay;
} extension_block;

typedef struct {
    int64_t number;
    double since, asked;
    int tries;
} missing;

/* The large part of a layer, there from its first packet on. */
typedef struct {
    int64_t seen[SEEN];
    missing list[MISSING];
} layer_memory;

struct ts_slot {
    uint64_t packets, octets;
    uint32_t id, layer_id;
    ts_link *link;
    bool video, has_rtx;
    uint32_t ssrc, rtx_ssrc;
    uint16_t rtx_sequence;
    int16_t payload_types[CODECS], rtx_payload_types[128], padding_payload_type;
    continuity run;
    extension_block extensions;
    ts_layer *layer, *awaited[LAYERS];
    int awaited_count;
    cached *cache;
    int capacity, stored;
};

struct ts_layer {
    uint32_t id;
    char rid[32];
    int rid_length;
    ts_source *source;
    /* How many streams it was so far, and how often the present one began again. */
    uint32_t generation, restarts;
    uint32_t ssrc;
    uint64_t received, octets, repaired, requested, given_up;
    double jitter, last_packet, last_transit;
    bool has_transit;
    int64_t base, highest, nack_highest;
    int missing_count;
    int codec;
    layer_memory *memory;
    bool asked;
    double last_request;
    int requests;
    uint64_t coalesced, requests_total;
    ts_slot **slots;
    int slot_count, slot_room;
};

struct ts_source {
    ts_link *link;
    bool video, enabled, nacks, microphone, tapped;
    int clock_rate, level_extension;
    char mid[32];
    int mid_length;
    uint8_t codecs[128];
    ts_layer layers[LAYERS];
    int layer_count;
};

typedef struct {
    uint32_t ssrc;
    bool repairs;
    ts_layer *layer;
} known_ssrc;

typedef struct {
    double time;
    int32_t number;
    uint32_t octets, probe;
} sent_packet;

typedef struct {
    double time;
    uint16_t number;
} arrival;

struct ts_link {
    uint64_t packets_in, bytes_in, packets_out, bytes_out;
    uint32_t id;
    bool redundant, reports_due;
    int playout_delay;
    uint32_t probe;
    uint64_t sent_octets;
    ts_core *core;
    void *receiving, *sending;
    int socket;
    uint8_t address[ADDRESS_BYTES];
    socklen_t address_length;
    int mid_extension, rid_extension, repaired_rid_extension, transport_extension;
    int16_t rtx[128];
    known_ssrc ssrcs[SSRCS];
    int ssrc_count;
    /* Of packets that were genuine: libsrtp keeps state of each for ever. */
    uint32_t proved[PROVED];
    int proved_count;
    ts_source sources[SOURCES];
    int source_count;
    ts_slot slots[SLOTS];
    int slot_count;
    sent_packet *sent;
    uint16_t next_sent;
    arrival *arrivals;
    int arrival_count;
    bool attached;
};

typedef struct {
    double time;
    uint32_t link, source;
    int level;
} heard_level;

/* Of a copy for a recording, what Python reads. */
typedef struct {
    double time;
    int64_t sequence;
    uint32_t layer, timestamp, ssrc;
    int codec, payload_type, sequence_number;
    bool marker, padding, keyframe;
} ts_copy;

typedef struct {
    double time;
    blob *payload;
    uint32_t layer, timestamp, ssrc;
    int codec;
    uint8_t payload_type;
    uint16_t sequence_number;
    int64_t sequence;
    bool marker, padding, keyframe;
} tapped;

typedef struct {
    _Alignas(16) uint8_t octets[OUT_BYTES];
    int length;
    bool media;
    ts_slot *slot;
    ts_link *link;
} out_packet;

typedef struct {
    uint8_t address[ADDRESS_BYTES];
    int length, endpoint;
    ts_link *link;
} path;

struct ts_core {
    uint64_t packets_received, bytes_received, packets_forwarded, bytes_forwarded;
    uint64_t drops[REASONS + OPERATIONS * SRTP_ERRORS];
    int references;
    /* Whoever wants the state waits at the gate: without it the packet thread would take the lock again at once. */
    pthread_mutex_t gate, lock;
    srtp_function srtp[OPERATIONS];
    heard_level levels[LEVELS];
    int level_count;
    tapped taps[TAPPED];
    int tap_first, tap_count;
    /* Of the call in hand: how many packets and octets the sockets took. */
    int sent_packets, sent_octets;
    int out_count;
    out_packet out[BATCH];
    /* Open addressing; a removed path leaves no hole. */
    path paths[PATHS];
    int path_count;
};

void core_lock(ts_core *core);
void core_unlock(ts_core *core);
void drop(ts_core *core, enum reason reason);
void drop_srtp(ts_core *core, enum operation operation, int error);
void detach(ts_link *link);
void rtp(ts_link *link, uint8_t *packet, int length, double now);
void forget_paths(ts_core *core, const ts_link *link);
ts_link *find_path(ts_core *core, int endpoint, const uint8_t *address, int length);

/* incoming.c */
bool layer_begin(ts_layer *layer, uint32_t ssrc);
/* The extended sequence number, or -1 for a known packet. */
int64_t reception_packet(ts_layer *layer, const rtp_header *header, int octets, double now);
int64_t reception_repaired(ts_layer *layer, uint16_t sequence_number, int octets);
bool nacks_arrived(ts_layer *layer, int64_t extended, double now);
int nacks_due(ts_layer *layer, double now, double round_trip, double patience, uint16_t *asked);

/* outgoing.c */
bool follow(continuity *run, int64_t extended, const rtp_header *header, const vp8_descriptor *vp8, double now,
            outgoing_ids *ids);
void send_media(ts_slot *slot, int payload_type, const rtp_header *header, const outgoing_ids *ids,
                const vp8_descriptor *vp8, int start, const uint8_t *payload, int length, blob **shared, int level,
                double now);
int retransmit(ts_slot *slot, uint16_t number, const cached *packet, double now);
int send_padding(ts_slot *slot, double now);
cached *cache_again(ts_slot *slot, uint16_t number, double now);
cached *cache_recent(ts_slot *slot, int back);
void cache_free(ts_slot *slot);
void enqueue(ts_link *link, ts_slot *slot, bool media, int length);
out_packet *next_out(ts_core *core);
void flush(ts_core *core);
blob *blob_of(const uint8_t *octets, int length);
void blob_release(blob *one);

#endif
