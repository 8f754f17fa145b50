/* ct_log - a log of certificates (RFC 6962) over HTTPS, for tests and the demonstration. It knows nothing of how the
 * house makes precertificates or reads timestamps: OpenSSL's own X.509 is all that it asks.
 *
 *   ct_log --listen 127.0.0.1:8451 --cert FILE --key FILE --signer FILE --roots FILE
 *
 * --cert and --key are of its server; --signer is the log's own key (P-256, PEM), made where there is none; --roots
 * has the certificates (PEM) to which chains lead, and is read anew while it has none. With port 0 it takes a free one. Prints
 * "ready https://ADDRESS:PORT KEY", KEY being its SubjectPublicKeyInfo in base64, when it listens; ends on SIGTERM.
 *
 *   POST /ct/v1/add-chain, /ct/v1/add-pre-chain     GET /ct/v1/get-sth, /ct/v1/get-entries, /ct/v1/get-roots
 *   POST /control/MANNER     how it takes certificates from now on:
 *        good                as it ought to
 *        held                it answers when it has another manner, and by that
 *        slow/MILLISECONDS   after so long
 *        status/NNN          answers NNN
 *        limited/SECONDS     answers 429, with that Retry-After
 *        wrong               its signature is over something else
 *        foreign             signs with a key that is not its own
 *        future              its timestamp is an hour ahead
 *        garbage             answers what is no JSON
 *        huge                answers without an end
 *   GET  /control            {"manner":"good","asked":3,"held":0,"entries":2}
 *
 * Entries are kept in memory. What is there already is promised once more, with its first timestamp.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/peers/log/chain.h"
#include "tests/peers/log/conduct.h"
#include "tests/peers/log/http.h"
#include "tests/peers/log/signer.h"
#include "tests/peers/log/tree.h"

enum { FILE_MAX = 1 << 16, ENTRIES_A_CALL = 64, HOUR_MS = 3600000 };
enum { CERTIFICATE_TIMESTAMP, TREE_HASH }; /* SignatureType */

static uint64_t now_ms(void)
{
    return (uint64_t)clock_now().us / 1000;
}

/* ---- add-chain, add-pre-chain */

static struct bytes timestamp_signed(struct request *r, struct bytes logged, uint64_t at_ms,
                                     bool foreign, bool wrong)
{
    struct text t;

    text_init(&t, &r->arena);
    add_number(&t, 0, 1);
    add_number(&t, CERTIFICATE_TIMESTAMP, 1);
    add_number(&t, at_ms, 8);
    text_add_bytes(&t, logged.data, logged.size);
    add_number(&t, 0, 2);
    if (wrong)
        t.data[t.length - 3] ^= 1;
    return signer_sign(&r->arena, foreign, bytes_of(&t));
}

static enum MHD_Result promise(struct request *r, const struct chain *c, int type,
                               const char *manner)
{
    struct bytes logged = chain_logged(&r->arena, c, type), signature;
    uint64_t at_ms = tree_put(&r->arena, logged, chain_extra(&r->arena, c, type), now_ms());

    at_ms += strcmp(manner, "future") == 0 ? HOUR_MS : 0;
    signature = timestamp_signed(r, logged, at_ms, strcmp(manner, "foreign") == 0,
                                 strcmp(manner, "wrong") == 0);
    return answer(
        r, MHD_HTTP_OK,
        arena_format(&r->arena,
                     "{\"sct_version\":0,\"id\":\"%s\",\"timestamp\":%llu,\"extensions\":\"\","
                     "\"signature\":\"%s\"}\n",
                     base64_write(&r->arena, signer_id()), (unsigned long long)at_ms,
                     base64_write(&r->arena, signature)));
}

static enum MHD_Result refuse(struct request *r, const char *why)
{
    return answer(r, MHD_HTTP_BAD_REQUEST,
                  arena_format(&r->arena, "{\"success\":false,\"error_message\":\"%s\"}\n", why));
}

static enum MHD_Result chain_take(struct request *r, int type, const char *manner)
{
    struct chain c = { .count = 0 };
    enum MHD_Result result;

    if (!chain_read(&r->arena, r->body.data, &c))
        result = refuse(r, "no chain of certificates");
    else if (chain_is_poisoned(&c) != (type == PRECERTIFICATE))
        result = refuse(r, type == PRECERTIFICATE ? "no precertificate" : "a precertificate");
    else if (!chain_leads_to_a_root(&c))
        result = refuse(r, "the chain leads to no root that is known");
    else
        result = promise(r, &c, type, manner);
    chain_free(&c);
    return result;
}

static enum MHD_Result add(struct request *r, int type)
{
    const char *manner = conduct_asked(&r->arena), *rest = strchr(manner, '/');
    int64_t number = 0;

    if (rest && !int64_read(rest + 1, &number))
        return refuse(r, "what manner is that?");
    if (strncmp(manner, "slow/", 5) == 0)
        nanosleep(&(struct timespec){ .tv_sec = number / 1000, .tv_nsec = number % 1000 * 1000000 },
                  NULL);
    if (strncmp(manner, "status/", 7) == 0)
        return answer(r, (unsigned)number, "{\"success\":false}\n");
    if (strncmp(manner, "limited/", 8) == 0)
        return answer_with(r, MHD_HTTP_TOO_MANY_REQUESTS, "{\"success\":false}\n",
                           MHD_HTTP_HEADER_RETRY_AFTER, rest + 1);
    if (strcmp(manner, "garbage") == 0)
        return answer(r, MHD_HTTP_OK, "<html>It works!</html>\n");
    return strcmp(manner, "huge") == 0 ? answer_endless(r) : chain_take(r, type, manner);
}

static enum MHD_Result add_chain(struct request *r, const char *rest)
{
    (void)rest;
    return add(r, PLAIN);
}

static enum MHD_Result add_pre_chain(struct request *r, const char *rest)
{
    (void)rest;
    return add(r, PRECERTIFICATE);
}

/* ---- what can be read of it */

static enum MHD_Result get_sth(struct request *r, const char *rest)
{
    struct arena *a = &r->arena;
    uint64_t at_ms = now_ms();
    struct text t;
    struct hash root;
    size_t count;

    (void)rest;
    count = tree_head(&root);
    text_init(&t, a);
    add_number(&t, 0, 1);
    add_number(&t, TREE_HASH, 1);
    add_number(&t, at_ms, 8);
    add_number(&t, count, 8);
    text_add_bytes(&t, root.bytes, sizeof root.bytes);
    return answer(r, MHD_HTTP_OK,
                  arena_format(a,
                               "{\"tree_size\":%zu,\"timestamp\":%llu,\"sha256_root_hash\":\"%s\","
                               "\"tree_head_signature\":\"%s\"}\n",
                               count, (unsigned long long)at_ms,
                               base64_write(a, (struct bytes){ root.bytes, sizeof root.bytes }),
                               base64_write(a, signer_sign(a, false, bytes_of(&t)))));
}

static bool number_asked(struct request *r, const char *name, int64_t *out)
{
    const char *text = MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);

    return text && int64_read(text, out) && *out >= 0;
}

static enum MHD_Result get_entries(struct request *r, const char *rest)
{
    struct bytes input, extra;
    int64_t start, end;
    struct text t;

    (void)rest;
    if (!number_asked(r, "start", &start) || !number_asked(r, "end", &end) || end < start)
        return refuse(r, "start and end are two numbers");
    text_init(&t, &r->arena);
    for (int64_t i = start;
         i <= end && i - start < ENTRIES_A_CALL && tree_entry((size_t)i, &input, &extra); i++)
        text_format(&t, "%s{\"leaf_input\":\"%s\",\"extra_data\":\"%s\"}", i > start ? "," : "",
                    base64_write(&r->arena, input), base64_write(&r->arena, extra));
    return t.length == 0
               ? refuse(r, "there is no such entry")
               : answer(r, MHD_HTTP_OK, arena_format(&r->arena, "{\"entries\":[%s]}\n", t.data));
}

static enum MHD_Result get_roots(struct request *r, const char *rest)
{
    X509 *const *roots;
    size_t count = roots_list(&roots);
    struct text t;

    (void)rest;
    text_init(&t, &r->arena);
    text_add(&t, "{\"certificates\":[");
    for (size_t i = 0; i < count; i++)
        text_format(&t, "%s\"%s\"", i ? "," : "",
                    base64_write(&r->arena, der_of(&r->arena, roots[i])));
    text_add(&t, "]}\n");
    return answer(r, MHD_HTTP_OK, t.data);
}

/* ---- how it behaves */

static enum MHD_Result control_set(struct request *r, const char *rest)
{
    return conduct_set(rest) ? answer(r, MHD_HTTP_OK, "{}\n")
                             : refuse(r, "there is no such manner");
}

static enum MHD_Result control_get(struct request *r, const char *rest)
{
    struct hash root;

    (void)rest;
    return answer(r, MHD_HTTP_OK, conduct_told(&r->arena, tree_head(&root)));
}

static enum MHD_Result nothing_here(struct request *r, const char *rest)
{
    (void)rest;
    return answer(r, MHD_HTTP_NOT_FOUND, "{\"success\":false}\n");
}

// clang-format off
static const struct place places[] = {
    { "POST", "/ct/v1/add-chain",     add_chain },
    { "POST", "/ct/v1/add-pre-chain", add_pre_chain },
    { "GET",  "/ct/v1/get-sth",       get_sth },
    { "GET",  "/ct/v1/get-entries",   get_entries },
    { "GET",  "/ct/v1/get-roots",     get_roots },
    { "POST", "/control/",            control_set },
    { "GET",  "/control",             control_get },
    { "",     "",                     nothing_here },
};
// clang-format on

/* ---- its beginning */

static void die(const char *what, const char *name)
{
    fprintf(stderr, "ct_log: %s %s\n", what, name ? name : "(none given)");
    exit(2);
}

static char *file_read(struct arena *a, const char *path)
{
    FILE *file = path ? fopen(path, "r") : NULL;
    char *text = arena_alloc(a, FILE_MAX);

    if (!file || fread(text, 1, FILE_MAX - 1, file) == 0)
        die("cannot read", path);
    fclose(file);
    return text;
}

static struct sockaddr_in address_read(const char *text)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    const char *colon = text ? strrchr(text, ':') : NULL;
    char host[INET_ADDRSTRLEN] = "";
    int64_t port;

    if (colon && (size_t)(colon - text) < sizeof host)
        memcpy(host, text, (size_t)(colon - text));
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || !int64_read(colon + 1, &port) || port < 0 ||
        port > UINT16_MAX)
        die("--listen wants ADDRESS:PORT, not", text);
    to.sin_port = htons((uint16_t)port);
    return to;
}

struct options {
    const char *listen, *cert, *key, *signer, *roots;
};

static struct options options_read(int argc, char **argv)
{
    static const struct option names[] = {
        { "listen", required_argument, NULL, 'l' }, { "cert", required_argument, NULL, 'c' },
        { "key", required_argument, NULL, 'k' },    { "signer", required_argument, NULL, 's' },
        { "roots", required_argument, NULL, 'r' },  { 0 },
    };
    struct options o = { 0 };
    const char **places_of[] = {
        ['l'] = &o.listen, ['c'] = &o.cert, ['k'] = &o.key, ['s'] = &o.signer, ['r'] = &o.roots
    };

    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c == '?')
            exit(2);
        *places_of[c] = optarg;
    }
    return o;
}

static struct MHD_Daemon *serve(struct arena *a, const struct options *o)
{
    struct sockaddr_in at = address_read(o->listen);

    return http_serve(places, &at, file_read(a, o->cert), file_read(a, o->key));
}

static void ready_print(struct arena *a, struct MHD_Daemon *daemon, const char *listen)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);

    printf("ready https://%.*s:%u %s\n", (int)(strrchr(listen, ':') - listen), listen, info->port,
           base64_write(a, signer_spki()));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct options o = options_read(argc, argv);
    struct MHD_Daemon *daemon;
    struct arena arena;
    sigset_t ends;
    int signal_seen;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before the threads are there */
    clock_allow_test_offset();
    arena_init(&arena);
    tree_open();
    if (!signer_open(o.signer))
        die("no key of a log in, nor can one be made:", o.signer);
    roots_are_in(o.roots ? o.roots : "/dev/null");
    if (!(daemon = serve(&arena, &o)))
        die("cannot listen on", o.listen);
    ready_print(&arena, daemon, o.listen);
    sigwait(&ends, &signal_seen);
    _exit(0); /* at once: slow answers are not waited for */
}
