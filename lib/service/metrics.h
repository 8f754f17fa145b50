/* metrics - what is counted, one row each in service/metrics.def; any thread, without locks. */
#ifndef SERVICE_METRICS_H
#define SERVICE_METRICS_H

#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"

enum metric {
#define COUNTER(id, name, labels, help)   METRIC_##id,
#define GAUGE(id, name, labels, help)     METRIC_##id,
#define HISTOGRAM(id, name, labels, help) METRIC_##id,
#define SIZES(id, name, labels, help)     METRIC_##id,
#include "service/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
#undef SIZES
    METRIC_COUNT
};

void metric_add(enum metric m, int64_t n);             /* a gauge also takes less than nothing */
void metric_set(enum metric m, int64_t value);         /* a gauge */
void metric_observe(enum metric m, struct duration d); /* a histogram */
int64_t metric_get(enum metric m);                     /* of a histogram: how many observed */

/* Sizes: sizes[n] batches of n items so far, as a committer or the lanes count them. Whoever owns
 * them is asked just before the metrics are written, until nobody is asked any more. */
enum { METRIC_SIZES = 33 };
void metric_sizes(enum metric m, const uint64_t sizes[METRIC_SIZES]);
void metrics_ask(void (*refresh)(void *context), void *context);
void metrics_ask_nobody(void);

/* Appends the Prometheus text format 0.0.4. */
void metrics_write(struct text *out);

#endif
