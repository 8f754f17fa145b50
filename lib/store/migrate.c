#include "store/migrate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "store/connection.h"
#include "store/schema.h"
#include "store/script.h"

/* One file on its way into the database. */
struct step {
    struct script *script;
    struct arena *arena;
    const struct schema *schema;
    const struct schema_file *migration;
    struct fault *fault;
};

/* The recorded hash, NULL when it was never applied. */
static bool step_recorded(const struct step *t, const char **out)
{
    const char *params[] = { arena_format(t->arena, "%d", t->migration->number) };

    return script_ask(t->script, t->arena,
                      "SELECT encode(sha256, 'hex') FROM schema_migration WHERE number = $1::int",
                      params, 1, out, t->fault);
}

static bool step_record(const struct step *t)
{
    const struct schema_file *m = t->migration;
    char now[INSTANT_TEXT_SIZE];
    const char *params[] = { arena_format(t->arena, "%d", m->number), m->name, m->sha256,
                             instant_text(clock_now(), now) };

    return script_ask(t->script, t->arena,
                      "INSERT INTO schema_migration (number, name, sha256, applied)"
                      " VALUES ($1::int, $2, decode($3, 'hex'), $4::timestamptz)",
                      params, 4, NULL, t->fault);
}

/* `text` as one transaction, with what is to be recorded of it. */
static bool step_commit(const struct step *t, const char *text, bool (*record)(const struct step *))
{
    struct fault ignored, said;

    if (script_run(t->script, "BEGIN", t->fault) && script_run(t->script, text, t->fault) &&
        record(t) && script_run(t->script, "COMMIT", t->fault))
        return true;
    said = *t->fault;
    script_run(t->script, "ROLLBACK", &ignored);
    *t->fault = said;
    return false;
}

/* "t" it stands, "f" a try that failed has left it, NULL there is none. */
static bool index_look(const struct step *t, const char **valid)
{
    return script_ask(t->script, t->arena,
                      "SELECT indisvalid::text FROM pg_index WHERE indexrelid = to_regclass($1)",
                      (const char *[]){ t->migration->index }, 1, valid, t->fault);
}

static bool index_drop(const struct step *t)
{
    return script_run(t->script,
                      arena_format(t->arena, "DROP INDEX CONCURRENTLY %s",
                                   script_identifier(t->arena, t->migration->index)),
                      t->fault);
}

/* It was perhaps built by one who ended before he could record it. */
static bool index_build(const struct step *t)
{
    const char *valid;

    if (!index_look(t, &valid))
        return false;
    if (valid && *valid == 't')
        return true;
    if ((valid && !index_drop(t)) || !script_run(t->script, t->migration->text, t->fault) ||
        !index_look(t, &valid))
        return false;
    return (valid && *valid == 't') ||
           fault_set(t->fault, FAULT_INTERNAL, NULL, "makes no index %s", t->migration->index);
}

static bool step_apply(const struct step *t)
{
    struct fault said;

    if (t->migration->index ? index_build(t) && step_record(t)
                            : step_commit(t, t->migration->text, step_record))
        return true;
    said = *t->fault;
    return fault_set(t->fault, said.code, said.field, "%s: %s", t->migration->name, said.detail);
}

/* New files come after everything that was applied: another order would be another schema. */
static bool step_is_last(const struct step *t)
{
    const char *params[] = { arena_format(t->arena, "%d", t->migration->number) };
    const char *later;

    return script_ask(t->script, t->arena,
                      "SELECT name FROM schema_migration WHERE number > $1::int", params, 1, &later,
                      t->fault) &&
           (!later || fault_set(t->fault, FAULT_INTERNAL, NULL, "%s comes too late, after %s",
                                t->migration->name, later));
}

static bool step_take(const struct step *t, int *applied)
{
    const char *recorded;

    if (!step_recorded(t, &recorded))
        return false;
    if (recorded)
        return !strcmp(recorded, t->migration->sha256) ||
               fault_set(t->fault, FAULT_INTERNAL, NULL, "%s was changed after it was applied",
                         t->migration->name);
    if (!step_is_last(t) || !step_apply(t))
        return false;
    ++*applied;
    return true;
}

/* The functions as they were loaded last, NULL when they never were. */
static bool functions_recorded(const struct step *t, const char **out)
{
    return script_ask(t->script, t->arena, "SELECT encode(sha256, 'hex') FROM schema_functions",
                      NULL, 0, out, t->fault);
}

static bool functions_record(const struct step *t)
{
    char now[INSTANT_TEXT_SIZE];
    const char *params[] = { t->schema->functions_sha256, instant_text(clock_now(), now) };

    return script_ask(t->script, t->arena,
                      "INSERT INTO schema_functions AS s (one, sha256, loaded)"
                      " VALUES (true, decode($1, 'hex'), $2::timestamptz)"
                      " ON CONFLICT (one) DO UPDATE SET sha256 = excluded.sha256,"
                      " loaded = excluded.loaded",
                      params, 2, NULL, t->fault);
}

/* Who is behind the database leaves it those of a later program. */
static bool functions_are_ours(const struct step *t, bool *ours)
{
    const struct schema *s = t->schema;
    const char *later,
        *params[] = { arena_format(t->arena, "%d", s->migrations[s->migration_count - 1].number) };
    bool ok =
        script_ask(t->script, t->arena, "SELECT name FROM schema_migration WHERE number > $1::int",
                   params, 1, &later, t->fault);

    *ours = ok && !later;
    return ok;
}

/* One after the other, so that a fault has the name of its file; together or not at all. */
static bool functions_run(const struct step *t)
{
    struct fault said;

    for (int i = 0; i < t->schema->function_count; i++)
        if (!script_run(t->script, t->schema->functions[i].text, t->fault)) {
            said = *t->fault;
            return fault_set(t->fault, said.code, said.field, "functions/%s: %s",
                             t->schema->functions[i].name, said.detail);
        }
    return functions_record(t);
}

static bool functions_load(const struct step *t)
{
    const char *recorded;
    bool ours;

    if (!functions_are_ours(t, &ours) || (ours && !functions_recorded(t, &recorded)))
        return false;
    return !ours || (recorded && !strcmp(recorded, t->schema->functions_sha256)) ||
           step_commit(t, "", functions_run);
}

/* Asked for again and again: who waits inside a statement has a snapshot, and an index that is built
 * concurrently waits for all that are older. The number is "chancery" as a bigint. */
static bool lock(struct script *s, struct arena *a, struct fault *f)
{
    const char *got = NULL;

    while (script_ask(s, a, "SELECT pg_try_advisory_lock(x'6368616e63657279'::bigint)::text", NULL,
                      0, &got, f)) {
        if (got && *got == 't')
            return true;
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
    return false;
}

/* The lock goes with the connection. */
static bool lock_and_prepare(struct script *s, struct arena *a, struct fault *f)
{
    return lock(s, a, f) && script_run(s,
                                       "CREATE TABLE IF NOT EXISTS schema_migration ("
                                       " number int PRIMARY KEY, name text NOT NULL,"
                                       " sha256 bytea NOT NULL, applied timestamptz NOT NULL);"
                                       "CREATE TABLE IF NOT EXISTS schema_functions ("
                                       " one boolean PRIMARY KEY CHECK (one),"
                                       " sha256 bytea NOT NULL, loaded timestamptz NOT NULL)",
                                       f);
}

bool migrate(struct secret url, const char *folder, int *applied, struct fault *f)
{
    struct schema schema;
    struct script *script = NULL;
    int done = 0;
    bool ok = schema_read(&schema, folder, f) && (script = script_open(url, f)) &&
              lock_and_prepare(script, &schema.arena, f);
    struct step step = { script, &schema.arena, &schema, NULL, f };

    for (int i = 0; ok && i < schema.migration_count; i++) {
        step.migration = &schema.migrations[i];
        ok = step_take(&step, &done);
    }
    ok = ok && functions_load(&step);
    script_close(script);
    schema_free(&schema);
    if (applied)
        *applied = done;
    return ok;
}

bool migrate_fingerprint(const char *folder, char out[65], struct fault *f)
{
    struct schema schema;
    bool ok = schema_read(&schema, folder, f);

    if (ok)
        schema_fingerprint(&schema, out);
    schema_free(&schema);
    return ok;
}

bool migrate_current(struct store *s, int *number, struct fault *f)
{
    AUTO(PGresult)
    result =
        connection_command(s, "SELECT coalesce(max(number), 0)::text FROM schema_migration", f);

    *number = 0;
    if (!result) /* undefined_table: nothing was ever migrated here */
        return f->code == FAULT_INTERNAL && !strncmp(f->detail, "42P01", 5);
    *number = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
    return true;
}

bool migrate_check(struct store *s, int oldest, int newest, struct fault *f)
{
    int number;

    if (!migrate_current(s, &number, f))
        return false;
    if (number < oldest || (newest && number > newest))
        return fault_set(f, FAULT_INTERNAL, NULL,
                         "the schema is at %d, this program wants %d to %d", number, oldest,
                         newest);
    return true;
}
