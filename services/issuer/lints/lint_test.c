#include "lints/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pki/der.h"
#include "pki/digest.h"
#include "testdata/house.h"
#include "x509/leaf.h"

/* A TBSCertificate in parts. Each case replaces one part of a good one; what it is put together
 * with is this file's own, so that anything can be written. */
enum part { VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, SPKI, UNIQUE, EXTENSIONS };
enum { PARTS = EXTENSIONS, EXTENSIONS_MAX = 12 };

struct parts {
    struct bytes part[PARTS];
    struct bytes extension[EXTENSIONS_MAX]; /* whole */
    size_t extension_count;
};

static struct house house;
static struct arena arena;
static struct instant now;
static struct bytes good;
static struct parts good_parts;
static const struct identifier names[] = { { IDENTIFIER_DNS, "a.example.com" },
                                           { IDENTIFIER_DNS, "*.example.com" } };

static struct bytes hex(const char *text)
{
    struct bytes out;

    assert_true(hex_read(&arena, text, &out));
    return out;
}

static struct bytes whole(struct der *c)
{
    struct bytes out;

    assert_true(der_next(c, NULL, NULL, &out));
    return out;
}

static void take_apart(struct bytes tbs, struct parts *out)
{
    struct der all = der_open(tbs), c, explicit, list;

    *out = (struct parts){ 0 };
    assert_true(der_enter(&all, DER_SEQUENCE, &c));
    for (int i = VERSION; i <= SPKI; i++)
        out->part[i] = whole(&c);
    assert_true(der_enter(&c, DER_CONTEXT_OF(3), &explicit));
    assert_true(der_enter(&explicit, DER_SEQUENCE, &list));
    while (!der_done(&list))
        out->extension[out->extension_count++] = whole(&list);
}

static struct bytes put_together(const struct parts *p)
{
    struct text t;

    text_init(&t, &arena);
    size_t tbs = der_begin(&t, DER_SEQUENCE);
    for (int i = 0; i < PARTS; i++)
        der_add_raw(&t, p->part[i]);
    if (p->extension_count > 0) {
        size_t explicit = der_begin(&t, DER_CONTEXT_OF(3)), list = der_begin(&t, DER_SEQUENCE);
        for (size_t i = 0; i < p->extension_count; i++)
            der_add_raw(&t, p->extension[i]);
        der_end(&t, list);
        der_end(&t, explicit);
    }
    der_end(&t, tbs);
    return der_written(&t);
}

static struct bytes wrap(unsigned tag, struct bytes a, struct bytes b)
{
    struct text t;

    text_init(&t, &arena);
    size_t list = der_begin(&t, tag);
    der_add_raw(&t, a);
    der_add_raw(&t, b);
    der_end(&t, list);
    return der_written(&t);
}

/* Extensions are named by the last byte of their OID, 2.5.29.N, or by all of it in hex. */
static struct bytes oid_of(const char *name)
{
    struct bytes oid = hex(name);

    return oid.size == 1 ? hex(arena_format(&arena, "551d%s", name)) : oid;
}

static struct bytes extension_of(const char *name, bool critical, struct bytes value)
{
    struct text t;

    text_init(&t, &arena);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add(&t, DER_OID, oid_of(name));
    if (critical)
        der_add_bool(&t, true);
    der_add(&t, DER_OCTET_STRING, value);
    der_end(&t, list);
    return der_written(&t);
}

/* The place of this extension, or that of a new one. */
static size_t place_of(struct parts *p, const char *name)
{
    struct bytes want = oid_of(name), oid = { 0 };
    size_t i = 0;

    for (; i < p->extension_count; i++) {
        struct der c = der_open(p->extension[i]), inside;
        assert_true(der_enter(&c, DER_SEQUENCE, &inside) && der_take(&inside, DER_OID, &oid));
        if (bytes_equal(oid, want))
            return i;
    }
    p->extension_count++;
    return i;
}

static struct bytes times(int64_t from_hours, int64_t to_hours)
{
    struct text t;

    text_init(&t, &arena);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add_time(&t, instant_add(now, seconds(from_hours * 3600)));
    der_add_time(&t, instant_add(now, seconds(to_hours * 3600 - 1)));
    der_end(&t, list);
    return der_written(&t);
}

#define AIA "2b06010505070101"

struct mutation {
    const char *lint; /* that must catch it */
    enum part part;
    const char *with;      /* hex; for an extension its value, NULL: it is left out */
    const char *extension; /* see oid_of */
    int critical;          /* of the extension */
};

// clang-format off
static const struct mutation mutations[] = {
    { "version_v3",      VERSION,   "a003020101" },
    { "version_v3",      VERSION,   "" },
    { "no_unique_ids",   UNIQUE,    "81020001" },
    { "serial_positive", SERIAL,    "0211ff0102030405060708090a0b0c0d0e0f10" },
    { "serial_positive", SERIAL,    "020100" },
    { "serial_length",   SERIAL,    "02150102030405060708090a0b0c0d0e0f101112131415" },
    { "serial_entropy",  SERIAL,    "020701020304050607" },
    { "serial_entropy",  SERIAL,    "02114000000000000000000000000000000000" },
    { "signature_exact", ALGORITHM, "300a06082a8648ce3d040303" },           /* P-384's */
    { "signature_exact", ALGORITHM, "300c06082a8648ce3d0403020500" },       /* with NULL */
    { "signature_exact", ALGORITHM, "300d06092a864886f70d01010b0500" },     /* RSA's */
    { "issuer_exact",    ISSUER,    "3000" },
    { "time_encoding",   VALIDITY,  "3020170d3236313132323030303030305a180f32303237303131303030303030305a" },
    { "key_allowed",     SPKI,      "305c300d06092a864886f70d0101010500034b003048024100"    /* RSA-512 */
                                    "c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1"
                                    "c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1a2c3b1"
                                    "0203010001" },
    { "key_exact",       SPKI,      NULL },                                  /* see special() */
    { "key_not_issuers", SPKI,      NULL },
    { "key_exponent",    SPKI,      NULL },
    { "key_modulus_odd", SPKI,      NULL },
    { "key_small_factor", SPKI,     NULL },
    { "key_power",       SPKI,      NULL },
    { "key_roca",        SPKI,      NULL },
    { "key_close_primes", SPKI,     NULL },
    { "key_debian",      SPKI,      "3059301306072a8648ce3d020106082a8648ce3d030107034200" /* le64, rnd, process 1 */
                                    "04f9d282434687b7a13c0030ff8f516817407a91e6980813af4add47a46c685114"
                                    "fd7d0ba522a32a0005292864fcb84b7c73efead460865b98327893c9074d986b" },
    { "subject_dv",      SUBJECT,   "3013" "3111" "300f0603550407" "0c0854687420436974" "79" },  /* L */
    { "subject_no_duplicates", SUBJECT, NULL },
    { "subject_encoding", SUBJECT,  "3018" "3116" "30140603550403" "160d" "612e6578616d706c652e636f6d" },
    { "subject_encoding", SUBJECT,  "300b" "3109" "30070603550403" "0c00" },
    { "cn_in_san",       SUBJECT,   "3018" "3116" "30140603550403" "0c0d" "622e6578616d706c652e636f6d" },

    { "san_present",        EXTENSIONS, NULL,                                       "11" },
    { "san_present",        EXTENSIONS, "3000",                                     "11" },
    { "san_criticality",    EXTENSIONS, "300f820d612e6578616d706c652e636f6d",       "11", 1 },
    { "san_dns_only",       EXTENSIONS, "30068704c0000201",                         "11" },
    { "san_dns_only",       EXTENSIONS, "300781056140622e63",                       "11" },
    { "san_dns_syntax",     EXTENSIONS, "3006820461" "2e2e63",                      "11" }, /* a..c */
    { "san_dns_syntax",     EXTENSIONS, "300a8208" "6c6f63616c686f73",              "11" }, /* one label */
    { "san_dns_syntax",     EXTENSIONS, "30078205" "2d612e6263",                    "11" }, /* -a.bc */
    { "san_dns_syntax",     EXTENSIONS, "30078205" "612e2a2e63",                    "11" }, /* a.*.c */
    { "san_dns_syntax",     EXTENSIONS, "30068204" "612e622e",                      "11" }, /* a.b. */
    { "san_dns_syntax",     EXTENSIONS, "30098207" "312e312e312e31",                "11" }, /* 1.1.1.1 */
    { "san_dns_syntax",     EXTENSIONS, "30088206" "612e62" "2e3078",               "11" }, /* a.b.0x */
    { "san_dns_syntax",     EXTENSIONS, "30088206" "612e30783766",                  "11" }, /* a.0x7f */
    { "san_dns_syntax",     EXTENSIONS, "30058203" "612000",                        "11" },
    { "no_underscore",      EXTENSIONS, "30068204" "5f2e6263",                      "11" }, /* _.bc */
    { "no_reserved_label",  EXTENSIONS, "30098207" "61622d2d632e64",                "11" }, /* ab--c.d */
    { "names_no_duplicate", EXTENSIONS, "300a8203612e628203412e62",                 "11" }, /* a.b A.b */
    { "names_exact",        EXTENSIONS, "300f820d612e6578616d706c652e636f6d",       "11" }, /* one missing */
    { "names_exact",        EXTENSIONS, "3005" "8203612e62",                        "11" },

    { "extensions_known",      EXTENSIONS, "3000",                                  "1e", 1 },
    { "extensions_unique",     EXTENSIONS, NULL,                                    "25" },
    { "extension_criticality", EXTENSIONS, "03020780",                              "0f", 0 },
    { "extension_criticality", EXTENSIONS, "300a06082b06010505070301",              "25", 1 },
    { "aki_present",           EXTENSIONS, NULL,                                    "23" },
    { "aki_present",           EXTENSIONS, "30168014" "000102030405060708090a0b0c0d0e0f10111213", "23" },
    { "aki_present",           EXTENSIONS, "3000",                                  "23" },
    { "no_ski",                EXTENSIONS, "04020102",                              "0e" },
    { "no_sct",                EXTENSIONS, "040100",                                "2b06010401d679020402" },
    { "no_poison",             EXTENSIONS, "0500",                                  "2b06010401d679020403", 1 },
    { "basic_constraints",     EXTENSIONS, "30030101ff",                            "13", 1 },
    { "basic_constraints",     EXTENSIONS, "3003010100",                            "13", 1 },

    { "ku_allowed",          EXTENSIONS, NULL,                                      "0f" },
    { "ku_allowed",          EXTENSIONS, "03020520",                                "0f", 1 }, /* EC */
    { "ku_allowed",          EXTENSIONS, "03020204",                                "0f", 1 }, /* certSign */
    { "ku_allowed",          EXTENSIONS, "03020680",                                "0f", 1 }, /* no DER */
    { "ku_allowed",          EXTENSIONS, "030100",                                  "0f", 1 }, /* no bit */
    { "eku_server_auth",     EXTENSIONS, NULL,                                      "25" },
    { "eku_server_auth",     EXTENSIONS, "300a06082b06010505070302",                "25" },
    { "eku_server_auth",     EXTENSIONS, "301406082b0601050507030106082b06010505070309", "25" },
    { "eku_no_client_auth",  EXTENSIONS, "301406082b0601050507030106082b06010505070302", "25" },
    { "policy_reserved_oid", EXTENSIONS, NULL,                                      "20" },
    { "policy_reserved_oid", EXTENSIONS, "30063004" "06022a03",                     "20" },
    { "policy_reserved_oid", EXTENSIONS, "30143008" "0606" "67810c010201" "3008" "0606" "67810c010202", "20" },
    { "policy_reserved_oid", EXTENSIONS, "3012" "3008" "0606" "67810c010201" "3006" "0604" "551d2000", "20" },

    { "aia_http",         EXTENSIONS, NULL,                                         AIA },
    { "aia_http",         EXTENSIONS, "3000",                                       AIA },
    { "aia_http",         EXTENSIONS, "30183016" "06082b06010505073001" "860a" "68747470733a2f2f612f", AIA },
    { "aia_http",         EXTENSIONS, "30173015" "06082b06010505073003" "8609" "687474703a2f2f612f", AIA },
    { "aia_http",         EXTENSIONS, "302e" "3015" "06082b06010505073001" "8609" "687474703a2f2f612f"
                                             "3015" "06082b06010505073002" "8609" "687474703a2f2f612f", AIA },
    { "crldp_http",       EXTENSIONS, "3011300fa00da00b" "8609" "6674703a2f2f612f62", "1f" },
    { "crldp_http",       EXTENSIONS, "3000",                                       "1f" },
    { "crldp_http",       EXTENSIONS, "3022" "300fa00da00b" "8609" "687474703a2f2f612f"
                                             "300fa00da00b" "8609" "687474703a2f2f622f", "1f" },
    { "crldp_http",       EXTENSIONS, "3010300ea00ca00a" "8608" "687474703a2f2f7b",   "1f" }, /* http://{ */
    { "crldp_shard",      SERIAL,     NULL },
    { "crldp_shard",      EXTENSIONS, NULL,                                         "1f" },
    { "crldp_shard",      EXTENSIONS, "3012" "3010a00ea00c" "860a" "687474703a2f2f612f62", "1f" },
    { "crldp_shard",      EXTENSIONS, "3015" "3013a011a00f" "860d" "687474703a2f2f2f2e63726c6c", "1f" },
    { "status_reachable", EXTENSIONS, NULL,                                         NULL },

    { "san_hosts_only",   EXTENSIONS, "300781056140622e63",                         "11" },
    { "san_hosts_only",   EXTENSIONS, "30078705" "c000020100",                      "11" },
    { "san_host_syntax",  EXTENSIONS, "3006820461" "2e2e63",                        "11" }, /* a..c */
    { "san_host_syntax",  EXTENSIONS, "30078205" "2d612e6263",                      "11" }, /* -a.bc */
    { "san_host_syntax",  EXTENSIONS, "30078205" "612e2a2e63",                      "11" }, /* a.*.c */
    { "san_host_syntax",  EXTENSIONS, "30098207" "312e312e312e31",                  "11" }, /* 1.1.1.1 */
    { "san_host_syntax",  EXTENSIONS, "30088206" "612e30783766",                    "11" }, /* a.0x7f */
    { "san_host_syntax",  EXTENSIONS, "30068204" "2a2e3132",                        "11" }, /* *.12 */
    { "san_host_syntax",  EXTENSIONS, "3006870400000000",                           "11" }, /* 0.0.0.0 */
    { "san_host_syntax",  EXTENSIONS, "30068704e00000fb",                           "11" }, /* 224.0.0.251 */
    { "san_host_syntax",  EXTENSIONS, "3012871000000000000000000000000000000000",   "11" }, /* :: */
    { "san_host_syntax",  EXTENSIONS, "3012871000000000000000000000ffff7f000001",   "11" }, /* ::ffff:127.0.0.1 */
    { "san_host_syntax",  EXTENSIONS, "30048202" "2a2e",                            "11" }, /* *. */
    { "san_host_syntax",  EXTENSIONS, "30028200",                                   "11" },
    { "names_exact",      EXTENSIONS, "30068704c0000201",                           "11" },
    { "names_no_duplicate", EXTENSIONS, "300c8704c00002018704c0000201",             "11" },
    { "cn_in_san",        SUBJECT,    "3017" "3115" "30130603550403" "0c0c" "612e6578616d706c6500636f", }, /* a NUL */
    { "ku_fits_key",      EXTENSIONS, NULL,                                         "0f" },
    { "ku_fits_key",      EXTENSIONS, "030205a0",                                   "0f", 1 }, /* EC enciphers */
    { "ku_fits_key",      EXTENSIONS, "03020640",                                   "0f", 1 }, /* alone */
    { "ku_fits_key",      EXTENSIONS, "03020284",                                   "0f", 1 }, /* certSign */
    { "ku_fits_key",      EXTENSIONS, "03020680",                                   "0f", 1 }, /* no DER */
    { "policy_not_reserved", EXTENSIONS, "300a" "3008" "0606" "67810c010201",       "20" },
};
// clang-format on

/* RSA, of modulus and exponent. */
static struct bytes rsa_spki(struct bytes modulus, const char *exponent)
{
    struct text t, key;

    text_init(&key, &arena);
    size_t numbers = der_begin(&key, DER_SEQUENCE);
    der_add_unsigned(&key, DER_INTEGER, modulus);
    der_add_unsigned(&key, DER_INTEGER, hex(exponent));
    der_end(&key, numbers);
    text_init(&t, &arena);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, hex("300d06092a864886f70d0101010500"));
    der_add_bits(&t, der_written(&key));
    der_end(&t, list);
    return der_written(&t);
}

/* Of 2048 bits: its ends, and what is between them. */
static struct bytes number(unsigned first, unsigned between, unsigned last)
{
    enum { SIZE = 256 };
    uint8_t *out = arena_alloc(&arena, SIZE);

    memset(out, (int)between, SIZE);
    out[0] = (uint8_t)first;
    out[SIZE - 1] = (uint8_t)last;
    return (struct bytes){ out, SIZE };
}

/* 65537 to the power of 127: modulo each prime a power of it, as the ROCA attack asks. */
static struct bytes power_of_65537(void)
{
    enum { SIZE = 255 };
    uint8_t *out = arena_alloc(&arena, SIZE);

    memset(out, 0, SIZE);
    out[SIZE - 1] = 1;
    for (int i = 0; i < 127; i++) { /* n + 65536 n */
        unsigned carry = 0;
        uint8_t before[SIZE];
        memcpy(before, out, SIZE);
        for (int at = SIZE - 1; at >= 0; at--, carry >>= 8) {
            carry += before[at] + (at + 2 < SIZE ? before[at + 2] : 0U);
            out[at] = (uint8_t)carry;
        }
    }
    return (struct bytes){ out, SIZE };
}

/* (2^1024 - 1)^2 */
static struct bytes square(void)
{
    struct bytes n = number(0xff, 0, 1);
    uint8_t *out = arena_copy(&arena, n.data, n.size);

    memset(out, 0xff, 127);
    out[127] = 0xfe;
    return (struct bytes){ out, n.size };
}

static struct bytes weak_key(const char *lint)
{
    if (strcmp(lint, "key_exponent") == 0)
        return rsa_spki(number(0xff, 0xff, 0xff), "03");
    if (strcmp(lint, "key_modulus_odd") == 0)
        return rsa_spki(number(0xff, 0xff, 0xfe), "010001");
    if (strcmp(lint, "key_small_factor") == 0)
        return rsa_spki(number(0xff, 0xff, 0xff), "010001"); /* 3 divides it */
    if (strcmp(lint, "key_power") == 0)
        return rsa_spki(number(0xd8, 0, 0), "010001"); /* 3^3 (2^681)^3 */
    return rsa_spki(strcmp(lint, "key_roca") == 0 ? power_of_65537() : square(), "010001");
}

/* Parts that a constant cannot say. */
static bool special(const struct mutation *m, struct parts *p)
{
    if (strcmp(m->lint, "key_exact") == 0) {
        p->part[SPKI] = house.ca[HOUSE_ROOT]->public.spki;
    } else if (strcmp(m->lint, "key_not_issuers") == 0) {
        p->part[SPKI] = house.ca[HOUSE_P256]->public.spki;
    } else if (m->part == SPKI && !m->with) {
        p->part[SPKI] = weak_key(m->lint);
    } else if (strcmp(m->lint, "subject_no_duplicates") == 0) {
        struct der c = der_open(good_parts.part[SUBJECT]), inside;
        assert_true(der_enter(&c, DER_SEQUENCE, &inside));
        struct bytes set = whole(&inside);
        p->part[SUBJECT] = wrap(DER_SEQUENCE, set, set);
    } else if (strcmp(m->lint, "crldp_shard") == 0 && m->part == SERIAL) {
        struct bytes serial = p->part[SERIAL];
        uint8_t *other = arena_copy(&arena, serial.data, serial.size);
        other[serial.size - 1] ^= 1;
        p->part[SERIAL] = (struct bytes){ other, serial.size };
    } else if (strcmp(m->lint, "extensions_unique") == 0) {
        size_t at = place_of(p, m->extension);
        p->extension[p->extension_count++] = p->extension[at];
    } else if (strcmp(m->lint, "status_reachable") == 0) {
        p->extension[place_of(p, "1f")] = (struct bytes){ NULL, 0 };
        p->extension[place_of(p, AIA)] = (struct bytes){ NULL, 0 };
    } else {
        return false;
    }
    return true;
}

static struct bytes mutate(const struct mutation *m)
{
    struct parts p = good_parts;

    if (special(m, &p))
        return put_together(&p);
    if (m->part != EXTENSIONS) {
        p.part[m->part] = hex(m->with);
    } else {
        size_t at = place_of(&p, m->extension);
        p.extension[at] = m->with ? extension_of(m->extension, m->critical, hex(m->with))
                                  : (struct bytes){ NULL, 0 };
    }
    return put_together(&p);
}

static struct lint_input input_of(struct bytes tbs)
{
    return (struct lint_input){ .tbs = tbs,
                                .ca = house.ca[HOUSE_P256],
                                .now = now,
                                .names = names,
                                .name_count = 2,
                                .spki = good_parts.part[SPKI] };
}

static const struct lint_rule limits[] = { { "validity_max", 100, 'M' } };

static bool passes(struct bytes tbs, const char *lint, struct fault *f)
{
    struct lint_input in = input_of(tbs);
    Profile profile = house_profile();
    char *checks[] = { arena_strdup(&arena, lint) };

    profile.n_checks = 1;
    profile.checks = checks;
    *f = (struct fault){ 0 };
    return lint_tbs(&in, &profile, limits, strcmp(lint, limits[0].check_name) == 0, f);
}

static size_t failing(struct bytes tbs, char *which, size_t size)
{
    struct fault f;
    size_t count = 0, used = 0;

    which[0] = '\0';
    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++)
            if (strcmp(l->name, "policy_not_reserved") != 0 && !passes(tbs, l->name, &f)) {
                used += (size_t)snprintf(which + used, size - used, "%s (%s) ", l->name, f.detail);
                count++;
            }
    return count;
}

static void good_certificate_passes_all(void **state)
{
    (void)state;
    char which[2048];

    if (failing(good, which, sizeof which))
        fail_msg("%s", which);
    assert_true(bytes_equal(put_together(&good_parts), good));
}

static void each_fault_is_caught_by_its_lint(void **state)
{
    (void)state;
    int wrong = 0;

    for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
        const struct mutation *m = &mutations[i];
        struct fault f;
        bool passed = passes(mutate(m), m->lint, &f);
        if (passed || strcmp(f.field, m->lint) != 0 ||
            !strstr(f.detail, lint_find(m->lint)->source)) {
            print_error("%zu %s: %s %s %s\n", i, m->lint, passed ? "passed" : "", f.field,
                        f.detail);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void times_are_compared_to_the_second(void **state)
{
    (void)state;
    static const struct {
        const char *lint;
        int64_t from, to; /* hours from now; the last second before `to` */
        bool passes;
    } cases[] = {
        // clang-format off
        { "validity_max",    0,   2400,          true },
        { "validity_max",    0,   2401,          false },
        { "validity_order",  0,   1,             true },
        { "validity_order",  1,   1,             false },
        { "not_before_skew", -48, 24,            true },
        { "not_before_skew", -49, 24,            false },
        { "not_before_skew", 48,  72,            true },
        { "not_before_skew", 49,  72,            false },
        { "within_issuer",   -1,  24,            false },
        { "within_issuer",   0,   24,            true },
        { "within_issuer",   0,   24 * 1095,     true },
        { "within_issuer",   0,   24 * 1095 + 1, false },
        { "time_encoding",   0,   24,            true },
        // clang-format on
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parts p = good_parts;
        struct fault f;
        p.part[VALIDITY] = times(cases[i].from, cases[i].to);
        if (passes(put_together(&p), cases[i].lint, &f) != cases[i].passes)
            fail_msg("%zu %s %s", i, cases[i].lint, f.detail);
    }
}

/* An address that is the common name too, a single label; and a key that signs documents. */
static void private_certificate_passes(void **state)
{
    (void)state;
    static const char *const lints[] = { "san_hosts_only",     "san_host_syntax", "names_exact",
                                         "names_no_duplicate", "cn_in_san",       "ku_fits_key",
                                         "policy_not_reserved" };
    static const struct identifier hosts[] = { { IDENTIFIER_IP, "192.0.2.1" },
                                               { IDENTIFIER_DNS, "db" },
                                               { IDENTIFIER_IP, "2001:DB8::1" },
                                               { IDENTIFIER_DNS, "*.corp.internal" } };
    struct parts p = good_parts;
    struct fault f = { 0 };
    Profile profile = PROFILE__INIT;

    p.part[SUBJECT] = hex("3014"
                          "3112"
                          "30100603550403"
                          "0c09"
                          "3139322e302e322e31");
    p.extension[place_of(&p, "11")] = extension_of("11", false,
                                                   hex("302d"
                                                       "8704c0000201"
                                                       "82026462"
                                                       "871020010db8000000000000000000000001"
                                                       "820f2a2e636f72702e696e7465726e616c"));
    p.extension[place_of(&p, "0f")] = extension_of("0f", true, hex("030206c0"));
    p.extension[place_of(&p, "20")] = (struct bytes){ NULL, 0 };
    struct lint_input in = input_of(put_together(&p));
    in.names = hosts;
    in.name_count = 4;
    for (size_t i = 0; i < sizeof lints / sizeof *lints; i++) {
        char *checks[] = { arena_strdup(&arena, lints[i]) };
        profile.n_checks = 1;
        profile.checks = checks;
        if (!lint_tbs(&in, &profile, limits, 1, &f))
            fail_msg("%s: %s", f.field, f.detail);
    }
    assert_false(passes(in.tbs, "san_dns_only", &f));
    assert_false(passes(in.tbs, "san_dns_syntax", &f));
    static const struct identifier other[] = { { IDENTIFIER_DNS, "192.0.2.1" },
                                               { IDENTIFIER_DNS, "db" },
                                               { IDENTIFIER_IP, "2001:DB8::1" },
                                               { IDENTIFIER_DNS, "*.corp.internal" } };
    in.names = other; /* validated as a host, signed as an address */
    char exact[] = "names_exact", *checks[] = { exact };
    profile.checks = checks;
    assert_false(lint_tbs(&in, &profile, limits, 1, &f));
}

static bool has_case(const char *lint)
{
    static const char *const by_time[] = { "validity_max", "validity_order", "not_before_skew",
                                           "within_issuer" };

    for (size_t i = 0; i < sizeof by_time / sizeof *by_time; i++)
        if (strcmp(by_time[i], lint) == 0)
            return true;
    for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++)
        if (strcmp(mutations[i].lint, lint) == 0)
            return true;
    return false;
}

static void every_lint_has_a_case_and_a_source(void **state)
{
    (void)state;
    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++) {
            if (!has_case(l->name))
                fail_msg("%s is not tested", l->name);
            assert_true(strlen(l->source) > 3);
            assert_ptr_equal(lint_find(l->name), l);
        }
}

static void unknown_checks_and_missing_values_fail(void **state)
{
    (void)state;
    struct lint_input in = input_of(good);
    static char unknown[] = "unheard_of", dated[] = "validity_max";
    char *checks[] = { unknown };
    Profile profile = PROFILE__INIT;
    struct fault f;

    profile.n_checks = 1;
    profile.checks = checks;
    assert_null(lint_find(unknown));
    assert_false(lint_tbs(&in, &profile, NULL, 0, &f));
    assert_string_equal(f.field, "unheard_of");
    checks[0] = dated;
    assert_false(lint_tbs(&in, &profile, NULL, 0, &f));
    assert_string_equal(f.detail, "no value is in force");
}

/* A check comes with its rule and goes with it; the profile need not name it. */
static void rules_bring_their_checks(void **state)
{
    (void)state;
    static char dated[] = "validity_max";
    static const struct {
        bool named; /* by the profile */
        struct lint_rule rules[2];
        size_t count;
        enum fault_code code;
        const char *field;
    } cases[] = {
        // clang-format off
        { false, { { 0 } },                                               0, FAULT_NONE, "" },
        { false, { { "validity_max", 100, 'M' } },                        1, FAULT_NONE, "" },
        { false, { { "validity_max", 10, 'M' } },                         1, FAULT_INTERNAL, "validity_max" },
        { false, { { "validity_max", 10, 'X' } },                         1, FAULT_INTERNAL, "validity_max" },
        { false, { { "validity_max", 10, 'S' } },                         1, FAULT_NONE, "" },
        { true,  { { "validity_max", 10, 'S' } },                         1, FAULT_INTERNAL, "validity_max" },
        { true,  { { "validity_max", 100, 'M' }, { "validity_max", 10, 'M' } }, 2, FAULT_INTERNAL, "validity_max" },
        { true,  { { 0 } },                                               0, FAULT_INTERNAL, "validity_max" },
        { false, { { "validity_max", 0, 'M' } },                          1, FAULT_INTERNAL, "validity_max" },
        { false, { { "not_before_skew", 0, 'M' } },                       1, FAULT_NONE, "" }, /* its own 48 h */
        { false, { { "policy_not_reserved", 0, 'X' } },                   1, FAULT_INTERNAL, "policy_not_reserved" },
        { false, { { "unheard_of", 0, 'M' } },                            1, FAULT_UNAVAILABLE, "unheard_of" },
        { false, { { "unheard_of", 0, 'S' } },                            1, FAULT_UNAVAILABLE, "unheard_of" },
        // clang-format on
    };
    struct lint_input in = input_of(good);
    char *checks[] = { dated };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Profile profile = PROFILE__INIT;
        struct fault f = { 0 };
        profile.n_checks = cases[i].named;
        profile.checks = checks;
        bool passed = lint_tbs(&in, &profile, cases[i].rules, cases[i].count, &f);
        if (passed != (cases[i].code == FAULT_NONE) || f.code != cases[i].code ||
            strcmp(f.field, cases[i].field) != 0)
            fail_msg("%zu: %s %s", i, f.field, f.detail);
    }
}

static void rules_in_another_unit_are_not_known(void **state)
{
    (void)state;
    struct fault f = { 0 };

    assert_true(lint_rule_known("validity_max", "d", &f));
    assert_true(lint_rule_known("no_sct", NULL, &f));
    assert_false(lint_rule_known("validity_max", "h", &f));
    assert_false(lint_rule_known("unheard_of", NULL, &f));
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
}

static void malformed_bytes_fail_before_any_check(void **state)
{
    (void)state;
    Profile none = PROFILE__INIT;
    struct fault f;

    for (size_t cut = 0; cut < good.size; cut++) {
        struct lint_input in = input_of((struct bytes){ good.data, cut });
        assert_false(lint_tbs(&in, &none, NULL, 0, &f));
        assert_int_equal(f.code, FAULT_INTERNAL);
    }
    struct lint_input in = input_of(good);
    assert_true(lint_tbs(&in, &none, NULL, 0, &f));
}

/* A key of a subscriber: any point on the curve but the authority's does. */
static struct bytes subscriber_key(void)
{
    const struct token_key *key;
    struct fault f = { 0 };

    assert_true(
        token_make_key(house.token, "subscriber", "p256", tick_after(seconds(30)), &key, &f));
    return token_key_public(key);
}

static int group_setup(void **state)
{
    Profile profile = house_profile();
    uint8_t serial[SERIAL_SIZE];
    struct fault f = { 0 };
    struct key key;

    (void)state;
    arena_init(&arena);
    assert_true(instant_read("2026-11-22T12:00:00Z", &now));
    house_open(&house, now);
    struct leaf_template *t =
        leaf_template_new(&profile, NULL, house.ca[HOUSE_P256], "sha256", HOUSE_STATUS, &f);
    assert_non_null(t);
    assert_true(key_read(subscriber_key(), &key, &f, "key"));
    serial_make(clock_now(), serial);
    const struct subject_attribute subject = { SUBJECT_COMMON_NAME, names[0].value };
    struct leaf_request request = { .names = names,
                                    .name_count = 2,
                                    .subject = &subject,
                                    .subject_count = 1,
                                    .key = &key,
                                    .serial = { serial, SERIAL_SIZE },
                                    .not_before = now,
                                    .not_after = instant_add(now, days(90)) };
    assert_true(leaf_build(t, &request, &arena, &good, &f));
    leaf_template_free(t);
    take_apart(good, &good_parts);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    house_close(&house);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_certificate_passes_all),
        cmocka_unit_test(each_fault_is_caught_by_its_lint),
        cmocka_unit_test(times_are_compared_to_the_second),
        cmocka_unit_test(private_certificate_passes),
        cmocka_unit_test(every_lint_has_a_case_and_a_source),
        cmocka_unit_test(unknown_checks_and_missing_values_fail),
        cmocka_unit_test(rules_bring_their_checks),
        cmocka_unit_test(rules_in_another_unit_are_not_known),
        cmocka_unit_test(malformed_bytes_fail_before_any_check),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
