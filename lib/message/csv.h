/* csv - a list of messages as CSV (RFC 4180): a row of names, then a row for each message.
 *
 * A column is a member that has one value, spelled as in the JSON ("dns-txt-token", 2024-10-15);
 * those of a sub-message have a dotted name ("certificate.common_name"). A list of values is one
 * field, its values separated by spaces. A text that a spreadsheet would take for a formula has a "'"
 * before it. Lists of messages are left out. The columns follow from
 * the type, so they are the same whatever the rows are.
 */
#ifndef MESSAGE_CSV_H
#define MESSAGE_CSV_H

#include <protobuf-c/protobuf-c.h>

#include "base/text.h"

void messages_to_csv(const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *items,
                     size_t count, struct text *out);

#endif
