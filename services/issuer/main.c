/* chancery-issuer: the only service with keys. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ceremony_command.h"
#include "issuance.h"
#include "issuance.sql.h"
#include "issuer.h"
#include "journal.h"
#include "ledger/policy.h"
#include "lints_command.h"
#include "pki/ed25519.h"
#include "pki/weak_keys.h"
#include "service/metrics.h"
#include "service/service.h"
#include "signers.h"

static struct issuer_settings {
    const char *module, *label, *journal, *policy_key;
    struct ceremony_names names;
    struct secret pin;
    int workers, sessions;
    bool session_copy;
    struct duration lease;
} settings;

// clang-format off
static const struct config_item items[] = {
    CONFIG(struct issuer_settings, module,       "TOKEN_MODULE",  "/usr/lib/softhsm/libsofthsm2.so", "PKCS#11 library of the token"),
    CONFIG(struct issuer_settings, label,        "TOKEN_LABEL",   NULL,    "label of the token that holds the keys"),
    CONFIG(struct issuer_settings, pin,          "TOKEN_PIN",     NULL,    "its user PIN"),
    CONFIG(struct issuer_settings, sessions,     "TOKEN_SESSIONS", "2",    "signing threads", "1", "64"),
    CONFIG(struct issuer_settings, session_copy, "TOKEN_SESSION_COPY", "no", "sign with session copies of the keys: faster on SoftHSM, refused by real HSMs; keys of a ceremony held without it have none"),
    CONFIG(struct issuer_settings, journal,      "JOURNAL",       "issuer-journal", "file that keeps what is signed, for the day after a restored backup; on a volume of its own"),
    CONFIG(struct issuer_settings, policy_key,   "POLICY_PUBLIC_KEY", NULL, "file with the public half of the key that policies are signed with (chancery policy-key)"),
    CONFIG(struct issuer_settings, workers,      "ISSUE_WORKERS", "2",     "threads that issue", "1", "32"),
    CONFIG(struct issuer_settings, lease,        "ISSUE_LEASE",   "30s",   "how long a worker may take for its orders before others take them over", "1s", "10m"),
    CONFIG(struct issuer_settings, names.status, "STATUS_HOST",   NULL,    "host of the OCSP, CRL and CA certificate addresses in certificates: it stands in them for as long as they are valid"),
    CONFIG(struct issuer_settings, names.name,   "CA_NAME",       "",      "for the ceremony, which needs it: what the common names of the CA's certificates begin with"),
    CONFIG(struct issuer_settings, names.organization, "CA_ORGANIZATION", "", "for the ceremony, which needs it: the organization in the CA's certificates"),
    CONFIG(struct issuer_settings, names.country, "CA_COUNTRY",   "",      "for the ceremony, which needs it: the country in the CA's certificates, two letters of ISO 3166-1"),
    { 0 },
};

static struct lane lanes[] = {
    { .name = "issue", .batch = 32, .room = 4096, .attempts = 10, .claims_itself = true, .gather = 16, .run = issuance_run },
    { 0 },
};
// clang-format on

static bool token_is_ready(void *context, struct fault *f)
{
    (void)context;
    return token_ready(issuer.token, f);
}

static bool journal_is_good(void *context, struct fault *f)
{
    (void)context;
    return journal_good(issuer.journal, f);
}

static bool weak_keys_are_read(void *context, struct fault *f)
{
    (void)context;
    return weak_keys_ready(f);
}

static bool signers_are_ready(void *context, struct fault *f)
{
    (void)context;
    return signers_ready(f);
}

static const struct health_check checks[] = { { "token", token_is_ready, NULL },
                                              { "signers", signers_are_ready, NULL },
                                              { "journal", journal_is_good, NULL },
                                              { "weak_keys", weak_keys_are_read, NULL },
                                              { 0 } };

/* Keys that were not found while it was away are looked for at once, and orders that were put off
 * since it did not sign are tried. */
static void token_is_back(void *context)
{
    (void)context;
    signers_token_is_back();
}

static void weak_keys_place(struct service_run *run)
{
    weak_keys_folder(arena_format(&run->arena, "%s/weak-keys", run->shared.policy));
}

static bool start(struct service_run *run, struct fault *f)
{
    struct token_options o = { .module = settings.module,
                               .label = settings.label,
                               .pin = settings.pin,
                               .sessions = settings.sessions,
                               .session_copy = settings.session_copy,
                               .became_ready = token_is_back };
    const struct ed25519_key *policy_key = ed25519_load(settings.policy_key, f);
    issuer.journal = policy_key ? journal_open(settings.journal, f) : NULL;
    if (!issuer.journal)
        return false;
    policy_trust(policy_key);
    weak_keys_place(run);
    for (enum metric m = METRIC_LINTED_CLEAN; m <= METRIC_LINTED_REFUSED; m++)
        metric_add(m, 0); /* shown from the beginning: an alert sees the first one, too */
    issuer.run = run;
    issuer.status_host = settings.names.status;
    issuer.lease = lanes[0].lease = settings.lease;
    issuer.issuance_ids = ids_new(&sql_issuance_id_block);
    issuer.token = token_open(&o);
    struct fault later = { 0 };
    if (!token_connect(issuer.token, tick_after(seconds(5)), &later))
        log_warn("the token does not answer yet", LOG_FAULT(&later));
    signers_open(&run->store);
    return true;
}

static void stop(struct service_run *run)
{
    (void)run;
    signers_close();
    token_close(issuer.token);
    journal_close(issuer.journal);
    ids_free(issuer.issuance_ids);
}

/* Commands believe no other policy than the service does, and no fewer keys are weak to them. */
static bool command_prepare(struct service_run *run)
{
    weak_keys_place(run);
    struct fault f = { 0 };
    const struct ed25519_key *key = ed25519_load(settings.policy_key, &f);
    if (!key)
        fprintf(stderr, "chancery-issuer: %s %s\n", f.field, f.detail);
    policy_trust(key);
    return key != NULL;
}

static int ceremony(struct service_run *run, int argc, char **argv)
{
    struct token_options o = { .module = settings.module,
                               .label = settings.label,
                               .pin = settings.pin,
                               .session_copy = settings.session_copy };
    return command_prepare(run) ? ceremony_command(run, &o, &settings.names, argc, argv) : 1;
}

static int lints(struct service_run *run, int argc, char **argv)
{
    return command_prepare(run) ? lints_command(run, argc, argv) : 1;
}

// clang-format off
static const struct service_command commands[] = {
    { "ceremony", "SCRIPT.json FOLDER", "makes the CA's keys and certificates that the script names and are not there yet; its record goes into the folder", ceremony },
    { "lints",    "[--json]",           "the lints of certificates, and which profiles and rules of the policy in force use them", lints },
    { .name = NULL },
};
// clang-format on

static const struct service issuer_service = {
    .name = "issuer",
    .stores = SERVICE_DATABASE,
    .settings = items,
    .config = &settings,
    .lanes = lanes,
    .lane_workers = &settings.workers,
    .checks = checks,
    .commands = commands,
    .start = start,
    .stop = stop,
};

int main(int argc, char **argv)
{
    return service_main(&issuer_service, argc, argv);
}
