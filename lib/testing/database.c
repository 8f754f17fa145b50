#include "testing/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/migrate.h"
#include "store/script.h"
#include "testing/cluster.h"

struct database {
    struct arena arena;
    const char *name;
};

static _Noreturn void die(const char *what, const struct fault *f)
{
    fprintf(stderr, "test database: %s: %s\n", what, f->detail);
    exit(1);
}

const char *database_cluster(void)
{
    static const char *url;

    if (!url)
        url = getenv("CHANCERY_TEST_DATABASE");
    if (!url || !*url)
        url = cluster_start();
    return url;
}

static struct script *administrator(void)
{
    struct fault f;
    struct script *s = script_open((struct secret){ database_cluster() }, &f);

    if (!s)
        die("cannot connect", &f);
    return s;
}

static void run(struct script *s, const char *text)
{
    struct fault f;

    if (!script_run(s, text, &f))
        die(text, &f);
}

static bool exists(struct script *s, struct arena *a, const char *database)
{
    const char *params[] = { database }, *found;
    struct fault f;

    if (!script_ask(s, a, "SELECT '1' FROM pg_database WHERE datname = $1", params, 1, &found, &f))
        die("cannot look for a template", &f);
    return found;
}

/* In keyword form the last word counts. */
static const char *url_of(struct arena *a, const char *role, const char *database)
{
    return role ? arena_format(a, "%s user=chancery_%s dbname=%s", database_cluster(), role,
                               database)
                : arena_format(a, "%s dbname=%s", database_cluster(), database);
}

/* The owner may make the other roles, as it does when the product is installed. */
static void make_owner(struct script *s)
{
    run(s, "DO $$ BEGIN"
           " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_owner') THEN"
           " CREATE ROLE chancery_owner LOGIN CREATEROLE;"
           " END IF; END $$");
}

/* Under its final name only when it is whole. */
static void make_template(struct script *s, struct arena *a, const char *name,
                          const char *migrations)
{
    const char *draft = arena_format(a, "%s_draft", name);
    struct fault f;

    make_owner(s);
    run(s, arena_format(a, "DROP DATABASE IF EXISTS %s WITH (FORCE)", draft));
    run(s, arena_format(a, "CREATE DATABASE %s OWNER chancery_owner TEMPLATE template0", draft));
    if (!migrate((struct secret){ url_of(a, "owner", draft) }, migrations, NULL, &f))
        die(migrations, &f);
    run(s, arena_format(a, "ALTER DATABASE %s RENAME TO %s", draft, name));
}

/* The lock is of the administrator's database, so it serialises all tests of the cluster. */
static const char *template_of(struct script *s, struct arena *a, const char *migrations)
{
    char fingerprint[65];
    const char *name;
    struct fault f;

    if (!migrate_fingerprint(migrations, fingerprint, &f))
        die(migrations, &f);
    name = arena_format(a, "template_%.24s", fingerprint);
    run(s, "SELECT pg_advisory_lock(7331)");
    if (!exists(s, a, name))
        make_template(s, a, name, migrations);
    run(s, "SELECT pg_advisory_unlock(7331)");
    return name;
}

/* Functions with the owner's rights have a path of their own. */
#define SHIFT_FUNCTIONS                                                                            \
    "DO $$ DECLARE f regprocedure; BEGIN"                                                          \
    " FOR f IN SELECT oid FROM pg_proc"                                                            \
    "           WHERE proconfig @> ARRAY['search_path=pg_catalog, public, pg_temp'] LOOP"          \
    " EXECUTE format('ALTER FUNCTION %s SET search_path = test_clock, pg_catalog, public, "        \
    "pg_temp', f); END LOOP; END $$;"

/* now() of a scratch database is clock_now(), so that rows of a test and what it asks are of one time;
 * leases, which only go by now(), hold as before. Tables are made in the first schema of a path. */
static void shift_now(const struct database *d)
{
    struct fault f;
    struct arena a;
    struct script *s;
    long long offset = clock_test_offset().us;

    if (!offset)
        return;
    arena_init(&a);
    s = script_open((struct secret){ url_of(&a, NULL, d->name) }, &f);
    if (!s)
        die(d->name, &f);
    run(s, arena_format(&a,
                        "CREATE SCHEMA test_clock; GRANT USAGE ON SCHEMA test_clock TO PUBLIC;"
                        "CREATE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql STABLE"
                        " AS 'SELECT pg_catalog.now() + interval ''%lld microseconds''';"
                        "ALTER DATABASE %s SET search_path = public, test_clock, pg_catalog",
                        offset, d->name));
    run(s, SHIFT_FUNCTIONS);
    script_close(s);
    arena_free(&a);
}

struct database *database_new(const char *migrations)
{
    struct database *d = calloc(1, sizeof *d);
    struct script *s = administrator();
    char unique[13];

    arena_init(&d->arena);
    random_text(unique, 12);
    d->name = arena_format(&d->arena, "scratch_%s", unique);
    make_owner(s);
    run(s, arena_format(&d->arena, "CREATE DATABASE %s OWNER chancery_owner TEMPLATE %s", d->name,
                        migrations ? template_of(s, &d->arena, migrations) : "template0"));
    if (migrations) /* rights on a database are not copied with it */
        run(s, arena_format(&d->arena, "REVOKE TEMPORARY ON DATABASE %s FROM PUBLIC", d->name));
    script_close(s);
    shift_now(d);
    return d;
}

void database_free(struct database *d)
{
    struct script *s;

    if (!d)
        return;
    s = administrator();
    run(s, arena_format(&d->arena, "DROP DATABASE %s WITH (FORCE)", d->name));
    script_close(s);
    arena_free(&d->arena);
    free(d);
}

const char *database_url(struct database *d, const char *role)
{
    return url_of(&d->arena, role, d->name);
}
