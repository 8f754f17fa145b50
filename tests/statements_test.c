/* Every statement of every program against the schema, its messages, and the rights of its role.
 *
 * A statement runs as each of the roles in the first line of its file: "-- roles: gateway issuer". Without
 * such a line one of services/NAME runs as chancery_NAME and one of cli/ as chancery_cli; lib/ must have
 * one. All faults are shown before the test fails.
 */
#include "tests/statements.h"

#include "message/field.h"
#include "store/describe.h"

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

/* The statement's own word, in both releases. */
static bool says_it_itself(const struct sql *sql)
{
    return !strcmp(sql->name, "email_look");
}

/* A row may hold what only a newer release knows: then the member stays unset (lib/message/row.h), which
 * a required one cannot, and the whole set of rows with it fails. */
static void check_enums(const struct sql *sql, const struct description *d)
{
    for (size_t i = 0; i < d->count; i++) {
        struct row_path path;
        struct fault f;

        if (!row_path_read(sql->out, d->columns[i].name, &path, &f))
            continue;
        const ProtobufCFieldDescriptor *field = path.steps[path.depth - 1];
        if (field->type == PROTOBUF_C_TYPE_ENUM && field->label == PROTOBUF_C_LABEL_REQUIRED &&
            !says_it_itself(sql))
            complain(sql->name, "an enum that is required", d->columns[i].name);
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
    check_enums(sql, d);
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
    const char *text = file_text(sql->file);

    if (!strncmp(text, mark, strlen(mark)))
        return arena_strndup(&arena, text + strlen(mark), strcspn(text + strlen(mark), "\n"));
    if (!strncmp(sql->file, cli, strlen(cli)))
        return "cli";
    if (!strncmp(sql->file, service, strlen(service))) {
        const char *name = sql->file + strlen(service);

        return arena_strndup(&arena, name, strcspn(name, "/"));
    }
    complain(sql->file, "no roles", "the first line must be \"-- roles: NAME ...\"");
    return "";
}

/* A generic plan keeps every part of the statement, so that the right to each part is asked. */
static struct store *store_as(const char *role)
{
    const char *url = arena_format(&arena, "%s options='-c plan_cache_mode=force_generic_plan'",
                                   database_url(database, role));

    return store_new(&(struct store_options){
        .url = { url }, .prepare = true, .timeout = patience(), .application = "statements_test" });
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
    static const char *const roles[] = { "gateway",   "validation", "issuer",  "notifier",
                                         "scheduler", "cli",        "ceremony" };
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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(statements_fit) };

    return cmocka_run_group_tests(tests, start, stop);
}
