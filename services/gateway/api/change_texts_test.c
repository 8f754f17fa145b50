/* The page and the feed, word for word: GOLDEN=write writes what is compared anew. */
#include "api/change_texts.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "ledger/changelog.h"
#include "message/convert.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct instant day(const char *text)
{
    struct instant at;
    if (!instant_read(text, &at))
        fail_msg("%s is no day", text);
    return at;
}

static char *copied(const char *text)
{
    return arena_strdup(&arena, text);
}

/* ---- a policy */

static const struct {
    const char *id, *title, *kind, *area, *capability, *from, *since, *text;
} entries[] = {
    // clang-format off
    { "far",  "Less <b>\"bold\"</b> & 'more'", "changed", "TLS & co", "f", "2029-03-15", "2026-01-02",
      "Two *lines*\nand a [link](https://ca.example/?a&b).\n\n* <script>alert(1)</script>" },
    { "noon", "At noon", "retired", "API", "n", "2027-03-15T12:00:00Z", "2026-01-02", "`a<b>` & `c`" },
    { "past", "The feed", "new", "Change log", "p", "2023-02-14", "2026-01-02", "There is one." },
    { "none", "Of no day", "new", "API", "nobody", NULL, "2026-01-02", "x" },
    { "late", "Told when it was there", "new", "API", "l", "2026-02-01", "2026-02-03", "y" },
    // clang-format on
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static struct policy_change change_of(size_t i)
{
    ChangeEntry *e = arena_new(&arena, ChangeEntry);
    change_entry__init(e);
    e->id = copied(entries[i].id);
    e->title = copied(entries[i].title);
    e->kind = copied(entries[i].kind);
    e->text = copied(entries[i].text);
    e->areas = arena_copy(&arena, &(char *){ copied(entries[i].area) }, sizeof(char *));
    e->capabilities =
        arena_copy(&arena, &(char *){ copied(entries[i].capability) }, sizeof(char *));
    e->n_areas = e->n_capabilities = 1;
    return (struct policy_change){ e, day(entries[i].since) };
}

static const Capability *capability_of(const char *id, const char *from)
{
    Capability *c = arena_new(&arena, Capability);
    capability__init(c);
    c->id = copied(id);
    c->from = instant_message(&arena, day(from));
    c->statement = copied("");
    return c;
}

static const ChangeList *list_at(const char *when)
{
    struct policy_change changes[ENTRIES];
    const Capability *capabilities[ENTRIES];
    struct policy p = { .changes = changes, .change_count = ENTRIES, .capabilities = capabilities };
    for (size_t i = 0; i < ENTRIES; i++) {
        changes[i] = change_of(i);
        if (entries[i].from)
            capabilities[p.capability_count++] =
                capability_of(entries[i].capability, entries[i].from);
    }
    return changelog_at(&arena, &p, day(when));
}

/* ---- compared */

static const char *file_get(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[size] = '\0';
    if (file)
        fclose(file);
    return text;
}

static void same_as(const char *name, const char *text)
{
    const char *path = arena_format(&arena, "services/gateway/api/testdata/%s", name);
    const char *write = getenv("GOLDEN");
    if (write && strcmp(write, "write") == 0) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
    }
    if (strcmp(file_get(path), text) != 0)
        fail_msg("%s is otherwise:\n%s", path, text);
}

static const char *page(const char *when)
{
    struct text t;
    text_init(&t, &arena);
    change_page(&t, list_at(when), "https://ca.example");
    return t.data;
}

static const char *feed(const char *when)
{
    struct text t;
    text_init(&t, &arena);
    change_feed(&t, list_at(when), "https://ca.example");
    return t.data;
}

static void page_and_feed_of_fixed_days(void **state)
{
    (void)state;
    same_as("changes-2026-11-22.html", page("2026-11-22"));
    same_as("changes-2026-11-22.xml", feed("2026-11-22"));
    same_as("changes-2029-03-15.html", page("2029-03-15"));
    same_as("changes-2029-03-15.xml", feed("2029-03-15"));
}

static void it_changes_at_the_moment(void **state)
{
    struct instant next;
    (void)state;
    const ChangeList *before = list_at("2027-03-15T11:59:59Z"),
                     *then = list_at("2027-03-15T12:00:00Z");
    assert_int_equal(before->n_changes, ENTRIES - 1);
    assert_string_equal(before->changes[1]->id, "noon");
    assert_int_equal(before->changes[1]->state, CHANGE__STATE__UPCOMING);
    assert_int_equal(then->changes[1]->state, CHANGE__STATE__RECENT);
    assert_true(changelog_next(before, &next));
    assert_int_equal(next.us, day("2027-03-15T12:00:00Z").us);
    assert_true(changelog_next(then, &next));
    assert_int_equal(next.us, day("2029-03-15").us);
    assert_false(changelog_next(list_at("2029-03-15"), &next));
}

/* What was announced before its day is as old as the announcement, now and later; what was told afterwards is as
 * old as it is. */
static void published_does_not_move(void **state)
{
    (void)state;
    static const char *const days[] = { "2026-01-02", "2027-03-15T12:00:00Z", "2031-01-01" };
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        const ChangeList *list = list_at(days[i]);
        assert_int_equal(list->changes[1]->published->us, day("2026-01-02").us);
        assert_string_equal(list->changes[2]->id, "late");
        assert_int_equal(list->changes[2]->published->us, day("2026-02-01").us);
        assert_int_equal(list->changes[3]->published->us, day("2023-02-14").us);
    }
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (; (text = strstr(text, what)); text++)
        count++;
    return count;
}

static Change change(int i, const char *published, const char *effective)
{
    Change c = CHANGE__INIT;
    c.id = arena_format(&arena, "e%02d", i);
    c.title = c.kind = c.text = copied("x");
    c.state = CHANGE__STATE__RECENT;
    c.published = instant_message(&arena, day(published));
    c.effective = instant_message(&arena, day(effective));
    return c;
}

static void the_feed_has_what_was_said_last(void **state)
{
    enum { MANY = 20 };
    Change all[MANY], *items[MANY];
    ChangeList list = CHANGE_LIST__INIT;
    struct text t;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        all[i] = change(i, "2026-01-02", arena_format(&arena, "20%02d-01-01", 60 - i));
        items[i] = &all[i];
    }
    all[MANY - 1] = change(MANY - 1, "2026-01-03", "2026-02-01");
    list.n_changes = MANY;
    list.changes = items;
    text_init(&t, &arena);
    change_feed(&t, &list, "https://ca.example");
    assert_int_equal(count_of(t.data, "<item>"), 15);
    const char *first = strstr(t.data, "<guid"), *newest = strstr(t.data, ":e19<");
    assert_true(newest && first && newest - first < 60);
    assert_non_null(strstr(t.data, ":e13<"));
    assert_null(strstr(t.data, ":e14<"));
}

static void nothing_is_said_of_nothing(void **state)
{
    const ChangeList none = CHANGE_LIST__INIT;
    struct text t;
    (void)state;
    text_init(&t, &arena);
    change_page(&t, &none, "http://[::1]:8080");
    assert_non_null(strstr(t.data, "Nothing is announced."));
    assert_non_null(strstr(t.data, "href=\"http://[::1]:8080/changelog/rss.xml\""));
    text_init(&t, &arena);
    change_feed(&t, &none, "http://[::1]:8080");
    assert_null(strstr(t.data, "<item>"));
    assert_null(strstr(t.data, "lastBuildDate"));
}

static void what_is_no_character_of_xml(void **state)
{
    struct text t;
    (void)state;
    text_init(&t, &arena);
    html_add(&t, "a\x01<\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBC\xC3\xA9\n\t\x1B");
    assert_string_equal(t.data, "a\xEF\xBF\xBD&lt;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBC\xC3\xA9\n\t"
                                "\xEF\xBF\xBD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_and_feed_of_fixed_days),
        cmocka_unit_test(it_changes_at_the_moment),
        cmocka_unit_test(published_does_not_move),
        cmocka_unit_test(the_feed_has_what_was_said_last),
        cmocka_unit_test(nothing_is_said_of_nothing),
        cmocka_unit_test(what_is_no_character_of_xml),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
