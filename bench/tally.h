/* tally - what came back, and how long it took. */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"

struct tally {
    struct tick began, ended;
    uint32_t *us;     /* latency of each answer, in the order of arrival */
    uint32_t *second; /* in which it came */
    size_t count, room;
    size_t ok, certificates, errors;
    const char
        *mark;     /* what the answer with a certificate has near its front; NULL: none has one */
    FILE *samples; /* bodies of every hundredth certificate's answer */
    char first_error[400];
};

void tally_start(struct tally *t);
void tally_answer(struct tally *t, int status, struct bytes body, struct tick sent);
void tally_lost(struct tally *t, const char *why);

/* One JSON object on `out`; a row a second on `rows` (may be NULL), each begun with `label`. */
void tally_report(struct tally *t, FILE *out, FILE *rows, const char *label);
void tally_free(struct tally *t);

#endif
