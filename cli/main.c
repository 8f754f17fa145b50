/* chancery: what an operator does by hand. */
#include <signal.h>

#include "base/log.h"
#include "commands.h"

// clang-format off
static const struct command commands[] = {
    { "migrate",         "[--passwords DIR]", "--passwords=", migrate_command, "bring the database to this version's schema; set the roles' passwords from DIR/SERVICE.password" },
    { "policy load",     "[DIR]",             NULL, policy_load_command,     "make the policy in DIR (policy) the one in force" },
    { "policy at",       "DATE [SCOPE]",      NULL, policy_at_command,       "the rules in force on a day" },
    { "policy snapshot", "[DIR] [--check]",   "--check", policy_snapshot_command, "write what each product is on a few days to DIR/snapshots; --check: only compare" },
    { "account create",  "NAME --username U --email E [--first-name F] [--last-name L]", "--username= --email= --first-name= --last-name=", account_create_command, "an account with its first administrator" },
    { "key create",      "USER_ID NAME [--role N]", "--role=", key_create_command, "an API key for a user, shown once" },
    { "jobs retry",      "ID",                NULL, jobs_retry_command,      "run a job again that was given up" },
    { "jobs",            "[--lane L] [--dead] [--limit N]", "--lane= --dead --limit=", jobs_command, "work that waits or is under way; --dead: given up, with its story" },
    { "quarantine settle", "ORDER_ID",        NULL, quarantine_settle_command, "an operator has seen to an order's attempts in quarantine" },
    { "quarantine",      "JOURNAL",           NULL, quarantine_command,      "after a restored backup: what an issuer's journal has and the database has not" },
    { "audit verify",    "[--heads FILE]",    "--heads=", audit_verify_command, "compute the chain of the audit log again; FILE: its heads as kept outside the database" },
    { "keys",            "DIR",               NULL, keys_command,            "make the bus keys of the five services in DIR, unless they are there" },
    { "seal-key",        "FILE",              NULL, seal_key_command,        "make the key that seals secrets in the database, unless it is there" },
    { 0 },
};
// clang-format on

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
#ifdef TESTING
    clock_allow_test_offset();
#endif
    log_start("chancery", LOG_WARN);
    return command_main(commands, argc, argv);
}
