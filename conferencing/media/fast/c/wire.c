#include "wire.h"

#include <stddef.h>

const vp8_descriptor NO_VP8 = {false, -1, -1, 0, -1, -1};

bool parse_header(const uint8_t *packet, int length, rtp_header *header) {
    if (length < FIXED_HEADER_BYTES || packet[0] >> 6 != 2) return false;
    int position = FIXED_HEADER_BYTES + 4 * (packet[0] & 0x0F);
    header->extension_profile = 0;
    header->extension_start = header->extension_end = 0;
    if (packet[0] & 0x10) {
        if (length < position + 4) return false;
        header->extension_profile = read16(packet + position);
        header->extension_start = position + 4;
        header->extension_end = header->extension_start + 4 * read16(packet + position + 2);
        position = header->extension_end;
    }
    if (position > length) return false;
    header->payload_type = packet[1] & 0x7F;
    header->marker = packet[1] >= 0x80;
    header->padding = (packet[0] & 0x20) != 0;
    header->sequence_number = read16(packet + 2);
    header->timestamp = read32(packet + 4);
    header->ssrc = read32(packet + 8);
    header->payload_start = position;
    return true;
}

void write_header(uint8_t *packet, const rtp_header *header, bool extension) {
    packet[0] = (uint8_t)((header->padding ? 0xA0 : 0x80) | (extension ? 0x10 : 0));
    packet[1] = (uint8_t)(header->payload_type | (header->marker ? 0x80 : 0));
    write16(packet + 2, header->sequence_number);
    write32(packet + 4, header->timestamp);
    write32(packet + 8, header->ssrc);
}

const uint8_t *find_extension(const uint8_t *packet, const rtp_header *header, int id, int *size) {
    int position = header->extension_start, end = header->extension_end;
    if (header->extension_profile == 0xBEDE) {
        while (position < end) {
            int first = packet[position++];
            if (first == 0) continue;
            if (first >> 4 == 15) return NULL;
            int length = (first & 0x0F) + 1;
            if (first >> 4 == id) {
                *size = length;
                return position + length <= end ? packet + position : NULL;
            }
            position += length;
        }
    } else if ((header->extension_profile & 0xFFF0) == 0x1000) {
        while (position + 1 < end) {
            int element = packet[position], length = packet[position + 1];
            if (element == 0) {
                position += 1;
                continue;
            }
            position += 2;
            if (element == id) {
                *size = length;
                return position + length <= end ? packet + position : NULL;
            }
            position += length;
        }
    }
    return NULL;
}

/* RFC 7741 section 4.2. */
bool parse_vp8(const uint8_t *packet, int start, int end, vp8_descriptor *descriptor) {
    *descriptor = NO_VP8;
    if (start >= end) return false;
    int first = packet[start], position = start + 1;
    if (first & 0x80) {
        if (position >= end) return false;
        int flags = packet[position++];
        if (flags & 0x80) {
            if (position >= end) return false;
            descriptor->picture_id_position = position;
            if (packet[position] & 0x80) {
                if (position + 1 >= end) return false;
                descriptor->picture_id = (packet[position] & 0x7F) << 8 | packet[position + 1];
                descriptor->picture_id_bits = 15;
                position += 2;
            } else {
                descriptor->picture_id = packet[position++];
                descriptor->picture_id_bits = 7;
            }
        }
        if (flags & 0x40) {
            if (position >= end) return false;
            descriptor->tl0_picture_index = packet[position];
            descriptor->tl0_position = position++;
        }
        if (flags & 0x30) position += 1;
    }
    if (position >= end) return false;
    descriptor->keyframe = (first & 0x10) && !(first & 0x07) && !(packet[position] & 0x01);
    return true;
}

/* RFC 6184: the packet with the sequence parameter set. */
int h264_keyframe(const uint8_t *packet, int start, int end) {
    enum { SPS = 7, STAP_A = 24 };
    if (start >= end) return -1;
    int kind = packet[start] & 0x1F;
    if (kind != STAP_A) return kind == SPS;
    for (int position = start + 1; position + 2 < end; position += 2 + read16(packet + position))
        if ((packet[position + 2] & 0x1F) == SPS) return 1;
    return 0;
}

/* RFC 2198. */
int red_primary(const uint8_t *packet, int start, int end) {
    int position = start, skipped = 0;
    for (int block = 0; block < 8; block++) {
        if (position >= end) break;
        if (!(packet[position] & 0x80)) {
            int begin = position + 1 + skipped;
            return begin > end ? -1 : begin;
        }
        if (position + 4 > end) break;
        skipped += (packet[position + 2] & 0x03) << 8 | packet[position + 3];
        position += 4;
    }
    return -1;
}
