/* The command line: words, arguments, options, help. */
#include "fixture_test.h"

#include <fcntl.h>

#include "base/version.h"
#include "help.h"
#include "table.h"

/* ---- words, arguments, options */

static const char *ran;
static char seen[128];

static bool note(struct command_run *r, struct fault *why)
{
    (void)why;
    ran = "note";
    snprintf(seen, sizeof seen, "%s %s --value %s --plain %s", r->words[0] ? r->words[0] : "-",
             r->words[1] ? r->words[1] : "-",
             command_option(r, "value") ? command_option(r, "value") : "-",
             command_option(r, "plain") ? "yes" : "no");
    return true;
}

static bool other(struct command_run *r, struct fault *why)
{
    ran = "other";
    r->status = r->words[0] ? 1 : 0;
    return !r->words[1] || fault_set(why, FAULT_INVALID, "word", "is wrong");
}

static const struct command table[] = {
    { "need", "NAME --this V [--that]", "--this= --that", note, "needs this" },
    { "note", "NAME [MORE] [--value V] [--plain]", "--value= --plain", note, "notes" },
    { "other thing", "[A] [B]", NULL, other, "does otherwise" },
    { 0 },
};

static const struct {
    const char *line;
    int status;
    const char *ran, *seen;
} lines[] = {
    { "note a", 0, "note", "a - --value - --plain no" },
    { "note a b", 0, "note", "a b --value - --plain no" },
    { "note --value v a --plain", 0, "note", "a - --value v --plain yes" },
    { "note a --value --plain", 0, "note", "a - --value --plain --plain no" },
    { "note", 2, NULL, "" },
    { "note a b c", 2, NULL, "" },
    { "note a --value", 2, NULL, "" },
    { "note --value=v a --plain", 0, "note", "a - --value v --plain yes" },
    { "note a --value=", 0, "note", "a - --value  --plain no" },
    { "note a --value=v=w", 0, "note", "a - --value v=w --plain no" },
    { "note a --plain=yes", 2, NULL, "" },
    { "need a --this=v", 0, "note", "a - --value - --plain no" },
    { "note a --val v", 2, NULL, "" },
    { "note a --val=v", 2, NULL, "" },
    { "note a --valued v", 2, NULL, "" },
    { "note a --nothing", 2, NULL, "" },
    { "not a", 2, NULL, "" },
    { "note --help", 0, NULL, "" },
    { "note a --value --help", 0, NULL, "" },
    { "other", 2, NULL, "" },
    { "other --help", 0, NULL, "" },
    { "other nothing --help", 2, NULL, "" },
    { "need a", 2, NULL, "" },
    { "need a --that", 2, NULL, "" },
    { "need a --this v", 0, "note", "a - --value - --plain no" },
    { "--version", 0, NULL, "" },
    { "--what", 2, NULL, "" },
    { "other thin", 2, NULL, "" },
    { "n", 2, NULL, "" },
    { "--help", 0, NULL, "" },
    { "help", 0, NULL, "" },
    { "-h", 0, NULL, "" },
    { "note -h", 0, NULL, "" },
    { "help note", 0, NULL, "" },
    { "help other thing", 0, NULL, "" },
    { "help nothing", 2, NULL, "" },
    { "", 2, NULL, "" },
};

static int run_line(const struct command *commands, const char *line)
{
    char *words[16] = { (char[]){ "chancery" } }, *rest = NULL;
    int count = 1;
    for (char *w = strtok_r(arena_strdup(&arena, line), " ", &rest); w;
         w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    ran = NULL;
    *seen = '\0';
    return command_main(commands, count, words);
}

static void lines_are_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *line = lines[i].line;
        int got = run_line(table, line);
        if (got != lines[i].status || (ran == NULL) != (lines[i].ran == NULL) ||
            strcmp(seen, lines[i].seen) != 0)
            fail_msg("\"%s\": status %d, ran %s, saw %s", line, got, ran ? ran : "nothing", seen);
    }
}

/* What a line prints on `stream`. */
static const char *said(const struct command *commands, const char *line, FILE *stream)
{
    const char *path = path_of("printed");
    fflush(stream);
    int kept = dup(fileno(stream)), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(kept >= 0 && dup2(to, fileno(stream)) >= 0);
    close(to);
    run_line(commands, line);
    fflush(stream);
    dup2(kept, fileno(stream));
    close(kept);
    return file_get(path);
}

static const char *printed(const struct command *commands, const char *line)
{
    return said(commands, line, stdout);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_string_equal(said(table, "note", stderr),
                        "chancery: NAME is missing\nusage: chancery note NAME [MORE] "
                        "[--value V] [--plain]\nchancery note --help tells more\n");
    assert_non_null(strstr(said(table, "need a", stderr), "chancery: --this must be given\n"));
    assert_non_null(
        strstr(said(table, "note a --plain=x", stderr), "chancery: --plain takes no value\n"));
    assert_non_null(strstr(said(table, "note a --vlue=x", stderr),
                           "chancery: there is no option --vlue here\n"));
}

static void a_group_lists_its_commands(void **state)
{
    static const struct command group[] = {
        { "job retry", "ID", NULL, note, "tries" },
        { "job end now", "", NULL, note, "ends" },
        { "job", "[--lane L]", "--lane=", note, "lists" },
        { "jobs", "", NULL, note, "is another" },
        { 0 },
    };
    (void)state;
    assert_string_equal(printed(group, "job --help"),
                        "  job retry ID\n      tries\n  job end now\n      ends\n"
                        "  job [--lane L]\n      lists\n");
    assert_string_equal(printed(group, "job end --help"), "  job end now\n      ends\n");
    assert_string_equal(printed(group, "job retry --help"), "  job retry ID\n      tries\n");
    assert_string_equal(printed(group, "job retry 7 --help"), "  job retry ID\n      tries\n");
    assert_string_equal(printed(group, "jop --help"), "");
    assert_string_equal(printed(group, "--version"),
                        arena_format(&arena, "chancery %s\n", version_text()));
}

static void help_says_what_options_mean(void **state)
{
    static const struct command group[] = {
        { "job retry", "ID", NULL, note, "tries" },
        { "key", "[--role N]", "--role=", note, "makes" },
        { "job list", "[--limit N] [--dead] [--what X] [--json]", "--limit= --dead --what= --json",
          note, "lists" },
        { 0 },
    };
    (void)state;
    setenv("COLUMNS", "80", 1);
    assert_string_equal(printed(group, "job list --help"),
                        "  job list [--limit N] [--dead] [--what X] [--json]\n      lists\n"
                        "      --limit N\n          at most so many rows, 100 unless it is said\n"
                        "      --dead\n          what was given up, and why\n"
                        "      --json\n          for programs: an array of objects, or one object; "
                        "members are the\n"
                        "          headings in lower case\n");
    assert_string_equal(printed(group, "help job list"), printed(group, "job list -h"));
    /* Those that begin alike stand together. */
    assert_non_null(strstr(printed(group, "--help"),
                           "  job retry ID\n      tries\n"
                           "  job list [--limit N] [--dead] [--what X] [--json]\n      lists\n\n"
                           "  key [--role N]\n      makes\n\nCHANCERY_DATABASE_URL"));
    unsetenv("COLUMNS");
}

/* Each word of the program's own table that begins with two hyphens. */
static void each_option_has_its_words(void **state)
{
    const char *at = file_get("cli/main.c");
    size_t seen_options = 0;
    (void)state;
    while ((at = strstr(at, "--"))) {
        const char *name =
            arena_strndup(&arena, at, 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-"));
        if (!help_option(name))
            fail_msg("what does %s mean?", name);
        at += strlen(name);
        seen_options++;
    }
    assert_true(seen_options > 50);
}

static void statuses(void **state)
{
    (void)state;
    assert_int_equal(run_line(table, "other thing"), 0);
    assert_int_equal(run_line(table, "other thing a"), 1);
    assert_int_equal(run_line(table, "other thing a b"), 1);
    assert_string_equal(ran, "other");
}

static void columns_are_aligned(void **state)
{
    struct table t;
    struct text out;
    (void)state;
    text_init(&out, &arena);
    table_init(&t, &arena, 3);
    TABLE_ROW(&t, "A", "LONG", "C");
    for (int i = 0; i < 100; i++)
        TABLE_ROW(&t, "\xc3\xa4\xc3\xa4", NULL, "c");
    table_write(&t, 1, &out);
    static const char want[] = " A   LONG  C\n \xc3\xa4\xc3\xa4  -     c\n";
    assert_int_equal(strncmp(out.data, want, strlen(want)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(lines_are_understood),       FRESH(what_is_missing_is_named),
        FRESH(a_group_lists_its_commands), FRESH(help_says_what_options_mean),
        FRESH(each_option_has_its_words),  FRESH(statuses),
        FRESH(columns_are_aligned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
