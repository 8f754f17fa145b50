/* log_list_rig - lists of logs as browsers write them, with keys that are made for the test, which has `arena` and
 * `f` of its own before this. */
#ifndef LEDGER_LOG_LIST_RIG_H
#define LEDGER_LOG_LIST_RIG_H

#include <string.h>

#include "ledger/log_list.h"
#include "message/json.h"
#include "pki/csr_make.h"
#include "pki/digest.h"

static inline const char *base64(struct bytes b)
{
    return base64_write(&arena, b);
}

static inline struct bytes new_key(const char *kind)
{
    struct evp_pkey_st *key = csr_make_key(kind);
    struct bytes spki = csr_make_spki(&arena, key);

    csr_make_key_free(key);
    return spki;
}

static inline const char *id_of(struct bytes spki)
{
    uint8_t id[SHA256_SIZE];

    digest_sha256(spki, id);
    return base64((struct bytes){ id, sizeof id });
}

/* A log with that key; `members` follow, such as its state. */
static inline const char *log_of(const char *name, struct bytes spki, const char *members)
{
    return arena_format(&arena,
                        "{\"description\":\"%s\",\"log_id\":\"%s\",\"key\":\"%s\","
                        "\"url\":\"https://%s.example/log/\",\"mmd\":86400%s}",
                        name, id_of(spki), base64(spki), name, members);
}

static inline const char *state_of(const char *state, const char *since)
{
    return arena_format(&arena, ",\"state\":{\"%s\":{\"timestamp\":\"%s\"}}", state, since);
}

static inline const char *operator_of(const char *name, const char *logs, const char *tiled)
{
    return arena_format(&arena,
                        "{\"name\":\"%s\",\"email\":[\"ct@%s\"],\"logs\":[%s],\"tiled_logs\":[%s]}",
                        name, name, logs, tiled);
}

static inline const char *list_of(const char *operators)
{
    return arena_format(&arena,
                        "{\"version\":\"3.52\",\"log_list_timestamp\":\"2024-10-05T01:35:01Z\","
                        "\"operators\":[%s]}",
                        operators);
}

static inline bool read_list(const char *json, const struct ct_log **logs, size_t *count)
{
    const LogList *list;

    f = (struct fault){ 0 };
    list =
        (const LogList *)message_from_json(&arena, &log_list__descriptor, json, strlen(json), &f);
    return list && log_list_read(list, &arena, logs, count, &f);
}

/* The logs of a list that has so many. */
static inline const struct ct_log *must_read(const char *json, size_t count)
{
    static const struct ct_log none[1];
    const struct ct_log *logs = none;
    size_t read = 0;

    if (!read_list(json, &logs, &read))
        fail_msg("%s %s", f.field, f.detail);
    assert_int_equal(read, count);
    return logs;
}

static inline struct instant day(const char *text)
{
    struct instant at = { 0 };

    if (!instant_read(text, &at))
        fail_msg("%s is no day", text);
    return at;
}

#endif
