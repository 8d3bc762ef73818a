/* What arrives of one layer: conferencing/rtp/{reception,nack,keyframes}.py. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define MAX_DROPOUT 3000
#define MAX_MISORDER 1024
#define LARGEST_REPAIRABLE_GAP 250
#define REORDER_SECONDS 0.01
#define RETRY_LIMIT 10
#define SHORTEST_RETRY_SECONDS 0.03
#define RETRY_ROUND_TRIPS 1.2

/* A new stream: nothing of the one before holds. */
bool layer_begin(ts_layer *layer, uint32_t ssrc) {
    if (layer->memory == NULL) layer->memory = malloc(sizeof *layer->memory);
    if (layer->memory == NULL) return false;
    memset(layer->memory->seen, 0xFF, sizeof layer->memory->seen);
    layer->generation++;
    layer->restarts = 0;
    layer->ssrc = ssrc;
    layer->received = layer->octets = layer->requested = layer->given_up = 0;
    layer->jitter = 0;
    layer->has_transit = false;
    layer->base = layer->highest = layer->nack_highest = -1;
    layer->missing_count = 0;
    return true;
}

int64_t reception_packet(ts_layer *layer, const rtp_header *header, int octets, double now) {
    int64_t extended;
    if (layer->highest < 0) {
        layer->base = layer->highest = extended = header->sequence_number;
    } else {
        int delta = (int)((header->sequence_number - layer->highest + 0x8000) & 0xFFFF) - 0x8000;
        extended = layer->highest + delta;
        if (delta > MAX_DROPOUT || delta < -MAX_MISORDER) {
            extended = layer->highest + MAX_DROPOUT + 1 + (delta & 0xFFFF);
            extended += (header->sequence_number - extended) & 0xFFFF;
            layer->base = extended;
            layer->has_transit = false;
            layer->received = 0;
            layer->restarts++;
        }
        if (extended > layer->highest) layer->highest = extended;
    }
    layer->received++;
    layer->octets += (uint64_t)octets;
    int64_t *seen = &layer->memory->seen[extended & (SEEN - 1)];
    if (*seen == extended) return -1;
    *seen = extended;
    int rate = layer->source->clock_rate;
    double transit = now * rate - header->timestamp;
    if (layer->has_transit) {
        double difference = fabs(transit - layer->last_transit);
        if (difference < rate * 10) layer->jitter += (difference - layer->jitter) / 16;
    }
    layer->last_transit = transit;
    layer->has_transit = true;
    return extended;
}

int64_t reception_repaired(ts_layer *layer, uint16_t sequence_number, int octets) {
    if (layer->highest < 0) return -1;
    int64_t extended = layer->highest + (int)((sequence_number - layer->highest + 0x8000) & 0xFFFF) - 0x8000;
    int64_t oldest = layer->highest - MAX_MISORDER + 1;
    if (extended > layer->highest || extended < (layer->base > oldest ? layer->base : oldest)) return -1;
    int64_t *seen = &layer->memory->seen[extended & (SEEN - 1)];
    if (*seen == extended) return -1;
    *seen = extended;
    layer->octets += (uint64_t)octets;
    return extended;
}

static void forget_missing(ts_layer *layer, int index) {
    missing *list = layer->memory->list;
    layer->missing_count--;
    memmove(list + index, list + index + 1, (size_t)(layer->missing_count - index) * sizeof *list);
}

bool nacks_arrived(ts_layer *layer, int64_t extended, double now) {
    missing *list = layer->memory->list;
    int64_t highest = layer->nack_highest;
    if (extended <= highest) {
        for (int index = layer->missing_count - 1; index >= 0 && list[index].number >= extended; index--)
            if (list[index].number == extended) forget_missing(layer, index);
        return false;
    }
    layer->nack_highest = extended;
    int64_t gap = extended - highest - 1;
    if (!gap || highest < 0) return false;
    if (gap > LARGEST_REPAIRABLE_GAP) {
        layer->given_up += (uint64_t)layer->missing_count;
        layer->missing_count = 0;
        return true;
    }
    int too_many = layer->missing_count + (int)gap - MISSING;
    if (too_many > 0) {
        layer->missing_count -= too_many;
        memmove(list, list + too_many, (size_t)layer->missing_count * sizeof *list);
        layer->given_up += (uint64_t)too_many;
    }
    for (int64_t number = highest + 1; number < extended; number++)
        list[layer->missing_count++] = (missing){number, now, -INFINITY, 0};
    return false;
}

int nacks_due(ts_layer *layer, double now, double round_trip, double patience, uint16_t *asked) {
    double retry = fmax(SHORTEST_RETRY_SECONDS, round_trip * RETRY_ROUND_TRIPS);
    int count = 0, kept = 0;
    for (int index = 0; index < layer->missing_count; index++) {
        missing *one = &layer->memory->list[index];
        if (one->tries >= RETRY_LIMIT || now - one->since > patience) {
            layer->given_up++;
            continue;
        }
        if (now - one->since >= REORDER_SECONDS && now - one->asked >= retry) {
            one->asked = now;
            one->tries++;
            asked[count++] = (uint16_t)one->number;
        }
        layer->memory->list[kept++] = *one;
    }
    layer->missing_count = kept;
    layer->requested += (uint64_t)count;
    return count;
}
