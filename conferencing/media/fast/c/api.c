/* What Python calls: all with the lock, none for long. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

void ts_core_release(ts_core *core);
void ts_link_detach(ts_link *link);

static const char *const NAMES[REASONS] = {
    "rtp_before_handshake", "rtp_malformed",    "rtp_unknown_source", "rtp_payload_type", "repaired_twice",
    "payload_malformed",    "muted",            "rtp_too_long",       "late",             "no_path",
    "send_buffer_full",     "send_error",       "socket_error",       "too_short",        "core_memory",
    "levels_full",          "arrivals_full",    "python_ring_full",   "tap_full",
    "too_many_ssrcs",
};

const char *ts_reason(int index) { return index >= 0 && index < REASONS ? NAMES[index] : NULL; }

ts_core *ts_core_new(void *protect, void *unprotect, void *protect_rtcp, void *unprotect_rtcp) {
    ts_core *core = calloc(1, sizeof *core);
    if (core == NULL) return NULL;
    core->references = 1;
    core->srtp[PROTECT] = (srtp_function)protect;
    core->srtp[UNPROTECT] = (srtp_function)unprotect;
    core->srtp[PROTECT_RTCP] = (srtp_function)protect_rtcp;
    core->srtp[UNPROTECT_RTCP] = (srtp_function)unprotect_rtcp;
    pthread_mutex_init(&core->gate, NULL);
    pthread_mutex_init(&core->lock, NULL);
    return core;
}

void ts_core_release(ts_core *core) {
    core_lock(core);
    int left = --core->references;
    core_unlock(core);
    if (left) return;
    for (; core->tap_count; core->tap_count--) {
        blob_release(core->taps[core->tap_first].payload);
        core->tap_first = (core->tap_first + 1) % TAPPED;
    }
    pthread_mutex_destroy(&core->gate);
    pthread_mutex_destroy(&core->lock);
    free(core);
}

ts_link *ts_link_new(ts_core *core, uint32_t id) {
    ts_link *link = calloc(1, sizeof *link);
    if (link == NULL) return NULL;
    link->id = id;
    link->core = core;
    link->redundant = link->attached = true;
    link->socket = -1;
    link->mid_extension = link->rid_extension = link->repaired_rid_extension = link->transport_extension = -1;
    memset(link->rtx, 0xFF, sizeof link->rtx);
    core_lock(core);
    core->references++;
    core_unlock(core);
    return link;
}

void ts_link_detach(ts_link *link) {
    core_lock(link->core);
    detach(link);
    core_unlock(link->core);
}

void ts_link_release(ts_link *link) {
    ts_core *core = link->core;
    ts_link_detach(link);
    for (int index = 0; index < link->slot_count; index++) cache_free(&link->slots[index]);
    for (int source = 0; source < link->source_count; source++)
        for (int index = 0; index < link->sources[source].layer_count; index++) {
            free(link->sources[source].layers[index].memory);
            free(link->sources[source].layers[index].slots);
        }
    free(link->sent);
    free(link->arrivals);
    free(link);
    ts_core_release(core);
}

void ts_link_extensions(ts_link *link, int mid, int rid, int repaired_rid, int transport) {
    core_lock(link->core);
    link->mid_extension = mid;
    link->rid_extension = rid;
    link->repaired_rid_extension = repaired_rid;
    link->transport_extension = transport;
    core_unlock(link->core);
}

void ts_link_rtx(ts_link *link, int rtx, int media) {
    core_lock(link->core);
    if (rtx >= 0 && rtx < 128 && media >= 0 && media < 128) link->rtx[rtx] = (int16_t)media;
    core_unlock(link->core);
}

void ts_link_keys(ts_link *link, void *receiving, void *sending) {
    core_lock(link->core);
    if (link->attached) {
        link->receiving = receiving;
        link->sending = sending;
    }
    core_unlock(link->core);
}

void ts_link_path(ts_link *link, int socket, const char *address, int length) {
    core_lock(link->core);
    if (link->attached && length >= 0 && length <= ADDRESS_BYTES) {
        link->socket = socket;
        memcpy(link->address, address, (size_t)length);
        link->address_length = (socklen_t)length;
    }
    core_unlock(link->core);
}

int ts_link_ssrc(ts_link *link, uint32_t ssrc, int repairs, ts_layer *layer) {
    core_lock(link->core);
    bool room = link->ssrc_count < SSRCS;
    if (room) link->ssrcs[link->ssrc_count++] = (known_ssrc){ssrc, repairs != 0, layer};
    core_unlock(link->core);
    return room;
}

/* One of the SSRCs known so far; returns 0 beyond the last. */
int ts_link_known(ts_link *link, int index, uint32_t *ssrc, int *repairs, uint32_t *layer) {
    core_lock(link->core);
    bool there = index >= 0 && index < link->ssrc_count;
    if (there) {
        *ssrc = link->ssrcs[index].ssrc;
        *repairs = link->ssrcs[index].repairs;
        *layer = link->ssrcs[index].layer->id;
    }
    core_unlock(link->core);
    return there;
}

ts_source *ts_source_new(ts_link *link, int video, int microphone, int nacks, int enabled, int clock_rate,
                         int level_extension, const char *mid, int mid_length, const char *codecs) {
    if (link->source_count == SOURCES || mid_length < 0) return NULL;
    core_lock(link->core);
    ts_source *source = &link->sources[link->source_count++];
    source->link = link;
    source->video = video != 0;
    source->microphone = microphone != 0;
    source->nacks = nacks != 0;
    source->enabled = enabled != 0;
    source->clock_rate = clock_rate;
    source->level_extension = level_extension;
    /* Longer than any that is heard in an extension of browsers: equal to none. */
    bool usual = mid_length < (int)sizeof source->mid;
    source->mid_length = usual ? mid_length : -1;
    if (usual) memcpy(source->mid, mid, (size_t)mid_length);
    for (int index = 0; index < 128; index++)
        source->codecs[index] = codecs[index] > 0 && codecs[index] < CODECS ? (uint8_t)codecs[index] : NO_CODEC;
    core_unlock(link->core);
    return source;
}

void ts_source_enable(ts_source *source, int enabled) {
    core_lock(source->link->core);
    source->enabled = enabled != 0;
    core_unlock(source->link->core);
}

void ts_source_tap(ts_source *source, int on) {
    core_lock(source->link->core);
    source->tapped = on != 0;
    core_unlock(source->link->core);
}

/* The oldest copy for a recording: the length of its payload, or -1 when there is none. */
int ts_tapped(ts_core *core, char *octets, ts_copy *copy) {
    int length = -1;
    core_lock(core);
    if (core->tap_count) {
        tapped *one = &core->taps[core->tap_first];
        length = one->payload->length;
        memcpy(octets, one->payload->octets, (size_t)length);
        *copy = (ts_copy){one->time,         one->sequence,        one->layer,  one->timestamp, one->ssrc,    one->codec,
                          one->payload_type, one->sequence_number, one->marker, one->padding,   one->keyframe};
        blob_release(one->payload);
        core->tap_first = (core->tap_first + 1) % TAPPED;
        core->tap_count--;
    }
    core_unlock(core);
    return length;
}

ts_layer *ts_layer_new(ts_source *source, uint32_t id, const char *rid, int length) {
    if (source->layer_count == LAYERS || length < 0 || length > 31) return NULL;
    core_lock(source->link->core);
    ts_layer *layer = &source->layers[source->layer_count++];
    layer->id = id;
    layer->source = source;
    memcpy(layer->rid, rid, (size_t)length);
    layer->rid_length = length;
    layer->last_packet = layer->last_request = -INFINITY;
    layer->base = layer->highest = layer->nack_highest = -1;
    core_unlock(source->link->core);
    return layer;
}

/* Ids of the slots a layer goes to or is awaited by; returns how many there are, of which `room` are told. */
int ts_layer_slots(ts_layer *layer, uint32_t *ids, int room) {
    core_lock(layer->source->link->core);
    int count = layer->slot_count;
    for (int index = 0; index < count && index < room; index++) ids[index] = layer->slots[index]->id;
    core_unlock(layer->source->link->core);
    return count;
}

int ts_layer_due(ts_layer *layer, double now, double round_trip, double patience, uint16_t *asked) {
    core_lock(layer->source->link->core);
    int count = layer->memory != NULL ? nacks_due(layer, now, round_trip, patience, asked) : 0;
    core_unlock(layer->source->link->core);
    return count;
}

static bool keyframe_due(ts_layer *layer, double now, double interval, int limit) {
    if (!layer->asked || now - layer->last_request < interval) return false;
    if (layer->requests >= limit) {
        layer->asked = false;
        return false;
    }
    layer->requests++;
    layer->requests_total++;
    layer->last_request = now;
    return true;
}

int ts_layer_keyframe(ts_layer *layer, int ask, double now, double interval, int limit) {
    core_lock(layer->source->link->core);
    if (ask) {
        layer->coalesced += layer->asked;
        layer->asked = true;
        layer->requests = 0;
    }
    bool due = keyframe_due(layer, now, interval, limit);
    core_unlock(layer->source->link->core);
    return due;
}

void ts_layer_note(ts_layer *layer, int asked) {
    core_lock(layer->source->link->core);
    layer->asked = asked != 0;
    if (!asked) layer->requests = 0;
    core_unlock(layer->source->link->core);
}

ts_slot *ts_slot_new(ts_link *link, uint32_t id, int video, uint32_t ssrc, int has_rtx, uint32_t rtx_ssrc,
                     int rtx_sequence, int clock_rate, int first_sequence, uint32_t first_timestamp, int capacity) {
    if (link->slot_count == SLOTS || capacity <= 0 || capacity & (capacity - 1)) return NULL;
    core_lock(link->core);
    ts_slot *slot = &link->slots[link->slot_count++];
    slot->id = id;
    slot->link = link;
    slot->video = video != 0;
    slot->ssrc = ssrc;
    slot->has_rtx = has_rtx != 0;
    slot->rtx_ssrc = rtx_ssrc;
    slot->rtx_sequence = (uint16_t)rtx_sequence;
    slot->capacity = capacity;
    slot->stored = -1;
    slot->padding_payload_type = -1;
    memset(slot->payload_types, 0xFF, sizeof slot->payload_types);
    memset(slot->rtx_payload_types, 0xFF, sizeof slot->rtx_payload_types);
    slot->run = (continuity){
        .clock_rate = clock_rate,
        .next_sequence = first_sequence,
        .last_timestamp = first_timestamp,
        .last_picture_id = -1,
        .last_tl0 = -1,
    };
    core_unlock(link->core);
    return slot;
}

void ts_slot_codec(ts_slot *slot, int codec, int payload_type) {
    core_lock(slot->link->core);
    if (codec > 0 && codec < CODECS && payload_type >= 0 && payload_type < 128)
        slot->payload_types[codec] = (int16_t)payload_type;
    core_unlock(slot->link->core);
}

void ts_slot_rtx(ts_slot *slot, int media, int rtx) {
    core_lock(slot->link->core);
    if (media >= 0 && media < 128 && rtx >= 0 && rtx < 128) {
        slot->rtx_payload_types[media] = (int16_t)rtx;
        if (slot->padding_payload_type < 0) slot->padding_payload_type = (int16_t)rtx;
    }
    core_unlock(slot->link->core);
}

static bool within(int position, int size, int length) {
    return position == 0 || (position > FIXED_HEADER_BYTES && position + size <= FIXED_HEADER_BYTES + length);
}

int ts_slot_extensions(ts_slot *slot, const char *octets, int length, int transport, int time, int level, int delay) {
    if (length < 0 || length > LONGEST_EXTENSIONS || !within(transport, 2, length) || !within(time, 3, length) ||
        !within(level, 1, length) || !within(delay, 3, length))
        return 0;
    core_lock(slot->link->core);
    memcpy(slot->extensions.octets, octets, (size_t)length);
    slot->extensions.length = length;
    slot->extensions.transport = transport;
    slot->extensions.time = time;
    slot->extensions.level = level;
    slot->extensions.delay = delay;
    core_unlock(slot->link->core);
    return 1;
}

int ts_slot_awaited(ts_slot *slot, uint32_t *ids) {
    core_lock(slot->link->core);
    int count = slot->awaited_count;
    for (int index = 0; index < count; index++) ids[index] = slot->awaited[index]->id;
    core_unlock(slot->link->core);
    return count;
}

void ts_slot_restart(ts_slot *slot) {
    core_lock(slot->link->core);
    slot->run.anchored = false;
    core_unlock(slot->link->core);
}

int ts_slot_anchored(ts_slot *slot) { return slot->run.anchored; }
uint32_t ts_slot_timestamp_offset(ts_slot *slot) { return slot->run.timestamp_offset; }
uint32_t ts_slot_last_timestamp(ts_slot *slot) { return slot->run.last_timestamp; }

void ts_rtp(ts_link *link, char *packet, int length, double now) {
    core_lock(link->core);
    rtp(link, (uint8_t *)packet, length, now);
    flush(link->core);
    core_unlock(link->core);
}

/* The new length, or -1 - error of libsrtp; -1000 before the handshake. */
int ts_rtcp_in(ts_link *link, char *packet, int length) {
    core_lock(link->core);
    int error = link->receiving != NULL ? link->core->srtp[UNPROTECT_RTCP](link->receiving, packet, &length) : 999;
    core_unlock(link->core);
    return error ? -1 - error : length;
}

void ts_rtcp_out(ts_link *link, const char *compound, int length) {
    ts_core *core = link->core;
    if (length < 0 || length > PACKET_BYTES) return;
    core_lock(core);
    if (link->sending != NULL) {
        out_packet *out = next_out(core);
        memcpy(out->octets, compound, (size_t)length);
        int error = core->srtp[PROTECT_RTCP](link->sending, out->octets, &length);
        if (error)
            drop_srtp(core, PROTECT_RTCP, error);
        else
            enqueue(link, NULL, false, length);
        flush(core);
    }
    core_unlock(core);
}

int ts_resend(ts_slot *slot, const uint16_t *numbers, int count, double now) {
    ts_core *core = slot->link->core;
    int sent = 0;
    core_lock(core);
    for (int index = 0; index < count; index++) {
        cached *packet = cache_again(slot, numbers[index], now);
        if (packet == NULL) continue;
        if (slot->has_rtx) {
            sent += retransmit(slot, numbers[index], packet, now) > 0;
        } else {
            out_packet *out = next_out(core);
            int before = core->sent_packets;
            memcpy(out->octets, packet->payload->octets, (size_t)packet->payload->length);
            enqueue(slot->link, NULL, false, packet->payload->length);
            flush(core);
            sent += core->sent_packets - before;
        }
    }
    core_unlock(core);
    return sent;
}

int ts_pad(ts_slot *slot, int octets, double now, int worth_repeating) {
    ts_core *core = slot->link->core;
    int sent = 0, back = 0;
    core_lock(core);
    while (slot->has_rtx && sent < octets) {
        cached *recent = cache_recent(slot, back++);
        int added = recent != NULL && recent->payload->length >= worth_repeating
                        ? retransmit(slot, (uint16_t)recent->sequence_number, recent, now)
                        : send_padding(slot, now);
        if (added <= 0) break;
        sent += added;
    }
    core_unlock(core);
    return sent;
}

/* Up to `room` arrivals by transport-wide sequence number, which are forgotten; returns how many. */
int ts_arrivals(ts_link *link, uint16_t *numbers, double *times, int room) {
    core_lock(link->core);
    int count = link->arrival_count < room ? link->arrival_count : room;
    for (int index = 0; index < count; index++) {
        numbers[index] = link->arrivals[index].number;
        times[index] = link->arrivals[index].time;
    }
    link->arrival_count -= count;
    if (link->arrival_count)
        memmove(link->arrivals, link->arrivals + count, (size_t)link->arrival_count * sizeof *link->arrivals);
    core_unlock(link->core);
    return count;
}

/* For each number: 1 and what was sent under it, once; or 0. */
void ts_acknowledge(ts_link *link, const uint16_t *numbers, int count, double *times, uint32_t *octets,
                    uint32_t *probes, char *there) {
    core_lock(link->core);
    for (int index = 0; index < count; index++) {
        sent_packet *sent = link->sent != NULL ? &link->sent[numbers[index] & (SENT - 1)] : NULL;
        there[index] = sent != NULL && sent->number == numbers[index];
        if (!there[index]) continue;
        sent->number = -1;
        times[index] = sent->time;
        octets[index] = sent->octets;
        probes[index] = sent->probe;
    }
    core_unlock(link->core);
}

int ts_levels(ts_core *core, double *times, uint32_t *links, uint32_t *sources, int *levels, int room) {
    core_lock(core);
    int count = core->level_count < room ? core->level_count : room;
    for (int index = 0; index < count; index++) {
        const heard_level *one = &core->levels[index];
        times[index] = one->time;
        links[index] = one->link;
        sources[index] = one->source;
        levels[index] = one->level;
    }
    core->level_count -= count;
    if (core->level_count) memmove(core->levels, core->levels + count, (size_t)core->level_count * sizeof *core->levels);
    core_unlock(core);
    return count;
}

/* Every count so far, and what was counted since the last call is 0 again. `drops` has room for ts_drop_kinds(). */
void ts_counts(ts_core *core, uint64_t *totals, uint64_t *drops) {
    core_lock(core);
    totals[0] = core->packets_received;
    totals[1] = core->bytes_received;
    totals[2] = core->packets_forwarded;
    totals[3] = core->bytes_forwarded;
    core->packets_received = core->bytes_received = core->packets_forwarded = core->bytes_forwarded = 0;
    memcpy(drops, core->drops, sizeof core->drops);
    memset(core->drops, 0, sizeof core->drops);
    core_unlock(core);
}

int ts_drop_kinds(void) { return REASONS + OPERATIONS * SRTP_ERRORS; }
