/* RTP, VP8, H.264 and RED as bytes: what conferencing/rtp/{header,vp8,h264,red}.py do, result for result. */
#ifndef THONGSUOT_WIRE_H
#define THONGSUOT_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#define FIXED_HEADER_BYTES 12

typedef struct {
    uint8_t payload_type;
    bool marker, padding;
    uint16_t sequence_number, extension_profile;
    uint32_t timestamp, ssrc;
    /* All within the packet; the first two are 0 without an extension. */
    int extension_start, extension_end, payload_start;
} rtp_header;

/* Positions are absolute in the packet, -1 where the field is absent. */
typedef struct {
    bool keyframe;
    int picture_id, picture_id_position, picture_id_bits, tl0_picture_index, tl0_position;
} vp8_descriptor;

static inline uint16_t read16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t read32(const uint8_t *at) { return (uint32_t)read16(at) << 16 | read16(at + 2); }
static inline void write16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}
static inline void write24(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 16);
    write16(at + 1, value);
}
static inline void write32(uint8_t *at, uint32_t value) {
    write16(at, value >> 16);
    write16(at + 2, value);
}

bool parse_header(const uint8_t *packet, int length, rtp_header *header);
void write_header(uint8_t *packet, const rtp_header *header, bool extension);
/* The value of one RFC 8285 element and its size, or NULL. */
const uint8_t *find_extension(const uint8_t *packet, const rtp_header *header, int id, int *size);

extern const vp8_descriptor NO_VP8;
bool parse_vp8(const uint8_t *packet, int start, int end, vp8_descriptor *descriptor);
/* 1: begins a key frame, 0: does not, -1: malformed. */
int h264_keyframe(const uint8_t *packet, int start, int end);
/* Where the primary block begins, or -1. */
int red_primary(const uint8_t *packet, int start, int end);

#endif
