/* lint - rules that a certificate must meet, checked on the bytes that are about to be signed.
 *
 * Each check is one short function over a TBSCertificate that was read back by a reader which
 * shares nothing with the builder. The code holds no dates and no numbers that have one: those are
 * given with each call, as policy has them at the instant of issuance. A profile lists the checks that
 * have no date; a rule brings its check with it, from its day on and until its last.
 */
#ifndef LINTS_LINT_H
#define LINTS_LINT_H

#include "pki/identifier.h"
#include "product.pb-c.h"
#include "x509/ca.h"
#include "x509/tbs.h"

/* A rule of policy that names a check and is in force for the certificate's scope and instant. */
struct lint_rule {
    const char *check_name;
    int64_t value; /* in the check's unit; 0: it gives none */
    char level;    /* 'M' mandatory, 'X' prohibited, 'S' recommended */
};

/* What is known beside the bytes. */
struct lint_input {
    struct bytes tbs;
    const struct ca *ca; /* who is about to sign */
    struct instant now;
    const struct identifier *names; /* what was validated; names_exact compares */
    size_t name_count;
    struct bytes spki; /* of the request; key_exact compares */
};

/* A check as the functions see it. */
struct lint_case {
    const struct lint_input *in;
    const Profile *profile;
    struct tbs tbs;
    struct key key; /* of the subject */
    int64_t value;
    char why[120]; /* out: what is wrong */
};

struct lint {
    const char *name;
    const char *source; /* the section of the standard */
    const char *unit;   /* of the value: "d", "h", "bits"; NULL: takes none */
    int64_t standing;   /* the value when none is given; 0: one must be */
    bool (*holds)(struct lint_case *c);
};

/* NULL if there is none: a policy that names it is not for this binary. */
const struct lint *lint_find(const char *name);

/* All of them, for listing; ends with a row whose name is NULL. */
extern const struct lint *const lint_tables[];

/* Runs the checks that the profile names, and those of the rules; one that has rules is run with the
 * value of each. FAULT_INTERNAL at the first that does not hold, with its name as the field, and for a
 * number that is missing; FAULT_UNAVAILABLE for a name that is unknown: another release knows it. What
 * is only recommended, and not named by the profile, is logged. */
bool lint_tbs(const struct lint_input *in, const Profile *profile, const struct lint_rule *rules,
              size_t rule_count, struct fault *f);

/* Is that a rule for this binary: does it know the check, in that unit? */
bool lint_rule_known(const char *check_name, const char *unit, struct fault *f);

/* Writes why a check does not hold; returns false. */
bool lint_miss(struct lint_case *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One table a file; each ends with a row whose name is NULL. */
extern const struct lint field_lints[], key_lints[], subject_lints[], name_lints[],
    extension_lints[], usage_lints[], url_lints[], private_lints[];

#endif
