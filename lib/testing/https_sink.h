/* https_sink - a real HTTPS server under a private CA for one test program.
 *
 * The server is tests/peers/https_sink.c, which says what its paths do. Programs are started from
 * the top of the tree, as `make` does. It dies with the thread that started it.
 */
#ifndef TESTING_HTTPS_SINK_H
#define TESTING_HTTPS_SINK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/fault.h"

struct https_sink {
    pid_t pid;
    char folder[64]; /* of its own, removed at the stop */
    char url[64];    /* "https://127.1.2.3:34567", without a slash at the end */
    int port;
    char ca_file[96];
};

/* Listens on a free port of `address`, a loopback address; its certificate is for that address and
 * for `name`, if one is given. Ready when it returns. */
bool https_sink_start(struct https_sink *sink, const char *address, const char *name,
                      struct fault *f);
void https_sink_stop(struct https_sink *sink);

/* Lets one request go that was, or will be, sent to "/held/NNN". From any thread. */
void https_sink_let_go(const struct https_sink *sink);

/* What it has taken so far: one line of JSON a request. */
char *https_sink_log(const struct https_sink *sink, struct arena *a);

#endif
