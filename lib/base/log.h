/* log - one JSON line an event, on standard error: fixed text, values as members.
 *
 *     log_info("certificate issued", LOG_INT("order_id", id), LOG_TEXT("serial", hex));
 *
 * Members set with log_context() are added to each line of the calling thread. A struct secret has
 * no LOG_ macro and cannot be printed.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_member {
    const char *key;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

static inline const char *log_text_or_empty(const char *v)
{
    return v ? v : "";
}

#define LOG_TEXT(k, v) ((struct log_member){ .key = (k), .text = log_text_or_empty(v) })
#define LOG_INT(k, v)  ((struct log_member){ .key = (k), .number = (int64_t)(v) })
#define LOG_FAULT(f)                                                                               \
    LOG_TEXT("fault", fault_name((f)->code)), LOG_TEXT("field", (f)->field),                       \
        LOG_TEXT("detail", (f)->detail)

#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)

/* An error that ends the process at once: needs no memory and no lock. */
#define log_last(...) LOG_LAST_(__VA_ARGS__, (struct log_member){ .key = NULL })

/* The first argument is the message; the rest are members. */
#define LOG_AT(level, ...) LOG_AT_(level, __VA_ARGS__, (struct log_member){ .key = NULL })
#define LOG_AT_(level, message, ...)                                                               \
    log_write((level), (message), (const struct log_member[]){ __VA_ARGS__ })
#define LOG_LAST_(message, ...)                                                                    \
    log_write_last((message), (const struct log_member[]){ __VA_ARGS__ })

/* `members` ends with a row whose key is NULL. */
void log_write(enum log_level level, const char *message, const struct log_member *members);

void log_write_last(const char *message, const struct log_member *members);

void log_start(const char *service, enum log_level least);

/* From now on no thread waits for who reads standard error: a thread of its own writes the lines,
 * and what finds no room in between is dropped, counted and told of later. Before, and in a command
 * that a person runs, a line is written when log_write() returns. */
void log_background(void);
int64_t log_dropped(void); /* lines, so far */

bool log_level_read(const char *text, enum log_level *out);

/* What every line of this thread carries until it is set again; copies its arguments.
 * `order_id` 0 and `trace` "" leave the member out. */
void log_context(const char *trace, int64_t order_id);

#endif
