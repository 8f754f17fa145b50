/* metrics - what is counted, one row each in service/metrics.def; any thread, without locks. */
#ifndef SERVICE_METRICS_H
#define SERVICE_METRICS_H

#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"

enum metric {
#define METRIC(kind, late, id, name, label, labels, help) METRIC_##id,
#include "service/metrics.def"
#undef METRIC
    METRIC_COUNT
};

void metric_add(enum metric m, int64_t n);             /* a gauge also takes less than nothing */
void metric_set(enum metric m, int64_t value);         /* a gauge */
void metric_observe(enum metric m, struct duration d); /* a histogram */
int64_t metric_get(enum metric m);                     /* of a histogram: how many observed */

/* Of a family: the member with this value of its label. Values are few, of letters and digits and
 * of our own making; for what has no room any more nothing is counted. */
enum { METRIC_MEMBERS = 256, METRIC_VALUE_SIZE = 32 }; /* of all families together */
void metric_add_of(enum metric m, const char *value, int64_t n);
void metric_set_of(enum metric m, const char *value, int64_t n);

/* A late row whose series only its owner knows: `write` appends them, one a line, while the metrics are
 * written. NULL: it has none any more. */
void metric_own(enum metric m, void (*write)(void *context, const char *name, struct text *out),
                void *context);

/* A late gauge that nobody knows at present is not shown. */
void metric_forget(enum metric m);

/* A late row is shown from now on, at its beginning: of what this process has. */
void metric_show(enum metric m);

/* Sizes: sizes[n] batches of n items so far, as a committer or the lanes count them. Whoever owns
 * them is asked just before the metrics are written, until nobody is asked any more. */
enum { METRIC_SIZES = 33 };
void metric_sizes(enum metric m, const uint64_t sizes[METRIC_SIZES]);
void metrics_ask(void (*refresh)(void *context), void *context);
void metrics_ask_nobody(void);

/* Appends the Prometheus text format 0.0.4. */
void metrics_write(struct text *out);

#endif
