/* list - what a client may say about a list: filters, sorting, the page.
 *
 * A list has a table of its filters:
 *
 *     static const struct list_filter filters[] = {
 *         { "status",       list_word, .words = statuses },
 *         { "date_created", list_instant },
 *         { 0 },
 *     };
 *
 * The input has a member of that name in its message of filters, with the texts as they came; the
 * query, which is what the statement is given, has the values: `status` those to be equal to,
 * `date_created_from` and `date_created_to` (the first beyond) for a range, `common_name_part` for
 * a text to be found anywhere. Each of these members that is set is a part of the statement
 * (store/pick.h).
 */
#ifndef GATEWAY_LIST_H
#define GATEWAY_LIST_H

#include "bus/call.h"
#include "common.pb-c.h"
#include "store/pick.h"

enum { LIST_LIMIT = 1000 };

/* A reading under way; `value` is one text that came for the filter. */
struct list_input {
    struct call *call;
    const struct list_filter *filter;
    const ProtobufCMessageDescriptor *filters; /* the type of the message of filters */
    ProtobufCMessage *query;
    struct pick *parts;
};

struct list_filter {
    const char *name;
    bool (*read)(struct list_input *r, const char *value);
    const char *within;       /* a part that its own parts belong to */
    const char *const *words; /* of list_word, NULL at the end */
};

/* 7, >7, <7, 7...9. */
bool list_number(struct list_input *r, const char *value);
/* 2024-10-15 is the whole day; 2024-10-15T10:20:30+00:00, or 2024-10-15+10:20:30. With > < and ...
 */
bool list_instant(struct list_input *r, const char *value);
/* As it came, upper case made lower. "%text": anywhere. */
bool list_name(struct list_input *r, const char *value);
bool list_dns_name(struct list_input *r, const char *value); /* also U-labels */
bool list_word(struct list_input *r, const char *value);     /* one of `words` */
bool list_flag(struct list_input *r, const char *value);     /* 1, 0 */
bool list_hex(struct list_input *r, const char *value);
/* A number of something that nothing in the list has: the list is empty. The part is `none`. */
bool list_none(struct list_input *r, const char *value);

/* For read functions: sets the query's member `filter->name` with that ending (may be ""), and
 * picks the part of that name. */
bool list_set(struct list_input *r, const char *ending, const char *text);
/* Names the filter. */
bool list_refuse(const struct list_input *r, const char *why);

/* `filters` may be NULL. The table ends with a row of zeros. */
bool list_read(struct call *call, const struct list_filter *table, const ProtobufCMessage *filters,
               ProtobufCMessage *query, struct pick *parts);

/* "a,-b" ("+a,-b") names the parts `by_a` and `by_b_desc`, of which the statement has a line for each
 * key that may be asked for. NULL or "": none. A key that is unknown is left out (ignored.h). */
bool list_sort(struct call *call, const struct sql *sql, const char *sort, struct pick *order);

/* The same for a list that is whole in memory: by those members of its items that have one value, each
 * in its own order. Absent is last, either way. */
bool list_sort_items(struct call *call, const ProtobufCMessageDescriptor *type, const char *sort,
                     ProtobufCMessage **items, size_t count);

/* From an input with the members offset and limit. Without a limit the page has up to LIST_LIMIT
 * rows, and says that its limit is `unsaid`. */
struct list_page {
    Page shown;
    int64_t offset, limit;
};
bool list_page(struct call *call, const ProtobufCMessage *in, int64_t unsaid,
               struct list_page *out);

#endif
