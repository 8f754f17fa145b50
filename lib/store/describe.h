/* describe - what the server makes of a statement, without running it. For the statement test. */
#ifndef STORE_DESCRIBE_H
#define STORE_DESCRIBE_H

#include "message/row.h"
#include "store/store.h"

struct description {
    struct row_column *columns; /* resolved into the members of sql->out */
    size_t count;
};

/* Prepares the statement with the parameter types that the store would use. FAULT_INTERNAL when a
 * parameter has no member, the server refuses the text, or a column has no member that fits. */
bool store_describe(struct store *s, struct arena *a, const struct sql *sql,
                    struct description *out, struct fault *f);

/* Plans a described statement with NULL for every parameter, by which the server checks the role's
 * right to each table, column and function in it. */
bool store_explain(struct store *s, struct arena *a, const struct sql *sql, struct fault *f);

#endif
