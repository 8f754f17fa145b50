#include "tally.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLE_EVERY = 100 };

void tally_start(struct tally *t)
{
    t->began = tick_now();
}

static void grow(struct tally *t)
{
    t->room = t->room ? t->room * 2 : 65536;
    t->us = realloc(t->us, t->room * sizeof *t->us);
    t->second = realloc(t->second, t->room * sizeof *t->second);
    if (!t->us || !t->second)
        abort();
}

static void error_keep(struct tally *t, const char *text, size_t length)
{
    if (t->errors++ > 0)
        return;
    if (length >= sizeof t->first_error)
        length = sizeof t->first_error - 1;
    memcpy(t->first_error, text, length);
}

static bool has_certificate(const struct tally *t, struct bytes body)
{
    size_t near = body.size < 256 ? body.size : 256;
    return t->mark && memmem(body.data, near, t->mark, strlen(t->mark)) != NULL;
}

static void sample(struct tally *t, struct bytes body)
{
    if (t->certificates++ % SAMPLE_EVERY == 0 && t->samples) {
        fwrite(body.data, 1, body.size, t->samples);
        fputc('\n', t->samples);
    }
}

void tally_answer(struct tally *t, int status, struct bytes body, struct tick sent)
{
    t->ended = tick_now();
    if (t->count == t->room)
        grow(t);
    t->us[t->count] = (uint32_t)(t->ended.us - sent.us);
    t->second[t->count++] = (uint32_t)((t->ended.us - t->began.us) / 1000000);
    if (status < 200 || status > 299) {
        error_keep(t, (const char *)body.data, body.size);
        return;
    }
    t->ok++;
    if (has_certificate(t, body))
        sample(t, body);
}

void tally_lost(struct tally *t, const char *why)
{
    error_keep(t, why, strlen(why));
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double part_ms(const uint32_t *sorted, size_t count, double part)
{
    size_t at = (size_t)(part * (double)count);
    return count ? sorted[at < count ? at : count - 1] / 1000.0 : 0;
}

static void report_seconds(const struct tally *t, FILE *rows, const char *label)
{
    for (size_t i = 0; i < t->count;) {
        size_t from = i;
        while (i < t->count && t->second[i] == t->second[from])
            i++;
        uint32_t second = t->second[from];
        qsort(t->us + from, i - from, sizeof *t->us, by_size);
        fprintf(rows, "%s,%u,%zu,%.3f,%.3f,%.3f,%.3f\n", label, (unsigned)second, i - from,
                part_ms(t->us + from, i - from, 0.5), part_ms(t->us + from, i - from, 0.9),
                part_ms(t->us + from, i - from, 0.99), part_ms(t->us + from, i - from, 1));
    }
}

void tally_report(struct tally *t, FILE *out, FILE *rows, const char *label)
{
    double s = (double)(t->ended.us - t->began.us) / 1e6;
    if (rows)
        report_seconds(t, rows, label);
    qsort(t->us, t->count, sizeof *t->us, by_size);
    fprintf(out,
            "{\"seconds\":%.4f,\"answers\":%zu,\"ok\":%zu,\"certificates\":%zu,\"errors\":%zu,"
            "\"rate\":%.1f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f}\n",
            s, t->count, t->ok, t->certificates, t->errors, s > 0 ? (double)t->count / s : 0,
            part_ms(t->us, t->count, 0.5), part_ms(t->us, t->count, 0.9),
            part_ms(t->us, t->count, 0.99), part_ms(t->us, t->count, 1));
    if (t->errors)
        fprintf(stderr, "load: first of %zu errors: %s\n", t->errors, t->first_error);
}

void tally_free(struct tally *t)
{
    free(t->us);
    free(t->second);
}
