/* house - a scratch token with a small hierarchy of authorities in it, for tests of the issuer.
 * Include once in a test program; everything is static.
 */
#ifndef TESTDATA_HOUSE_H
#define TESTDATA_HOUSE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ceremony.h"
#include "product.pb-c.h"
#include "testing/scratch_token.h"
#include "x509/ca.h"

#define HOUSE_LABEL  "test-house"
#define HOUSE_STATUS "status.example"

enum { HOUSE_ROOT, HOUSE_P256, HOUSE_RSA, HOUSE_CAS };

struct house {
    struct arena arena;
    struct token *token;
    char folder[160];
    Authority **rows;
    struct ca *ca[HOUSE_CAS];
};

static char *house_policy[] = { (char[]){ "2.23.140.1.2.1" } };
static char *house_purpose[] = { (char[]){ "server_auth" } };

#define HOUSE_ROW(ca_, key_, cn_, issuer_, days_, extra_)                                          \
    {                                                                                              \
        .base = PROTOBUF_C_MESSAGE_INIT(&ceremony_authority__descriptor), .name = (char[]){ ca_ }, \
        .key = (char[]){ key_ }, .common_name = (char[]){ cn_ }, .issuer = issuer_,                \
        .validity_days = days_, .n_policy_oids = extra_, .policy_oids = house_policy,              \
        .n_ext_key_usage = extra_, .ext_key_usage = house_purpose                                  \
    }

static char house_root[] = "root";
static CeremonyAuthority house_rows[] = {
    HOUSE_ROW("root", "p384", "House Root", NULL, 7300, 0),
    HOUSE_ROW("p256", "p256", "House P256 CA", house_root, 1095, 1),
    HOUSE_ROW("rsa2048", "rsa2048", "House RSA CA", house_root, 1095, 1),
};
static CeremonyAuthority *house_list[] = { &house_rows[0], &house_rows[1], &house_rows[2] };

static Ceremony house_script(void)
{
    static char country[] = "XX", organization[] = "House", ocsp[] = "http://{status}/ocsp/{ca}",
                ca_issuers[] = "http://{status}/ca/{ca}.crt",
                crl[] = "http://{status}/crl/{ca}.crl";
    Ceremony script = CEREMONY__INIT;

    script.country = country;
    script.organization = organization;
    script.ocsp_url = ocsp;
    script.ca_issuers_url = ca_issuers;
    script.crl_url = crl;
    script.n_authorities = HOUSE_CAS;
    script.authorities = house_list;
    return script;
}

/* The DV profile of the house. */
__attribute__((unused)) static Profile house_profile(void)
{
    static char signature[] = "digital_signature", encipherment[] = "key_encipherment",
                ocsp[] = "http://{status}/ocsp/{ca}", ca_issuers[] = "http://{status}/ca/{ca}.crt",
                crl[] = "http://{status}/crl/{ca}/{shard}.crl";
    static char *rsa[] = { signature, encipherment };
    Profile profile = PROFILE__INIT;

    profile.include_common_name = true;
    profile.n_key_usage_rsa = 2;
    profile.key_usage_rsa = rsa;
    profile.n_key_usage_ec = 1;
    profile.key_usage_ec = rsa;
    profile.n_ext_key_usage = 1;
    profile.ext_key_usage = house_purpose;
    profile.n_policy_oids = 1;
    profile.policy_oids = house_policy;
    profile.ocsp_url = ocsp;
    profile.ca_issuers_url = ca_issuers;
    profile.crl_url = crl;
    profile.crl_shards = 128;
    return profile;
}

/* What its authorities are linted by: the kind of each, and no rule that has a date. */
static const struct policy *house_ca_policy(void)
{
    static char kinds[2][12] = { "root", "subordinate" },
                names[2][24] = { "ca-private-root", "ca-private-subordinate" };
    static Profile profiles[2];
    static struct policy_profile rows[2];
    static struct policy policy = { .profiles = rows, .profile_count = 2 };

    for (int i = 0; i < 2; i++) {
        profile__init(&profiles[i]);
        profiles[i].name = names[i];
        profiles[i].certificate = kinds[i];
        profiles[i].rule_scope = names[0];
        rows[i].profile = &profiles[i];
    }
    return &policy;
}

static void house_must(bool good, const struct fault *f)
{
    if (good)
        return;
    fprintf(stderr, "house: %s: %s\n", f->field, f->detail);
    abort();
}

static void house_open(struct house *house, struct instant now)
{
    struct token_options options = { .module = SCRATCH_TOKEN_MODULE,
                                     .label = HOUSE_LABEL,
                                     .pin = { SCRATCH_TOKEN_PIN } };
    Ceremony script = house_script();
    struct fault f = { 0 };
    size_t count;

    arena_init(&house->arena);
    snprintf(house->folder, sizeof house->folder, "%s/ceremony", scratch_token_dir());
    mkdir(house->folder, 0700);
    scratch_token_make(HOUSE_LABEL);
    house->token = token_open(&options);
    struct ceremony ceremony = { &script,       house_ca_policy(), HOUSE_STATUS,
                                 house->folder, "a test",          now };
    house_must(ceremony_hold(house->token, &ceremony, &house->arena, &house->rows, &count, &f), &f);
    for (size_t i = 0; i < count; i++) {
        const Authority *row = house->rows[i];
        const struct token_key *key;
        house_must(token_find_key(house->token, row->key_label, tick_after(seconds(30)), &key, &f),
                   &f);
        house->ca[i] =
            ca_new(row->key_label, (struct bytes){ row->der.data, row->der.len }, key, &f);
        house_must(house->ca[i] != NULL, &f);
    }
}

static void house_close(struct house *house)
{
    for (int i = 0; i < HOUSE_CAS; i++)
        ca_free(house->ca[i]);
    token_close(house->token);
    arena_free(&house->arena);
    scratch_token_remove();
}

#endif
