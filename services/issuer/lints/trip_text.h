/* trip_text - DER written as text, for tests that need bytes which no builder of ours would make.
 *
 *     seq{ oid:CN utf8'a.example.com' }
 *
 * A value is a tag and its content. Tags: seq set octets bits utf8 printable ia5 teletex bmp int enum
 * bool oid null utc gen, and [N] of a context, constructed where { follows. Content: {values}, 'text',
 * #hex, or $NAME for bytes that the caller gives. Besides:
 *
 *     #hex  $NAME        bytes that already are DER
 *     bits{...}          a BIT STRING of whole bytes, its first content octet is written too
 *     oid:2.5.4.3        or a name of trip_oids
 *     rdn:CN value       SET { SEQUENCE { type, value } }
 *     int:N              not negative
 *     time:-1h+46d-1s    UTCTime or GeneralizedTime, counted from the instant; $d is the value in days
 *     rsa:2048,65537,3   a SubjectPublicKeyInfo: bits, exponent, what divides the modulus; the last two may
 *                        be left out; $-8 instead of a number: eight less than the value; #hex: the modulus
 *
 * Whatever is no such text aborts. Include once in a test program; everything is static.
 */
#ifndef LINTS_TRIP_TEXT_H
#define LINTS_TRIP_TEXT_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki/der.h"
#include "pki/digest.h"
#include "pki/key_factor.h"

struct trip_word {
    const char *name;
    struct bytes value;
};

struct trip_text {
    const char *at; /* what is left to be read */
    struct text *out;
    const struct trip_word *words; /* end with one whose name is NULL */
    struct instant now;
    int64_t value; /* of the lint, for $ */
};

// clang-format off
static const struct trip_oid {
    const char *name, *dotted;
} trip_oids[] = {
    { "CN", "2.5.4.3" }, { "surname", "2.5.4.4" }, { "serialNumber", "2.5.4.5" }, { "C", "2.5.4.6" },
    { "L", "2.5.4.7" }, { "ST", "2.5.4.8" }, { "street", "2.5.4.9" }, { "O", "2.5.4.10" },
    { "OU", "2.5.4.11" }, { "businessCategory", "2.5.4.15" }, { "postalCode", "2.5.4.17" },
    { "givenName", "2.5.4.42" }, { "organizationIdentifier", "2.5.4.97" }, { "title", "2.5.4.12" },
    { "DC", "0.9.2342.19200300.100.1.25" }, { "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.1" },
    { "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.2" }, { "jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3" },

    { "SKI", "2.5.29.14" }, { "KU", "2.5.29.15" }, { "SAN", "2.5.29.17" }, { "BC", "2.5.29.19" },
    { "NC", "2.5.29.30" }, { "CRLDP", "2.5.29.31" }, { "POL", "2.5.29.32" }, { "PM", "2.5.29.33" },
    { "AKI", "2.5.29.35" }, { "PC", "2.5.29.36" }, { "EKU", "2.5.29.37" },
    { "AIA", "1.3.6.1.5.5.7.1.1" }, { "SCT", "1.3.6.1.4.1.11129.2.4.2" },
    { "POISON", "1.3.6.1.4.1.11129.2.4.3" }, { "NOCHECK", "1.3.6.1.5.5.7.48.1.5" },
    { "ORGID", "2.23.140.3.1" },

    { "any", "2.5.29.37.0" }, { "serverAuth", "1.3.6.1.5.5.7.3.1" },
    { "clientAuth", "1.3.6.1.5.5.7.3.2" }, { "codeSigning", "1.3.6.1.5.5.7.3.3" },
    { "emailProtection", "1.3.6.1.5.5.7.3.4" }, { "timeStamping", "1.3.6.1.5.5.7.3.8" },
    { "OCSPSigning", "1.3.6.1.5.5.7.3.9" }, { "precertSigning", "1.3.6.1.4.1.11129.2.4.4" },
    { "ipsec", "1.3.6.1.5.5.7.3.17" },
    { "ocsp", "1.3.6.1.5.5.7.48.1" }, { "caIssuers", "1.3.6.1.5.5.7.48.2" },
    { "timeStampingService", "1.3.6.1.5.5.7.48.3" },
    { "anyPolicy", "2.5.29.32.0" }, { "dv", "2.23.140.1.2.1" }, { "ov", "2.23.140.1.2.2" },
    { "iv", "2.23.140.1.2.3" }, { "ev", "2.23.140.1.1" },
    { "cps", "1.3.6.1.5.5.7.2.1" }, { "notice", "1.3.6.1.5.5.7.2.2" },

    { "ecdsa256", "1.2.840.10045.4.3.2" }, { "ecdsa384", "1.2.840.10045.4.3.3" },
    { "rsa1", "1.2.840.113549.1.1.5" }, { "rsa256", "1.2.840.113549.1.1.11" },
    { "rsaMd5", "1.2.840.113549.1.1.4" }, { "rsaKey", "1.2.840.113549.1.1.1" },
    { "pss", "1.2.840.113549.1.1.10" }, { "mgf1", "1.2.840.113549.1.1.8" },
    { "sha256", "2.16.840.1.101.3.4.2.1" }, { "sha384", "2.16.840.1.101.3.4.2.2" },
    { "ecKey", "1.2.840.10045.2.1" }, { "p256", "1.2.840.10045.3.1.7" },
};

static const struct {
    const char *name;
    unsigned tag;
} trip_tags[] = {
    { "seq", DER_SEQUENCE }, { "set", DER_SET }, { "octets", DER_OCTET_STRING },
    { "bits", DER_BIT_STRING }, { "utf8", DER_UTF8_STRING }, { "printable", DER_PRINTABLE_STRING },
    { "ia5", DER_IA5_STRING }, { "teletex", DER_TELETEX_STRING }, { "bmp", DER_BMP_STRING },
    { "int", DER_INTEGER }, { "enum", DER_ENUMERATED }, { "bool", DER_BOOLEAN }, { "oid", DER_OID },
    { "null", DER_NULL }, { "utc", DER_UTC_TIME }, { "gen", DER_GENERALIZED_TIME },
};
// clang-format on

static void trip_value(struct trip_text *t);

_Noreturn static void trip_bad(const struct trip_text *t, const char *what)
{
    fprintf(stderr, "trip: %s before \"%.40s\"\n", what, t->at);
    abort();
}

static void trip_blanks(struct trip_text *t)
{
    t->at += strspn(t->at, " ");
}

/* A word of letters, digits, '.', which ends where something else comes. */
static char *trip_word_take(struct trip_text *t)
{
    size_t length = 0;

    while (isalnum((unsigned char)t->at[length]) || t->at[length] == '.')
        length++;
    char *word = arena_strndup(t->out->arena, t->at, length);
    t->at += length;
    return word;
}

static bool trip_char(struct trip_text *t, char c)
{
    if (*t->at != c)
        return false;
    t->at++;
    return true;
}

static struct bytes trip_named(struct trip_text *t)
{
    const char *name = trip_word_take(t);

    for (const struct trip_word *w = t->words; w->name; w++)
        if (strcmp(w->name, name) == 0)
            return w->value;
    trip_bad(t, name);
}

static struct bytes trip_hex(struct trip_text *t)
{
    size_t length = strspn(t->at, "0123456789abcdef");
    struct bytes out;

    if (!hex_read(t->out->arena, arena_strndup(t->out->arena, t->at, length), &out))
        trip_bad(t, "hex");
    t->at += length;
    return out;
}

static struct bytes trip_oid_of(struct arena *a, const char *name)
{
    const char *dotted = name;
    struct bytes out;

    for (size_t i = 0; i < sizeof trip_oids / sizeof *trip_oids; i++)
        if (strcmp(trip_oids[i].name, name) == 0)
            dotted = trip_oids[i].dotted;
    if (!der_oid_read(a, dotted, &out)) {
        fprintf(stderr, "trip: %s is no OID\n", name);
        abort();
    }
    return out;
}

static int64_t trip_number(struct trip_text *t)
{
    char *end;
    int64_t n;

    if (trip_char(t, '$'))
        return t->value + (*t->at == '-' ? -(t->at++, trip_number(t)) : 0);
    n = strtoll(t->at, &end, 10);
    if (end == t->at)
        trip_bad(t, "number");
    t->at = end;
    return n;
}

static void trip_time(struct trip_text *t)
{
    struct instant at = t->now;

    while (*t->at == '+' || *t->at == '-') {
        int64_t sign = *t->at++ == '-' ? -1 : 1, n = trip_number(t), unit = 1;
        unit = *t->at == 'd' ? 86400 : *t->at == 'h' ? 3600 : unit;
        t->at++;
        at = instant_add(at, seconds(sign * n * unit));
    }
    der_add_time(t->out, at);
}

/* A number of that many bits which no small prime divides: it looks like a modulus. */
static struct bytes trip_modulus(struct arena *a, size_t bits)
{
    size_t size = (bits + 7) / 8;
    uint8_t *n = arena_alloc(a, size), hash[SHA256_SIZE];
    struct bytes out = { n, size };

    for (size_t i = 0; i < size; i++) {
        if (i % SHA256_SIZE == 0)
            digest_sha256((struct bytes){ (const uint8_t *)&i, sizeof i }, hash);
        n[i] = hash[i % SHA256_SIZE];
    }
    n[0] = (uint8_t)((n[0] & (0xff >> (size * 8 - bits))) | (0x80 >> (size * 8 - bits)));
    n[size - 1] |= 1;
    while (key_factor_small(out))
        n[size - 1] = (uint8_t)(n[size - 1] + 2);
    return out;
}

/* The next smaller number that is divisible, and odd if it was. */
static struct bytes trip_divisible(struct arena *a, struct bytes n, unsigned by)
{
    uint8_t *out = arena_copy(a, n.data, n.size);
    unsigned rest = 0;

    for (size_t i = 0; i < n.size; i++)
        rest = (rest << 8 | n.data[i]) % by;
    if (by > 2 && (rest & 1))
        rest += by;
    for (size_t i = n.size; rest && i-- > 0; rest >>= 8) {
        unsigned borrow = out[i] < (rest & 0xff);
        out[i] = (uint8_t)(out[i] - rest);
        rest += borrow << 8;
    }
    return (struct bytes){ out, n.size };
}

static void trip_rsa(struct trip_text *t)
{
    struct bytes modulus =
        trip_char(t, '#') ? trip_hex(t) : trip_modulus(t->out->arena, (size_t)trip_number(t));
    struct trip_text inside = *t;
    uint8_t exponent[4] = { 0, 1, 0, 1 };

    if (trip_char(t, ',')) {
        int64_t e = trip_number(t);
        for (int i = 0; i < 4; i++)
            exponent[i] = (uint8_t)(e >> (24 - 8 * i));
    }
    if (trip_char(t, ','))
        modulus = trip_divisible(t->out->arena, modulus, (unsigned)trip_number(t));
    inside.at = "oid:rsaKey null#";
    size_t spki = der_begin(t->out, DER_SEQUENCE), algorithm = der_begin(t->out, DER_SEQUENCE);
    trip_value(&inside);
    trip_value(&inside);
    der_end(t->out, algorithm);
    size_t string = der_begin(t->out, DER_BIT_STRING);
    text_add_char(t->out, 0);
    size_t key = der_begin(t->out, DER_SEQUENCE);
    der_add_unsigned(t->out, DER_INTEGER, modulus);
    der_add_unsigned(t->out, DER_INTEGER, (struct bytes){ exponent, sizeof exponent });
    der_end(t->out, key);
    der_end(t->out, string);
    der_end(t->out, spki);
}

static void trip_values(struct trip_text *t, char end)
{
    for (trip_blanks(t); *t->at != end; trip_blanks(t)) {
        if (!*t->at)
            trip_bad(t, "an end is missing");
        trip_value(t);
    }
}

static void trip_content(struct trip_text *t, unsigned tag)
{
    size_t begun = der_begin(t->out, tag);

    if (trip_char(t, '{')) {
        if (tag == DER_BIT_STRING)
            text_add_char(t->out, 0);
        trip_values(t, '}');
        t->at++;
    } else if (trip_char(t, '\'')) {
        size_t length = strcspn(t->at, "'");
        text_add_bytes(t->out, t->at, length);
        t->at += length + (t->at[length] == '\'');
    } else if (trip_char(t, '#')) {
        der_add_raw(t->out, trip_hex(t));
    } else if (trip_char(t, '$')) {
        der_add_raw(t->out, trip_named(t));
    } else {
        trip_bad(t, "no content");
    }
    der_end(t->out, begun);
}

static void trip_rdn(struct trip_text *t)
{
    size_t set = der_begin(t->out, DER_SET), attribute = der_begin(t->out, DER_SEQUENCE);

    der_add(t->out, DER_OID, trip_oid_of(t->out->arena, trip_word_take(t)));
    trip_value(t);
    der_end(t->out, attribute);
    der_end(t->out, set);
}

/* What is written with a colon. */
static void trip_special(struct trip_text *t, const char *word)
{
    if (strcmp(word, "oid") == 0)
        der_add(t->out, DER_OID, trip_oid_of(t->out->arena, trip_word_take(t)));
    else if (strcmp(word, "rdn") == 0)
        trip_rdn(t);
    else if (strcmp(word, "int") == 0)
        der_add_small(t->out, (unsigned)trip_number(t));
    else if (strcmp(word, "time") == 0)
        trip_time(t);
    else if (strcmp(word, "rsa") == 0)
        trip_rsa(t);
    else
        trip_bad(t, word);
}

static void trip_context(struct trip_text *t)
{
    unsigned n = (unsigned)trip_number(t);

    if (!trip_char(t, ']'))
        trip_bad(t, "]");
    trip_content(t, *t->at == '{' ? DER_CONTEXT_OF(n) : DER_CONTEXT(n));
}

static void trip_value(struct trip_text *t)
{
    trip_blanks(t);
    if (trip_char(t, '#')) {
        der_add_raw(t->out, trip_hex(t));
        return;
    }
    if (trip_char(t, '$')) {
        der_add_raw(t->out, trip_named(t));
        return;
    }
    if (trip_char(t, '[')) {
        trip_context(t);
        return;
    }
    const char *word = trip_word_take(t);
    if (trip_char(t, ':')) {
        trip_special(t, word);
        return;
    }
    for (size_t i = 0; i < sizeof trip_tags / sizeof *trip_tags; i++)
        if (strcmp(trip_tags[i].name, word) == 0) {
            trip_content(t, trip_tags[i].tag);
            return;
        }
    trip_bad(t, word);
}

#endif
