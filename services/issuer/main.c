/* chancery-issuer: the only service with keys. */
#include <string.h>

#include "base/log.h"
#include "ceremony_command.h"
#include "issuance.h"
#include "issuance.sql.h"
#include "issuer.h"
#include "journal.h"
#include "service/service.h"

static struct issuer_settings {
    const char *module, *label, *status_host, *journal;
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
    CONFIG(struct issuer_settings, session_copy, "TOKEN_SESSION_COPY", "no", "sign with session copies of the keys: faster on SoftHSM, refused by real HSMs"),
    CONFIG(struct issuer_settings, journal,      "JOURNAL",       "issuer-journal", "file that keeps what is signed, for the day after a restored backup; on a volume of its own"),
    CONFIG(struct issuer_settings, workers,      "ISSUE_WORKERS", "2",     "threads that issue", "1", "32"),
    CONFIG(struct issuer_settings, lease,        "ISSUE_LEASE",   "30s",   "how long a worker may take for its orders before others take them over", "1s", "10m"),
    CONFIG(struct issuer_settings, status_host,  "STATUS_HOST",   "status.chancery.example", "host of the OCSP, CRL and CA certificate addresses in certificates"),
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

static const struct health_check checks[] = { { "token", token_is_ready, NULL },
                                              { "journal", journal_is_good, NULL },
                                              { 0 } };

static bool start(struct service_run *run, struct fault *f)
{
    struct token_options o = { .module = settings.module,
                               .label = settings.label,
                               .pin = settings.pin,
                               .sessions = settings.sessions,
                               .session_copy = settings.session_copy };
    issuer.journal = journal_open(settings.journal, f);
    if (!issuer.journal)
        return false;
    issuer.run = run;
    issuer.status_host = settings.status_host;
    issuer.lease = lanes[0].lease = settings.lease;
    issuer.issuance_ids = ids_new(&sql_issuance_id_block);
    issuer.token = token_open(&o);
    struct fault later = { 0 };
    if (!token_connect(issuer.token, tick_after(seconds(5)), &later))
        log_warn("the token does not answer yet", LOG_FAULT(&later));
    return true;
}

static void stop(struct service_run *run)
{
    (void)run;
    token_close(issuer.token);
    journal_close(issuer.journal);
    ids_free(issuer.issuance_ids);
}

static bool command(struct service_run *run, int argc, char **argv, int *status)
{
    struct token_options o = { .module = settings.module,
                               .label = settings.label,
                               .pin = settings.pin };
    if (argc < 2 || strcmp(argv[1], "ceremony") != 0)
        return false;
    *status = ceremony_command(run, &o, settings.status_host, argc - 1, argv + 1);
    return true;
}

static const struct service issuer_service = {
    .name = "issuer",
    .settings = items,
    .config = &settings,
    .lanes = lanes,
    .lane_workers = &settings.workers,
    .checks = checks,
    .command = command,
    .start = start,
    .stop = stop,
};

int main(int argc, char **argv)
{
    return service_main(&issuer_service, argc, argv);
}
