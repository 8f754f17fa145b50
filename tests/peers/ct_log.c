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
#include <microhttpd.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum {
    BODY_MAX = 1 << 18,
    FILE_MAX = 1 << 16,
    BLOCK = 4096,
    CHAIN_MAX = 8,
    ENTRIES_A_CALL = 64,
    ROOTS_MAX = 32,
    HOUR_MS = 3600000
};
enum { PLAIN, PRECERTIFICATE };            /* LogEntryType */
enum { CERTIFICATE_TIMESTAMP, TREE_HASH }; /* SignatureType */

struct request {
    struct arena arena;
    struct text body;
    const char *path, *method;
    struct MHD_Connection *connection;
};

struct hash {
    uint8_t bytes[SHA256_DIGEST_LENGTH];
};

struct entry {
    struct hash what; /* of what is logged, but for the time */
    struct hash leaf; /* in the tree */
    uint64_t at_ms;
    struct bytes input, extra; /* as get-entries gives them */
};

static struct {
    EVP_PKEY *key, *foreign_key;
    struct bytes spki;
    struct hash id;
    const char *roots_file;

    pthread_mutex_t lock; /* over the rest */
    pthread_cond_t changed;
    X509 *roots[ROOTS_MAX];
    size_t root_count;
    struct arena kept;
    struct entry *entries;
    size_t count, room;
    char manner[64];
    size_t asked, held;
} tree = { .lock = PTHREAD_MUTEX_INITIALIZER,
           .changed = PTHREAD_COND_INITIALIZER,
           .manner = "good" };

/* ---- bytes as TLS writes them */

static void add_number(struct text *t, uint64_t n, int size)
{
    for (int i = size - 1; i >= 0; i--)
        text_add_char(t, (char)(n >> (8 * i)));
}

static void add_opaque(struct text *t, struct bytes b, int length_size)
{
    add_number(t, b.size, length_size);
    text_add_bytes(t, b.data, b.size);
}

static struct bytes bytes_of(const struct text *t)
{
    return (struct bytes){ (const uint8_t *)t->data, t->length };
}

static struct hash hash_of(struct bytes b)
{
    struct hash h;

    SHA256(b.data, b.size, h.bytes);
    return h;
}

static bool hash_is(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* ---- answers */

static enum MHD_Result answer_with(struct request *r, unsigned status, const char *body,
                                   const char *name, const char *value)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), arena_strdup(&r->arena, body), MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (name)
        MHD_add_response_header(response, name, value);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct request *r, unsigned status, const char *body)
{
    return answer_with(r, status, body, NULL, NULL);
}

static ssize_t endless(void *unused, uint64_t at, char *out, size_t size)
{
    (void)unused, (void)at;
    memset(out, ' ', size);
    return (ssize_t)size;
}

static enum MHD_Result answer_endless(struct request *r)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, endless, NULL, NULL);
    enum MHD_Result result = MHD_queue_response(r->connection, MHD_HTTP_OK, response);

    MHD_destroy_response(response);
    return result;
}

/* ---- signatures */

/* As a DigitallySigned: SHA-256, ECDSA. */
static struct bytes sign(struct arena *a, EVP_PKEY *key, struct bytes what)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[128];
    size_t size = sizeof signature;
    struct text out;

    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(context, signature, &size, what.data, what.size) != 1)
        abort();
    EVP_MD_CTX_free(context);
    text_init(&out, a);
    add_number(&out, 4, 1);
    add_number(&out, 3, 1);
    add_opaque(&out, (struct bytes){ signature, size }, 2);
    return bytes_of(&out);
}

static uint64_t now_ms(void)
{
    return (uint64_t)clock_now().us / 1000;
}

/* ---- chains */

struct chain {
    X509 *all[CHAIN_MAX];
    size_t count;
    X509 *root; /* that it leads to */
};

static void roots_read(void)
{
    FILE *file = fopen(tree.roots_file, "r");

    while (file && tree.root_count < ROOTS_MAX &&
           (tree.roots[tree.root_count] = PEM_read_X509(file, NULL, NULL, NULL)))
        tree.root_count++;
    if (file)
        fclose(file);
}

static bool signed_by(X509 *subject, X509 *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(subject), X509_get_subject_name(issuer)) == 0 &&
           X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
}

/* Under the lock. */
static X509 *root_of(X509 *last)
{
    if (tree.root_count == 0)
        roots_read();
    for (size_t i = 0; i < tree.root_count; i++)
        if (X509_cmp(last, tree.roots[i]) == 0 || signed_by(last, tree.roots[i]))
            return tree.roots[i];
    return NULL;
}

static bool chain_leads_to_a_root(struct chain *c)
{
    for (size_t i = 0; i + 1 < c->count; i++)
        if (!signed_by(c->all[i], c->all[i + 1]))
            return false;
    pthread_mutex_lock(&tree.lock);
    c->root = root_of(c->all[c->count - 1]);
    pthread_mutex_unlock(&tree.lock);
    return c->root != NULL;
}

static bool certificate_add(struct arena *a, const char *text, size_t length, struct chain *out)
{
    struct bytes der;
    const uint8_t *at;
    X509 *x;

    if (out->count == CHAIN_MAX || !base64_read(a, text, length, &der))
        return false;
    at = der.data;
    x = d2i_X509(NULL, &at, (long)der.size);
    if (!x || at != der.data + der.size) {
        X509_free(x);
        return false;
    }
    out->all[out->count++] = x;
    return true;
}

/* {"chain":["...", "..."]}, and nothing that needs escapes. */
static bool chain_read(struct request *r, struct chain *out)
{
    const char *at = strstr(r->body.data, "\"chain\"");

    at = at ? strchr(at, '[') : NULL;
    while (at && (at = strpbrk(at, "\"]")) && *at == '"') {
        size_t length = strcspn(at + 1, "\"");

        if (!certificate_add(&r->arena, at + 1, length, out))
            return false;
        at += length + 2;
    }
    return at && out->count > 0;
}

static void chain_free(struct chain *c)
{
    for (size_t i = 0; i < c->count; i++)
        X509_free(c->all[i]);
}

static struct bytes der_of(struct arena *a, X509 *x)
{
    uint8_t *der = NULL;
    int size = i2d_X509(x, &der);
    struct bytes out = { arena_copy(a, der, (size_t)size), (size_t)size };

    OPENSSL_free(der);
    return out;
}

/* ---- entries */

/* Critical, and its value a NULL (RFC 6962 3.1). */
static bool is_poisoned(X509 *x)
{
    static const uint8_t null[] = { 5, 0 };
    int at = X509_get_ext_by_NID(x, NID_ct_precert_poison, -1);
    X509_EXTENSION *e = at < 0 ? NULL : X509_get_ext(x, at);
    const ASN1_OCTET_STRING *value = e ? X509_EXTENSION_get_data(e) : NULL;

    return e && X509_EXTENSION_get_critical(e) && ASN1_STRING_length(value) == sizeof null &&
           memcmp(ASN1_STRING_get0_data(value), null, sizeof null) == 0;
}

/* What is signed of it: without the poison. */
static struct bytes tbs_of(struct arena *a, X509 *poisoned)
{
    X509 *x = X509_dup(poisoned);
    uint8_t *der = NULL;
    struct bytes out;
    int size;

    X509_EXTENSION_free(X509_delete_ext(x, X509_get_ext_by_NID(x, NID_ct_precert_poison, -1)));
    size = i2d_re_X509_tbs(x, &der);
    out = (struct bytes){ arena_copy(a, der, (size_t)size), (size_t)size };
    OPENSSL_free(der);
    X509_free(x);
    return out;
}

/* Its type, and what is logged of it (RFC 6962 3.2, 3.4). */
static struct bytes logged_of(struct arena *a, const struct chain *c, int type)
{
    struct text t;
    uint8_t *spki = NULL;
    int size;
    struct hash issuer;

    text_init(&t, a);
    add_number(&t, (uint64_t)type, 2);
    if (type == PLAIN) {
        add_opaque(&t, der_of(a, c->all[0]), 3);
        return bytes_of(&t);
    }
    size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->count > 1 ? c->all[1] : c->root), &spki);
    issuer = hash_of((struct bytes){ spki, (size_t)size });
    OPENSSL_free(spki);
    text_add_bytes(&t, issuer.bytes, sizeof issuer.bytes);
    add_opaque(&t, tbs_of(a, c->all[0]), 3);
    return bytes_of(&t);
}

/* PrecertChainEntry, or the chain alone (RFC 6962 4.6). */
static struct bytes extra_of(struct arena *a, const struct chain *c, int type)
{
    struct text rest, t;

    text_init(&rest, a);
    text_init(&t, a);
    text_add(&rest, "");
    for (size_t i = 1; i < c->count; i++)
        add_opaque(&rest, der_of(a, c->all[i]), 3);
    if (type == PRECERTIFICATE)
        add_opaque(&t, der_of(a, c->all[0]), 3);
    add_opaque(&t, bytes_of(&rest), 3);
    return bytes_of(&t);
}

static struct bytes kept(struct bytes b)
{
    return (struct bytes){ arena_copy(&tree.kept, b.data, b.size), b.size };
}

/* MerkleTreeLeaf; its hash has a zero before it (RFC 6962 2.1). */
static void entry_fill(struct entry *e, struct arena *a, struct bytes logged, struct bytes extra)
{
    struct text leaf;

    text_init(&leaf, a);
    add_number(&leaf, 0, 1);
    add_number(&leaf, 0, 1);
    add_number(&leaf, 0, 1);
    add_number(&leaf, e->at_ms, 8);
    text_add_bytes(&leaf, logged.data, logged.size);
    add_number(&leaf, 0, 2);
    e->leaf = hash_of(bytes_of(&leaf));
    e->input = kept((struct bytes){ (const uint8_t *)leaf.data + 1, leaf.length - 1 });
    e->extra = kept(extra);
}

/* The time of that entry, which is made if it is new. */
static uint64_t entry_put(struct arena *a, struct bytes logged, struct bytes extra)
{
    struct entry e = { .what = hash_of(logged), .at_ms = now_ms() };
    size_t i = 0;

    pthread_mutex_lock(&tree.lock);
    while (i < tree.count && !hash_is(&tree.entries[i].what, &e.what))
        i++;
    if (i == tree.count) {
        if (tree.count == tree.room) {
            tree.room = tree.room ? 2 * tree.room : 256;
            tree.entries = realloc(tree.entries, tree.room * sizeof *tree.entries);
        }
        entry_fill(&e, a, logged, extra);
        tree.entries[tree.count++] = e;
    }
    e.at_ms = tree.entries[i].at_ms;
    pthread_mutex_unlock(&tree.lock);
    return e.at_ms;
}

/* ---- add-chain, add-pre-chain */

static struct bytes timestamp_signed(struct request *r, struct bytes logged, uint64_t at_ms,
                                     EVP_PKEY *key, bool wrong)
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
    return sign(&r->arena, key, bytes_of(&t));
}

static enum MHD_Result promise(struct request *r, const struct chain *c, int type,
                               const char *manner)
{
    struct bytes logged = logged_of(&r->arena, c, type), signature;
    uint64_t at_ms = entry_put(&r->arena, logged, extra_of(&r->arena, c, type));

    at_ms += strcmp(manner, "future") == 0 ? HOUR_MS : 0;
    signature = timestamp_signed(r, logged, at_ms,
                                 strcmp(manner, "foreign") == 0 ? tree.foreign_key : tree.key,
                                 strcmp(manner, "wrong") == 0);
    return answer(
        r, MHD_HTTP_OK,
        arena_format(&r->arena,
                     "{\"sct_version\":0,\"id\":\"%s\",\"timestamp\":%llu,\"extensions\":\"\","
                     "\"signature\":\"%s\"}\n",
                     base64_write(&r->arena, (struct bytes){ tree.id.bytes, sizeof tree.id.bytes }),
                     (unsigned long long)at_ms, base64_write(&r->arena, signature)));
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

    if (!chain_read(r, &c))
        result = refuse(r, "no chain of certificates");
    else if (is_poisoned(c.all[0]) != (type == PRECERTIFICATE))
        result = refuse(r, type == PRECERTIFICATE ? "no precertificate" : "a precertificate");
    else if (!chain_leads_to_a_root(&c))
        result = refuse(r, "the chain leads to no root that is known");
    else
        result = promise(r, &c, type, manner);
    chain_free(&c);
    return result;
}

/* How this one is taken; who is held waits for another manner. */
static const char *manner_now(struct arena *a)
{
    const char *manner;

    pthread_mutex_lock(&tree.lock);
    tree.asked++;
    tree.held++;
    pthread_cond_broadcast(&tree.changed);
    while (strcmp(tree.manner, "held") == 0)
        pthread_cond_wait(&tree.changed, &tree.lock);
    tree.held--;
    manner = arena_strdup(a, tree.manner);
    pthread_mutex_unlock(&tree.lock);
    return manner;
}

static enum MHD_Result add(struct request *r, int type)
{
    const char *manner = manner_now(&r->arena), *rest = strchr(manner, '/');
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

/* RFC 6962 2.1. */
static struct hash tree_hash(const struct entry *entries, size_t count)
{
    struct hash left, right;
    uint8_t both[1 + 2 * sizeof left.bytes] = { 1 };
    size_t half = 1;

    if (count == 0)
        return hash_of((struct bytes){ both, 0 });
    if (count == 1)
        return entries->leaf;
    while (2 * half < count)
        half *= 2;
    left = tree_hash(entries, half);
    right = tree_hash(entries + half, count - half);
    memcpy(both + 1, left.bytes, sizeof left.bytes);
    memcpy(both + 1 + sizeof left.bytes, right.bytes, sizeof right.bytes);
    return hash_of((struct bytes){ both, sizeof both });
}

static enum MHD_Result get_sth(struct request *r, const char *rest)
{
    struct arena *a = &r->arena;
    uint64_t at_ms = now_ms();
    struct text t;
    struct hash root;
    size_t count;

    (void)rest;
    pthread_mutex_lock(&tree.lock);
    count = tree.count;
    root = tree_hash(tree.entries, count);
    pthread_mutex_unlock(&tree.lock);
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
                               base64_write(a, sign(a, tree.key, bytes_of(&t)))));
}

static bool number_asked(struct request *r, const char *name, int64_t *out)
{
    const char *text = MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);

    return text && int64_read(text, out) && *out >= 0;
}

static enum MHD_Result get_entries(struct request *r, const char *rest)
{
    int64_t start, end;
    struct text t;

    (void)rest;
    if (!number_asked(r, "start", &start) || !number_asked(r, "end", &end) || end < start)
        return refuse(r, "start and end are two numbers");
    text_init(&t, &r->arena);
    pthread_mutex_lock(&tree.lock);
    for (int64_t i = start; i <= end && i < (int64_t)tree.count && i - start < ENTRIES_A_CALL; i++)
        text_format(&t, "%s{\"leaf_input\":\"%s\",\"extra_data\":\"%s\"}", i > start ? "," : "",
                    base64_write(&r->arena, tree.entries[i].input),
                    base64_write(&r->arena, tree.entries[i].extra));
    pthread_mutex_unlock(&tree.lock);
    return t.length == 0
               ? refuse(r, "there is no such entry")
               : answer(r, MHD_HTTP_OK, arena_format(&r->arena, "{\"entries\":[%s]}\n", t.data));
}

static enum MHD_Result get_roots(struct request *r, const char *rest)
{
    struct text t;

    (void)rest;
    text_init(&t, &r->arena);
    text_add(&t, "{\"certificates\":[");
    pthread_mutex_lock(&tree.lock);
    if (tree.root_count == 0)
        roots_read();
    for (size_t i = 0; i < tree.root_count; i++)
        text_format(&t, "%s\"%s\"", i ? "," : "",
                    base64_write(&r->arena, der_of(&r->arena, tree.roots[i])));
    pthread_mutex_unlock(&tree.lock);
    text_add(&t, "]}\n");
    return answer(r, MHD_HTTP_OK, t.data);
}

/* ---- how it behaves */

static bool manner_is_known(const char *text)
{
    static const char *const known[] = { "good",  "held",    "slow/",  "status/", "limited/",
                                         "wrong", "foreign", "future", "garbage", "huge" };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length = strlen(known[i]);

        if (known[i][length - 1] == '/' ? strncmp(text, known[i], length) == 0
                                        : strcmp(text, known[i]) == 0)
            return strlen(text) < sizeof tree.manner;
    }
    return false;
}

static enum MHD_Result control_set(struct request *r, const char *rest)
{
    if (!manner_is_known(rest))
        return refuse(r, "there is no such manner");
    pthread_mutex_lock(&tree.lock);
    snprintf(tree.manner, sizeof tree.manner, "%s", rest);
    pthread_cond_broadcast(&tree.changed);
    pthread_mutex_unlock(&tree.lock);
    return answer(r, MHD_HTTP_OK, "{}\n");
}

static enum MHD_Result control_get(struct request *r, const char *rest)
{
    char *text;

    (void)rest;
    pthread_mutex_lock(&tree.lock);
    text = arena_format(
        &r->arena, "{\"manner\":\"%s\",\"asked\":%zu,\"held\":%zu,\"entries\":%zu}\n", tree.manner,
        tree.asked, strcmp(tree.manner, "held") == 0 ? tree.held : 0, tree.count);
    pthread_mutex_unlock(&tree.lock);
    return answer(r, MHD_HTTP_OK, text);
}

static enum MHD_Result nothing_here(struct request *r, const char *rest)
{
    (void)rest;
    return answer(r, MHD_HTTP_NOT_FOUND, "{\"success\":false}\n");
}

// clang-format off
static const struct place {
    const char *method, *prefix;
    enum MHD_Result (*serve)(struct request *r, const char *rest);
} places[] = {
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

/* ---- HTTP */

static enum MHD_Result request_serve(struct request *r)
{
    const struct place *p = places;

    while (*p->method && (strcmp(r->method, p->method) != 0 ||
                          strncmp(r->path, p->prefix, strlen(p->prefix)) != 0))
        p++;
    return p->serve(r, r->path + strlen(p->prefix));
}

static struct request *request_new(struct MHD_Connection *connection, const char *path,
                                   const char *method)
{
    struct request *r = calloc(1, sizeof *r);

    if (!r)
        abort();
    arena_init(&r->arena);
    text_init(&r->body, &r->arena);
    text_add(&r->body, "");
    r->path = arena_strdup(&r->arena, path);
    r->method = arena_strdup(&r->arena, method);
    r->connection = connection;
    return r;
}

static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request)
{
    struct request *r = *request;

    (void)unused, (void)version;
    if (!r) {
        *request = request_new(connection, path, method);
        return MHD_YES;
    }
    if (*size == 0)
        return request_serve(r);
    if (r->body.length + *size > BODY_MAX)
        return MHD_NO;
    text_add_bytes(&r->body, data, *size);
    *size = 0;
    return MHD_YES;
}

static void on_end(void *unused, struct MHD_Connection *connection, void **request,
                   enum MHD_RequestTerminationCode why)
{
    struct request *r = *request;

    (void)unused, (void)connection, (void)why;
    if (r)
        arena_free(&r->arena);
    free(r);
    *request = NULL;
}

/* GnuTLS tells of each client that left; no news here. */
static void on_log(void *unused, const char *format, va_list args)
{
    (void)unused, (void)format, (void)args;
}

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

static EVP_PKEY *signer_make(const char *path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file;

    umask(077);
    file = fopen(path, "w");
    if (!key || !file || PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(file) != 0)
        die("cannot write", path);
    return key;
}

static void signer_open(const char *path)
{
    FILE *file = path ? fopen(path, "r") : NULL;
    uint8_t *spki = NULL;
    int size;

    if (!path)
        die("--signer wants a file, not", path);
    tree.key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : signer_make(path);
    if (file)
        fclose(file);
    size = tree.key ? i2d_PUBKEY(tree.key, &spki) : -1;
    if (size < 0)
        die("no key in", path);
    tree.spki = (struct bytes){ spki, (size_t)size };
    tree.id = hash_of(tree.spki);
    tree.foreign_key = EVP_EC_gen("P-256");
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
    unsigned flags = MHD_USE_TLS | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_ERROR_LOG;

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER,
                            on_log, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED,
                            on_end, NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
                            MHD_OPTION_HTTPS_MEM_CERT, file_read(a, o->cert),
                            MHD_OPTION_HTTPS_MEM_KEY, file_read(a, o->key), MHD_OPTION_END);
}

static void ready_print(struct arena *a, struct MHD_Daemon *daemon, const char *listen)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);

    printf("ready https://%.*s:%u %s\n", (int)(strrchr(listen, ':') - listen), listen, info->port,
           base64_write(a, tree.spki));
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
    arena_init(&tree.kept);
    signer_open(o.signer);
    tree.roots_file = o.roots ? o.roots : "/dev/null";
    if (!(daemon = serve(&arena, &o)))
        die("cannot listen on", o.listen);
    ready_print(&arena, daemon, o.listen);
    sigwait(&ends, &signal_seen);
    _exit(0); /* at once: slow answers are not waited for */
}
