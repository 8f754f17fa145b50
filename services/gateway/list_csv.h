/* list_csv - any list as CSV, for callers whose Accept header prefers it: `.shape = list_csv_shape` in the
 * row of a route whose answer has one list of messages. Its columns are in message/csv.h. */
#ifndef GATEWAY_LIST_CSV_H
#define GATEWAY_LIST_CSV_H

#include "route.h"

bool list_csv_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out);

/* Is CSV what this Accept header (NULL: none) wants, rather than JSON (RFC 9110 section 12.5.1)? */
bool list_csv_preferred(const char *accept);

#endif
