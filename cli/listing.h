/* listing - how every command that lists shows what it found: as a table, or with --json as an array of
 * objects; so many rows at the most. */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "command.h"
#include "common.pb-c.h"
#include "table.h"

/* --limit, from 1 to 100000; 100 without it. */
bool listing_limit(const struct command_run *r, int64_t *out, struct fault *f);

/* The number that --`name` gives; without it `has` is false. */
bool listing_id(struct command_run *r, const char *name, protobuf_c_boolean *has, int64_t *out,
                struct fault *f);

/* Prints `t`, or the line `none` where it has no row but the headings: never that with --json. Where there
 * are as many rows as `limit`, it is said that there may be more; 0: there is none. */
void listing_print(struct command_run *r, const struct table *t, const char *none, int64_t limit);

/* Prints the one row of `t`: a line for each heading that has something, or an object. */
void listing_print_one(struct command_run *r, const struct table *t);

/* Cells; NULL where there is no time. */
const char *listing_number(struct arena *a, int64_t number);
const char *listing_time(struct arena *a, const Instant *at);

#endif
