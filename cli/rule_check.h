/* rule_check - what a rule must be, for itself and beside the others, before it may be loaded. */
#ifndef CLI_RULE_CHECK_H
#define CLI_RULE_CHECK_H

#include "policy_source.h"

/* All rules. The fault's field is the file and the id of the one that is wrong. */
bool rules_check(const struct policy_source *p, struct fault *f);

/* A named check of the issuers, as they were built with this program. */
enum check_when { ASKED, ALWAYS };

struct check {
    const char *name;
    const char *source;   /* the section of the standard */
    enum check_when when; /* ALWAYS: on each certificate of its kinds, whatever policy says */
    const char *unit;     /* of the value that it takes; NULL: none */
    const char *file;
};

/* NULL: no issuer knows it. */
const struct check *check_find(const char *name);

#endif
