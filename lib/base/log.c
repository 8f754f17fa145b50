#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

/* A write of this size to a pipe is not torn (PIPE_BUF), so lines of processes that share one do
 * not mix. What does not fit is cut; TAIL keeps room to end the line as proper JSON. */
enum { LINE_SIZE = 4096, TAIL = 8, TRACE_SIZE = 64 };

struct line {
    char data[LINE_SIZE];
    size_t length;
};

static const char *const level_names[] = { "debug", "info", "warn", "error" };
enum { LEVELS = sizeof level_names / sizeof *level_names };

static const char *service_name = "";
static enum log_level least_level = LOG_INFO;
static _Thread_local char context_trace[TRACE_SIZE];
static _Thread_local int64_t context_order;

static size_t room(const struct line *l)
{
    return l->length < LINE_SIZE - TAIL ? LINE_SIZE - TAIL - l->length : 0;
}

static bool add(struct line *l, const char *s, size_t size)
{
    if (size > room(l))
        return false;
    memcpy(l->data + l->length, s, size);
    l->length += size;
    return true;
}

/* One character of `s` as it stands in a JSON string; returns how many bytes of `s` it was. */
static size_t escape(const char *s, size_t left, char out[8], size_t *size)
{
    size_t length = utf8_length(s, left);

    if (length == 0)
        *size = (size_t)snprintf(out, 8, "\xEF\xBF\xBD");
    else if ((unsigned char)*s < 0x20 || *s == 0x7F)
        *size = (size_t)snprintf(out, 8, "\\u%04x", (unsigned)(unsigned char)*s);
    else if (*s == '"' || *s == '\\')
        *size = (size_t)snprintf(out, 8, "\\%c", *s);
    else
        memcpy(out, s, *size = length);
    return length ? length : 1;
}

/* Cut where the line is full; the closing quote always fits, it is paid for by TAIL. */
static void add_string(struct line *l, const char *s)
{
    char out[8];
    size_t size, left = strlen(s);

    add(l, "\"", 1);
    for (size_t took; left > 0; s += took, left -= took) {
        took = escape(s, left, out, &size);
        if (!add(l, out, size))
            break;
    }
    l->data[l->length++] = '"';
}

/* A member whose key and a few characters do not fit is left out. */
static bool add_key(struct line *l, const char *key)
{
    if (strlen(key) * 6 + 32 > room(l))
        return false;
    add(l, l->length ? "," : "{", 1);
    add_string(l, key);
    return add(l, ":", 1);
}

static void add_text(struct line *l, const char *key, const char *text)
{
    if (add_key(l, key))
        add_string(l, text);
}

static void add_number(struct line *l, const char *key, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);

    if (add_key(l, key))
        add(l, digits, (size_t)length);
}

/* Always the real time: lines of shifted processes must sort among the others. */
static void add_time(struct line *l)
{
    struct timespec t;
    struct tm utc;
    char day[32], text[48];

    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &utc);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof text, "%s.%03dZ", day, (int)(t.tv_nsec / 1000000));
    add_text(l, "time", text);
}

static void write_all(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(STDERR_FILENO, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        data += n;
        size -= (size_t)n;
    }
}

static void add_head(struct line *l, enum log_level level, const char *message)
{
    add_time(l);
    add_text(l, "level", level_names[level]);
    add_text(l, "service", service_name);
    add_text(l, "message", message);
    if (*context_trace)
        add_text(l, "trace", context_trace);
    if (context_order != 0)
        add_number(l, "order_id", context_order);
}

void log_write(enum log_level level, const char *message, const struct log_member *members)
{
    struct line l;
    int saved = errno;

    if (level < least_level)
        return;
    l.length = 0;
    add_head(&l, level, message);
    for (const struct log_member *m = members; m->key; m++) {
        if (m->text)
            add_text(&l, m->key, m->text);
        else
            add_number(&l, m->key, m->number);
    }
    memcpy(l.data + l.length, "}\n", 2);
    write_all(l.data, l.length + 2);
    errno = saved;
}

void log_start(const char *service, enum log_level least)
{
    service_name = service;
    least_level = least;
}

bool log_level_read(const char *text, enum log_level *out)
{
    for (int i = 0; i < LEVELS; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_context(const char *trace, int64_t order_id)
{
    snprintf(context_trace, sizeof context_trace, "%s", trace ? trace : "");
    context_order = order_id;
}
