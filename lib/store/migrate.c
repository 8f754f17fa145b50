#include "store/migrate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pki/digest.h"
#include "store/connection.h"
#include "store/script.h"

struct migration {
    int number;
    char *name, *text;
    char sha256[2 * SHA256_SIZE + 1];
};

struct migrations {
    struct arena arena;
    struct migration *items;
    int count;
};

AUTO_FREE(FILE, fclose);

static bool file_read(struct arena *a, const char *path, char **out, struct fault *f)
{
    AUTO(FILE) file = fopen(path, "re");
    char block[8192];
    struct text text;
    size_t size;

    if (!file)
        return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", path, strerror(errno));
    text_init(&text, a);
    while ((size = fread(block, 1, sizeof block, file)) > 0)
        text_add_bytes(&text, block, size);
    *out = text.data;
    return (!ferror(file) && strlen(text.data) == text.length) ||
           fault_set(f, FAULT_INTERNAL, NULL, "%s: cannot be read or is no text", path);
}

static int is_migration(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t length = strlen(name);

    for (int i = 0; i < 4; i++)
        if (!isdigit((unsigned char)name[i]))
            return 0;
    return length > 9 && name[4] == '_' && !strcmp(name + length - 4, ".sql");
}

static void hash(struct bytes in, char out[2 * SHA256_SIZE + 1])
{
    uint8_t sum[SHA256_SIZE];

    digest_sha256(in, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

static bool migration_read(struct arena *a, const char *folder, const char *name,
                           struct migration *out, struct fault *f)
{
    out->number = (int)strtol(name, NULL, 10);
    out->name = arena_strdup(a, name);
    if (!file_read(a, arena_format(a, "%s/%s", folder, name), &out->text, f))
        return false;
    hash(BYTES_OF(out->text), out->sha256);
    return true;
}

static bool numbers_grow(const struct migrations *m, struct fault *f)
{
    for (int i = 1; i < m->count; i++)
        if (m->items[i].number <= m->items[i - 1].number)
            return fault_set(f, FAULT_INTERNAL, NULL, "two migrations have number %d",
                             m->items[i].number);
    return true;
}

/* The files of `folder` in the order of their numbers. */
static bool migrations_read(struct migrations *m, const char *folder, struct fault *f)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_migration, alphasort);
    bool ok = true;

    arena_init(&m->arena);
    m->items = arena_array(&m->arena, struct migration, count > 0 ? (size_t)count : 1);
    m->count = 0;
    for (int i = 0; i < count; i++) {
        ok = ok && migration_read(&m->arena, folder, entries[i]->d_name, &m->items[m->count++], f);
        free(entries[i]);
    }
    free(entries);
    if (count <= 0)
        return fault_set(f, FAULT_INTERNAL, NULL, "no migrations in %s", folder);
    return ok && numbers_grow(m, f);
}

/* One migration of the file on its own connection, with what the database knows of it. */
struct step {
    struct script *script;
    struct arena *arena;
    const struct migration *migration;
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
    const struct migration *m = t->migration;
    char now[INSTANT_TEXT_SIZE];
    const char *params[] = { arena_format(t->arena, "%d", m->number), m->name, m->sha256,
                             instant_text(clock_now(), now) };

    return script_ask(t->script, t->arena,
                      "INSERT INTO schema_migration (number, name, sha256, applied)"
                      " VALUES ($1::int, $2, decode($3, 'hex'), $4::timestamptz)",
                      params, 4, NULL, t->fault);
}

static bool step_apply(const struct step *t)
{
    struct fault ignored, said;

    if (script_run(t->script, "BEGIN", t->fault) &&
        script_run(t->script, t->migration->text, t->fault) && step_record(t) &&
        script_run(t->script, "COMMIT", t->fault))
        return true;
    said = *t->fault;
    script_run(t->script, "ROLLBACK", &ignored);
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

/* The lock goes with the connection. Its number is "chancery" as a bigint. */
static bool lock_and_prepare(struct script *s, struct fault *f)
{
    return script_run(s, "SELECT pg_advisory_lock(x'6368616e63657279'::bigint)", f) &&
           script_run(s,
                      "CREATE TABLE IF NOT EXISTS schema_migration ("
                      " number int PRIMARY KEY, name text NOT NULL,"
                      " sha256 bytea NOT NULL, applied timestamptz NOT NULL)",
                      f);
}

bool migrate(struct secret url, const char *folder, int *applied, struct fault *f)
{
    struct migrations m;
    struct script *script = NULL;
    int done = 0;
    bool ok = migrations_read(&m, folder, f) && (script = script_open(url, f)) &&
              lock_and_prepare(script, f);

    for (int i = 0; ok && i < m.count; i++)
        ok = step_take(&(struct step){ script, &m.arena, &m.items[i], f }, &done);
    script_close(script);
    arena_free(&m.arena);
    if (applied)
        *applied = done;
    return ok;
}

bool migrate_fingerprint(const char *folder, char out[65], struct fault *f)
{
    struct migrations m;
    struct text all;
    bool ok = migrations_read(&m, folder, f);

    text_init(&all, &m.arena);
    for (int i = 0; ok && i < m.count; i++)
        text_format(&all, "%s %s\n", m.items[i].name, m.items[i].sha256);
    if (ok)
        hash((struct bytes){ (const uint8_t *)all.data, all.length }, out);
    arena_free(&m.arena);
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
