#include "x509/url.h"

#include "x509/marks.h"

char *url_fill(struct arena *a, const char *template, const char *status, const char *ca)
{
    const struct mark marks[] = { { "{status}", status }, { "{ca}", ca } };

    return marks_fill(a, template, marks, 2);
}

char *url_fill_shard(struct arena *a, const char *template, unsigned shard)
{
    const struct mark mark = { "{shard}", arena_format(a, "%u", shard) };

    return marks_fill(a, template, &mark, 1);
}
