/* pick - a statement with only those parts of its text that a call has a use for.
 *
 * A line of a .sql file that ends with a mark belongs to a part:
 *
 *     -- order_list: OrderQuery -> OrderRow*
 *     SELECT o.id FROM orders o
 *      WHERE o.account_id = :account_id
 *        AND o.status = ANY (:status)            --? status
 *      ORDER BY
 *           o.status,                            --> by_status
 *           o.created_at DESC,                   --> by_date_desc
 *           o.id;
 *
 * Only lines of the statement itself ever come into the text, so no value of a client can. With all
 * of its parts it must be a statement, too: as such it is tried by the tests, which ask the schema
 * and the role's rights for every part.
 */
#ifndef STORE_PICK_H
#define STORE_PICK_H

#include "store/store.h"

enum { PICK_MAX = 64 };

struct pick {
    const char *parts[PICK_MAX];
    size_t count;
};

/* Once, however often it is asked for. */
void pick_add(struct pick *p, const char *part);
bool pick_has(const struct pick *p, const char *part);

/* Lines marked "--? part" stay where they are. Of neighbouring lines marked "--> part" those asked
 * for come in the order in which they were. The statement has every part that is asked for
 * (asserted). It is run with a plan for its values: see `once` in store.h. */
const struct sql *pick_sql(struct arena *a, const struct sql *sql, const struct pick *parts);

/* Has the statement a line marked "--> part"? */
bool pick_is_order(const struct sql *sql, const char *part);

/* The parts of a statement's lines marked "--> part", as often as there are lines; returns how many. */
size_t pick_orders(struct arena *a, const struct sql *sql, const char *const **parts);

#endif
