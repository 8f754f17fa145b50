#include "ceremony.h"

#include <string.h>

#include "ceremony_lint.h"
#include "ceremony_record.h"
#include "pki/digest.h"
#include "pki/pem.h"
#include "x509/ca_certificate.h"
#include "x509/certificate.h"
#include "x509/serial.h"
#include "x509/url.h"

/* What one step hands to the next; one for each row of the script. */
struct step {
    const CeremonyAuthority *row;
    const struct token_key *key;
    struct ca *ca;
    const struct step *issuer; /* NULL: a root */
};

struct run {
    struct token *token;
    const struct ceremony *c;
    struct arena *a;
    struct step *steps;
    struct fault *f;
};

#define NOTE(run, ...) record_note((run)->a, (run)->c->folder, (run)->c->now, (run)->f, __VA_ARGS__)

/* RSA-4096 takes seconds, on a slow token a minute. */
static struct tick patience(void)
{
    return tick_after(seconds(120));
}

static const char *issuer_name(const struct step *s)
{
    return s->issuer ? s->issuer->row->name : s->row->name;
}

static bool find_issuer(struct run *run, size_t at)
{
    struct step *s = &run->steps[at];

    if (!s->row->issuer)
        return true;
    for (size_t i = 0; i < at; i++)
        if (strcmp(run->steps[i].row->name, s->row->issuer) == 0)
            s->issuer = &run->steps[i];
    return s->issuer || fault_set(run->f, FAULT_INVALID, "authorities.issuer",
                                  "%s is no earlier authority of the script", s->row->issuer);
}

static bool kind_fits(struct run *run, const struct step *s)
{
    return strcmp(token_key_kind(s->key), s->row->key) == 0 ||
           fault_set(run->f, FAULT_CONFLICT, "authorities.key", "the token's key %s is %s, not %s",
                     s->row->name, token_key_kind(s->key), s->row->key);
}

static bool have_key(struct run *run, struct step *s)
{
    const CeremonyAuthority *row = s->row;

    if (token_find_key(run->token, row->name, patience(), &s->key, run->f))
        return kind_fits(run, s) && NOTE(run, "key %s (%s) kept", row->name, row->key);
    if (run->f->code != FAULT_NOT_FOUND)
        return false;
    run->f->code = FAULT_NONE;
    return record_write(run->a, run->c->folder, row->name, ".begun", BYTES_OF("begun\n"), run->f) &&
           token_make_key(run->token, row->name, row->key, patience(), &s->key, run->f) &&
           NOTE(run, "key %s (%s) generated in the token", row->name, row->key);
}

/* A period includes both of its ends (TLS BR 6.3.2); nobody outlives its issuer. */
static struct instant last_second(const struct run *run, const struct step *s)
{
    struct instant end =
        instant_add(instant_add(run->c->now, days(s->row->validity_days)), seconds(-1));

    if (s->issuer && instant_before(s->issuer->ca->not_after, end))
        return s->issuer->ca->not_after;
    return end;
}

static char *fingerprint(const struct run *run, struct bytes der)
{
    uint8_t hash[SHA256_SIZE];

    digest_sha256(der, hash);
    return hex_upper(run->a, (struct bytes){ hash, sizeof hash });
}

/* The database's id of an authority: the first 8 bytes of its certificate's SHA-256. */
static char *id_of(const struct run *run, const struct step *s)
{
    return arena_strndup(run->a, fingerprint(run, s->ca->der), 16);
}

static struct ca_request request_of(const struct run *run, const struct step *s,
                                    const uint8_t *serial)
{
    const Ceremony *script = run->c->script;
    const char *status = run->c->status, *issuer = s->issuer ? id_of(run, s->issuer) : "";

    return (struct ca_request){
        .country = script->country,
        .organization = script->organization,
        .common_name = s->row->common_name,
        .spki = token_key_public(s->key),
        .issuer = s->issuer ? s->issuer->ca : NULL,
        .serial = { serial, SERIAL_SIZE },
        .not_before = run->c->now,
        .not_after = last_second(run, s),
        .policy_oids = s->row->policy_oids,
        .policy_count = s->row->n_policy_oids,
        .purposes = s->row->ext_key_usage,
        .purpose_count = s->row->n_ext_key_usage,
        .ocsp_url = url_fill(run->a, script->ocsp_url, status, issuer),
        .ca_issuers_url = url_fill(run->a, script->ca_issuers_url, status, issuer),
        .crl_url = url_fill(run->a, script->crl_url, status, issuer),
    };
}

/* A key without a certificate here, that was not begun here either: most likely the folder is another
 * one or lost, and the certificate exists. */
static bool begun_here(struct run *run, const struct step *s)
{
    const char *folder = run->c->folder, *name = s->row->name;
    struct bytes content;
    bool found;

    if (!record_read(run->a, folder, name, ".begun", &content, &found, run->f))
        return false;
    return found ||
           fault_set(run->f, FAULT_CONFLICT, "authorities.name",
                     "put %s.der back into the folder, since the token has the key. Only if there "
                     "never was a certificate, make the file %s.begun there",
                     name, name);
}

/* A hierarchy is public or not as a whole. */
static const struct step *root_of(const struct step *s)
{
    while (s->issuer)
        s = s->issuer;
    return s;
}

static bool lint(struct run *run, const struct step *s, struct bytes tbs)
{
    struct ceremony_tbs what = { .name = s->row->name,
                                 .issuer = s->issuer ? s->issuer->ca : NULL,
                                 .public = root_of(s)->row->public_,
                                 .spki = token_key_public(s->key),
                                 .tbs = tbs };

    return ceremony_lint(run->c->policy, &what, run->c->now, run->f);
}

static bool make_tbs(struct run *run, const struct step *s, const struct sign_algorithm *algorithm,
                     struct bytes *tbs)
{
    uint8_t serial[SERIAL_SIZE];

    serial_make(run->c->now, serial);
    struct ca_request request = request_of(run, s, serial);
    return ca_certificate_build(&request, algorithm, run->a, tbs, run->f) && lint(run, s, *tbs) &&
           record_write(run->a, run->c->folder, s->row->name, ".tbs", *tbs, run->f);
}

/* What is signed is on the disk before: when it breaks off in between, the same is signed again, if it may be so
 * today. */
static bool have_tbs(struct run *run, const struct step *s, const struct sign_algorithm *algorithm,
                     struct bytes *tbs)
{
    bool found;

    if (!record_read(run->a, run->c->folder, s->row->name, ".tbs", tbs, &found, run->f))
        return false;
    return found ? lint(run, s, *tbs) : make_tbs(run, s, algorithm, tbs);
}

static bool make_certificate(struct run *run, struct step *s, struct bytes *der)
{
    const struct token_key *signer = s->issuer ? s->issuer->key : s->key;
    const struct sign_algorithm *algorithm = sign_algorithm_find(token_key_kind(signer), "sha256");
    struct bytes tbs, signature;

    if (!begun_here(run, s) || !have_tbs(run, s, algorithm, &tbs) ||
        !token_sign(run->token, signer, algorithm->hash, tbs, patience(), run->a, &signature,
                    run->f))
        return false;
    return certificate_assemble(run->a, tbs, signature, der, run->f) &&
           certificate_compare(*der, tbs, run->f);
}

/* Whoever signed it, it must be the certificate of this key by that issuer. */
static bool accept_certificate(struct run *run, struct step *s, struct bytes der)
{
    s->ca = ca_new(s->row->name, der, s->key, run->f);
    return s->ca && certificate_verify(der, s->issuer ? s->issuer->ca : s->ca, run->f);
}

static bool write_certificate(struct run *run, const struct step *s, struct bytes der)
{
    const char *folder = run->c->folder, *name = s->row->name;
    struct text pem;

    text_init(&pem, run->a);
    pem_write(&pem, "CERTIFICATE", der, "\n");
    struct bytes text = { (const uint8_t *)pem.data, pem.length };
    return record_write(run->a, folder, name, ".pem", text, run->f) &&
           record_write(run->a, folder, name, ".der", der, run->f); /* last: it says "done" */
}

static bool have_certificate(struct run *run, struct step *s)
{
    const char *name = s->row->name;
    struct bytes der;
    bool found;

    if (!record_read(run->a, run->c->folder, name, ".der", &der, &found, run->f))
        return false;
    if (found)
        return accept_certificate(run, s, der) &&
               NOTE(run, "certificate %s kept, SHA-256 %s", name, fingerprint(run, der));
    return make_certificate(run, s, &der) && accept_certificate(run, s, der) &&
           write_certificate(run, s, der) &&
           NOTE(run, "certificate %s (%s) signed with key %s, SHA-256 %s", name,
                s->row->common_name, issuer_name(s), fingerprint(run, der));
}

static Authority *row_of(struct run *run, const struct step *s)
{
    Authority *out = arena_new(run->a, Authority);
    Instant *now = arena_new(run->a, Instant);

    authority__init(out);
    instant__init(now);
    now->us = run->c->now.us;
    out->id = id_of(run, s);
    out->name = arena_strdup(run->a, s->row->common_name);
    out->key_label = arena_strdup(run->a, s->row->name);
    out->key_type = arena_strdup(run->a, s->row->key);
    out->parent_id = s->issuer ? id_of(run, s->issuer) : NULL;
    out->der.data = arena_copy(run->a, s->ca->der.data, s->ca->der.size);
    out->der.len = s->ca->der.size;
    out->may_sign = s->issuer != NULL;
    out->public_ = root_of(s)->row->public_;
    out->created_at = now;
    return out;
}

static bool broke_off(struct run *run, const char *name)
{
    struct fault why = *run->f;

    NOTE(run, "broke off at %s: %s", name, why.detail);
    *run->f = why;
    return false;
}

static bool steps_take(struct run *run)
{
    const Ceremony *script = run->c->script;

    for (size_t i = 0; i < script->n_authorities; i++) {
        struct step *s = &run->steps[i];
        s->row = script->authorities[i];
        if (!find_issuer(run, i) || !have_key(run, s) || !have_certificate(run, s))
            return broke_off(run, s->row->name);
    }
    return true;
}

bool ceremony_hold(struct token *token, const struct ceremony *ceremony, struct arena *a,
                   Authority ***authorities, size_t *count, struct fault *f)
{
    size_t n = ceremony->script->n_authorities;
    struct run run = {
        .token = token, .c = ceremony, .a = a, .steps = arena_array(a, struct step, n), .f = f
    };

    f->code = FAULT_NONE;
    bool good = record_folder(ceremony->folder, f) &&
                NOTE(&run, "ceremony begun by %s", ceremony->operator) && steps_take(&run) &&
                NOTE(&run, "ceremony ended");
    *authorities = arena_array(a, Authority *, n);
    *count = n;
    for (size_t i = 0; good && i < n; i++)
        (*authorities)[i] = row_of(&run, &run.steps[i]);
    for (size_t i = 0; i < n; i++)
        ca_free(run.steps[i].ca);
    return good;
}
