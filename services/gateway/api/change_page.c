/* The change log for people: one page, no script, for small screens and dark ones too. */
#include <string.h>

#include "api/change_texts.h"
#include "base/calendar.h"
#include "base/markdown.h"
#include "html.h"
#include "message/convert.h"

// clang-format off
const char change_page_style[] =
    ":root{color-scheme:light dark;--text:#1d1d1f;--soft:#5a5a60;--line:#d8d8dc;--link:#0b57d0;--page:#fff;--mark:#f3f3f6}"
    "@media(prefers-color-scheme:dark){:root{--text:#e6e6ea;--soft:#a0a0a8;--line:#3a3a40;--link:#8ab4f8;--page:#141416;--mark:#242428}}"
    "body{font:1rem/1.55 system-ui,sans-serif;max-width:42rem;margin:0 auto;padding:1.5rem 1rem 4rem;color:var(--text);"
    "background:var(--page);overflow-wrap:break-word}"
    "a{color:var(--link)}h1{font-size:1.75rem;line-height:1.2}h2{font-size:1.3rem;margin:2.5rem 0 0}"
    "h3{font-size:1.05rem;line-height:1.35;margin:.2rem 0 .5rem}h3 a{color:inherit;text-decoration:none}h3 a:hover,h3 a:focus{text-decoration:underline}"
    "article{border-top:1px solid var(--line);margin-top:1rem;padding:1rem 0 0}article:target{background:var(--mark);padding:1rem}"
    "article p,article ul,article ol{margin:.5rem 0}.when,.rows,nav{color:var(--soft);font-size:.9rem}.when time{color:var(--text);font-weight:600}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow-x:auto;background:var(--mark);padding:.6rem}";

static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December" };
// clang-format on

void change_day(struct text *out, const Instant *at)
{
    struct calendar c = calendar_of(instant_value(at));
    text_format(out, "%d %s %d", c.day, months[c.month - 1], c.year);
    if (c.hour || c.minute || c.second)
        text_format(out, ", %02d:%02d UTC", c.hour, c.minute);
}

static void add_words(struct text *out, const char *before, char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_add(out, i ? ", " : before);
        html_add(out, words[i]);
    }
}

/* What each change has above its title: when, what kind, about what. */
static void add_when(struct text *out, const Change *c)
{
    char at[INSTANT_TEXT_SIZE];
    text_format(out, "<p class=\"when\"><time datetime=\"%s\">",
                instant_text(instant_value(c->effective), at));
    change_day(out, c->effective);
    text_add(out, "</time> \xC2\xB7 ");
    html_add(out, c->kind);
    add_words(out, " \xC2\xB7 ", c->areas, c->n_areas);
    text_add(out, "</p>\n");
}

static void add_change(struct text *out, const Change *c)
{
    text_add(out, "<article id=\"");
    html_add(out, c->id);
    text_add(out, "\">\n");
    add_when(out, c);
    text_add(out, "<h3><a href=\"#");
    html_add(out, c->id);
    text_add(out, "\">");
    html_add(out, c->title);
    text_add(out, "</a></h3>\n");
    markdown_html(out, BYTES_OF(c->text));
    add_words(out, "<p class=\"rows\">Announces ", c->announces, c->n_announces);
    text_add(out, "</p>\n</article>\n");
}

/* Ids of entries have no capital letters, so that these are nobody's. */
static const struct part {
    Change__State state;
    const char *id, *title, *none;
} parts[] = {
    { CHANGE__STATE__UPCOMING, "Upcoming", "Upcoming changes", "Nothing is announced." },
    { CHANGE__STATE__RECENT, "Recent", "Recent changes", "Nothing yet." },
};

static void add_part(struct text *out, const ChangeList *list, const struct part *part)
{
    size_t count = 0;
    text_format(out, "<section id=\"%s\">\n<h2>%s</h2>\n", part->id, part->title);
    for (size_t i = 0; i < list->n_changes; i++)
        if (list->changes[i]->state == part->state) {
            add_change(out, list->changes[i]);
            count++;
        }
    if (count == 0)
        text_format(out, "<p>%s</p>\n", part->none);
    text_add(out, "</section>\n");
}

/* What the page is served as beside itself. */
static const struct {
    const char *path, *type, *name;
} others[] = {
    { CHANGE_FEED_PATH, "application/rss+xml", "RSS" },
    { CHANGE_LIST_PATH, "application/json", "JSON" },
};
enum { OTHERS = sizeof others / sizeof *others };

static void add_head(struct text *out, const char *base)
{
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<title>Change log</title>\n");
    for (size_t i = 0; i < OTHERS; i++) {
        text_format(out, "<link rel=\"alternate\" type=\"%s\" title=\"Change log\" href=\"",
                    others[i].type);
        html_add(out, base);
        text_format(out, "%s%s\">\n", CHANGE_LOG_PATH, others[i].path);
    }
    text_format(out, "<style>%s</style>\n</head>\n", change_page_style);
}

static void add_nav(struct text *out, const char *base)
{
    text_add(out,
             "<nav><a href=\"#Upcoming\">Upcoming</a> \xC2\xB7 <a href=\"#Recent\">Recent</a>");
    for (size_t i = 0; i < OTHERS; i++) {
        text_add(out, " \xC2\xB7 <a href=\"");
        html_add(out, base);
        text_format(out, "%s%s\">%s</a>", CHANGE_LOG_PATH, others[i].path, others[i].name);
    }
    text_add(out, "</nav>\n");
}

void change_page(struct text *out, const ChangeList *list, const char *base)
{
    add_head(out, base);
    text_add(out, "<body>\n<header>\n<h1>Change log</h1>\n"
                  "<p>What changes for those who order certificates here, from which day, and what "
                  "there is to do. Days begin at 00:00 UTC.</p>\n");
    add_nav(out, base);
    text_add(out, "</header>\n<main>\n");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        add_part(out, list, &parts[i]);
    text_add(out, "</main>\n</body>\n</html>\n");
}
