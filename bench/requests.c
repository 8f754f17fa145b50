#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lines of a file without their ends. */
static bool lines_read(struct arena *a, const char *path, size_t from, size_t most, char ***out,
                       size_t *count)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, at = 0;
    *count = 0;
    *out = arena_array(a, char *, most);
    for (ssize_t n; file && *count < most && (n = getline(&line, &room, file)) > 0; at++)
        if (at >= from)
            (*out)[(*count)++] = arena_strndup(a, line, (size_t)n - (line[n - 1] == '\n'));
    free(line);
    if (file)
        fclose(file);
    if (*count == 0)
        fprintf(stderr, "load: %s has nothing to send\n", path);
    return *count > 0;
}

static struct bytes get_make(struct arena *a, const struct request_plan *plan, const char *key,
                             const char *path)
{
    return BYTES_OF(arena_format(a,
                                 "GET %s HTTP/1.1\r\nHost: %s\r\nX-DC-DEVKEY: %s\r\n"
                                 "Accept: application/json\r\n\r\n",
                                 path, plan->host, key));
}

/* The form with what stands before and behind the first tab of a pool's line. */
static const char *body_fill(struct arena *a, const char *form, const char *line)
{
    const char *tab = strchr(line, '\t');
    const char *name = tab ? arena_strndup(a, line, (size_t)(tab - line)) : "";
    struct text t;

    text_init(&t, a);
    for (const char *at = form; *at;)
        if (strncmp(at, "{name}", 6) == 0) {
            text_add(&t, name);
            at += 6;
        } else if (strncmp(at, "{csr}", 5) == 0) {
            text_add(&t, tab ? tab + 1 : "");
            at += 5;
        } else {
            text_add_char(&t, *at++);
        }
    return t.data;
}

static struct bytes order_make(struct arena *a, const struct request_plan *plan, const char *form,
                               const char *key, const char *line)
{
    const char *body = body_fill(a, form, line);
    return BYTES_OF(arena_format(a,
                                 "POST %s HTTP/1.1\r\nHost: %s\r\nX-DC-DEVKEY: %s\r\n"
                                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                 plan->path, plan->host, key, strlen(body), body));
}

enum { KEYS_MAX = 4096, GETS_MAX = 100000 };

bool requests_make(struct arena *a, const struct request_plan *plan, struct requests *out)
{
    char **keys, **lines, **form;
    size_t key_count, count, forms;
    bool orders = plan->pool != NULL;
    if (!lines_read(a, plan->keys, 0, KEYS_MAX, &keys, &key_count) ||
        !lines_read(a, orders ? plan->pool : plan->gets, orders ? plan->from : 0,
                    orders ? plan->most : GETS_MAX, &lines, &count) ||
        (orders && !lines_read(a, plan->body, 0, 1, &form, &forms)))
        return false;
    out->items = arena_array(a, struct bytes, count);
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        const char *key = keys[i % key_count];
        out->items[i] =
            orders ? order_make(a, plan, form[0], key, lines[i]) : get_make(a, plan, key, lines[i]);
    }
    return true;
}
