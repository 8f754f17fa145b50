/* page - a list of which the caller sees a part (services-api 1.6). */
#ifndef API_PAGE_H
#define API_PAGE_H

#include "bus/call.h"
#include "common.pb-c.h"
#include "store/store.h"

/* Asks the statement, whose rows have `total` beside the members shown and which has lines to sort by
 * (list_sort()), for the part that the members `offset` and `limit` of `filter` name, in the order of its
 * member `sort`; offset and limit are brought into their bounds first. */
bool page_read(struct call *call, const struct sql *sql, ProtobufCMessage *filter,
               struct rows *rows, Page *page);

#endif
