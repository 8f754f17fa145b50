/* trips - for each lint a to-be-signed certificate that it refuses, and no other lint does.
 *
 * A certificate is a good one of a profile (trip_goods) in which as little as possible was changed
 * (trip_rows), both written as text. Changes are parted by ';':
 *
 *     version serial algorithm issuer validity subject spki unique   values of trip_text.h instead
 *     +EXT value    the extension with that value; +EXT critical value   marks it so
 *     ++EXT value   one more of it, at the end
 *     -EXT          not there
 *     names LIST    what was validated; else it is what stands in subjectAltName
 *     request value the key that was asked for; else it is the certificate's
 *     authority value the name of who signs, and the issuer
 *     profile no MEMBER  its profile has none of these: ocsp_url, ca_issuers_url, crl_url
 *     profile eku LIST   the purposes that it has
 *     profile policies N how many policies that has; profile ski yes: subjectKeyIdentifier
 *     profile allow LINT it does not name that one
 *     signer rsa    the authority has an RSA key; signer self: there is none, it signs itself
 *     kind precert  it is one; kind logged: the certificate of one; else no log is told of it
 *     scts LIST     the timestamps that were verified, one value each; else nobody says
 *     ends DAYS     from now on, the authority's certificate ends; begins DAYS: it begins
 *
 *     struct trip trip;
 *     if (trip_make(&a, "validity_max", 47, at, &trip))
 *         refused = !lint_tbs(&trip.input, trip.profile, rules, count, NULL, &f);
 *
 * Run from the top of the tree: profiles are read from policy/profiles. Include once in a test program;
 * everything is static.
 */
#ifndef LINTS_TRIPS_H
#define LINTS_TRIPS_H

#include "lints/lint.h"
#include "lints/read.h"
#include "lints/trip_goods.h"
#include "lints/trip_profile.h"
#include "lints/trip_rows.h"
#include "lints/trip_text.h"
#include "pki/ip.h"

enum trip_part {
    TRIP_VERSION,
    TRIP_SERIAL,
    TRIP_ALGORITHM,
    TRIP_ISSUER,
    TRIP_VALIDITY,
    TRIP_SUBJECT,
    TRIP_SPKI,
    TRIP_UNIQUE,
    TRIP_PARTS
};
enum { TRIP_EXTENSIONS = 24, TRIP_WORDS = 32, TRIP_NAMES = 300 };

struct trip {
    struct lint_input input;
    const Profile *profile; /* the one below where the trip changes it */
    Profile changed;
    struct ca ca; /* whom the input names */
};

/* As it grows, change by change. */
struct trip_making {
    struct arena *a;
    struct trip *trip;
    struct instant now;
    int64_t value;
    struct bytes part[TRIP_PARTS];
    struct bytes oid[TRIP_EXTENSIONS], extension[TRIP_EXTENSIONS]; /* whole; empty: not there */
    size_t count;
    struct trip_word words[TRIP_WORDS];
    bool self, named, asked;
};

static struct bytes trip_write(struct trip_making *m, const char *text)
{
    struct text out;

    text_init(&out, m->a);
    struct trip_text t = {
        .at = text, .out = &out, .words = m->words, .now = m->now, .value = m->value
    };
    trip_values(&t, '\0');
    return der_written(&out);
}

/* ---- changes */

static const char *const trip_part_names[TRIP_PARTS] = { "version", "serial",   "algorithm",
                                                         "issuer",  "validity", "subject",
                                                         "spki",    "unique" };

static size_t trip_place(struct trip_making *m, struct bytes oid)
{
    size_t i = 0;

    while (i < m->count && !bytes_equal(m->oid[i], oid))
        i++;
    return i;
}

static void trip_extension(struct trip_making *m, const char *text, bool more)
{
    size_t length = strcspn(text, " ");
    struct bytes oid = trip_oid_of(m->a, arena_strndup(m->a, text, length));
    size_t at = more ? m->count : trip_place(m, oid);
    struct text out;

    text += length + (text[length] == ' ');
    bool critical = trip_after(&text, "critical");
    text_init(&out, m->a);
    size_t list = der_begin(&out, DER_SEQUENCE);
    der_add(&out, DER_OID, oid);
    if (critical)
        der_add_bool(&out, true);
    der_add(&out, DER_OCTET_STRING, trip_write(m, text));
    der_end(&out, list);
    m->oid[at] = oid;
    m->extension[at] = der_written(&out);
    m->count += at == m->count;
}

static void trip_remove(struct trip_making *m, const char *name)
{
    size_t at = trip_place(m, trip_oid_of(m->a, name));

    if (at < m->count)
        m->extension[at] = (struct bytes){ NULL, 0 };
}

static void trip_names(struct trip_making *m, char *list)
{
    char *names[TRIP_NAMES], *rest = list;
    size_t count = 0;

    for (char *name; count < TRIP_NAMES && (name = strtok_r(rest, " ", &rest));)
        names[count++] = name;
    m->trip->input.names = identifiers_guess(m->a, names, count);
    m->trip->input.name_count = count;
    m->named = true;
}

static void trip_scts(struct trip_making *m, char *list)
{
    struct bytes *scts = arena_array(m->a, struct bytes, TRIP_NAMES);
    char *rest = list;

    for (char *one; (one = strtok_r(rest, " ", &rest));)
        scts[m->trip->input.sct_count++] = trip_write(m, one);
    m->trip->input.scts = scts;
}

static struct bytes *trip_word(struct trip_making *m, const char *name)
{
    size_t i = 0;

    while (m->words[i].name && strcmp(m->words[i].name, name) != 0)
        i++;
    m->words[i].name = name;
    return &m->words[i].value;
}

static void trip_key_read(struct bytes spki, struct key *out)
{
    struct fault f = { 0 };

    if (!key_read(spki, out, &f, "key")) {
        fprintf(stderr, "trip: %s\n", f.detail);
        abort();
    }
}

static void trip_signer(struct trip_making *m, const char *which)
{
    m->self = strcmp(which, "self") == 0;
    if (!m->self)
        trip_key_read(*trip_word(m, which), &m->trip->ca.public);
}

/* What identifies the certificate's key is $own (RFC 5280 4.2.1.2 (1)), of a key that is none nothing. */
static struct bytes trip_key_id(struct trip_making *m, struct bytes spki)
{
    uint8_t hash[SHA1_SIZE];
    struct fault f = { 0 };
    struct key key;

    digest_sha1(key_read(spki, &key, &f, "key") ? key.public_key : spki, hash);
    return (struct bytes){ arena_copy(m->a, hash, sizeof hash), sizeof hash };
}

/* Its own, from the first change on. */
static void trip_profile_own(struct trip_making *m, char *text)
{
    struct trip *trip = m->trip;

    if (trip->profile != &trip->changed)
        trip->changed = *trip->profile;
    trip->profile = &trip->changed;
    trip_profile_change(m->a, &trip->changed, text);
}

static void trip_part_set(struct trip_making *m, enum trip_part part, const char *text)
{
    m->part[part] = trip_write(m, text);
    if (part == TRIP_SPKI)
        *trip_word(m, "own") = trip_key_id(m, m->part[part]);
}

static void trip_change(struct trip_making *m, char *text)
{
    const char *rest = text;

    for (int i = 0; i < TRIP_PARTS; i++)
        if (trip_after(&rest, trip_part_names[i])) {
            trip_part_set(m, (enum trip_part)i, rest);
            return;
        }
    if (strncmp(text, "++", 2) == 0)
        trip_extension(m, text + 2, true);
    else if (*text == '+')
        trip_extension(m, text + 1, false);
    else if (*text == '-')
        trip_remove(m, text + 1);
    else if (trip_after(&rest, "names"))
        trip_names(m, text + (rest - text));
    else if (trip_after(&rest, "signer"))
        trip_signer(m, rest);
    else if (trip_after(&rest, "profile"))
        trip_profile_own(m, text + (rest - text));
    else if (trip_after(&rest, "authority"))
        m->part[TRIP_ISSUER] = m->trip->ca.subject = trip_write(m, rest);
    else if (trip_after(&rest, "ends"))
        m->trip->ca.not_after = instant_add(m->now, days(strtol(rest, NULL, 10)));
    else if (trip_after(&rest, "begins"))
        m->trip->ca.not_before = instant_add(m->now, days(strtol(rest, NULL, 10)));
    else if (trip_after(&rest, "kind"))
        m->trip->input.kind = strcmp(rest, "precert") == 0 ? LINT_PRECERT : LINT_LOGGED;
    else if (trip_after(&rest, "scts"))
        trip_scts(m, text + (rest - text));
    else if (trip_after(&rest, "request"))
        m->trip->input.spki = trip_write(m, rest), m->asked = true;
    else {
        fprintf(stderr, "trip: no such change: %s\n", text);
        abort();
    }
}

/* As far as the next ';' that is in no text. */
static char *trip_part_off(char **rest)
{
    char *one = *rest, *at = one;

    if (!*one)
        return NULL;
    for (bool text = false; *at && (text || *at != ';'); at++)
        text ^= *at == '\'';
    *rest = *at ? at + 1 : at;
    *at = '\0';
    return one;
}

static void trip_changes(struct trip_making *m, const char *changes)
{
    char *rest = arena_strdup(m->a, changes);

    for (char *one; (one = trip_part_off(&rest));) {
        one += strspn(one, " ");
        for (size_t end = strlen(one); end && one[end - 1] == ' '; end--)
            one[end - 1] = '\0';
        if (*one)
            trip_change(m, one);
    }
}

/* ---- all of it */

static struct bytes trip_together(struct trip_making *m)
{
    struct text t;

    text_init(&t, m->a);
    size_t tbs = der_begin(&t, DER_SEQUENCE);
    for (int i = 0; i < TRIP_PARTS; i++)
        der_add_raw(&t, m->part[i]);
    size_t explicit = der_begin(&t, DER_CONTEXT_OF(3)), list = der_begin(&t, DER_SEQUENCE);
    for (size_t i = 0; i < m->count; i++)
        der_add_raw(&t, m->extension[i]);
    der_end(&t, list);
    der_end(&t, explicit);
    der_end(&t, tbs);
    return der_written(&t);
}

/* What stands in the certificate was validated, unless the trip says otherwise. */
static void trip_names_of(struct trip_making *m)
{
    const size_t at = trip_place(m, trip_oid_of(m->a, "SAN"));
    struct identifier *names = arena_array(m->a, struct identifier, TRIP_NAMES);
    struct der whole = der_open(m->extension[at]), inside, value, list;
    struct bytes octets, name;
    unsigned tag;
    size_t count = 0;

    if (!m->extension[at].size || !der_enter(&whole, DER_SEQUENCE, &inside) ||
        !der_next(&inside, NULL, NULL, NULL))
        return;
    der_take(&inside, DER_BOOLEAN, NULL);
    if (!der_take(&inside, DER_OCTET_STRING, &octets))
        return;
    value = der_open(octets);
    if (!der_enter(&value, DER_SEQUENCE, &list))
        return;
    while (count < TRIP_NAMES && der_next(&list, &tag, &name, NULL)) {
        struct identifier *one = &names[count];
        const char *ip = tag == DER_CONTEXT(7) ? ip_text(m->a, name) : NULL;
        if (!lint_name_kind(tag, &one->kind))
            continue;
        one->value = ip ? ip : arena_strndup(m->a, (const char *)name.data, name.size);
        count++;
    }
    m->trip->input.names = names;
    m->trip->input.name_count = count;
}

static void trip_begin(struct trip_making *m)
{
    for (size_t i = 0; i < sizeof trip_constants / sizeof *trip_constants; i++)
        *trip_word(m, trip_constants[i].name) = trip_write(m, trip_constants[i].value);
    struct ca *ca = &m->trip->ca;
    ca->name = "trip";
    ca->subject = *trip_word(m, "issuer");
    ca->key_id = *trip_word(m, "keyid") = trip_key_id(m, *trip_word(m, "ca"));
    ca->not_before = instant_add(m->now, days(-365));
    ca->not_after = instant_add(m->now, days(3650));
    trip_signer(m, "ca");
}

static void trip_good(struct trip_making *m, const char *name)
{
    for (size_t i = 0; i < sizeof trip_goods / sizeof *trip_goods; i++) {
        if (strcmp(trip_goods[i].profile, name) != 0)
            continue;
        if (trip_goods[i].like)
            trip_good(m, trip_goods[i].like);
        trip_changes(m, trip_goods[i].changes);
        return;
    }
    fprintf(stderr, "trip: there is no good %s\n", name);
    abort();
}

/* The good certificate of a profile, at that instant, with these changes. */
static void trip_of(struct arena *a, const char *profile, const char *changes, int64_t value,
                    struct instant at, struct trip *out)
{
    struct trip_making m = { .a = a, .trip = out, .now = at, .value = value };

    *out = (struct trip){ .profile = trip_profile(a, profile) };
    trip_begin(&m);
    trip_good(&m, profile);
    trip_changes(&m, changes);
    out->input.tbs = trip_together(&m);
    out->input.now = at;
    if (!m.self)
        out->input.ca = &out->ca;
    if (!m.named)
        trip_names_of(&m);
    if (!m.asked)
        out->input.spki = m.part[TRIP_SPKI];
}

/* The trip of a lint; false if there is none. `value` is the one that the lint is given, in its unit;
 * 0: that which stands when none is given. `at`: when it is signed. */
__attribute__((unused)) static bool trip_make(struct arena *a, const char *lint, int64_t value,
                                              struct instant at, struct trip *out)
{
    for (size_t i = 0; i < sizeof trip_rows / sizeof *trip_rows; i++)
        if (strcmp(trip_rows[i].lint, lint) == 0) {
            trip_of(a, trip_rows[i].profile, trip_rows[i].changes,
                    value ? value : lint_find(lint)->standing, at, out);
            return true;
        }
    return false;
}

#endif
