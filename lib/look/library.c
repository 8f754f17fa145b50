#include "look/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "look/anchor.h"
#include "look/cause.h"
#include "look/witness.h"

struct option {
    const char *name, *value;
};

// clang-format off
static const struct option fixed[] = {
    { "module-config:",              "validator iterator" },
    /* Whatever is weaker than "validated from the root" stays off. */
    { "val-permissive-mode:",        "no" },
    { "harden-dnssec-stripped:",     "yes" },
    { "harden-glue:",                "yes" },
    { "use-caps-for-id:",            "yes" },
    { "unwanted-reply-threshold:",   "10000000" },
    /* What is not there, what is wrong and who is silent is asked for again soon. */
    { "cache-max-negative-ttl:",     "1" },
    { "val-bogus-ttl:",              "1" },
    { "infra-host-ttl:",             "60" },
    { "infra-keep-probing:",         "yes" },
    { "aggressive-nsec:",            "no" },
    { "serve-expired:",              "no" },
    { "prefetch:",                   "no" },
    /* Broken servers answer NXDOMAIN for empty non-terminals; we hide no names from them anyway. */
    { "qname-minimisation:",         "no" },
    /* Zones with hundreds of name servers cost us one query each, when it is needed. */
    { "target-fetch-policy:",        "0 0 0 0 0" },
    { "edns-buffer-size:",           "1232" },
    { "num-queries-per-thread:",     "4096" },
    { "outgoing-num-tcp:",           "64" },
    { "msg-cache-size:",             "16m" },
    { "rrset-cache-size:",           "32m" },
    { "trust-anchor-signaling:",     "no" },
    { NULL, NULL },
};

/* Where a customer's NS record must not lead us (RFC 6890 and its registries). */
static const struct option walls[] = {
    { "do-not-query-localhost:",     "yes" },
    { "do-not-query-address:",       "0.0.0.0/8" },
    { "do-not-query-address:",       "10.0.0.0/8" },
    { "do-not-query-address:",       "100.64.0.0/10" },
    { "do-not-query-address:",       "169.254.0.0/16" },
    { "do-not-query-address:",       "172.16.0.0/12" },
    { "do-not-query-address:",       "192.0.0.0/24" },
    { "do-not-query-address:",       "192.168.0.0/16" },
    { "do-not-query-address:",       "198.18.0.0/15" },
    { "do-not-query-address:",       "224.0.0.0/3" },
    { "do-not-query-address:",       "::/96" },
    { "do-not-query-address:",       "::ffff:0:0/96" },
    { "do-not-query-address:",       "64:ff9b::/96" },
    { "do-not-query-address:",       "64:ff9b:1::/48" },
    { "do-not-query-address:",       "100::/64" },
    { "do-not-query-address:",       "2002::/16" },
    { "do-not-query-address:",       "fc00::/7" },
    { "do-not-query-address:",       "fe80::/10" },
    { "do-not-query-address:",       "ff00::/8" },
    { NULL, NULL },
};
static const struct option no_walls[] = {
    { "do-not-query-localhost:",     "no" },
    { NULL, NULL },
};
// clang-format on

static bool set(struct ub_ctx *ctx, const char *name, const char *value, struct fault *f)
{
    int error = ub_ctx_set_option(ctx, name, value);

    return !error || fault_set(f, FAULT_INTERNAL, NULL, "libunbound: %s %s: %s", name, value,
                               ub_strerror(error));
}

static bool set_all(struct ub_ctx *ctx, const struct option *options, struct fault *f)
{
    for (const struct option *o = options; o->name; o++)
        if (!set(ctx, o->name, o->value, f))
            return false;
    return true;
}

static bool anchor_add(void *context, const char *record)
{
    return ub_ctx_add_ta(context, record) == 0;
}

/* Without an anchor libunbound would find nothing wrong with any answer. The file is read once, and the
 * root's key is changed every few years (RFC 5011 is not for us: a container forgets what it has seen): who
 * has no second key in time validates nothing on that day. */
static bool set_anchor(struct ub_ctx *ctx, const char *path, struct fault *f)
{
    size_t keys = anchor_read(path, anchor_add, ctx, f);

    if (keys == 1)
        log_warn(
            "only one key of the DNS root is trusted: when it is changed, nothing is validated "
            "any more",
            LOG_TEXT("anchor", path));
    return keys > 0;
}

/* A look-up has one question under way at a time, or two where servers are slow; the library keeps
 * what has no socket waiting without a word. */
static bool set_sockets(struct ub_ctx *ctx, int look_ups, struct fault *f)
{
    char range[24];

    snprintf(range, sizeof range, "%d", 2 * look_ups);
    return set(ctx, "outgoing-range:", range, f);
}

static bool configure(struct ub_ctx *ctx, const struct resolver_options *options, struct fault *f)
{
    char cache[24];

    snprintf(cache, sizeof cache, "%lld", (long long)(options->cache.us / 1000000));
    return set_all(ctx, fixed, f) && set_all(ctx, options->loopback ? no_walls : walls, f) &&
           set(ctx, "cache-max-ttl:", cache, f) && set_sockets(ctx, options->most, f) &&
           (!options->hints || set(ctx, "root-hints:", options->hints, f)) &&
           set_anchor(ctx, options->anchor, f);
}

/* libunbound reads its files at the first look-up. "localhost" is answered without a packet. */
static bool prove(struct ub_ctx *ctx, struct fault *f)
{
    struct ub_result *result = NULL;
    int error = ub_resolve(ctx, "localhost", 1, 1, &result);

    ub_resolve_free(result);
    return !error || fault_set(f, FAULT_INTERNAL, NULL, "libunbound: %s", ub_strerror(error));
}

/* A fault of its own, or of what it was given. All else that it says is about single questions. */
static bool is_worth_a_line(const char *line)
{
    return strstr(line, " error: ") || strstr(line, " warning: ");
}

/* Its own log lines, one for each call: who answered, and what is wrong, which becomes ours. */
static ssize_t log_line(void *cookie, const char *text, size_t size)
{
    char buffer[512];
    const char *line = buffer;

    (void)cookie;
    snprintf(buffer, sizeof buffer, "%.*s", (int)strnlen(text, size), text);
    buffer[strcspn(buffer, "\n")] = '\0';
    if (!witness_line(line) && is_worth_a_line(line))
        log_warn("resolver library", LOG_TEXT("text", line));
    return (ssize_t)size;
}

/* One for the process, like the library's log itself. */
static FILE *log_file(void)
{
    static FILE *file;

    if (!file) {
        file = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = log_line });
        if (!file)
            abort();
        setvbuf(file, NULL, _IOLBF, 1024);
    }
    return file;
}

struct ub_ctx *library_open(const struct resolver_options *options, struct fault *f)
{
    struct ub_ctx *ctx = ub_ctx_create();

    if (!ctx)
        abort();
    ub_ctx_debugout(ctx, log_file());
    ub_ctx_debuglevel(ctx, WITNESS_LEVEL);
    ub_ctx_async(ctx, 1);
    if (configure(ctx, options, f) && prove(ctx, f))
        return ctx;
    ub_ctx_delete(ctx);
    return NULL;
}

static size_t take_records(const struct ub_result *result, struct bytes *records)
{
    size_t count = 0;

    while (count < RESOLVER_RECORDS_MAX && result->data[count]) {
        records[count].data = (const uint8_t *)result->data[count];
        records[count].size = (size_t)result->len[count];
        count++;
    }
    return count;
}

static enum resolver_state state_of(const struct ub_result *result)
{
    enum { NOERROR = 0, NXDOMAIN = 3 };

    if (result->bogus)
        return RESOLVER_BOGUS;
    if (result->rcode == NXDOMAIN)
        return RESOLVER_NO_NAME;
    if (result->rcode != NOERROR)
        return RESOLVER_FAILED;
    return result->havedata ? RESOLVER_FOUND : RESOLVER_NO_DATA;
}

/* Without the last dot, as everywhere in this house. */
static const char *canonical_name(struct ub_result *result)
{
    char *name = result->canonname ? result->canonname : result->qname;
    size_t length = strlen(name);

    if (length > 1 && name[length - 1] == '.')
        name[length - 1] = '\0';
    return name;
}

const char *library_reason(int error)
{
    return cause_lookup(error);
}

void library_answer(int error, struct ub_result *result, struct bytes records[RESOLVER_RECORDS_MAX],
                    struct resolver_answer *answer)
{
    *answer = (struct resolver_answer){ .state = RESOLVER_FAILED, .records = records };
    if (error || !result) {
        answer->reason = library_reason(error);
        return;
    }
    answer->state = state_of(result);
    answer->secure = result->secure && !result->bogus;
    answer->canonical = canonical_name(result);
    answer->ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0;
    if (answer->state == RESOLVER_FOUND)
        answer->count = take_records(result, records);
    if (answer->state == RESOLVER_BOGUS)
        answer->reason = cause_dnssec(result->why_bogus);
    answer->traceable = answer->state == RESOLVER_FAILED;
    if (answer->state == RESOLVER_FAILED)
        answer->reason = "no name server of the zone gave a usable answer";
}
