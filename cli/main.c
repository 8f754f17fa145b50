/* chancery: what an operator does by hand. */
#include <signal.h>

#include "base/log.h"
#include "base/process.h"
#include "commands.h"

// clang-format off
static const struct command commands[] = {
    { "migrate",         "[--passwords DIR]", "--passwords=", migrate_command, "bring the database to this version's schema; set the roles' passwords from DIR/SERVICE.password" },
    { "policy load",     "[DIR] [--no-logs]", "--no-logs", policy_load_command, "make the policy in DIR the one in force; without it, that which was installed with this program, else ./policy; --no-logs: certificates are logged no more" },
    { "policy at",       "DATE [SCOPE] [--product P] [--json]", "--product= --json", policy_at_command, "the rules in force on a day, all of them or those of a scope: TLS; CA: of certificates of authorities; OPS: of those of responders; PRIV: of private ones; --product: with what is sold, signed and checked then" },
    { "policy diff",     "DATE DATE [--product P] [--json]", "--product= --json", policy_diff_command, "what begins, ends or is another between two days" },
    { "policy touches",  "RULE [--json]",     "--json", policy_touches_command,  "which validations, certificates and orders that wait the days of a rule reach, with counts" },
    { "policy rows",     "[DIR] [--json]",    "--json", policy_rows_command,     "each rule of DIR (./policy), who enforces it, and the test that proves it" },
    { "policy snapshot", "[DIR] [--check]",   "--check", policy_snapshot_command, "write what each product is on a few days to DIR/snapshots; --check: only compare" },
    { "account create",  "NAME --username U --email E [--first-name F] [--last-name L]", "--username= --email= --first-name= --last-name=", account_create_command, "an account with its first administrator" },
    { "key create",      "USER_ID NAME [--role N]", "--role=", key_create_command, "an API key for a user, shown once" },
    { "account list",    "[--limit N] [--json]", "--limit= --json", account_list_command, "the accounts there are" },
    { "user list",       "[--account N] [--limit N] [--json]", "--account= --limit= --json", user_list_command, "the users there are, with the ids that key create takes" },
    { "key list",        "[--account N] [--user N] [--limit N] [--json]", "--account= --user= --limit= --json", key_list_command, "the API keys there are; none is shown itself" },
    { "key revoke",      "ID",                NULL, key_revoke_command,      "let an API key work no more" },
    { "key block",       "FILE|SHA256 --reason TEXT", "--reason=", key_block_command, "certify a key no more, which is known to others: of a certificate, request or key in PEM, or by the hash of its SubjectPublicKeyInfo" },
    { "key check",       "FILE",              NULL, key_check_command,       "whether a request with the key of FILE is refused, and why: its size, exponent and factors, ROCA, Debian's weak keys, and with a database: is it blocked; status 1: it is refused" },
    { "key blocked list", "[--limit N] [--json]", "--limit= --json", key_blocked_command, "the keys that are blocked, the latest first" },
    { "changes",         "[--at DATE] [--json]", "--at= --json", changes_command, "what changes by the policy in force, as of a day (today): what is to come, the furthest first, then what has come, the newest first" },
    { "status",          "[--json]",          "--json", status_command,      "one page: policy, authorities, lanes of jobs, what waits, what expires" },
    { "order show",      "ID|SERIAL [--json]", "--json", order_show_command, "one order, by its number or by the serial number of its certificate" },
    { "order list",      "[--status S] [--account N] [--limit N] [--json]", "--status= --account= --limit= --json", order_list_command, "orders, the newest first" },
    { "order why",       "ID|SERIAL [--json]", "--json", why_order_command, "the same as why order" },
    { "why order",       "ID|SERIAL [--json]", "--json", why_order_command, "the story of an order: what happened, what was seen, what it waits for, and who must do what" },
    { "webhook list",    "[--failing] [--account N] [--limit N] [--json]", "--failing --account= --limit= --json", webhook_list_command, "the webhooks there are, the newest first; --failing: those whose last message was not taken, and why" },
    { "webhook show",    "ID [--json]",       "--json", webhook_show_command, "one webhook: what it is told of, and what waits for it" },
    { "webhook log",     "ID [--limit N] [--json]", "--limit= --json", webhook_log_command, "what was sent to a webhook, what it answered, and why that did not count; the newest first" },
    { "jobs retry",      "[ID] [--lane L]",   "--lane=", jobs_retry_command,      "run a job again that was given up; --lane: all of a lane" },
    { "jobs",            "[--lane L] [--dead] [--limit N] [--json]", "--lane= --dead --limit= --json", jobs_command, "work that waits or is under way; --dead: given up, with its story" },
    { "quarantine settle", "REQUEST_ID",      NULL, quarantine_settle_command, "an operator has seen to a request's attempts in quarantine: it goes on" },
    { "quarantine",      "[JOURNAL] [--json]", "--json", quarantine_command,      "what is in quarantine; JOURNAL: after a restored backup, what it has and the database has not" },
    { "authority stop",  "ID",                NULL, authority_stop_command,  "keep an authority from signing, at once; its orders wait" },
    { "authority start", "ID",                NULL, authority_start_command, "let a stopped authority sign again" },
    { "authority check", "[--json]",          "--json", authority_check_command, "whether a public authority has a name or addresses that cannot be meant in earnest; status 1: one has" },
    { "authority",       "[--json]",          "--json", authority_list_command,  "the authorities there are, and which may sign" },
    { "audit list",      "[--subject order/N] [--since WHEN] [--limit N] [--json]", "--subject= --since= --limit= --json", audit_list_command, "what was done, by whom, to what; the newest first" },
    { "audit heads begin", "",                NULL, heads_begin_command,     "let an empty copy of the heads be filled again, once, after it was lost" },
    { "audit verify",    "[--heads FILE]",    "--heads=", audit_verify_command, "compute the chain of the audit log again; FILE: its heads as kept outside the database" },
    { "audit facts",     "[--since DATE] [--journal FILE]...", "--since= --journal=", audit_facts_command, "is what stands in the tables what the audit log says, and the issuers' journals: --journal for each" },
    { "lint",            "FILE [--issuer FILE] [--profile NAME] [--scope TLS|CA|PRIV] [--url URL] [--crl FILE] [--unassigned] [--at DATE] [--policy DIR] [--json]", "--issuer= --profile= --scope= --url= --crl= --unassigned --at= --policy= --json", lint_command, "what the issuer's checks say of a certificate (by a profile, tls-dv), a CRL or an OCSP response; status 1: one fails" },
    { "keys",            "DIR [--perspective NAME]...", "--perspective=", keys_command, "make the bus keys of the five services in DIR, and of each perspective, unless they are there" },
    { "policy-key",      "FILE",              NULL, policy_key_command,      "make the key that signs policies, and FILE.pub for the issuers, unless it is there" },
    { "reseal",          "FILE [--batch N]",  "--batch=", reseal_command,     "seal with the key in FILE what the one in FILE.old has sealed; may be ended and run again at any time" },
    { "seal-key",        "FILE",              NULL, seal_key_command,        "make the key that seals secrets in the database, unless it is there" },
    { 0 },
};
// clang-format on

int main(int argc, char **argv)
{
    process_guard();
    signal(SIGPIPE, SIG_IGN);
#ifdef TESTING
    clock_allow_test_offset();
#endif
    log_start("chancery", LOG_WARN);
    return command_main(commands, argc, argv);
}
