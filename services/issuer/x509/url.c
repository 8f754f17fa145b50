#include "x509/url.h"

#include <string.h>

#include "base/text.h"

char *url_fill(struct arena *a, const char *template, const char *status, const char *ca)
{
    const struct {
        const char *mark, *value;
    } marks[] = { { "{status}", status }, { "{ca}", ca } };
    struct text t;

    if (!template)
        return NULL;
    text_init(&t, a);
    for (const char *p = template; *p;) {
        size_t i = 0;
        while (i < 2 && strncmp(p, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        if (i < 2) {
            text_add(&t, marks[i].value);
            p += strlen(marks[i].mark);
        } else {
            text_add_char(&t, *p++);
        }
    }
    return t.data;
}
