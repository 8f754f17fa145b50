/* list_note - what keeps the pages of one walk through a list together.
 *
 * A client asks for page after page until it has as many rows as page.total says, while orders
 * arrive and change. The first page takes a note: the total, and what its transaction could see. The
 * pages that follow show the same total and only what could be seen then; and each begins behind the
 * last row of the page before it, wherever that row is now. So a row that was there at the first
 * page, and still answers to the filters, is seen exactly once.
 *
 * The note is in Redis for as long as pages are asked for, by API key and query. Without it a page
 * is counted off anew: rows are in the order in which they were placed, so what arrives comes behind.
 */
#ifndef GATEWAY_LIST_NOTE_H
#define GATEWAY_LIST_NOTE_H

#include "list.h"
#include "order_list.pb-c.h"

struct list_walk {
    ListNote note;
    bool noted;  /* not the first page: there was a note */
    bool behind; /* its rows begin behind note.after_at and note.after_id */
    const char *key;
};

/* `query` holds the filters and nothing of the page. False: there is no note yet; the caller counts
 * and calls list_walk_begin(). */
bool list_walk_find(struct call *call, const char *list, const ProtobufCMessage *query,
                    const struct pick *parts, const struct pick *order,
                    const struct list_page *page, struct list_walk *out);

void list_walk_begin(struct call *call, struct list_walk *w, const ListTotal *counted);

/* After a page of `count` rows; `at` and `id` are the last one's, `at` NULL where pages do not begin
 * behind rows. */
void list_walk_went(struct call *call, struct list_walk *w, const struct list_page *page,
                    size_t count, Instant *at, int64_t id);

#endif
