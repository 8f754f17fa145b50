/* policy_logs - the policy's list of logs, in an operator's words. */
#ifndef CLI_POLICY_LOGS_H
#define CLI_POLICY_LOGS_H

#include "command.h"
#include "ledger/transparency.h"
#include "policy_source.h"
#include "table.h"

/* What of the list an operator has to know when it is loaded: that nothing is logged, or how many logs can be asked, and
 * which certificates will wait because they are too few. Nothing where no product is logged. */
void policy_logs_say(struct command_run *r, const struct policy_source *p, struct instant now);

/* `t` becomes a row for each log that is asked then about a certificate that ends then or later. */
void policy_logs_rows(struct table *t, struct arena *a, const struct ct_log *logs, size_t count,
                      struct instant then);

#endif
