/* Every statement of every program against the schema, its messages, and the rights of its role.
 *
 * A statement of services/NAME runs as chancery_NAME, one of cli/ as chancery_cli, and one of lib/
 * as each of the roles in the first line of its file: "-- roles: gateway issuer". All faults are
 * shown before the test fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "message/field.h"
#include "store/describe.h"
#include "store/script.h"
#include "testing/database.h"

extern const struct sql *const all_sql[];

AUTO_FREE(FILE, fclose);

static struct arena arena;
static struct database *database;
static int faults;

/* Statements of the gateway that ask no account, and why that is right. */
// clang-format off
static const struct {
    const char *statement, *reason;
} without_account[] = {
    { "session_find", "finds out whose key it is" },
};
// clang-format on

static void complain(const char *where, const char *what, const char *detail)
{
    print_error("%s: %s: %s\n", where, what, detail);
    faults++;
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    database_free(database);
    arena_free(&arena);
    return 0;
}

static char *file_text(const char *path)
{
    AUTO(FILE) file = fopen(path, "re");
    struct text t;
    char line[4096];

    if (!file)
        fail_msg("%s cannot be read (run from the top of the tree)", path);
    text_init(&t, &arena);
    while (fgets(line, sizeof line, file))
        text_add(&t, line);
    return t.data;
}

/* ---- does it fit schema, messages and rights? */

static bool is_prefix(const char *name, const char *of)
{
    size_t length = strlen(name);

    return !strncmp(of, name, length) && (!of[length] || of[length] == '.');
}

static bool is_filled(const struct description *d, const char *path)
{
    for (size_t i = 0; i < d->count; i++)
        if (is_prefix(path, d->columns[i].name))
            return true;
    return false;
}

/* Is the member there as a whole, by a column of its own name? */
static bool is_column(const struct description *d, const char *path)
{
    for (size_t i = 0; i < d->count; i++)
        if (!strcmp(d->columns[i].name, path))
            return true;
    return false;
}

/* A message that any column reaches into must get all its required members. */
static void check_required(const struct sql *sql, const struct description *d,
                           const ProtobufCMessageDescriptor *type, const char *prefix)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *path = arena_format(&arena, "%s%s", prefix, field->name);
        bool filled = is_filled(d, path);

        if (field->label == PROTOBUF_C_LABEL_REQUIRED && !filled)
            complain(sql->name, "no column for the required member", path);
        if (filled && field->type == PROTOBUF_C_TYPE_MESSAGE && !is_column(d, path))
            check_required(sql, d, field->descriptor, arena_format(&arena, "%s.", path));
    }
}

static void check_columns(const struct sql *sql, const struct description *d)
{
    if (sql->rows == SQL_NONE) {
        if (d->count)
            complain(sql->name, "gives Nothing, but has a column", d->columns[0].name);
        return;
    }
    if (d->count == 0 && sql->out->n_fields)
        complain(sql->name, "has no column", sql->file);
    for (size_t i = 0; i < d->count; i++)
        for (size_t k = 0; k < i; k++)
            if (!strcmp(d->columns[i].name, d->columns[k].name))
                complain(sql->name, "two columns of one name", d->columns[i].name);
    check_required(sql, d, sql->out, "");
}

static void try_as(const struct sql *sql, struct store *s, const char *role)
{
    const char *who = arena_format(&arena, "%s (%s, as %s)", sql->name, sql->file, role);
    struct description d;
    struct fault f;

    if (!store_describe(s, &arena, sql, &d, &f)) {
        complain(who, *f.field ? f.field : "refused", f.detail);
        return;
    }
    check_columns(sql, &d);
    if (!store_explain(s, &arena, sql, &f))
        complain(who, "not allowed", f.detail);
}

/* The roles whose statement it is, separated by spaces. */
static const char *roles_of(const struct sql *sql)
{
    static const char mark[] = "-- roles: ", service[] = "services/", cli[] = "cli/";
    const char *text;

    if (!strncmp(sql->file, cli, strlen(cli)))
        return "cli";
    if (!strncmp(sql->file, service, strlen(service))) {
        const char *name = sql->file + strlen(service);

        return arena_strndup(&arena, name, strcspn(name, "/"));
    }
    text = file_text(sql->file);
    if (!strncmp(text, mark, strlen(mark)))
        return arena_strndup(&arena, text + strlen(mark), strcspn(text + strlen(mark), "\n"));
    complain(sql->file, "no roles", "the first line must be \"-- roles: NAME ...\"");
    return "";
}

/* A generic plan keeps every part of the statement, so that the right to each part is asked. */
static struct store *store_as(const char *role)
{
    const char *url = arena_format(&arena, "%s options='-c plan_cache_mode=force_generic_plan'",
                                   database_url(database, role));

    return store_new(&(struct store_options){ .url = { url },
                                              .prepare = true,
                                              .timeout = seconds(30),
                                              .application = "statements_test" });
}

static bool names_role(const char *roles, const char *role)
{
    size_t length = strlen(role);

    for (const char *at = roles; (at = strstr(at, role)); at += length)
        if ((at == roles || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

static void statements_fit(void **state)
{
    static const char *const roles[] = { "gateway",  "validation", "issuer",
                                         "notifier", "scheduler",  "cli" };
    int tried = 0;

    (void)state;
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
        struct store *s = store_as(roles[r]);

        for (int i = 0; all_sql[i]; i++)
            if (names_role(roles_of(all_sql[i]), roles[r])) {
                try_as(all_sql[i], s, roles[r]);
                tried++;
            }
        store_free(s);
    }
    assert_true(tried > 0);
    assert_int_equal(faults, 0);
}

/* ---- what the text must not say */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* In lower case, with what stands in '...' and behind "--" blanked, so that positions stay. */
static char *plain(const char *text)
{
    char *out = arena_strdup(&arena, text), quote = 0;

    for (char *p = out; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
        if (quote == '-') {
            quote = *p == '\n' ? 0 : quote;
        } else if (quote) {
            quote = *p == quote ? 0 : quote;
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
            bool call = strcmp(clocks[i], "now") || at[strspn(at, "now ")] == '(';

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

static void one_clock(void **state)
{
    struct dirent **entries = NULL;
    int count = scandir("db/migrations", &entries, NULL, alphasort);

    (void)state;
    faults = 0;
    for (int i = 0; all_sql[i]; i++)
        if (is_new_file(all_sql[i]))
            check_clock(all_sql[i]->file);
    assert_true(count > 2);
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".sql"))
            check_clock(arena_format(&arena, "db/migrations/%s", entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
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

/* ---- accounts are kept apart */

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
        if (!strcmp(sql->params[i], "account_id"))
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
            complain(sql->name, "has no :account_id", sql->file);
        if (!needed && is_exception(sql))
            complain(sql->name, "needs no exception", sql->file);
    }
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_fit),
        cmocka_unit_test(one_clock),
        cmocka_unit_test(columns_are_named),
        cmocka_unit_test(tenants_are_asked),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
