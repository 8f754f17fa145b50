#include "x509/url.h"

#include <string.h>

#include "base/text.h"

struct mark {
    const char *mark, *value;
};

static char *fill(struct arena *a, const char *template, const struct mark *marks, size_t count)
{
    struct text t;

    if (!template)
        return NULL;
    text_init(&t, a);
    for (const char *p = template; *p;) {
        size_t i = 0;
        while (i < count && strncmp(p, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        if (i < count) {
            text_add(&t, marks[i].value);
            p += strlen(marks[i].mark);
        } else {
            text_add_char(&t, *p++);
        }
    }
    return t.data;
}

char *url_fill(struct arena *a, const char *template, const char *status, const char *ca)
{
    const struct mark marks[] = { { "{status}", status }, { "{ca}", ca } };

    return fill(a, template, marks, 2);
}

char *url_fill_shard(struct arena *a, const char *template, unsigned shard)
{
    const struct mark mark = { "{shard}", arena_format(a, "%u", shard) };

    return fill(a, template, &mark, 1);
}
