/* What the text of a statement must not say, and what a statement of the gateway must ask. */
#include "tests/statements.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>

#include "store/pick.h"
#include "store/script.h"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* In lower case, with what stands in '...' and behind "--" blanked, so that positions stay. */
static char *plain(const char *text)
{
    char *out = arena_strdup(&arena, text);
    char quote = 0;

    for (char *p = out; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
        if (quote) {
            if (*p == (quote == '-' ? '\n' : quote))
                quote = 0;
        } else if (*p == '\'' || (*p == '-' && p[1] == '-')) {
            quote = *p;
        } else {
            continue;
        }
        *p = *p == '\n' ? '\n' : ' ';
    }
    return out;
}

static const char *find_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !is_word(at[-1])) && !is_word(at[length]))
            return at;
    return NULL;
}

static const char *line_at(const char *text, size_t position)
{
    const char *start_of = text + position;

    while (start_of > text && start_of[-1] != '\n')
        start_of--;
    return arena_strndup(&arena, start_of, strcspn(start_of, "\n"));
}

/* Two clocks that are never mixed: only a lease is compared with the database's. */
static void check_clock(const char *path)
{
    static const char *const clocks[] = { "now",
                                          "current_timestamp",
                                          "clock_timestamp",
                                          "transaction_timestamp",
                                          "statement_timestamp",
                                          "localtimestamp",
                                          "current_date",
                                          "current_time",
                                          "localtime",
                                          "timeofday" };
    const char *text = file_text(path), *seen = plain(text);

    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        for (const char *at = seen; (at = find_word(at, clocks[i])); at++) {
            const char *line = line_at(text, (size_t)(at - seen));
            /* "now" is also the name of a parameter and of columns made from it. */
            bool call = strcmp(clocks[i], "now") != 0 || at[strspn(at, "now ")] == '(';

            if (call && !strstr(line, "lease_until"))
                complain(path, "the database's clock", line);
        }
}

static const char *last_file;

static bool is_new_file(const struct sql *sql)
{
    bool new = !last_file || strcmp(sql->file, last_file) != 0;

    last_file = sql->file;
    return new;
}

static void check_clocks_of(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);

    assert_true(count > 2);
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".sql"))
            check_clock(arena_format(&arena, "%s/%s", folder, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

static void one_clock(void **state)
{
    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++)
        if (is_new_file(all_sql[i]))
            check_clock(all_sql[i]->file);
    check_clocks_of("db/migrations");
    check_clocks_of("db/functions");
    assert_int_equal(faults, 0);
}

static const char *after(const char *text, const char *word)
{
    text += strspn(text, " \n\t");
    return !strncmp(text, word, strlen(word)) ? text + strlen(word) : NULL;
}

/* The columns of a table are named; those of unnest() are in the statement anyway. */
static void columns_are_named(void **state)
{
    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++) {
        const char *text = plain(all_sql[i]->text);

        for (const char *at = text; (at = find_word(at, "select")); at++) {
            const char *star = after(at + strlen("select"), "*");
            const char *from = star ? after(star, "from") : NULL;

            if (star && !(from && after(from, "unnest(")))
                complain(all_sql[i]->name, "SELECT *", all_sql[i]->file);
        }
    }
    assert_int_equal(faults, 0);
}

/* A client may ask for all filters and all orders of a list at once; more than a pick holds would end the
 * process. */
static void parts_fit_a_pick(void **state)
{
    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++) {
        struct pick all = { .count = 0 };

        for (const char *at = all_sql[i]->text; (at = strstr(at, "--")); at += 2) {
            const char *part = at + strlen("--? ");

            if (strncmp(at, "--? ", 4) != 0 && strncmp(at, "--> ", 4) != 0)
                continue;
            part = arena_strndup(&arena, part, strcspn(part, " \t\n"));
            if (!pick_has(&all, part) && all.count == PICK_MAX)
                complain(all_sql[i]->name, "more parts than PICK_MAX", part);
            else
                pick_add(&all, part);
        }
    }
    assert_int_equal(faults, 0);
}

/* ---- accounts are kept apart */

/* Statements of the gateway that ask no account, and why that is right. */
// clang-format off
static const struct {
    const char *statement, *reason;
} without_account[] = {
    { "key_session_find", "finds out whose key it is" },
    { "user_name_free", "people sign in by names that are one list for all accounts" },
    { "key_uses_write", "writes what many calls have noted, each with its account" },
};
// clang-format on

static const char *tenant_tables(void)
{
    struct fault f;
    struct script *s = script_open((struct secret){ database_url(database, NULL) }, &f);
    const char *names = NULL;

    if (!s || !script_ask(s, &arena,
                          "SELECT string_agg(DISTINCT c.relname, ' ') || ' account'"
                          "  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                          "  JOIN pg_namespace n ON n.oid = c.relnamespace"
                          " WHERE a.attname = 'account_id' AND NOT a.attisdropped"
                          "   AND n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm')",
                          NULL, 0, &names, &f))
        fail_msg("%s", f.detail);
    script_close(s);
    assert_non_null(names);
    return names;
}

static bool touches(const struct sql *sql, const char *tables)
{
    char *list = arena_strdup(&arena, tables), *rest = NULL;
    const char *text = plain(sql->text);

    for (char *name = strtok_r(list, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        if (find_word(text, name))
            return true;
    return false;
}

static bool asks_account(const struct sql *sql)
{
    for (int i = 0; i < SQL_PARAMS_MAX && sql->params[i]; i++)
        if (!strcmp(sql->params[i], "caller.account_id"))
            return true;
    return false;
}

static bool is_exception(const struct sql *sql)
{
    for (size_t i = 0; i < sizeof without_account / sizeof *without_account; i++)
        if (!strcmp(sql->name, without_account[i].statement))
            return true;
    return false;
}

static void tenants_are_asked(void **state)
{
    const char *tables = tenant_tables();

    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++) {
        const struct sql *sql = all_sql[i];
        bool gateway = !strncmp(sql->file, "services/gateway/", strlen("services/gateway/"));
        bool needed = gateway && touches(sql, tables) && !asks_account(sql);

        if (needed && !is_exception(sql))
            complain(sql->name, "has no :caller.account_id", sql->file);
        if (!needed && is_exception(sql))
            complain(sql->name, "needs no exception", sql->file);
    }
    assert_int_equal(faults, 0);
}

/* Whoever looks at his own or another's things by such a member, but for the account, says whose. */
// clang-format off
static const struct {
    const char *statement, *member, *reason;
} said_by_input[] = {
    { "key_list",          "user_id",    "keys of one user" },
    { "order_list",        "user_id",    "orders of some users" },
    { "order_list_open",   "user_id",    "orders of some users" },
    { "order_count",       "user_id",    "orders of some users" },
    { "key_uses_write",    "account_id", "notes of many calls, of which each had its caller" },
    { "key_uses_write",    "api_key_id", "notes of many calls, of which each had its caller" },
};
// clang-format on

static bool may_be_said(const char *statement, const char *member)
{
    for (size_t i = 0; i < sizeof said_by_input / sizeof *said_by_input; i++)
        if (!strcmp(said_by_input[i].statement, statement) &&
            !strcmp(said_by_input[i].member, member))
            return true;
    return false;
}

/* Is it, as the path of a member of an input, one that a caller has? */
static bool is_of_caller(const char *path)
{
    const char *dot = strrchr(path, '.');

    return strncmp(path, "caller.", strlen("caller.")) != 0 &&
           protobuf_c_message_descriptor_get_field_by_name(&caller__descriptor,
                                                           dot ? dot + 1 : path);
}

/* Who calls, from where and when comes from the call, so that no handler forgets or forges it. */
static void callers_are_not_said(void **state)
{
    int excused = 0;

    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++) {
        const struct sql *sql = all_sql[i];

        if (strncmp(sql->file, "services/gateway/", strlen("services/gateway/")) != 0)
            continue;
        for (int k = 0; k < SQL_PARAMS_MAX && sql->params[k]; k++) {
            bool of_caller = is_of_caller(sql->params[k]);
            bool may = of_caller && may_be_said(sql->name, sql->params[k]);

            excused += may;
            if (of_caller && !may)
                complain(sql->name, "takes from its input what its caller has", sql->params[k]);
        }
    }
    assert_int_equal(faults, 0);
    assert_int_equal(excused, sizeof said_by_input / sizeof *said_by_input);
}

/* ---- one question decides */

/* What has been validated is read by dcv_evidence() alone (db/functions/proof.sql):
 * whoever asks the table itself decides by rules of his own. Only validation writes it. */
static void evidence_has_one_reader(void **state)
{
    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++) {
        const struct sql *sql = all_sql[i];
        const char *text = plain(sql->text);
        bool writer = !strncmp(sql->file, "services/validation/", strlen("services/validation/"));

        /* They compare, count and tell what happened: they decide nothing. */
        static const char *const tellers[] = { "cli/audit_facts.sql", "cli/status.sql",
                                               "cli/why.sql" };
        bool teller = false;
        for (size_t k = 0; k < sizeof tellers / sizeof *tellers; k++)
            teller = teller || strcmp(sql->file, tellers[k]) == 0;
        if (teller)
            continue;

        for (const char *at = text; (at = find_word(at, "validation")); at++) {
            const char *into = at - strlen("into ");

            if (!writer || into < text || strncmp(into, "into ", strlen("into ")) != 0)
                complain(sql->name, "reads the table of validations", sql->file);
        }
    }
    assert_int_equal(faults, 0);
}

/* What follows is request_advance()'s to say (db/functions/request.sql); whoever puts a job on the way to a
 * certificate himself says it a second time. Only C1, which knows what it has just written, does. */
static void next_steps_have_one_maker(void **state)
{
    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++) {
        const char *text = all_sql[i]->text, *seen = plain(text);

        for (const char *at = seen; (at = strstr(at, "into job ")); at++) {
            const char *lane = strchr(text + (at - seen), '\'');

            if (lane && (!strncmp(lane, "'issue'", 7) || !strncmp(lane, "'dcv'", 5)) &&
                strcmp(all_sql[i]->name, "order_place") != 0)
                complain(all_sql[i]->name, "puts a job that request_advance() makes",
                         all_sql[i]->file);
        }
    }
    assert_int_equal(faults, 0);
}

/* ---- one order, one trace */

/* Who makes jobs that no call has caused. */
static bool has_no_trace(const struct sql *sql)
{
    return !strcmp(sql->name, "calendar_keep");
}

/* Logs can be followed only when every job takes the trace of what caused it along. */
static void jobs_carry_a_trace(void **state)
{
    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++) {
        const char *text = plain(all_sql[i]->text);

        for (const char *at = text; (at = strstr(at, "into job ")); at++) {
            const char *columns = arena_strndup(&arena, at, strcspn(at, ")"));

            if (!find_word(columns, "traceparent") && !has_no_trace(all_sql[i]))
                complain(all_sql[i]->name, "makes a job without a trace", all_sql[i]->file);
        }
    }
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_has_one_reader), cmocka_unit_test(one_clock),
        cmocka_unit_test(columns_are_named),       cmocka_unit_test(parts_fit_a_pick),
        cmocka_unit_test(tenants_are_asked),       cmocka_unit_test(callers_are_not_said),
        cmocka_unit_test(jobs_carry_a_trace),      cmocka_unit_test(next_steps_have_one_maker),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
