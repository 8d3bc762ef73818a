/* Whose address is it: a table beside Python's own, which stays the one that decides. */
#include <string.h>

#include "core.h"

static unsigned place_of(int endpoint, const uint8_t *address, int length) {
    uint32_t hash = 2166136261u ^ (uint32_t)endpoint;
    for (int index = 0; index < length; index++) hash = (hash ^ address[index]) * 16777619u;
    return (hash ^ hash >> 15) & (PATHS - 1);
}

static path *look(ts_core *core, int endpoint, const uint8_t *address, int length) {
    unsigned place = place_of(endpoint, address, length);
    for (;; place = (place + 1) & (PATHS - 1)) {
        path *one = &core->paths[place];
        if (one->link == NULL) return one;
        if (one->endpoint == endpoint && one->length == length && memcmp(one->address, address, (size_t)length) == 0)
            return one;
    }
}

ts_link *find_path(ts_core *core, int endpoint, const uint8_t *address, int length) {
    return look(core, endpoint, address, length)->link;
}

static void empty(ts_core *core, path *one) {
    unsigned hole = (unsigned)(one - core->paths);
    one->link = NULL;
    core->path_count--;
    /* What was put further on for want of this place is put anew. */
    for (unsigned place = (hole + 1) & (PATHS - 1); core->paths[place].link != NULL;
         place = (place + 1) & (PATHS - 1)) {
        path moved = core->paths[place];
        core->paths[place].link = NULL;
        *look(core, moved.endpoint, moved.address, moved.length) = moved;
    }
}

void forget_paths(ts_core *core, const ts_link *link) {
    for (int index = 0; index < PATHS && core->path_count;)
        if (core->paths[index].link == link)
            empty(core, &core->paths[index]);
        else
            index++;
}

/* A link's address, or with NULL nobody's. A full table leaves the address to Python. */
void ts_path(ts_core *core, int endpoint, const char *address, int length, ts_link *link) {
    if (length <= 0 || length > ADDRESS_BYTES) return;
    core_lock(core);
    path *one = look(core, endpoint, (const uint8_t *)address, length);
    if (link == NULL || !link->attached) {
        if (one->link != NULL) empty(core, one);
    } else if (one->link != NULL || core->path_count < PATHS / 2) {
        core->path_count += one->link == NULL;
        memcpy(one->address, address, (size_t)length);
        one->length = length;
        one->endpoint = endpoint;
        one->link = link;
    }
    core_unlock(core);
}
