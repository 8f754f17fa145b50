/* requests - whole HTTP requests, made before the clock runs. */
#ifndef BENCH_REQUESTS_H
#define BENCH_REQUESTS_H

#include "base/arena.h"
#include "base/text.h"

struct requests {
    struct bytes *items;
    size_t count;
};

struct request_plan {
    const char *host;
    const char *keys;  /* file with an API key a line: one request each in turn */
    const char *pool;  /* bench/pool's file */
    size_t from, most; /* which of its lines */
    const char *path;  /* of the POST */
    const char *body;  /* file with its body, in which {name} and {csr} stand for the pool's */
    const char *gets;  /* instead of orders: file with a path a line, to be got in turn */
};

/* False, and a word on standard error, when a file cannot be read. */
bool requests_make(struct arena *a, const struct request_plan *plan, struct requests *out);

#endif
