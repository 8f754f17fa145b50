/* Certificates of authorities (BR 7.1.2.1 to 7.1.2.6, 7.1.2.10) and of who answers OCSP for one (BR 7.1.2.8). A
 * row's `what` is the extension it looks at. */
#include "lints/read.h"
#include "pki/digest.h"

static bool present(struct lint_case *c)
{
    return c->extension[c->lint->what] ||
           lint_miss(c, "it has no %s", lint_extension_names[c->lint->what]);
}

static bool absent(struct lint_case *c)
{
    return !c->extension[c->lint->what] ||
           lint_miss(c, "it has %s", lint_extension_names[c->lint->what]);
}

static bool is_ca(struct lint_case *c)
{
    return !lint_has(c, EXT_BASIC_CONSTRAINTS) || c->constraints.ca ||
           lint_miss(c, "basicConstraints do not say that it is a CA");
}

/* The value is how many CAs may stand below it: here there is none. */
static bool path_length(struct lint_case *c)
{
    return !lint_has(c, EXT_BASIC_CONSTRAINTS) || !c->constraints.ca ||
           (c->constraints.has_path_length && c->constraints.path_length == 0) ||
           lint_miss(c, "the path length is not 0");
}

/* RFC 5280 4.2.1.2 (1): whoever looks for the issuer of a certificate finds it by its key. */
static bool ski_of_key(struct lint_case *c)
{
    uint8_t hash[SHA1_SIZE];

    if (!lint_has(c, EXT_SUBJECT_KEY_ID) || !c->key_formed)
        return true;
    digest_sha1(c->key.public_key, hash);
    return bytes_equal(c->subject_key_id, (struct bytes){ hash, sizeof hash }) ||
           lint_miss(c, "subjectKeyIdentifier is not the SHA-1 of the key");
}

static bool self_issued(struct lint_case *c)
{
    return !c->in->ca || lint_miss(c, "a root is signed by another");
}

// clang-format off
const struct lint authority_lints[] = {
    { "ca_bc_present",   "BR 7.1.2.10.4",    LINT_CA,   ALWAYS, NULL, 0, present, EXT_BASIC_CONSTRAINTS },
    { "ca_is_ca",        "BR 7.1.2.10.4",    LINT_CA,   ALWAYS, NULL, 0, is_ca },
    { "ca_ski_present",  "BR 7.1.2.10.2",    LINT_CA,   ALWAYS, NULL, 0, present, EXT_SUBJECT_KEY_ID },
    { "ca_ski_of_key",   "RFC 5280 4.2.1.2", LINT_CA,   ALWAYS, NULL, 0, ski_of_key },
    { "sub_path_length", "BR 7.1.2.10.4",    LINT_SUBORDINATE, ASKED, NULL, 0, path_length },
    { "sub_aia_present", "BR 7.1.2.10.3",    LINT_BELOW, ASKED,  NULL, 0, present, EXT_AUTHORITY_INFO },
    { "root_self_issued", "BR 7.1.2.1",      LINT_ROOT, ALWAYS, NULL, 0, self_issued },
    { "root_no_aia",     "BR 7.1.2.1.2",     LINT_ROOT, ASKED,  NULL, 0, absent, EXT_AUTHORITY_INFO },
    { "root_no_nc",      "RFC 5280 4.2.1.10", LINT_ROOT, ASKED, NULL, 0, absent, EXT_NAME_CONSTRAINTS },
    { 0 },
};

const struct lint responder_lints[] = {
    { "ocsp_no_check",     "BR 7.1.2.8.7", LINT_OCSP, ALWAYS, NULL, 0, present, EXT_OCSP_NO_CHECK },
    { "ocsp_no_san",       "BR 7.1.2.8.2", LINT_OCSP, ALWAYS, NULL, 0, absent, EXT_SUBJECT_ALT_NAME },
    { "ocsp_no_nc",        "BR 7.1.2.8.2", LINT_OCSP, ALWAYS, NULL, 0, absent, EXT_NAME_CONSTRAINTS },
    { "ocsp_no_aia",       "BR 7.1.2.8.2", LINT_OCSP, ASKED,  NULL, 0, absent, EXT_AUTHORITY_INFO },
    { "ocsp_ski_present",  "BR 7.1.2.8.2", LINT_OCSP, ASKED,  NULL, 0, present, EXT_SUBJECT_KEY_ID },
    { 0 },
};
// clang-format on
