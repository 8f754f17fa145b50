#include "base/markdown.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

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

static const char *html(const char *text)
{
    struct text out;
    text_init(&out, &arena);
    markdown_html(&out, BYTES_OF(text));
    return out.data;
}

static void what_entries_are_made_of(void **state)
{
    static const char text[] =
        "*Now* **and** `a<b>`\nat <https://ca.example/?a&b>\n\n* [x](mailto:a@b)\n"
        "1. y\n\n> z\n\n    code\n";
    (void)state;
    struct fault f = { 0 };
    int line = 0;
    assert_true(markdown_check(BYTES_OF(text), &line, &f));
    assert_string_equal(html("*Now* `a<b>` & so\n\n* [x](https://ca.example/?a&b \"t\")\n"),
                        "<p><em>Now</em> <code>a&lt;b&gt;</code> &amp; so</p>\n<ul>\n<li><a href="
                        "\"https://ca.example/?a&amp;b\" title=\"t\">x</a></li>\n</ul>\n");
    assert_string_equal(html(""), "");
}

static void what_they_may_not_have(void **state)
{
    // clang-format off
    static const struct {
        const char *text;
        int line;
        const char *says;
    } cases[] = {
        { "x\n\n<script>y</script>\n", 3, "HTML" }, { "x\ny <i>z</i>\n", 2, "HTML" },
        { "![x](https://ca.example/x.png)", 1, "an image" }, { "x\n\n\n## y\n", 4, "a heading" },
        { "x\n===\n", 1, "a heading" },
        { "x\n\n* [y](javascript:alert(1))\n", 3, "a link" }, { "[y](/relative)", 1, "a link" },
        { "[y](data:text/html,x)", 1, "a link" }, { "[y]()", 1, "a link" }, { "<ftp://a.example/>", 1, "a link" },
        { "[y](&#106;avascript:x)", 1, "a link" }, { "a &#27; b", 1, "control" }, { "a &#x9b; b", 1, "control" },
        { "[y](javascript<script:z)(u)", 1, "a link" }, { "[y](<java\tscript:x>)", 1, "a link" },
        { "[y][z]\n\n[z]: jAvAsCrIpT:x", 1, "a link" }, { "[y](https:javascript:x)", 1, "a link" },
        { "[y](&#1;javascript:x)", 1, "a link" }, { "[y](blob:x)", 1, "a link" },
        { "[y](https://ca.example/ \"&#27;\")", 1, "control" }, { "x\n\n~~~ &#27;\ny\n~~~", 3, "control" },
    };
    // clang-format on
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = { 0 };
        int line = 0;
        if (markdown_check(BYTES_OF(cases[i].text), &line, &f))
            fail_msg("taken: %s", cases[i].text);
        if (line != cases[i].line || !strstr(f.detail, cases[i].says))
            fail_msg("%s: line %d %s", cases[i].text, line, f.detail);
    }
}

/* Who writes rows by himself is not asked for the above. */
static void harm_is_left_out_of_the_page(void **state)
{
    (void)state;
    assert_null(strstr(html("x\n\n<script>y</script>\n"), "<script"));
    assert_null(strstr(html("a <img src=x onerror=y>"), "<img"));
    assert_null(strstr(html("[y](javascript:alert(1))"), "javascript"));
    assert_null(strstr(html("[y](&#106;avascript:x)"), "javascript"));
    assert_null(strstr(html("[y](\"><script>)"), "<script"));
}

/* A browser skips controls in front of a scheme and line ends within, and knows more schemes than we do. */
static void a_link_of_another_scheme_leads_nowhere(void **state)
{
    // clang-format off
    static const char *const destinations[] = {
        "javascript:x", "JAVASCRIPT:x", "javascript<script:z", "java&#10;script:x", "java&Tab;script:x", "&#1;javascript:x",
        "&#32;javascript:x", "javascript&colon;x", "javascript\\:x", "vbscript:x", "data:text/html,x", "data:image/png,x",
        "file:///x", "blob:https://ca.example/x", "filesystem:x", "view-source:https://x", "ftp://x", "/x", "x", "#x",
        "//ca.example/x", "https:javascript:x", "&#x200b;javascript:x", "http\\:/x",
    };
    // clang-format on
    (void)state;
    for (size_t i = 0; i < sizeof destinations / sizeof *destinations; i++) {
        const char *link = arena_format(&arena, "[y](%s)", destinations[i]);
        if (strcmp(html(link), "<p><a href=\"\">y</a></p>\n") != 0)
            fail_msg("%s: %s", link, html(link));
        assert_string_equal(html(arena_format(&arena, "!%s", link)),
                            "<p><img src=\"\" alt=\"y\" /></p>\n");
    }
    assert_string_equal(html("[y](hTTps&colon;//x) <m@x.example>"),
                        "<p><a href=\"hTTps://x\">y</a> "
                        "<a href=\"mailto:m@x.example\">m@x.example</a></p>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_entries_are_made_of),
        cmocka_unit_test(what_they_may_not_have),
        cmocka_unit_test(harm_is_left_out_of_the_page),
        cmocka_unit_test(a_link_of_another_scheme_leads_nowhere),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
