/* marks - templates with marks such as {status}, each of which stands for a value. */
#ifndef X509_MARKS_H
#define X509_MARKS_H

#include <stddef.h>

#include "base/arena.h"

struct mark {
    const char *mark; /* "{status}" */
    const char *value;
};

/* The template with each mark replaced, in the arena; NULL for NULL. A mark that is not in the list
 * stays as it is. */
char *marks_fill(struct arena *a, const char *template, const struct mark *marks, size_t count);

/* The first of the marks that the template has and whose value is NULL or empty; NULL if there is none. */
const struct mark *marks_missing(const char *template, const struct mark *marks, size_t count);

#endif
