/* What goes out by one slot: ids that follow on, header extensions, repairs, and the sockets. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define REORDER_WINDOW 1000
#define LARGEST_GAP 3000
#define RESEND_INTERVAL_SECONDS 0.02
#define LONGEST_PADDING 255
#define LONGEST_PLAYOUT_DELAY 1000u

static void anchor(continuity *run, int64_t extended, uint32_t timestamp, const vp8_descriptor *vp8, double now) {
    run->anchored = true;
    run->first = run->highest = extended;
    run->sequence_offset = run->next_sequence - extended;
    int64_t wanted = run->last_timestamp;
    if (run->started) {
        /* Half to even, as Python rounds. */
        double elapsed = nearbyint((now - run->last_time) * run->clock_rate);
        wanted += elapsed > 1 ? (elapsed < 1e15 ? (int64_t)elapsed : 0) : 1;
    }
    run->timestamp_offset = (uint32_t)(wanted - timestamp);
    if (vp8->picture_id >= 0)
        run->picture_id_offset = run->last_picture_id >= 0 ? run->last_picture_id + 1 - vp8->picture_id : 0;
    if (vp8->tl0_picture_index >= 0)
        run->tl0_offset = run->last_tl0 >= 0 ? run->last_tl0 + 1 - vp8->tl0_picture_index : 0;
}

bool follow(continuity *run, int64_t extended, const rtp_header *header, const vp8_descriptor *vp8, double now,
            outgoing_ids *ids) {
    if (run->anchored && extended > run->highest + LARGEST_GAP) run->anchored = false;
    if (!run->anchored)
        anchor(run, extended, header->timestamp, vp8, now);
    else if (extended < run->first || extended < run->highest - REORDER_WINDOW)
        return false;
    int64_t sequence = extended + run->sequence_offset;
    ids->sequence_number = (uint16_t)sequence;
    ids->timestamp = header->timestamp + run->timestamp_offset;
    ids->picture_id = vp8->picture_id >= 0 ? (vp8->picture_id + run->picture_id_offset) & 0x7FFF : -1;
    ids->tl0_picture_index = vp8->tl0_picture_index >= 0 ? (vp8->tl0_picture_index + run->tl0_offset) & 0xFF : -1;
    if (extended >= run->highest) {
        run->highest = extended;
        run->next_sequence = sequence + 1;
        run->last_timestamp = ids->timestamp;
        run->last_time = now;
        run->started = true;
        if (ids->picture_id >= 0) run->last_picture_id = ids->picture_id;
        if (ids->tl0_picture_index >= 0) run->last_tl0 = ids->tl0_picture_index;
    }
    return true;
}

blob *blob_of(const uint8_t *octets, int length) {
    blob *made = malloc(sizeof *made + (size_t)length);
    if (made == NULL) return NULL;
    made->references = 1;
    made->length = length;
    memcpy(made->octets, octets, (size_t)length);
    return made;
}

void blob_release(blob *one) {
    if (one != NULL && --one->references == 0) free(one);
}

static cached *cache_place(ts_slot *slot, uint16_t number) {
    if (slot->cache == NULL) {
        slot->cache = calloc((size_t)slot->capacity, sizeof *slot->cache);
        if (slot->cache == NULL) return NULL;
        for (int index = 0; index < slot->capacity; index++) slot->cache[index].sequence_number = -1;
    }
    cached *place = &slot->cache[number & (slot->capacity - 1)];
    blob_release(place->payload);
    *place = (cached){.sequence_number = number, .resent = -INFINITY};
    slot->stored = number;
    return place;
}

void cache_free(ts_slot *slot) {
    if (slot->cache == NULL) return;
    for (int index = 0; index < slot->capacity; index++) blob_release(slot->cache[index].payload);
    free(slot->cache);
    slot->cache = NULL;
}

cached *cache_again(ts_slot *slot, uint16_t number, double now) {
    if (slot->cache == NULL) return NULL;
    cached *place = &slot->cache[number & (slot->capacity - 1)];
    if (place->sequence_number != number || now - place->resent < RESEND_INTERVAL_SECONDS) return NULL;
    place->resent = now;
    return place->payload != NULL ? place : NULL;
}

cached *cache_recent(ts_slot *slot, int back) {
    if (slot->cache == NULL || slot->stored < 0) return NULL;
    uint16_t number = (uint16_t)(slot->stored - back);
    cached *place = &slot->cache[number & (slot->capacity - 1)];
    return place->payload != NULL && place->sequence_number == number ? place : NULL;
}

static uint16_t transport_number(ts_link *link, int octets, double now) {
    uint16_t number = link->next_sent++;
    if (link->sent == NULL) {
        link->sent = malloc(SENT * sizeof *link->sent);
        if (link->sent == NULL) return number;
        for (int index = 0; index < SENT; index++) link->sent[index].number = -1;
    }
    link->sent[number & (SENT - 1)] = (sent_packet){now, number, (uint32_t)octets, link->probe};
    link->sent_octets += (uint64_t)octets;
    return number;
}

/* Writes the header extensions of a new packet; returns where its payload begins. */
static int head(ts_slot *slot, uint8_t *octets, int payload, double now) {
    const extension_block *block = &slot->extensions;
    if (!block->length) return FIXED_HEADER_BYTES;
    int end = FIXED_HEADER_BYTES + block->length;
    memcpy(octets + FIXED_HEADER_BYTES, block->octets, (size_t)block->length);
    if (block->transport)
        write16(octets + block->transport, transport_number(slot->link, end + payload + SRTP_OCTETS, now));
    else if (block->time)
        write24(octets + block->time, (uint32_t)(int64_t)(now * (1 << 18)) & 0xFFFFFF);
    if (block->delay && slot->link->playout_delay)
        write24(octets + block->delay, (uint32_t)slot->link->playout_delay << 12 | LONGEST_PLAYOUT_DELAY);
    return end;
}

static void write_ids(uint8_t *payload, const cached *packet) {
    if (packet->picture_id >= 0) {
        uint8_t *at = payload + packet->picture_id_position;
        if (packet->picture_id_bits == 15)
            write16(at, 0x8000u | (unsigned)packet->picture_id);
        else
            *at = packet->picture_id & 0x7F;
    }
    if (packet->tl0_picture_index >= 0) payload[packet->tl0_position] = (uint8_t)packet->tl0_picture_index;
}

out_packet *next_out(ts_core *core) {
    if (core->out_count == BATCH) flush(core);
    return &core->out[core->out_count];
}

void send_media(ts_slot *slot, int payload_type, const rtp_header *header, const outgoing_ids *ids,
                const vp8_descriptor *vp8, int start, const uint8_t *payload, int length, blob **shared, int level,
                double now) {
    ts_link *link = slot->link;
    ts_core *core = link->core;
    if (link->sending == NULL) return;
    out_packet *out = next_out(core);
    int position = head(slot, out->octets, length, now);
    memcpy(out->octets + position, payload, (size_t)length);
    rtp_header written = {
        .payload_type = (uint8_t)payload_type,
        .marker = header->marker,
        .padding = header->padding,
        .sequence_number = ids->sequence_number,
        .timestamp = ids->timestamp,
        .ssrc = slot->ssrc,
    };
    write_header(out->octets, &written, position > FIXED_HEADER_BYTES);
    if (slot->extensions.level) out->octets[slot->extensions.level] = (uint8_t)level;
    cached sent = {
        .sequence_number = ids->sequence_number,
        .resent = -INFINITY,
        .timestamp = ids->timestamp,
        .payload_type = (uint8_t)payload_type,
        .marker = header->marker,
        .padding = header->padding,
        .picture_id_position = vp8->picture_id_position - start,
        .picture_id_bits = vp8->picture_id_bits,
        .tl0_position = vp8->tl0_position - start,
        .picture_id = ids->picture_id,
        .tl0_picture_index = ids->tl0_picture_index,
    };
    write_ids(out->octets + position, &sent);
    if (slot->has_rtx) {
        if (*shared == NULL) *shared = blob_of(payload, length);
        cached *place = cache_place(slot, ids->sequence_number);
        if (place == NULL || *shared == NULL) {
            drop(core, CORE_MEMORY);
        } else {
            *place = sent;
            place->payload = *shared;
            (*shared)->references++;
        }
    }
    int total = position + length;
    int error = core->srtp[PROTECT](link->sending, out->octets, &total);
    if (error) {
        drop_srtp(core, PROTECT, error);
        return;
    }
    if (!slot->has_rtx) {
        /* The same ciphertext must go again, for AES-GCM's sake (RFC 7714 section 8). */
        cached *place = cache_place(slot, ids->sequence_number);
        if (place == NULL || (place->payload = blob_of(out->octets, total)) == NULL) drop(core, CORE_MEMORY);
    }
    enqueue(link, slot, true, total);
}

static int send_rtx(ts_slot *slot, int length, rtp_header *header) {
    ts_link *link = slot->link;
    ts_core *core = link->core;
    if (link->sending == NULL || !slot->has_rtx) return 0;
    out_packet *out = &core->out[core->out_count];
    header->sequence_number = slot->rtx_sequence++;
    header->ssrc = slot->rtx_ssrc;
    write_header(out->octets, header, slot->extensions.length > 0);
    int error = core->srtp[PROTECT](link->sending, out->octets, &length);
    if (error) {
        drop_srtp(core, PROTECT, error);
        return 0;
    }
    int before = core->sent_octets;
    enqueue(link, slot, false, length);
    flush(core);
    return core->sent_octets - before;
}

int retransmit(ts_slot *slot, uint16_t number, const cached *packet, double now) {
    int payload_type = slot->rtx_payload_types[packet->payload_type & 0x7F];
    if (payload_type < 0) return 0;
    uint8_t *octets = next_out(slot->link->core)->octets;
    int length = packet->payload->length;
    int position = head(slot, octets, length + 2, now);
    write16(octets + position, number);
    position += 2;
    memcpy(octets + position, packet->payload->octets, (size_t)length);
    write_ids(octets + position, packet);
    rtp_header header = {
        .payload_type = (uint8_t)payload_type,
        .marker = packet->marker,
        .padding = packet->padding,
        .timestamp = packet->timestamp,
    };
    return send_rtx(slot, position + length, &header);
}

int send_padding(ts_slot *slot, double now) {
    if (slot->padding_payload_type < 0) return 0;
    uint8_t *octets = next_out(slot->link->core)->octets;
    int position = head(slot, octets, LONGEST_PADDING, now);
    memset(octets + position, 0, LONGEST_PADDING);
    octets[position + LONGEST_PADDING - 1] = LONGEST_PADDING;
    rtp_header header = {
        .payload_type = (uint8_t)slot->padding_payload_type,
        .padding = true,
        .timestamp = slot->run.last_timestamp,
    };
    return send_rtx(slot, position + LONGEST_PADDING, &header);
}

void enqueue(ts_link *link, ts_slot *slot, bool media, int length) {
    ts_core *core = link->core;
    if (link->socket < 0 || !link->address_length) {
        drop(core, NO_PATH);
        return;
    }
    out_packet *out = &core->out[core->out_count++];
    out->length = length;
    out->media = media;
    out->slot = slot;
    out->link = link;
}

static void sent(ts_core *core, const out_packet *out) {
    core->sent_packets++;
    core->sent_octets += out->length;
    if (out->slot == NULL) return;
    out->link->packets_out++;
    out->link->bytes_out += (uint64_t)out->length;
    if (!out->media) return;
    out->slot->packets++;
    out->slot->octets += (uint64_t)out->length;
    core->packets_forwarded++;
    core->bytes_forwarded += (uint64_t)out->length;
}

/* Hands everything that waits to the sockets, which never block. */
void flush(ts_core *core) {
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    int begin = 0, end;
    while (begin < core->out_count) {
        int socket = core->out[begin].link->socket;
        for (end = begin; end < core->out_count && core->out[end].link->socket == socket; end++) {
            out_packet *out = &core->out[end];
            vectors[end] = (struct iovec){out->octets, (size_t)out->length};
            messages[end] = (struct mmsghdr){.msg_hdr = {
                .msg_name = out->link->address,
                .msg_namelen = out->link->address_length,
                .msg_iov = &vectors[end],
                .msg_iovlen = 1,
            }};
        }
        while (begin < end) {
            int taken = sendmmsg(socket, messages + begin, (unsigned)(end - begin), MSG_DONTWAIT);
            if (taken > 0) {
                for (int index = 0; index < taken; index++) sent(core, &core->out[begin + index]);
                begin += taken;
            } else if (taken < 0 && errno == EINTR) {
                continue;
            } else {
                drop(core, errno == EAGAIN || errno == EWOULDBLOCK ? SEND_BUFFER_FULL : SEND_ERROR);
                begin++;
            }
        }
    }
    core->out_count = 0;
}
