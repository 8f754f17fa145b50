/* list_product - filters of lists by product, which only policy can read. */
#ifndef API_LIST_PRODUCT_H
#define API_LIST_PRODUCT_H

#include "list.h"

/* Where another product is ordered in the place of the one that is named, both. */
bool list_product_name(struct list_input *r, const char *value);

/* The names of the products of that type. */
bool list_product_type(struct list_input *r, const char *value);

#endif
