/* A file of the change log: what is taken is the file's, by the line that it stands in; written anew it is read
 * as the same. What is checked of its text is harmless on a page. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/markdown.h"
#include "base/utf8.h"
#include "changelog.pb-c.h"
#include "message/front_matter.h"
#include "message/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4096 };

static char set_before[] = "";

static bool read_into(struct arena *a, struct bytes file, ChangeEntry *entry,
                      struct front_matter *out, struct fault *f)
{
    change_entry__init(entry);
    entry->id = entry->text = set_before;
    return front_matter_read(a, file, &entry->base, out, f);
}

/* Line `number`, from 1; it is there. */
static struct bytes line_of(struct bytes file, int number)
{
    const uint8_t *at = file.data, *end = file.data + file.size;
    for (; number > 1; number--) {
        at = memchr(at, '\n', (size_t)(end - at));
        assert(at);
        at++;
    }
    const uint8_t *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return (struct bytes){ at, (size_t)((stop ? stop : end) - at) };
}

static void check_value(const char *value)
{
    size_t length = strlen(value);
    assert(length > 0 && utf8_valid(value, length));
    assert(!strchr(" \t", value[0]) && !strchr(" \t", value[length - 1]));
    assert(!strpbrk(value, "\n\r\x1b"));
}

/* Each member is said in the line that is named, and what is said is there to be found. */
static void check_lines(struct bytes file, const struct front_matter *out, const ChangeEntry *entry)
{
    const ProtobufCMessageDescriptor *type = &change_entry__descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (!out->lines[i])
            continue;
        struct bytes line = line_of(file, out->lines[i]);
        size_t name = strlen(type->fields[i].name);
        assert(out->lines[i] > 1 && out->lines[i] < out->line - 1);
        assert(line.size > name && memcmp(line.data, type->fields[i].name, name) == 0);
        assert(line.data[name] == ':');
    }
    assert(entry->id == set_before && entry->text == set_before);
}

static void list_add(struct text *t, const char *name, char *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_value(items[i]);
        assert(!strchr(items[i], ','));
        text_format(t, "%s%s", i ? ", " : name, items[i]);
    }
    text_add(t, count ? "\n" : "");
}

static void one_add(struct text *t, const char *name, const char *value)
{
    if (!value)
        return;
    check_value(value);
    text_format(t, "%s%s\n", name, value);
}

static const char *json_of(struct arena *a, const ChangeEntry *entry)
{
    struct text t;
    text_init(&t, a);
    message_to_json(&entry->base, &t);
    return t.data;
}

static void check_again(struct arena *a, const ChangeEntry *e, struct bytes text)
{
    struct text t;
    struct fault f = { 0 };
    struct front_matter out;
    ChangeEntry again;
    text_init(&t, a);
    text_add(&t, "---\n");
    one_add(&t, "title:", e->title);
    one_add(&t, "kind:", e->kind);
    list_add(&t, "begins:", e->begins, e->n_begins);
    list_add(&t, "ends:", e->ends, e->n_ends);
    list_add(&t, "capabilities:", e->capabilities, e->n_capabilities);
    list_add(&t, "areas:", e->areas, e->n_areas);
    text_add(&t, "---\n");
    text_add_bytes(&t, text.data, text.size);
    assert(read_into(a, (struct bytes){ (const uint8_t *)t.data, t.length }, &again, &out, &f));
    assert(strcmp(json_of(a, e), json_of(a, &again)) == 0);
    assert(bytes_equal(text, out.text));
}

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

/* What the text itself says is written with entities, so that each of these starts a tag. */
static void check_links(const char *html, const char *start)
{
    for (const char *at = html; (at = strstr(at, start));) {
        at += strlen(start);
        assert(*at == '"' || begins(at, "http://") || begins(at, "https://") ||
               begins(at, "mailto:"));
    }
}

static void check_text(struct arena *a, struct bytes text)
{
    struct fault f = { 0 };
    struct text html;
    int line = 0;
    if (text.size > TEXT_MAX)
        return;
    text_init(&html, a);
    bool good = markdown_check(text, &line, &f);
    assert(good || (line >= 1 && *f.detail));
    markdown_html(&html, text);
    assert(!strstr(html.data, "<script"));
    check_links(html.data, "<a href=\"");
    check_links(html.data, "<img src=\"");
    assert(!good || !strstr(html.data, "<a href=\"\""));
    assert(!good || (!strstr(html.data, "<img") && utf8_valid(html.data, html.length)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct fault f = { 0 };
    struct front_matter out;
    ChangeEntry entry;
    uint8_t *copy = malloc(size + !size); /* with an end that the sanitizer sees */
    assert(copy);
    if (size)
        memcpy(copy, data, size);
    struct bytes file = { copy, size };
    arena_init(&a);
    if (read_into(&a, file, &entry, &out, &f)) {
        assert(out.text.data >= copy && out.text.data + out.text.size == copy + size);
        assert(out.text.data[-1] == '\n' || out.text.size == 0);
        check_lines(file, &out, &entry);
        check_again(&a, &entry, out.text);
        check_text(&a, out.text);
    } else {
        assert(f.code == FAULT_INVALID && *f.detail && out.line >= 1);
        line_of(file, out.line);
    }
    arena_free(&a);
    free(copy);
    return 0;
}
