/* The thread that reads the sockets: media it knows goes through the core, all else to Python by a bounded ring. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

#define ENDPOINTS 16
#define RING 1024
#define READ 32
#define STOP ENDPOINTS

void ts_core_release(ts_core *core);

typedef struct {
    int endpoint, length, address_length;
    uint8_t address[ADDRESS_BYTES];
    uint8_t octets[PACKET_BYTES];
} handed;

struct ts_port {
    ts_core *core;
    double epoch;
    int sockets[ENDPOINTS], count, epoll, stop, wake, longest;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    unsigned first, waiting;
    handed ring[RING];
    _Alignas(16) uint8_t buffers[READ][PACKET_BYTES];
    struct sockaddr_in6 sources[READ];
};

/* One address in one form: family, port, address, and the scope of a link-local one. */
static int plain_address(const struct sockaddr_in6 *source, uint8_t *address) {
    memset(address, 0, ADDRESS_BYTES);
    if (source->sin6_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)source;
        struct sockaddr_in clean = {.sin_family = AF_INET, .sin_port = four->sin_port, .sin_addr = four->sin_addr};
        memcpy(address, &clean, sizeof clean);
        return sizeof clean;
    }
    struct sockaddr_in6 clean = {
        .sin6_family = AF_INET6,
        .sin6_port = source->sin6_port,
        .sin6_addr = source->sin6_addr,
        .sin6_scope_id = source->sin6_scope_id,
    };
    memcpy(address, &clean, sizeof clean);
    return sizeof clean;
}

static void hand_over(ts_port *port, int endpoint, const uint8_t *address, int address_length, const uint8_t *octets,
                      int length) {
    pthread_mutex_lock(&port->lock);
    bool full = port->waiting == RING;
    if (!full) {
        handed *one = &port->ring[(port->first + port->waiting++) % RING];
        one->endpoint = endpoint;
        one->length = length;
        one->address_length = address_length;
        memcpy(one->address, address, (size_t)address_length);
        memcpy(one->octets, octets, (size_t)length);
    }
    bool first = !full && port->waiting == 1;
    pthread_mutex_unlock(&port->lock);
    if (first) eventfd_write(port->wake, 1);
    if (full) {
        core_lock(port->core);
        drop(port->core, PYTHON_RING_FULL);
        core_unlock(port->core);
    }
}

static double now_of(const ts_port *port) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return port->epoch + (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void guarded(ts_link *link, uint8_t *octets, int length, double now) {
    uint32_t ssrc = length >= FIXED_HEADER_BYTES ? read32(octets + 8) : 0;
    bool proved = false;
    for (int index = 0; index < link->proved_count && !proved; index++) proved = link->proved[index] == ssrc;
    if (!proved && link->proved_count == PROVED) {
        drop(link->core, TOO_MANY_SSRCS);
        return;
    }
    uint64_t genuine = link->packets_in;
    rtp(link, octets, length, now);
    if (!proved && link->packets_in > genuine) link->proved[link->proved_count++] = ssrc;
}

static void datagram(ts_port *port, int endpoint, int index, int length, double now) {
    uint8_t *octets = port->buffers[index], address[ADDRESS_BYTES];
    int address_length = plain_address(&port->sources[index], address);
    ts_core *core = port->core;
    /* RFC 7983, RFC 5761 section 4: RTP, and no RTCP. */
    bool media = length >= 2 && octets[0] >= 128 && octets[0] <= 191 && !(octets[1] >= 192 && octets[1] <= 223);
    core_lock(core);
    core->packets_received++;
    core->bytes_received += (uint64_t)length;
    ts_link *link = media ? find_path(core, endpoint, address, address_length) : NULL;
    if (link != NULL) {
        guarded(link, octets, length, now);
        flush(core);
    }
    core_unlock(core);
    if (link == NULL) hand_over(port, endpoint, address, address_length, octets, length);
}

static void readable(ts_port *port, int endpoint) {
    struct mmsghdr messages[READ];
    struct iovec vectors[READ];
    for (int index = 0; index < READ; index++) {
        vectors[index] = (struct iovec){port->buffers[index], (size_t)port->longest};
        messages[index] = (struct mmsghdr){.msg_hdr = {
            .msg_name = &port->sources[index],
            .msg_namelen = sizeof port->sources[index],
            .msg_iov = &vectors[index],
            .msg_iovlen = 1,
        }};
    }
    int count = recvmmsg(port->sockets[endpoint], messages, READ, MSG_DONTWAIT, NULL);
    if (count < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return;
        /* ICMP errors of earlier sends; the next datagram is unharmed. */
        core_lock(port->core);
        drop(port->core, SOCKET_ERROR);
        core_unlock(port->core);
        return;
    }
    double now = now_of(port);
    for (int index = 0; index < count; index++) datagram(port, endpoint, index, (int)messages[index].msg_len, now);
}

static void *run(void *argument) {
    ts_port *port = argument;
    struct epoll_event events[ENDPOINTS + 1];
    for (;;) {
        int count = epoll_wait(port->epoll, events, ENDPOINTS + 1, -1);
        for (int index = 0; index < count; index++) {
            if (events[index].data.u32 == STOP) return NULL;
            readable(port, (int)events[index].data.u32);
        }
        if (count < 0 && errno != EINTR) return NULL;
    }
}

void ts_port_free(ts_port *port) {
    if (port->running) {
        eventfd_write(port->stop, 1);
        pthread_join(port->thread, NULL);
    }
    if (port->epoll >= 0) close(port->epoll);
    if (port->stop >= 0) close(port->stop);
    if (port->wake >= 0) close(port->wake);
    pthread_mutex_destroy(&port->lock);
    ts_core *core = port->core;
    free(port);
    ts_core_release(core);
}

static bool watch(ts_port *port, int socket, uint32_t name) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = name}};
    return epoll_ctl(port->epoll, EPOLL_CTL_ADD, socket, &event) == 0;
}

/* Reads these sockets until freed; NULL when the system gives no thread. `epoch` + CLOCK_MONOTONIC is the time. */
ts_port *ts_port_new(ts_core *core, const int *sockets, int count, double epoch, int longest) {
    if (count > ENDPOINTS || longest > PACKET_BYTES) return NULL;
    ts_port *port = calloc(1, sizeof *port);
    if (port == NULL) return NULL;
    port->core = core;
    core_lock(core);
    core->references++;
    core_unlock(core);
    pthread_mutex_init(&port->lock, NULL);
    port->epoch = epoch;
    port->longest = longest;
    port->count = count;
    port->epoll = epoll_create1(EPOLL_CLOEXEC);
    port->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    port->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ready = port->epoll >= 0 && port->stop >= 0 && port->wake >= 0 && watch(port, port->stop, STOP);
    for (int index = 0; index < count && ready; index++) {
        port->sockets[index] = sockets[index];
        ready = watch(port, sockets[index], (uint32_t)index);
    }
    /* Signals are the interpreter's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    port->running = ready && pthread_create(&port->thread, NULL, run, port) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (port->running) return port;
    ts_port_free(port);
    return NULL;
}

int ts_port_wake(ts_port *port) { return port->wake; }

/* The next datagram for Python: its length, or -1 when none waits, after which `wake` is written again. */
int ts_port_take(ts_port *port, char *octets, int *endpoint, char *address, int *address_length) {
    pthread_mutex_lock(&port->lock);
    int length = -1;
    if (port->waiting) {
        handed *one = &port->ring[port->first];
        length = one->length;
        *endpoint = one->endpoint;
        *address_length = one->address_length;
        memcpy(address, one->address, ADDRESS_BYTES);
        memcpy(octets, one->octets, (size_t)length);
        port->first = (port->first + 1) % RING;
        port->waiting--;
    }
    if (!port->waiting) {
        eventfd_t written;
        eventfd_read(port->wake, &written);
    }
    pthread_mutex_unlock(&port->lock);
    return length;
}
