/* process_metrics - what the kernel knows of this process, under the names that all Prometheus clients give it:
 * process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds and the like. */
#ifndef SERVICE_PROCESS_METRICS_H
#define SERVICE_PROCESS_METRICS_H

#include "base/text.h"

/* Appends them in the text format 0.0.4; those that cannot be read are left out. Any thread. */
void process_metrics_write(struct text *out);

#endif
