/* One packet in, decrypted once; rewritten and encrypted for each slot it goes to. Never decoded. */
#include "core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void core_lock(ts_core *core) {
    pthread_mutex_lock(&core->gate);
    pthread_mutex_lock(&core->lock);
    pthread_mutex_unlock(&core->gate);
}

void core_unlock(ts_core *core) { pthread_mutex_unlock(&core->lock); }

void drop(ts_core *core, enum reason reason) { core->drops[reason]++; }

void drop_srtp(ts_core *core, enum operation operation, int error) {
    int known = error > 0 && error < SRTP_ERRORS ? error : SRTP_ERRORS - 1;
    core->drops[REASONS + operation * SRTP_ERRORS + known]++;
}

static void know(ts_link *link, uint32_t ssrc, bool repairs, ts_layer *layer) {
    if (link->ssrc_count < SSRCS) link->ssrcs[link->ssrc_count++] = (known_ssrc){ssrc, repairs, layer};
}

static ts_layer *known(const ts_link *link, uint32_t ssrc, bool *repairs) {
    ts_layer *found = NULL;
    for (int index = 0; index < link->ssrc_count; index++) {
        const known_ssrc *one = &link->ssrcs[index];
        if (one->ssrc != ssrc) continue;
        *repairs = one->repairs;
        found = one->layer;
        /* What was named as media is media, even if it was named as repairs too. */
        if (!one->repairs) break;
    }
    return found;
}

static bool equal(const uint8_t *value, int size, const char *text, int length) {
    return size == length && memcmp(value, text, (size_t)length) == 0;
}

/* By mid and rid (RFC 9143 section 9.2, RFC 8852), for SSRCs the offer did not name. */
static ts_layer *identify(ts_link *link, const rtp_header *header, const uint8_t *packet, bool *repairs) {
    static const uint8_t nothing[1];
    int size = 0;
    if (link->mid_extension < 0 || link->ssrc_count >= SSRCS_PER_PEER) return NULL;
    const uint8_t *mid = find_extension(packet, header, link->mid_extension, &size);
    if (mid == NULL) return NULL;
    ts_source *source = NULL;
    for (int index = 0; index < link->source_count && source == NULL; index++)
        if (equal(mid, size, link->sources[index].mid, link->sources[index].mid_length)) source = &link->sources[index];
    if (source == NULL) return NULL;
    *repairs = link->rtx[header->payload_type] >= 0;
    const uint8_t *rid = nothing;
    size = 0;
    if (source->layers[0].rid_length) {
        int number = *repairs ? link->repaired_rid_extension : link->rid_extension;
        const uint8_t *found = number >= 0 ? find_extension(packet, header, number, &size) : NULL;
        if (found != NULL)
            rid = found;
        else
            size = 0;
    }
    for (int index = 0; index < source->layer_count; index++) {
        ts_layer *layer = &source->layers[index];
        if (!equal(rid, size, layer->rid, layer->rid_length)) continue;
        know(link, header->ssrc, *repairs, layer);
        return layer;
    }
    return NULL;
}

static void subscribe(ts_layer *layer, ts_slot *slot) {
    for (int index = 0; index < layer->slot_count; index++)
        if (layer->slots[index] == slot) return;
    if (layer->slot_count == layer->slot_room) {
        int room = layer->slot_room ? 2 * layer->slot_room : 8;
        ts_slot **grown = realloc(layer->slots, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            drop(slot->link->core, CORE_MEMORY);
            return;
        }
        layer->slots = grown;
        layer->slot_room = room;
    }
    layer->slots[layer->slot_count++] = slot;
}

static bool wants(const ts_slot *slot, const ts_layer *layer) {
    if (slot->layer == layer) return true;
    for (int index = 0; index < slot->awaited_count; index++)
        if (slot->awaited[index] == layer) return true;
    return false;
}

/* A layer is told of just those slots that it goes to or that await it. */
static void unsubscribe(ts_layer *layer, ts_slot *slot) {
    if (layer == NULL || wants(slot, layer)) return;
    for (int index = 0; index < layer->slot_count; index++) {
        if (layer->slots[index] != slot) continue;
        layer->slot_count--;
        memmove(layer->slots + index, layer->slots + index + 1,
                (size_t)(layer->slot_count - index) * sizeof *layer->slots);
        return;
    }
}

static void set_awaited(ts_slot *slot, ts_layer *const *layers, int count) {
    ts_layer *before[LAYERS];
    int were = slot->awaited_count;
    memcpy(before, slot->awaited, sizeof before);
    slot->awaited_count = count;
    for (int index = 0; index < count; index++) slot->awaited[index] = layers[index];
    for (int index = 0; index < were; index++) unsubscribe(before[index], slot);
    for (int index = 0; index < count; index++) subscribe(layers[index], slot);
}

static void set_layer(ts_slot *slot, ts_layer *layer) {
    ts_layer *before = slot->layer;
    slot->layer = layer;
    slot->layer_id = layer != NULL ? layer->id : 0;
    unsubscribe(before, slot);
    if (layer != NULL) subscribe(layer, slot);
}

static void tap(ts_layer *layer, int codec, int64_t sequence, const rtp_header *header, const uint8_t *payload,
                int length, bool keyframe, double now) {
    ts_core *core = layer->source->link->core;
    if (core->tap_count == TAPPED) {
        drop(core, TAP_FULL);
        return;
    }
    blob *copy = blob_of(payload, length);
    if (copy == NULL) {
        drop(core, CORE_MEMORY);
        return;
    }
    core->taps[(core->tap_first + core->tap_count++) % TAPPED] = (tapped){
        .time = now,
        .payload = copy,
        .layer = layer->id,
        .timestamp = header->timestamp,
        .ssrc = header->ssrc,
        .codec = codec == CODEC_RED ? CODEC_OPUS : codec,
        .payload_type = header->payload_type,
        .sequence_number = header->sequence_number,
        .sequence = sequence,
        .marker = header->marker,
        .padding = header->padding,
        .keyframe = keyframe,
    };
}

static void forward(ts_layer *layer, int codec, int64_t sequence, const rtp_header *header, const uint8_t *packet,
                    int start, int end, double now) {
    ts_source *source = layer->source;
    ts_core *core = source->link->core;
    vp8_descriptor vp8 = NO_VP8;
    bool keyframe = false;
    int level = 0, plain = start;
    if (source->video) {
        /* A padding packet has no payload to describe; it is forwarded to keep the sequence whole. */
        if (start < end && !(header->padding && start + packet[end - 1] >= end)) {
            if (codec == CODEC_VP8) {
                if (!parse_vp8(packet, start, end, &vp8)) {
                    drop(core, PAYLOAD_MALFORMED);
                    return;
                }
                keyframe = vp8.keyframe;
            } else {
                int begins = h264_keyframe(packet, start, end);
                if (begins < 0) {
                    drop(core, PAYLOAD_MALFORMED);
                    return;
                }
                keyframe = begins > 0;
            }
        }
        if (keyframe) {
            layer->asked = false;
            layer->requests = 0;
        }
    } else {
        int size = 0;
        const uint8_t *value =
            source->level_extension >= 0 ? find_extension(packet, header, source->level_extension, &size) : NULL;
        if (value != NULL && size > 0) {
            level = value[0];
            if (source->enabled && source->microphone) {
                if (core->level_count < LEVELS)
                    core->levels[core->level_count++] =
                        (heard_level){now, source->link->id, (uint32_t)(source - source->link->sources), level & 0x7F};
                else
                    drop(core, LEVELS_FULL);
            }
        }
        if (codec == CODEC_RED && (plain = red_primary(packet, start, end)) < 0) {
            drop(core, PAYLOAD_MALFORMED);
            return;
        }
    }
    if (!source->enabled) {
        drop(core, MUTED);
        return;
    }
    if (end - start + FIXED_HEADER_BYTES + LONGEST_EXTENSIONS + SRTP_OCTETS > PACKET_BYTES - SRTP_TRAILER) {
        drop(core, RTP_TOO_LONG);
        return;
    }
    if (source->tapped) {
        int last = header->padding && end > start ? end - packet[end - 1] : end;
        tap(layer, codec, sequence, header, packet + plain, last > plain ? last - plain : 0, keyframe, now);
    }
    /* What receivers with RED get, and those without. */
    blob *shared[2] = {NULL, NULL};
    for (int index = 0; index < layer->slot_count; index++) {
        ts_slot *slot = layer->slots[index];
        int sent = codec;
        if (codec == CODEC_RED && (slot->payload_types[CODEC_RED] < 0 || !slot->link->redundant)) sent = CODEC_OPUS;
        int payload_type = slot->payload_types[sent];
        if (payload_type < 0) continue;
        int begin = sent == codec ? start : plain;
        if (slot->layer != layer || !slot->run.anchored) {
            if (slot->video && !keyframe) continue;
            if (slot->layer != layer) {
                /* The awaited layer's key frame is there. */
                set_layer(slot, layer);
                set_awaited(slot, NULL, 0);
                slot->run.anchored = false;
                slot->link->reports_due = true;
            }
        }
        outgoing_ids ids;
        if (!follow(&slot->run, sequence, header, &vp8, now, &ids)) {
            drop(core, LATE);
            continue;
        }
        send_media(slot, payload_type, header, &ids, &vp8, start, packet + begin, end - begin, &shared[sent != codec],
                   level, now);
    }
    blob_release(shared[0]);
    blob_release(shared[1]);
}

static void arrived(ts_layer *layer, int codec, const rtp_header *header, const uint8_t *packet, int length,
                    double now) {
    ts_source *source = layer->source;
    if (!layer->generation || layer->ssrc != header->ssrc) {
        if (!layer_begin(layer, header->ssrc)) {
            drop(source->link->core, CORE_MEMORY);
            return;
        }
        for (int index = 0; index < layer->slot_count; index++)
            if (layer->slots[index]->layer == layer) layer->slots[index]->run.anchored = false;
    }
    int64_t sequence = reception_packet(layer, header, length, now);
    if (sequence < 0) return;
    layer->last_packet = now;
    layer->codec = codec;
    if (source->nacks && nacks_arrived(layer, sequence, now) && source->video && layer->slot_count)
        layer->asked = true;
    forward(layer, codec, sequence, header, packet, header->payload_start, length, now);
}

/* A retransmission, RFC 4588: the original sequence number precedes the payload. */
static void repaired(ts_layer *layer, rtp_header *header, const uint8_t *packet, int length, double now) {
    ts_link *link = layer->source->link;
    int start = header->payload_start, end = header->padding ? length - packet[length - 1] : length;
    if (end - start < 3 || !layer->generation) return;
    int media = link->rtx[header->payload_type];
    int codec = media >= 0 ? layer->source->codecs[media] : NO_CODEC;
    if (codec == NO_CODEC) {
        drop(link->core, RTP_PAYLOAD_TYPE);
        return;
    }
    int64_t sequence = reception_repaired(layer, read16(packet + start), length);
    if (sequence < 0) {
        drop(link->core, REPAIRED_TWICE);
        return;
    }
    layer->repaired++;
    nacks_arrived(layer, sequence, now);
    header->padding = false;
    forward(layer, codec, sequence, header, packet, start + 2, end, now);
}

static void stamp(ts_link *link, uint16_t number, double now) {
    if (link->arrivals == NULL) link->arrivals = malloc(ARRIVALS * sizeof *link->arrivals);
    if (link->arrivals == NULL)
        drop(link->core, CORE_MEMORY);
    else if (link->arrival_count < ARRIVALS)
        link->arrivals[link->arrival_count++] = (arrival){now, number};
    else
        drop(link->core, ARRIVALS_FULL);
}

void rtp(ts_link *link, uint8_t *packet, int length, double now) {
    ts_core *core = link->core;
    if (link->receiving == NULL) {
        drop(core, RTP_BEFORE_HANDSHAKE);
        return;
    }
    int error = core->srtp[UNPROTECT](link->receiving, packet, &length);
    rtp_header header;
    if (error) {
        drop_srtp(core, UNPROTECT, error);
        return;
    }
    if (!parse_header(packet, length, &header)) {
        drop(core, RTP_MALFORMED);
        return;
    }
    link->packets_in++;
    link->bytes_in += (uint64_t)length;
    if (link->transport_extension >= 0) {
        int size = 0;
        const uint8_t *number = find_extension(packet, &header, link->transport_extension, &size);
        if (number != NULL && size == 2) stamp(link, read16(number), now);
    }
    bool repairs = false;
    ts_layer *layer = known(link, header.ssrc, &repairs);
    if (layer == NULL) layer = identify(link, &header, packet, &repairs);
    if (layer == NULL) {
        drop(core, RTP_UNKNOWN_SOURCE);
    } else if (repairs) {
        repaired(layer, &header, packet, length, now);
    } else {
        int codec = layer->source->codecs[header.payload_type];
        if (codec == NO_CODEC)
            drop(core, RTP_PAYLOAD_TYPE);
        else
            arrived(layer, codec, &header, packet, length, now);
    }
}

void ts_slot_await(ts_slot *slot, ts_layer **layers, int count) {
    ts_core *core = slot->link->core;
    core_lock(core);
    if (count <= LAYERS && slot->link->attached) set_awaited(slot, layers, count);
    core_unlock(core);
}

void ts_slot_layer(ts_slot *slot, ts_layer *layer) {
    ts_core *core = slot->link->core;
    core_lock(core);
    if (slot->link->attached) set_layer(slot, layer);
    core_unlock(core);
}

void detach(ts_link *link) {
    ts_core *core = link->core;
    if (!link->attached) return;
    link->attached = false;
    link->receiving = link->sending = NULL;
    link->socket = -1;
    for (int index = 0; index < link->slot_count; index++) {
        set_awaited(&link->slots[index], NULL, 0);
        set_layer(&link->slots[index], NULL);
    }
    for (int source = 0; source < link->source_count; source++)
        for (int index = 0; index < link->sources[source].layer_count; index++) {
            ts_layer *layer = &link->sources[source].layers[index];
            while (layer->slot_count) {
                ts_slot *slot = layer->slots[0];
                ts_layer *kept[LAYERS];
                int count = 0;
                for (int each = 0; each < slot->awaited_count; each++)
                    if (slot->awaited[each] != layer) kept[count++] = slot->awaited[each];
                set_awaited(slot, kept, count);
                if (slot->layer == layer) {
                    set_layer(slot, NULL);
                    slot->run.anchored = false;
                }
            }
        }
    forget_paths(core, link);
}
