/* lint - rules that a certificate must meet, checked on the bytes that are about to be signed.
 *
 * Each check is one short function over a TBSCertificate that was read back, once for all of them, by a
 * reader which shares nothing with the builder (read.h); many checks are rows of one function. The code
 * holds no dates and no numbers that have one: those are given with each call, as policy has them at the
 * instant of issuance.
 *
 * Three things choose what runs (docs/adr/0050). What every certificate of a kind must meet, whenever it is
 * made, always runs: no policy can leave it out. A profile names what makes it this profile. A rule brings its
 * check with it, from its day on and until its last.
 */
#ifndef LINTS_LINT_H
#define LINTS_LINT_H

#include "pki/identifier.h"
#include "product.pb-c.h"
#include "x509/ca.h"

/* What a certificate is for, as a set; a profile says it in words (Profile.certificate). A leaf is one of three. */
enum lint_kind {
    LINT_UNLOGGED = 1 << 0, /* no log is told of it */
    LINT_ROOT = 1 << 1,
    LINT_SUBORDINATE = 1 << 2,
    LINT_CROSS = 1 << 3, /* of an authority that has a certificate already */
    LINT_OCSP = 1 << 4,  /* of who signs OCSP answers for an authority */
    LINT_PRECERT = 1 << 5,
    LINT_LOGGED = 1 << 6, /* what becomes of a precertificate */

    LINT_LEAF = LINT_UNLOGGED | LINT_PRECERT | LINT_LOGGED,
    LINT_CA = LINT_ROOT | LINT_SUBORDINATE | LINT_CROSS,
    LINT_BELOW = LINT_SUBORDINATE | LINT_CROSS, /* CAs that somebody else signs */
    LINT_ISSUED = LINT_LEAF | LINT_BELOW | LINT_OCSP,
    LINT_ALL = LINT_ISSUED | LINT_ROOT
};

/* A rule of policy that names a check and is in force for the certificate's scope and instant. */
struct lint_rule {
    const char *check_name;
    int64_t value; /* in the check's unit; 0: it gives none */
    char level;    /* 'M' mandatory, 'X' prohibited, 'S' recommended */
};

/* What is known beside the bytes. */
struct lint_input {
    struct bytes tbs;
    const struct ca *ca; /* who is about to sign; NULL: the key signs itself */
    struct instant now;
    const struct identifier *names; /* what was validated; names_exact compares */
    size_t name_count;
    struct bytes spki;   /* that was asked for; key_exact compares */
    enum lint_kind kind; /* of a leaf; 0: LINT_UNLOGGED */
    unsigned
        run_before; /* set of enum lint_kind: what is run on these was run on its precertificate, is left out */
    const struct bytes
        *scts; /* that were verified, serialized; sct_exact compares. NULL: nobody says */
    size_t sct_count;
};

struct lint_case; /* read.h */

enum lint_when {
    ALWAYS, /* on each certificate of its kinds */
    ASKED   /* where a profile or a rule names it, and on its kinds alone */
};

struct lint {
    const char *name;
    const char *source; /* the section of the standard */
    unsigned kinds;     /* of enum lint_kind */
    enum lint_when when;
    const char *unit; /* of the value: "d", "h", "bits"; NULL: takes none */
    int64_t standing; /* the value when none is given; 0: one must be */
    bool (*holds)(struct lint_case *c);
    int what; /* of which the function is to look, where it is that of several rows */
};

/* NULL if there is none. */
const struct lint *lint_find(const char *name);

/* May a policy name it? Also what earlier releases had, and always runs now by other names: a new issuer works with
 * the policy of before. */
bool lint_known(const char *name);

/* All of them, a table for each file; ends with NULL. Each table ends with a row whose name is NULL. */
extern const struct lint *const lint_tables[];

/* The word of a profile; 0 for one that is unknown. NULL is a leaf. */
enum lint_kind lint_kind_read(const char *word);

/* A set of kinds in words, with commas; all three kinds of leaves are "leaf". */
const char *lint_kinds_text(struct arena *a, unsigned kinds);

/* ---- running them */

/* What is run on the certificates of a profile while the same rules are in force. Of a leaf's, each input says which
 * kind it is, and what looks at others is left out. */
struct lint_plan;

/* The profile must outlive the plan, the rules need not. A check that has rules is run with the value of each.
 * NULL with FAULT_UNAVAILABLE for a name or a kind that is unknown: another release knows it; FAULT_INTERNAL for
 * a number that is missing. */
struct lint_plan *lint_plan_new(const Profile *profile, const struct lint_rule *rules,
                                size_t rule_count, struct fault *f);
void lint_plan_free(struct lint_plan *plan); /* NULL allowed */

enum { LINT_FOUND_MAX = 16 };

/* Names, which are static. */
struct lint_found {
    const char *names[LINT_FOUND_MAX]; /* the first of them */
    size_t count;                      /* of those */
};

/* Of one certificate. What is only recommended, by a rule of level S that the profile does not name as well,
 * is a warning. */
struct lint_outcome {
    size_t held; /* how many were run and hold */
    struct lint_found errors, warnings;
};

/* FAULT_LINT where one does not hold: the first is the field, and why the detail, in words. All are run. */
bool lint_run(const struct lint_plan *plan, const struct lint_input *in, struct lint_outcome *out,
              struct fault *f);

/* All are run and each is told: `why` is NULL where it holds, and lives until `tell` returns. FAULT_LINT when it is
 * no TBSCertificate. */
bool lint_each(const struct lint_plan *plan, const struct lint_input *in,
               void (*tell)(void *data, const struct lint *lint, bool advice, const char *why),
               void *data, struct fault *f);

/* Once, by a plan of its own. `out` may be NULL. */
bool lint_tbs(const struct lint_input *in, const Profile *profile, const struct lint_rule *rules,
              size_t rule_count, struct lint_outcome *out, struct fault *f);

/* Is that a rule for this binary: does it know the check, in that unit? */
bool lint_rule_known(const char *check_name, const char *unit, struct fault *f);

#endif
