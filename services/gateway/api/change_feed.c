/* The change log for feed readers: RSS 2.0. */
#include <stdlib.h>
#include <string.h>

#include "api/change_texts.h"
#include "base/markdown.h"
#include "html.h"
#include "message/convert.h"
#include "net/http_date.h"

enum { ITEMS_MAX = 15 };

/* What was said last, whenever it takes effect: a reader shows what he has not seen. Of one day, the furthest. */
static int newest_first(const void *a, const void *b)
{
    const Change *x = *(Change *const *)a, *y = *(Change *const *)b;
    int64_t p = x->published->us, q = y->published->us;
    if (p == q) {
        p = x->effective->us;
        q = y->effective->us;
    }
    return p != q ? (p < q) - (p > q) : strcmp(x->id, y->id);
}

static void add_element(struct text *out, const char *name, const char *text)
{
    text_format(out, "<%s>", name);
    html_add(out, text);
    text_format(out, "</%s>\n", name);
}

/* RFC 822, with a year of four digits, as HTTP writes it too. */
static void add_date(struct text *out, const char *name, const Instant *at)
{
    char date[HTTP_DATE_SIZE];
    add_element(out, name, http_date_write(instant_value(at), date));
}

static bool is_upcoming(const Change *c)
{
    return c->state == CHANGE__STATE__UPCOMING;
}

static const char *title_of(struct arena *a, const Change *c)
{
    struct text t;
    text_init(&t, a);
    if (is_upcoming(c)) {
        text_add(&t, "Upcoming, ");
        change_day(&t, c->effective);
        text_add(&t, ": ");
    }
    text_add(&t, c->title);
    return t.data;
}

/* HTML, which is a text of the feed. */
static const char *description_of(struct arena *a, const Change *c)
{
    struct text t;
    text_init(&t, a);
    text_add(&t, is_upcoming(c) ? "<p>From " : "<p>Since ");
    change_day(&t, c->effective);
    text_add(&t, ".</p>\n");
    markdown_html(&t, BYTES_OF(c->text));
    return t.data;
}

/* The guid is no link: it stays when the host has another name. */
static void add_item(struct text *out, const Change *c, const char *base)
{
    struct arena *a = out->arena;
    text_add(out, "<item>\n");
    add_element(out, "title", title_of(a, c));
    add_element(out, "link", arena_format(a, "%s%s#%s", base, CHANGE_LOG_PATH, c->id));
    text_add(out, "<guid isPermaLink=\"false\">chancery-changelog:");
    html_add(out, c->id);
    text_add(out, "</guid>\n");
    add_date(out, "pubDate", c->published);
    if (is_upcoming(c))
        add_element(out, "category", "Upcoming");
    for (size_t i = 0; i < c->n_areas; i++)
        add_element(out, "category", c->areas[i]);
    add_element(out, "description", description_of(a, c));
    text_add(out, "</item>\n");
}

static void add_channel(struct text *out, const char *base)
{
    struct arena *a = out->arena;
    add_element(out, "title", "Change log");
    add_element(out, "link", arena_format(a, "%s%s", base, CHANGE_LOG_PATH));
    add_element(out, "description",
                "What changes for those who order certificates here, from which day, and what "
                "there is to do.");
    add_element(out, "language", "en");
    text_add(out, "<atom:link rel=\"self\" type=\"application/rss+xml\" href=\"");
    html_add(out, base);
    text_format(out, "%s%s\"/>\n", CHANGE_LOG_PATH, CHANGE_FEED_PATH);
}

void change_feed(struct text *out, const ChangeList *list, const char *base)
{
    size_t count = list->n_changes;
    Change **changes = arena_array(out->arena, Change *, count + 1);
    for (size_t i = 0; i < count; i++)
        changes[i] = list->changes[i];
    qsort(changes, count, sizeof(Change *), newest_first);
    text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" "
                  "xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n");
    add_channel(out, base);
    if (count)
        add_date(out, "lastBuildDate", changes[0]->published);
    for (size_t i = 0; i < count && i < ITEMS_MAX; i++)
        add_item(out, changes[i], base);
    text_add(out, "</channel>\n</rss>\n");
}
