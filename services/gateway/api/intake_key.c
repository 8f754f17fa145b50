/* The key to be certified, and what signs it. */
#include "api/examining.h"

#include <string.h>

#include "ledger/authority.h"
#include "message/convert.h"
#include "pki/csr.h"

bool intake_csr(struct examining *e)
{
    struct csr csr;
    OrderIntake *row = e->row;
    struct arena *a = &e->call->arena;
    if (!csr_read_text(a, e->in->certificate->csr, &csr, &e->call->fault))
        return false;
    row->csr = bytes_message(a, csr.der);
    row->csr_sha256 = (ProtobufCBinaryData){ SHA256_SIZE, arena_copy(a, csr.sha256, SHA256_SIZE) };
    row->key_type = arena_strdup(a, key_type_name(csr.key.type));
    row->key_size = csr.key.bits;
    return true;
}

bool intake_hash(struct examining *e)
{
    static const char *const texts[] = { NULL, "sha256", "sha384", "sha512" };
    const Product *p = e->out->product;
    const char *asked = e->in->certificate->has_signature_hash
                            ? texts[e->in->certificate->signature_hash]
                            : p->allowed_hashes[0];
    if (!examine_listed(p->allowed_hashes, p->n_allowed_hashes, asked))
        return examine_refuse(e, FAULT_SIGNATURE_HASH, "certificate.signature_hash",
                              "is not offered for this product");
    e->row->signature_hash = arena_strdup(&e->call->arena, asked);
    return true;
}

bool intake_authority(struct examining *e)
{
    const Product *p = e->out->product;
    const char *asked = e->in->certificate->ca_cert_id;
    const Authority *ca =
        asked && *asked ? authority_find(asked) : authority_find_label(p->default_authority);
    if (!ca && !(asked && *asked))
        return examine_refuse(e, FAULT_UNAVAILABLE, NULL,
                              "the product's authority does not exist: hold the ceremony");
    if (!ca || !examine_listed(p->authorities, p->n_authorities, ca->key_label))
        return examine_refuse(e, FAULT_CA_CERT, "certificate.ca_cert_id",
                              "is no authority of this product");
    e->row->ca_id = ca->id;
    return true;
}

/* B15: what public TLS certificates must not carry. */
bool intake_profile_option(struct examining *e)
{
    static const struct {
        const char *option;
        enum fault_code code;
    } refused[] = {
        { "basic_constraints_critical_true", FAULT_PROFILE_OPTION },
        { "data_encipherment", FAULT_PROFILE_OPTION_FORBIDDEN },
        { "non_repudiation", FAULT_PROFILE_OPTION_FORBIDDEN },
        { "non_repudiation_and_data_enciph", FAULT_PROFILE_OPTION_FORBIDDEN },
    };
    const char *option = e->in->certificate->profile_option;
    if (!option || !*option)
        return true;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strcmp(refused[i].option, option) == 0)
            return examine_refuse(e, refused[i].code, "certificate.profile_option",
                                  "is not allowed in public TLS certificates");
    return examine_refuse(e, FAULT_PROFILE_OPTION, "certificate.profile_option", "is not known");
}
