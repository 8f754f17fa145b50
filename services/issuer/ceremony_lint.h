/* ceremony_lint - the certificate of an authority is linted before it is signed, as that of a leaf is: by the profile
 * of its kind and the rules in force on the day. */
#ifndef CEREMONY_LINT_H
#define CEREMONY_LINT_H

#include "ceremony.pb-c.h"
#include "ledger/policy.h"
#include "x509/ca.h"

struct ceremony_tbs {
    const char *name;        /* of the authority, for who reads the fault */
    const struct ca *issuer; /* NULL: a root */
    bool public;             /* of its hierarchy */
    struct bytes spki, tbs;
};

/* Profiles ca-root, ca-subordinate, ca-private-root and ca-private-subordinate. What is only recommended is written to the
 * log. FAULT_LINT with the lint and why; UNAVAILABLE when the policy has no such profile or this program does
 * not know what it names. */
bool ceremony_lint(const struct policy *policy, const struct ceremony_tbs *what, struct instant now,
                   struct fault *f);

#endif
