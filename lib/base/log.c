#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log_ring.h"
#include "base/utf8.h"

/* Lines of processes that share a pipe do not mix. What does not fit is cut; TAIL keeps room to end
 * the line as proper JSON. */
enum { LINE_SIZE = LOG_LINE_SIZE, TAIL = 8, TRACE_SIZE = 64 };

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
    int control = utf8_control(s);

    if (length == 0)
        *size = (size_t)snprintf(out, 8, "\xEF\xBF\xBD");
    else if (control >= 0)
        *size = (size_t)snprintf(out, 8, "\\u%04x", (unsigned)control & 0xFF);
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
    struct instant now = clock_real();
    char seconds[INSTANT_TEXT_SIZE], text[INSTANT_TEXT_SIZE + 8];

    instant_text(now, seconds);
    snprintf(text, sizeof text, "%.19s.%03dZ", seconds, (int)(now.us / 1000 % 1000));
    add_text(l, "time", text);
}

static void add_head(struct line *l, enum log_level level, const char *message)
{
    l->length = 0;
    add_time(l);
    add_text(l, "level", level_names[level]);
    add_text(l, "service", service_name);
    add_text(l, "message", message);
    if (*context_trace)
        add_text(l, "trace", context_trace);
    if (context_order != 0)
        add_number(l, "order_id", context_order);
}

static void add_members(struct line *l, const struct log_member *members)
{
    for (const struct log_member *m = members; m->key; m++) {
        if (m->text)
            add_text(l, m->key, m->text);
        else
            add_number(l, m->key, m->number);
    }
    memcpy(l->data + l->length, "}\n", 2);
    l->length += 2;
}

void log_write(enum log_level level, const char *message, const struct log_member *members)
{
    struct line l;
    int saved = errno;

    if (level < least_level)
        return;
    add_head(&l, level, message);
    add_members(&l, members);
    if (!log_ring_put(l.data, l.length))
        log_ring_write(l.data, l.length);
    errno = saved;
}

void log_write_last(const char *message, const struct log_member *members)
{
    struct line l;

    add_head(&l, LOG_ERROR, message);
    add_members(&l, members);
    log_ring_write_last(l.data, l.length);
}

static size_t dropped_line(char data[LOG_LINE_SIZE], int64_t dropped)
{
    const struct log_member members[] = { LOG_INT("dropped", dropped), { .key = NULL } };
    struct line l;

    add_head(&l, LOG_WARN, "log lines were dropped: nobody took them");
    add_members(&l, members);
    memcpy(data, l.data, l.length);
    return l.length;
}

void log_background(void)
{
    log_ring_start(dropped_line);
}

int64_t log_dropped(void)
{
    return log_ring_dropped();
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
