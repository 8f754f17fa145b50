/* chancery lint of a certificate: by a profile of the policy, and on the day on which it was made. Names and key
 * are its own, since nobody says here what was asked for. */
#include <string.h>

#include "lint.h"
#include "lint_rules.h"
#include "pki/certificate.h"
#include "pki/der.h"
#include "pki/ip.h"
#include "pki/precertificate.h"
#include "pki/sct.h"

#define SUBJECT_ALT_NAME DER_BYTES("\x55\x1d\x11")

static void tell(void *data, const struct lint *lint, bool advice, const char *why)
{
    lint_row(data, lint->name, lint->source, advice, why);
}

static const Profile *profile_named(struct inquiry *q, struct fault *f)
{
    const char *name = command_option(q->run, "profile");
    name = name ? name : "tls-dv";
    for (size_t i = 0; i < q->policy.profile_count; i++)
        if (strcmp(q->policy.profiles[i]->name, name) == 0)
            return q->policy.profiles[i];
    fault_set(f, FAULT_INVALID, "--profile", "is %s, which the policy has not", name);
    return NULL;
}

/* Those of other kinds are left to the checks. */
static void names_of(struct arena *a, const struct certificate *c, struct lint_input *in)
{
    enum { DNS = DER_CONTEXT(2), IP = DER_CONTEXT(7) };
    struct bytes value, name;
    struct der list;
    unsigned tag;
    bool critical;
    if (!certificate_extension(c, SUBJECT_ALT_NAME, &value, &critical))
        return;
    struct identifier *out = arena_array(a, struct identifier, value.size);
    struct der all = der_open(value);
    if (der_enter(&all, DER_SEQUENCE, &list))
        while (der_next(&list, &tag, &name, NULL))
            if (tag == DNS || tag == IP)
                out[in->name_count++] =
                    tag == IP ? (struct identifier){ IDENTIFIER_IP, ip_text(a, name) }
                              : (struct identifier){ IDENTIFIER_DNS,
                                                     arena_strndup(a, (const char *)name.data,
                                                                   name.size) };
    in->names = out;
}

/* Which it is of the three kinds of leaves, by what is in it alone. */
static enum lint_kind kind_of(const struct certificate *c)
{
    static const struct {
        const struct bytes *oid;
        enum lint_kind kind;
    } marks[] = { { &oid_ct_poison, LINT_PRECERT }, { &oid_sct_list, LINT_LOGGED } };
    struct bytes value;
    bool critical;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (certificate_extension(c, *marks[i].oid, &value, &critical))
            return marks[i].kind;
    return LINT_UNLOGGED;
}

/* When the last of its logs had promised; `otherwise` if none has. */
static struct instant logged_at(const struct certificate *c, struct instant otherwise)
{
    struct bytes value, scts[SCTS_MAX];
    struct fault ignored = { 0 };
    size_t count;
    bool critical;
    struct sct s;
    if (!certificate_extension(c, oid_sct_list, &value, &critical) ||
        !sct_list_read(value, scts, &count, &ignored, "scts"))
        return otherwise;
    for (size_t i = 0; i < count; i++)
        if (sct_read(scts[i], &s, &ignored, "sct") && instant_before(otherwise, sct_time(&s)))
            otherwise = sct_time(&s);
    return otherwise;
}

/* The moment of its signature, as near as it says it itself. */
static struct instant made_at(const struct inquiry *q, const struct certificate *c,
                              const Profile *profile)
{
    return command_option(q->run, "at")
               ? q->at
               : logged_at(c, instant_add(c->not_before, seconds(profile->backdate_seconds)));
}

static void authority_of(const struct inquiry *q, struct ca *out)
{
    *out = (struct ca){ .subject = q->issuer.subject,
                        .key_id = q->issuer.key_id,
                        .not_before = q->issuer.not_before,
                        .not_after = q->issuer.not_after,
                        .public = q->issuer.key };
}

static bool run(struct inquiry *q, const Profile *profile, const struct lint_input *in,
                struct fault *f)
{
    size_t count;
    struct lint_rule *rules =
        lint_rules(&q->run->arena, &q->policy, profile->rule_scope, in->now, &count);
    struct lint_plan *plan = lint_plan_new(profile, rules, count, f);
    bool done = plan && lint_each(plan, in, tell, q, f);
    lint_plan_free(plan);
    return done;
}

bool lint_show_certificate(struct inquiry *q, struct fault *f)
{
    const Profile *profile = profile_named(q, f);
    struct certificate c;
    struct ca ca;
    struct key key;
    if (!profile || !certificate_read(q->der, &c, f, q->run->words[0]))
        return false;
    bool root = lint_kind_read(profile->certificate) == LINT_ROOT;
    if (!root && !lint_issuer(q, f))
        return false;
    authority_of(q, &ca);
    struct lint_input in = { .tbs = c.tbs,
                             .ca = root ? NULL : &ca,
                             .now = made_at(q, &c, profile),
                             .spki = c.spki,
                             .kind = kind_of(&c) };
    names_of(&q->run->arena, &c, &in);
    key = q->issuer.key;
    if (root && !key_read(c.spki, &key, f, q->run->words[0]))
        return false;
    lint_signature(q, "signature", "RFC 5280 4.1.1.3", &key, c.algorithm, c.tbs, c.signature);
    return run(q, profile, &in, f);
}
