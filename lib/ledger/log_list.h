/* log_list - a browser's list of logs (policy/logs.json) as what is computed with: read by whoever loads a policy, and
 * again by each service.
 *
 * What is used of it is checked strictly, since a wrong key or address would be found only when nothing can be issued
 * any more. What is not used (other members; the address of a log that is asked no more) is not looked at.
 */
#ifndef LEDGER_LOG_LIST_H
#define LEDGER_LOG_LIST_H

#include "base/arena.h"
#include "base/fault.h"
#include "ledger/transparency.h"
#include "log_list.pb-c.h"

/* How many logs it names, whatever their state. */
size_t log_list_count(const LogList *list);

/* All of them, in its order, RFC 6962 before static ones of an operator. Borrows from the list. FAULT_INVALID: the
 * detail begins with the operator and the log. */
bool log_list_read(const LogList *list, struct arena *a, const struct ct_log **out, size_t *count,
                   struct fault *f);

#endif
