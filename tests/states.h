/* states - the tables of states_test.c: what can happen to an order, and ways that lead through all that it
 * can be. */
#ifndef TESTS_STATES_H
#define TESTS_STATES_H

// clang-format off

/* ---- words: what stands in braces in an event's input is asked from the database at that moment */

static const struct word {
    const char *name, *sql;
} words[] = {
    { "own",        "SELECT encode(convert_to('{request}', 'UTF8'), 'base64')" }, /* in the place of a CSR */
    { "hash",       "SELECT encode(sha256(convert_to('{request}', 'UTF8')), 'base64')" },
    { "serial",     "SELECT encode(substr(sha256(convert_to('{request}', 'UTF8')), 1, 16), 'base64')" },
    { "job",        "SELECT coalesce(max(id), 0) FROM job WHERE idem_key = 'issue/{request}'" },
    { "epoch",      "SELECT coalesce(max(lease_epoch), -1) FROM job WHERE id = {job} AND lease_until IS NOT NULL" },
    { "attempt",    "SELECT coalesce(max(id), 0) FROM issuance WHERE request_id = {request}"
                    " AND state IN ('reserved', 'precert_signed', 'final_reserved')" },
    { "attempts_serial", "SELECT encode(serial, 'base64') FROM issuance WHERE id = {attempt} UNION ALL SELECT '{serial}' LIMIT 1" },
    { "given_up",   "SELECT coalesce(max(id), 0) FROM issuance WHERE request_id = {request} AND state = 'ghost'" },
    { "late_epoch", "SELECT coalesce(max(job_epoch), -1) FROM issuance WHERE id = {given_up}" },
    { "challenge",  "SELECT coalesce(max(id), 0) FROM challenge WHERE asked_by = 'request' AND subject = {request}" },
    { "poll_from",  "SELECT to_char(coalesce(max(poll_from), {sql_now}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                    "  FROM challenge WHERE id = {challenge}" },
    { "look",       "SELECT coalesce(max(id), 0) FROM job WHERE idem_key = 'dcv/{challenge}'" },
    { "look_epoch", "SELECT coalesce(max(lease_epoch), -1) FROM job WHERE id = {look} AND lease_until IS NOT NULL" },
    { "caa",        "SELECT coalesce(max(id), 0) FROM job WHERE idem_key = 'caa/{request}'" },
    { "caa_epoch",  "SELECT coalesce(max(lease_epoch), -1) FROM job WHERE id = {caa} AND lease_until IS NOT NULL" },
    { "ct",         "SELECT coalesce(max(id), 0) FROM job WHERE idem_key = 'ct/{request}'" },
    { "ct_epoch",   "SELECT coalesce(max(lease_epoch), -1) FROM job WHERE id = {ct} AND lease_until IS NOT NULL" },
    { "reuse",      "SELECT coalesce(max(j.id), 0) FROM job j JOIN challenge c ON c.id = j.subject"
                    " WHERE j.lane = 'reuse' AND c.account_id = {account}" },
    { "mailbox",    "SELECT coalesce(min(i.id), 0) FROM email_invitation i JOIN job j ON j.lane = 'mail' AND j.subject = i.id"
                    " WHERE i.challenge_id = {challenge}" },
    { "mail",       "SELECT coalesce(min(id), 0) FROM job WHERE lane = 'mail' AND subject = {mailbox}" },
    { "mail_epoch", "SELECT coalesce(max(lease_epoch), -1) FROM job WHERE id = {mail} AND lease_until IS NOT NULL" },
    { "dead",       "SELECT coalesce(max(id), 0) FROM job_dead WHERE NOT reported AND"
                    " ((lane IN ('issue', 'caa', 'ct') AND subject = {request}) OR (lane = 'dcv' AND subject = {challenge}))" },
    { 0 },
};

/* ---- events */

/* What the issuer decided with the claim; DOUBTED and STALE are OPEN after that. */
enum step { ANY, RESERVE, PRE_RESERVE, PRECERTIFY, COMPLETE, SIGN, FINISH, OPEN, PAST, OVER, REFUSED, DOUBTED, STALE };

struct event {
    const char *name;
    const char *role;      /* where several services run the statement */
    const char *statement; /* NULL: `input` is SQL, by nobody's program */
    const char *input;     /* JSON of its message */
    enum step step;        /* only for who holds the issue job and has decided so */
    bool silent;           /* gives no row where it does what it should */
};

#define PLACED(status, request_status, more) PLACED_BY("TLS", status, request_status, more)
#define PLACED_BY(scope, status, request_status, more)                                                \
    "{\"order_id\": {order}, \"product_name_id\": \"p\","                                              \
    " \"rule_scope\": \"" scope "\", \"status\": \"" status "\", \"request_id\": {request},"                \
    " \"csr\": \"{own}\", \"csr_sha256\": \"{hash}\", \"spki_sha256\": \"{hash}\", \"key_type\": \"ec\"," \
    " \"key_size\": 256, \"signature_hash\": \"sha256\", \"dcv_scope\": \"fqdn\","                    \
    " \"valid_till\": \"{next_year}\", \"answer_by\": \"{soon}\","                                      \
    " \"idem_key\": \"{hash}\", \"body_sha256\": \"{hash}\", \"idem_until\": \"{soon}\","             \
    " \"request_status\": \"" request_status "\", \"options\": \"{}\","                               \
    " \"names\": [{\"order_id\": {order}, \"position\": 0, \"kind\": \"dns\","                          \
    "              \"fqdn\": \"n{order}.example\", \"domain\": \"n{order}.example\"}], " more "}"
#define PUBLIC   "\"ca_id\": \"AAAAAAAAAAAAAAAA\", "
#define PROOF    "\"kind\": \"dns\", \"identifier\": \"n{order}.example\", \"method\": \"dns-txt-token\"," \
                 " \"br_method\": \"3.2.2.4.7\", \"completed_at\": \"{now}\", \"evidence\": \"{}\""
#define ROUND(more) \
    "{\"job_id\": {look}, \"job_epoch\": {look_epoch}, \"challenge_id\": {challenge}, \"now\": \"{now}\"," \
    " \"poll_from\": \"{poll_from}\", " more "}"
#define CLAIM(lane, id) \
    "{\"ids\": [" id "], \"lane\": \"" lane "\", \"owner\": \"" lane "\", \"lease_ms\": 3600000, \"now\": \"{now}\", \"room\": 1}"
/* In scope WEB CAA records are looked at. */
#define CAA_ROUND(result, more) \
    "{\"job_id\": {caa}, \"job_epoch\": {caa_epoch}, \"request_id\": {request}, \"now\": \"{now}\", \"next_at\": \"{soon}\"," \
    " \"failed\": false, \"checks\": [{\"request_id\": {request}, \"name\": \"n{order}.example\", \"checked_at\": \"{now}\"," \
    " \"ttl\": 60, \"result\": \"" result "\", " more "\"evidence\": \"{}\"}]}"
#define HELD     "\"job_id\": {job}, \"job_epoch\": {epoch}, \"now\": \"{now}\""
#define ENDING   "\"id\": {job}, \"epoch\": {epoch}, \"now\": \"{now}\""
#define SIGNED(attempt, epoch) \
    "{\"issuance_id\": " attempt ", \"order_id\": {order}, \"job_id\": {job}, \"job_epoch\": " epoch "," \
    " \"thumbprint\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\", \"signature\": \"{own}\", \"der\": \"{own}\"," \
    " \"der_sha256\": \"{hash}\", \"tbs_sha256\": \"{hash}\", \"awaited\": false, \"now\": \"{now}\"}"
#define PRECERTIFIED(attempt, epoch) \
    "{\"issuance_id\": " attempt ", \"order_id\": {order}, \"request_id\": {request}, \"job_id\": {job}, \"job_epoch\": " epoch "," \
    " \"signature\": \"{own}\", \"der\": \"{own}\", \"der_sha256\": \"{hash}\", \"complete_hours\": 48, \"now\": \"{now}\"}"
#define RECORDED(kind) "{\"issuance_id\": {attempt}, \"signature\": \"{own}\", \"tbs_sha256\": \"{hash}\", \"kind\": \"" kind "\"}"
#define CT_ROUND(enough) \
    "{\"job_id\": {ct}, \"job_epoch\": {ct_epoch}, \"request_id\": {request}, \"issuance_id\": {attempt}," \
    " \"next_at\": \"{soon}\", \"now\": \"{now}\", \"enough\": " enough "}"
#define MAILED(state, more) \
    "{\"invitation_id\": {mailbox}, \"job_id\": {mail}, \"job_epoch\": {mail_epoch}, \"state\": \"" state "\"," \
    " \"now\": \"{now}\", \"poll_from\": \"{poll_from}\"" more "}"

static const struct event events[] = {
    /* The customer. */
    { "placed",      0, "order_place", PLACED("pending", "approved", PUBLIC "\"dcv_method\": \"dns-txt-token\"") },
    { "requested",   0, "order_place", PLACED("needs_approval", "pending", PUBLIC "\"dcv_method\": \"dns-txt-token\"") },
    { "internal",    0, "order_place", PLACED("pending", "approved", "\"ca_id\": \"BBBBBBBBBBBBBBBB\"") },
    { "by_mail",     0, "order_place", PLACED("pending", "approved", PUBLIC "\"dcv_method\": \"email\", \"emails\": [{"
        "\"order_id\": {order}, \"domain\": \"n{order}.example\", \"address\": \"admin@n{order}.example\"}]") },
    { "watched",     0, "order_place", PLACED_BY("WEB", "pending", "approved", PUBLIC "\"dcv_method\": \"dns-txt-token\"") },
    { "to_be_logged", 0, "order_place", PLACED_BY("LOGGED", "pending", "approved", PUBLIC "\"dcv_method\": \"dns-txt-token\"") },
    { "approved",    0, "request_approve", "{\"request_id\": {request}, \"status\": \"approved\"}" },
    { "rejected",    0, "request_reject", "{\"request_id\": {request}, \"status\": \"rejected\"}" },
    { "canceled",    0, "order_cancel", "{\"order_id\": {order}, \"status\": \"canceled\"}" },
    { "file_chosen", 0, "order_dcv_method", "{\"order_id\": {order}, \"dcv_method\": \"http-token\"}" },
    { "mail_chosen", 0, "order_dcv_method", "{\"order_id\": {order}, \"dcv_method\": \"email\"}" },
    { "value_asked", 0, "order_dcv_value", "{\"order_id\": {order}}" },
    { "check_asked", 0, "order_dcv_advance", "{\"order_id\": {order}}" },

    /* Domain control. */
    { "token_found", 0, "look_store", "{\"look_id\": 1, \"now\": \"{now}\", \"evidence\": [{\"account_id\": {account}, " PROOF ", \"csr_sha256\": \"{hash}\"}]}" },
    { "looking",     "validation", "job_claim", CLAIM("dcv", "{look}") },
    { "not_there",   0, "dcv_round", ROUND("\"next_at\": \"{soon}\", \"seen\": \"{}\", \"failed\": false") },
    { "no_answer",   0, "dcv_round", ROUND("\"next_at\": \"{soon}\", \"seen\": \"{}\", \"failed\": true") },
    { "unconfirmed", 0, "dcv_round", ROUND("\"next_at\": \"{soon}\", \"seen\": \"{}\", \"ours\": \"n{order}.example\", \"failed\": true") },
    { "poll_ended",  0, "dcv_round", ROUND("\"seen\": \"{}\", \"failed\": false") },
    { "proved",      0, "dcv_round", ROUND("\"failed\": false, \"evidence\": [{\"challenge_id\": {challenge}, " PROOF "}]") },
    { "file_proved", 0, "dcv_round", ROUND("\"failed\": false, \"evidence\": [{\"challenge_id\": {challenge}, \"kind\": \"dns\","
        " \"identifier\": \"n{order}.example\", \"method\": \"http-token\", \"br_method\": \"3.2.2.4.18\", \"completed_at\": \"{now}\","
        " \"evidence\": \"{}\"}]") },
    { "elsewhere",   0, NULL, "WITH other AS (INSERT INTO challenge (account_id, asked_by, subject, identifier, rule_scope, method, random_value,"
        " random_value_at, poll_from) SELECT {account}, 'domain', count(*), 'n{order}.example', 'TLS', 'dns-txt-token', 'x', {sql_now}, {sql_now}"
        " FROM challenge WHERE asked_by = 'domain' RETURNING id)"
        " INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence, challenge_id)"
        " SELECT {account}, 'n{order}.example', 'dns-txt-token', '3.2.2.4.7', {sql_now}, '{}', id FROM other" },
    { "reused",      0, NULL, "SELECT proof_reuse(subject, run_at, 9, {sql_now}) FROM job WHERE id = {reuse}; DELETE FROM job WHERE id = {reuse}" },
    { "look_failed", "validation", "job_again", "{\"id\": {look}, \"epoch\": {look_epoch}, \"run_at\": \"{soon}\", \"fresh\": false, \"failed\": true}" },
    { "look_buried", "validation", "job_bury", "{\"id\": {look}, \"epoch\": {look_epoch}, \"story\": \"x\", \"now\": \"{now}\", \"failed\": true}" },
    { "mails_asked", 0, "email_round",
        "{\"job_id\": {look}, \"job_epoch\": {look_epoch}, \"challenge_id\": {challenge}, \"now\": \"{now}\", \"poll_from\": \"{poll_from}\"}" },
    { "mailing",     "notifier", "job_claim", CLAIM("mail", "{mail}") },
    { "mail_put_off", 0, "mail_attempted", MAILED("waiting", ", \"next_at\": \"{soon}\"") },
    { "mail_refused", 0, "mail_attempted", MAILED("refused", ", \"response_code\": 550") },
    { "mail_failed", 0, "mail_attempted", MAILED("failed", "") },
    { "mail_noted",  0, "mail_token", "{\"job_id\": {mail}, \"job_epoch\": {mail_epoch}, \"token_sha256\": \"{hash}\", \"now\": \"{now}\"}" },
    { "mail_sent",   0, "mail_attempted", MAILED("sent", "") },
    { "mail_approved", 0, "email_approve", "{\"query_id\": 1, \"token_sha256\": \"{hash}\", \"now\": \"{now}\"}" },

    /* CAA records. */
    { "caa_looking", "validation", "job_claim", CLAIM("caa", "{caa}") },
    { "caa_permits", 0, "caa_round", CAA_ROUND("permitted", "") },
    { "caa_by_file", 0, "caa_round", CAA_ROUND("permitted", "\"methods\": \"{ca-tbr-18}\", ") },
    { "caa_unheard", 0, "caa_round", CAA_ROUND("unheard", "\"detail\": \"x\", ") },
    { "caa_forbids", 0, "caa_round", CAA_ROUND("forbidden", "\"detail\": \"x\", ") },
    { "caa_alone",   0, "caa_round", CAA_ROUND("unconfirmed", "\"ours\": true, \"detail\": \"x\", ") },
    { "caa_cut",     0, "caa_round", "{\"job_id\": {caa}, \"job_epoch\": {caa_epoch}, \"request_id\": {request}, \"now\": \"{now}\","
        " \"next_at\": \"{soon}\", \"failed\": true}" },
    { "caa_buried",  "validation", "job_bury", "{\"id\": {caa}, \"epoch\": {caa_epoch}, \"story\": \"x\", \"now\": \"{now}\", \"failed\": true}" },

    /* The logs of certificates. */
    { "logs_asked",  "validation", "job_claim", CLAIM("ct", "{ct}") },
    { "logged",      0, "ct_round", CT_ROUND("true") },
    { "logs_silent", 0, "ct_round", CT_ROUND("false") },
    { "logs_buried", "validation", "job_bury", "{\"id\": {ct}, \"epoch\": {ct_epoch}, \"story\": \"x\", \"now\": \"{now}\", \"failed\": true}" },

    /* The issuer. It dies between any two of these, or is late. */
    { "claimed",     0, "issuance_claim", "" },
    { "refused",     0, "issuance_claim", "", REFUSED }, /* by policy, a lint, an authority that may not sign */
    { "signed",      0, "issuance_record", RECORDED("final"), RESERVE },
    { "issued",      0, "issuance_finish", SIGNED("{attempt}", "{epoch}"), RESERVE },
    { "finished",    0, "issuance_finish", SIGNED("{attempt}", "{epoch}"), FINISH },
    { "pre_signed",  0, "issuance_record", RECORDED("precert"), PRE_RESERVE },
    { "precertified", 0, "issuance_precertificate", PRECERTIFIED("{attempt}", "{epoch}"), PRE_RESERVE },
    { "pre_finished", 0, "issuance_precertificate", PRECERTIFIED("{attempt}", "{epoch}"), PRECERTIFY },
    { "pre_not_signed", 0, "issuance_ghost", "{\"ids\": [{attempt}], \"handed\": true, \"now\": \"{now}\"}", PRE_RESERVE },
    { "late_precertified", 0, "issuance_precertificate", PRECERTIFIED("{given_up}", "{late_epoch}"), ANY, true },
    { "doubted",     0, "issuance_claim", "", DOUBTED }, /* timestamps that are none, by its own look */
    { "too_old",     0, "issuance_claim", "", STALE },   /* a precertificate of which nothing may become */
    { "final_signed", 0, "issuance_record", RECORDED("final"), COMPLETE },
    { "completed",   0, "issuance_finish", SIGNED("{attempt}", "{epoch}"), COMPLETE },
    { "signed_again", 0, "issuance_finish", SIGNED("{attempt}", "{epoch}"), SIGN },
    { "not_signed",  0, "issuance_ghost", "{\"ids\": [{attempt}], \"handed\": true, \"now\": \"{now}\"}", RESERVE },
    { "went_on",     0, "issuance_advance", "{" HELD ", \"request_id\": {request}}", OPEN },
    { "past_end",    0, "issuance_expire", "{" HELD ", \"request_id\": {request}}", PAST },
    { "let_go",      "issuer", "job_end", "{" ENDING "}", OVER },
    { "put_back",    "issuer", "job_again", "{" ENDING ", \"run_at\": \"{soon}\", \"fresh\": false, \"failed\": true}" },
    { "buried",      "issuer", "job_bury", "{" ENDING ", \"story\": \"x\", \"failed\": true}" },
    { "late_issued", 0, "issuance_finish", SIGNED("{given_up}", "{late_epoch}"), ANY, true },
    { "released",    "issuer", "job_release", "{\"lanes\": [\"issue\"], \"owner\": \"issue\", \"before\": \"{soon}\"}" },
    { "died",        0, NULL, "UPDATE job SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL AND id IN ({job}, {look}, {mail}, {caa}, {ct})" },

    /* The calendar, and time. */
    { "ghosts",      0, "ghosts_mark", "{\"before\": \"{before}\", \"now\": \"{now}\", \"room\": 100}" },
    { "hopeless",    0, "precertificates_mark", "{\"before\": \"{before}\", \"now\": \"{now}\", \"room\": 100}" },
    { "dead_told",   0, "dead_report", "{\"ids\": [{dead}], \"now\": \"{now}\"}" },
    { "dead_raised", 0, "dead_raise", "{\"room\": 100, \"now\": \"{now}\"}" },
    { "tallied",     0, "tally_step", "{\"account_id\": {account_before}, \"accounts\": 1, \"orders\": 9, \"until\": \"{before}\"}" },
    { "settled_up",  0, "tally_settle", "{\"order_id\": {order_before}, \"room\": 1}" },
    { "expired",     0, "expire_orders", "{\"order_ids\": [{order}], \"now\": \"{now}\"}" },
    { "minutes",     0, "", "1200" },
    { "hours",       0, "", "25200" },
    { "a_month",     0, "", "2678400" },
    { "a_quarter",   0, "", "8726400" }, /* 101 days: no evidence counts any more */

    /* The operator. */
    { "forgotten",   0, "quarantine_add", "{\"issuance_id\": 1, \"request_id\": {request}, \"ca_id\": \"AAAAAAAAAAAAAAAA\","
        " \"serial\": \"{serial}\", \"tbs_sha256\": \"{hash}\", \"signed\": true, \"now\": \"{now}\", \"account_id\": {account}, \"kind\": \"final\"}" },
    { "final_forgotten", 0, "quarantine_add", "{\"issuance_id\": {attempt}, \"request_id\": {request}, \"ca_id\": \"AAAAAAAAAAAAAAAA\","
        " \"serial\": \"{attempts_serial}\", \"tbs_sha256\": \"{hash}\", \"signed\": true, \"now\": \"{now}\", \"account_id\": {account}, \"kind\": \"final\"}" },
    { "cleared",     0, "quarantine_settle", "{\"request_id\": {request}, \"now\": \"{now}\"}" },
    { "retried",     0, "jobs_retry", "{\"lane\": \"issue\", \"now\": \"{now}\"}" },
    { "key_blocked", 0, NULL, "INSERT INTO blocked_key SELECT spki_sha256, 'reported', {sql_now} FROM request WHERE id = {request} ON CONFLICT DO NOTHING" },
    { 0 },
};

/* ---- ways, each with what becomes of the order: its status, its request's, its attempts', its jobs. After a '-'
 * stands what changes nothing. */

static const struct way {
    const char *events, *end;
} ways[] = {
    { "placed looking proved claimed issued",                                 "issued approved, issued," },
    { "token_found placed claimed signed died claimed finished tallied",      "issued approved, issued," },
    { "internal claimed issued",                                              "issued approved, issued," },
    { "requested approved looking proved claimed issued",                     "issued approved, issued," },
    { "token_found requested approved claimed issued",                        "issued approved, issued," },
    { "requested rejected",                                                   "rejected rejected,," },
    { "requested canceled",                                                   "canceled canceled,," },
    { "requested a_month minutes tallied settled_up a_quarter expired",       "expired expired,," },
    { "requested approved rejected",                                          "rejected rejected,, dcv" },
    { "placed canceled looking proved",                                       "canceled approved,," },
    { "placed minutes tallied a_quarter expired",                             "expired approved,, dcv" },
    { "placed minutes tallied looking proved claimed issued",      "issued approved, issued," },
    { "placed looking not_there minutes looking no_answer died looking proved claimed issued", "issued approved, issued," },
    { "placed looking unconfirmed looking proved claimed issued",             "issued approved, issued," },
    { "placed looking unconfirmed died looking not_there looking unconfirmed", "pending approved,, dcv" },
    { "placed looking poll_ended check_asked looking proved claimed issued",  "issued approved, issued," },
    { "placed looking poll_ended file_chosen looking proved claimed issued",  "issued approved, issued," },
    { "placed looking file_chosen looking poll_ended a_month value_asked check_asked looking not_there", "pending approved,, dcv" },
    { "placed looking look_failed looking look_buried dead_told hours dead_raised looking proved claimed issued", "issued approved, issued," },
    { "placed looking mail_chosen looking mails_asked",                       "pending approved,," },
    { "by_mail looking mails_asked mailing mail_put_off mailing mail_noted mail_sent mail_approved claimed issued", "issued approved, issued," },
    { "by_mail looking mails_asked mailing mail_refused check_asked looking mails_asked", "pending approved,," },
    { "by_mail looking mails_asked elsewhere reused looking mails_asked claimed issued", "issued approved, issued," },
    { "placed looking poll_ended elsewhere reused looking poll_ended claimed issued", "issued approved, issued," },
    { "placed looking elsewhere not_there claimed issued",                    "issued approved, issued," },
    { "placed looking not_there elsewhere reused looking not_there claimed issued", "issued approved, issued," },
    { "requested elsewhere reused looking poll_ended approved claimed issued", "issued approved, issued," },
    { "by_mail looking mails_asked canceled elsewhere reused",                "canceled approved,," },
    { "by_mail looking mails_asked mailing mail_failed canceled",             "canceled approved,," },
    { "token_found placed claimed canceled died claimed issued",              "issued approved, ghost issued," },
    { "token_found placed claimed died claimed late_issued issued",           "issued approved, ghost issued," },
    { "token_found placed claimed died ghosts late_issued claimed issued",    "issued approved, ghost issued," },
    { "token_found placed claimed died ghosts canceled claimed let_go",       "canceled approved, ghost," },
    { "token_found placed claimed put_back ghosts minutes tallied a_quarter expired", "expired approved, ghost, issue" },
    { "token_found placed claimed signed died -ghosts canceled claimed finished", "issued approved, issued," },
    { "token_found placed claimed not_signed put_back canceled claimed let_go", "canceled approved, ghost," },
    { "token_found placed claimed put_back claimed issued",                   "issued approved, ghost issued," },
    { "token_found placed claimed released claimed issued",                   "issued approved, ghost issued," },
    { "token_found placed a_quarter claimed went_on looking proved claimed issued", "issued approved, issued," },
    { "token_found placed claimed died a_quarter claimed went_on looking not_there", "pending approved, ghost, dcv" },
    { "token_found placed claimed died a_quarter claimed died claimed went_on", "pending approved, ghost, dcv" },
    { "internal a_quarter a_quarter a_quarter a_quarter claimed past_end",    "expired approved,," },
    { "token_found placed refused put_back refused buried dead_told hours dead_raised claimed issued", "issued approved, issued," },
    { "token_found placed refused buried retried claimed issued",             "issued approved, issued," },
    { "token_found placed claimed buried minutes ghosts",                     "pending approved, ghost," },
    { "token_found placed forgotten claimed went_on cleared claimed issued",  "issued approved, issued," },
    { "placed forgotten looking proved cleared claimed issued",               "issued approved, issued," },
    { "token_found placed key_blocked claimed went_on canceled",              "canceled approved,," },
    { "token_found placed claimed signed put_back canceled claimed finished", "issued approved, issued," },
    { "watched looking proved caa_looking caa_permits claimed issued",        "issued approved, issued," },
    { "watched caa_looking caa_permits looking proved claimed issued",        "issued approved, issued," },
    { "token_found watched caa_looking caa_permits claimed issued",           "issued approved, issued," },
    { "token_found watched caa_looking died caa_looking caa_unheard claimed issued", "issued approved, issued," },
    { "token_found watched caa_looking caa_forbids",                          "pending approved,, caa" },
    { "token_found watched caa_looking caa_alone minutes caa_looking caa_permits claimed issued", "issued approved, issued," },
    { "token_found watched caa_looking caa_cut minutes caa_looking caa_forbids minutes caa_looking caa_permits claimed issued", "issued approved, issued," },
    { "token_found watched caa_looking caa_buried dead_told hours dead_raised caa_looking caa_permits claimed issued", "issued approved, issued," },
    { "token_found watched caa_looking caa_permits a_month claimed went_on caa_looking caa_permits claimed issued", "issued approved, issued," },
    { "token_found watched canceled caa_looking caa_permits",                 "canceled approved,," },
    { "watched looking proved caa_looking caa_by_file",                       "pending approved,, caa" },
    { "watched looking proved minutes caa_looking caa_by_file file_chosen looking file_proved claimed issued", "issued approved, issued, caa" },
    { "watched looking proved caa_looking caa_by_file file_chosen minutes caa_looking caa_by_file looking file_proved claimed issued", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed completed", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logs_silent minutes logs_asked died logs_asked logged claimed completed", "issued approved, issued," },
    { "to_be_logged looking proved claimed precertified logs_asked logged a_quarter claimed completed", "issued approved, issued," },
    { "token_found to_be_logged claimed pre_signed died claimed pre_finished logs_asked logged claimed completed", "issued approved, issued," },
    { "token_found to_be_logged claimed pre_signed died -ghosts claimed pre_finished logs_asked logged claimed completed", "issued approved, issued," },
    { "token_found to_be_logged claimed died claimed late_precertified precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed died ghosts canceled claimed let_go",  "canceled approved, ghost," },
    { "token_found to_be_logged claimed pre_not_signed put_back canceled claimed let_go", "canceled approved, ghost," },
    { "token_found to_be_logged claimed precertified canceled logs_asked logged canceled claimed completed", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified minutes -ghosts tallied a_quarter -expired", "pending approved, precert_signed, ct" },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed died claimed signed_again", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed final_signed died claimed finished", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed died minutes -ghosts claimed signed_again", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged doubted went_on logs_asked logged claimed completed", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged too_old went_on claimed precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed precertified logs_asked logs_buried dead_told hours dead_raised logs_asked logged claimed completed", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged key_blocked claimed went_on hopeless canceled", "canceled approved, ghost," },
    { "token_found to_be_logged claimed precertified key_blocked hopeless canceled", "canceled approved, ghost," },
    { "token_found to_be_logged claimed precertified -hopeless logs_asked logs_silent a_month hopeless claimed precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed precertified logs_asked a_month -hopeless died hopeless claimed precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed a_month -hopeless died hopeless late_issued claimed precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed final_signed died a_month -hopeless claimed finished", "issued approved, issued," },
    { "token_found to_be_logged claimed precertified logs_asked logs_buried a_month hopeless claimed precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed put_back key_blocked claimed went_on hopeless canceled", "canceled approved, ghost," },
    { "token_found to_be_logged claimed precertified logs_asked logged final_forgotten claimed went_on cleared claimed precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed precertified final_forgotten cleared claimed precertified logs_asked logged claimed completed", "issued approved, ghost issued," },
    { "token_found to_be_logged claimed precertified logs_asked logged claimed buried dead_told hours dead_raised claimed signed_again", "issued approved, issued," },
    { 0 },
};

/* ---- what the schema allows and nothing leads to yet; who leads there walks there, and takes it from here */

static const char *const ahead[] = {
    "issuance.state abandoned",
    "request.type reissue", "request.type duplicate", "request.type revoke",
};

// clang-format on
#endif
