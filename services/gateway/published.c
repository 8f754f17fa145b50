#include "published.h"

const struct published published_calls[] = {
#define PUBLISHED(method, path) { method, path },
#include "published.def"
#undef PUBLISHED
    { 0 },
};
