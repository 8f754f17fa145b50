/* chancery migrate: the schema, and the passwords of the roles. */
#include "store/migrate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "files.h"
#include "share.h"
#include "store/script.h"

/* Made by the migrations (0001_roles.sql). */
static const char *const roles[] = { "gateway",   "validation", "issuer",  "notifier",
                                     "scheduler", "cli",        "ceremony" };

static bool applied_print(struct command_run *r, struct script *s, int applied, struct fault *f)
{
    const char *params[] = { arena_format(&r->arena, "%d", applied) }, *names = NULL;
    if (applied == 0)
        return fprintf(r->out, "the schema is up to date\n") > 0;
    if (!script_ask(s, &r->arena,
                    "SELECT string_agg('applied ' || name, E'\\n' ORDER BY number)"
                    "  FROM (SELECT number, name FROM schema_migration"
                    "         ORDER BY number DESC LIMIT $1::int) AS newest",
                    params, 1, &names, f))
        return false;
    fprintf(r->out, "%s\n", names ? names : "");
    return true;
}

static bool password_set(struct command_run *r, struct script *s, const char *folder,
                         const char *service, struct fault *f)
{
    const char *path = arena_format(&r->arena, "%s/%s.password", folder, service);
    const char *role = arena_format(&r->arena, "chancery_%s", service);
    char *password = NULL;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!file_read_secret(&r->arena, path, &password, f))
        return false;
    password[strcspn(password, "\r\n")] = '\0';
    if (!*password)
        return fault_set(f, FAULT_INVALID, path, "is empty; its first line is the password");
    if (!script_password(s, &r->arena, role, (struct secret){ password }, f))
        return false;
    fprintf(r->out, "password set for %s\n", role);
    return true;
}

static bool passwords_set(struct command_run *r, struct script *s, struct fault *f)
{
    const char *folder = command_option(r, "passwords");
    if (!folder)
        return true;
    if (access(folder, R_OK | X_OK) != 0)
        return fault_set(f, FAULT_INVALID, folder, "cannot be read: %s", strerror(errno));
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (!password_set(r, s, folder, roles[i], f))
            return false;
    return true;
}

bool migrate_command(struct command_run *r, struct fault *f)
{
    struct secret url, folder;
    int applied = 0;
    r->database = "CHANCERY_ADMIN_DATABASE_URL";
    if (!command_setting(r, "ADMIN_DATABASE_URL", NULL,
                         "the database, as the role that owns the schema", &url, f) ||
        !command_setting(r, "MIGRATIONS", share_folder(&r->arena, "migrations", "db/migrations"),
                         "folder of migrations", &folder, f) ||
        !migrate(url, folder.text, &applied, f))
        return false;
    struct script *s = script_open(url, f);
    bool ok = s && applied_print(r, s, applied, f) && passwords_set(r, s, f);
    script_close(s);
    return ok;
}
