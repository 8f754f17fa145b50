#include "x509/marks.h"

#include <string.h>

#include "base/text.h"

static const struct mark *mark_at(const char *p, const struct mark *marks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(p, marks[i].mark, strlen(marks[i].mark)) == 0)
            return &marks[i];
    return NULL;
}

char *marks_fill(struct arena *a, const char *template, const struct mark *marks, size_t count)
{
    struct text t;

    if (!template)
        return NULL;
    text_init(&t, a);
    for (const char *p = template; *p;) {
        const struct mark *m = mark_at(p, marks, count);
        if (m) {
            text_add(&t, m->value);
            p += strlen(m->mark);
        } else {
            text_add_char(&t, *p++);
        }
    }
    return t.data;
}

const struct mark *marks_missing(const char *template, const struct mark *marks, size_t count)
{
    for (size_t i = 0; template && i < count; i++)
        if ((!marks[i].value || !*marks[i].value) && strstr(template, marks[i].mark))
            return &marks[i];
    return NULL;
}
