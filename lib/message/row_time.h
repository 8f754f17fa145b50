/* row_time - instants in PostgreSQL's binary form: microseconds since 2000-01-01. Its infinities
 * are ours. */
#ifndef MESSAGE_ROW_TIME_H
#define MESSAGE_ROW_TIME_H

#include <stdint.h>

static const int64_t sql_epoch_us = INT64_C(946684800000000);

static inline int64_t instant_to_sql(int64_t us)
{
    return us == INT64_MAX || us < INT64_MIN + sql_epoch_us ? us : us - sql_epoch_us;
}

static inline int64_t instant_from_sql(int64_t us)
{
    return us == INT64_MIN || us > INT64_MAX - sql_epoch_us ? us : us + sql_epoch_us;
}

#endif
