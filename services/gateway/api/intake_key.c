/* The key to be certified, and what signs it. */
#include "api/examination.h"

#include <ctype.h>
#include <string.h>

#include "ledger/authority.h"
#include "message/convert.h"
#include "pki/csr.h"

bool intake_csr(struct examination *e)
{
    struct csr csr;
    OrderIntake *row = e->row;
    struct arena *a = &e->call->arena;
    const struct csr_rules rules = { policy_uses(e->policy, e->out->product->rule_scope, "csr.sha1",
                                                 e->now) };
    if (!csr_read_text(a, e->in->certificate->csr, rules, &csr, &e->call->fault))
        return false;
    row->csr = bytes_message(a, csr.der);
    row->csr_sha256 = (ProtobufCBinaryData){ SHA256_SIZE, arena_copy(a, csr.sha256, SHA256_SIZE) };
    row->spki_sha256 =
        (ProtobufCBinaryData){ SHA256_SIZE, arena_copy(a, csr.spki_sha256, SHA256_SIZE) };
    row->key_type = arena_strdup(a, key_type_name(csr.key.type));
    row->key_size = csr.key.bits;
    return true;
}

bool intake_hash(struct examination *e)
{
    static const char *const texts[] = { NULL, "sha256", "sha384", "sha512" };
    const Product *p = e->out->product;
    const char *asked = e->in->certificate->has_signature_hash
                            ? texts[e->in->certificate->signature_hash]
                            : p->allowed_hashes[0];
    if (!examination_listed(p->allowed_hashes, p->n_allowed_hashes, asked))
        return examination_refuse(e, FAULT_SIGNATURE_HASH, "certificate.signature_hash",
                                  "is not offered for this product");
    e->row->signature_hash = arena_strdup(&e->call->arena, asked);
    return true;
}

/* Clients that have nothing to say send the name of the product, which is no authority. */
static bool names_authority(const struct examination *e)
{
    const char *asked = e->in->certificate->ca_cert_id;
    return asked && *asked && strcmp(asked, e->in->name_id) != 0 &&
           strcmp(asked, e->out->product->name_id) != 0;
}

/* Ids are hexadecimal, in either case. */
static const Authority *authority_asked(const struct examination *e)
{
    char *id = arena_strdup(&e->call->arena, e->in->certificate->ca_cert_id);
    for (char *c = id; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return authority_find(id);
}

bool intake_authority(struct examination *e)
{
    const Product *p = e->out->product;
    bool named = names_authority(e);
    const Authority *ca = named ? authority_asked(e) : authority_find_label(p->default_authority);
    if (!ca && !named)
        return examination_refuse(e, FAULT_UNAVAILABLE, NULL,
                                  "the product's authority does not exist: hold the ceremony");
    if (!ca || !examination_listed(p->authorities, p->n_authorities, ca->key_label))
        return examination_refuse(e, FAULT_CA_CERT, "certificate.ca_cert_id",
                                  "is no authority of this product");
    e->row->ca_id = ca->id;
    return true;
}

/* ---- B15: variants of the certificate */

/* What rules forbid on this day for the product's kind of certificates, with the code that says so. */
static bool option_permitted(struct examination *e, const char *option)
{
    struct rows rows = { 0 };
    const char *parameter = arena_format(&e->call->arena, "profile_option.%s", option);
    if (!policy_rules_at(&e->call->arena, e->now, e->out->product->rule_scope, parameter, &rows,
                         &e->call->fault))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const Rule *r = (const Rule *)rows.items[i];
        bool invalid = r->value && strcmp(r->value, "invalid") == 0;
        if (strcmp(r->level, "X") == 0)
            return examination_refuse(
                e, invalid ? FAULT_PROFILE_OPTION : FAULT_PROFILE_OPTION_FORBIDDEN,
                "certificate.profile_option", r->statement);
    }
    return true;
}

static const ProfileOption *option_find(const struct examination *e, const char *name)
{
    const struct policy_profile *p = policy_profile_find(e->policy, e->out->product->profile);
    for (size_t i = 0; p && i < p->profile->n_options; i++)
        if (strcmp(p->profile->options[i]->name, name) == 0)
            return p->profile->options[i];
    return NULL;
}

bool intake_profile_option(struct examination *e)
{
    static const char field[] = "certificate.profile_option";
    char *name = e->in->certificate->profile_option;
    if (!name || !*name)
        return true;
    if (!option_permitted(e, name))
        return false;
    const ProfileOption *option = option_find(e, name);
    if (!option)
        return examination_refuse(e, FAULT_PROFILE_OPTION, field, "is not known for this product");
    if (!examination_listed(option->key_types, option->n_key_types, e->row->key_type))
        return examination_refuse(e, FAULT_PROFILE_OPTION_FORBIDDEN, field,
                                  "does not go with a key of this type");
    e->row->profile_option = name;
    return true;
}
