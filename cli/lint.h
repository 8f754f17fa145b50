/* lint - what `chancery lint` asks, and the table that it makes of the answers. */
#ifndef CLI_LINT_H
#define CLI_LINT_H

#include "command.h"
#include "pki/key.h"
#include "policy_source.h"
#include "services/issuer/lints/status_lint.h"
#include "table.h"

struct inquiry {
    struct command_run *run;
    struct policy_source policy;
    struct bytes der; /* of the file */
    struct status_issuer issuer;
    bool has_issuer;
    struct instant at; /* --at, or now */
    struct table table;
    size_t errors, warnings;
    const char *first; /* error, with its reason; NULL: none */
};

/* A row; `why` NULL: the check holds. What is more than advice makes the command end with status 1. */
void lint_row(struct inquiry *q, const char *name, const char *source, bool advice,
              const char *why);

/* The row about a signature. */
void lint_signature(struct inquiry *q, const char *name, const char *source, const struct key *key,
                    struct bytes algorithm, struct bytes message, struct bytes signature);

/* FAULT_REQUIRED without --issuer. */
bool lint_issuer(const struct inquiry *q, struct fault *f);

/* One object in PEM or in DER. */
bool lint_file(struct arena *a, const char *path, struct bytes *der, struct fault *f);

/* ---- the kinds of things, a file each */
bool lint_show_crl(struct inquiry *q, struct fault *f);
bool lint_show_ocsp(struct inquiry *q, struct fault *f);
bool lint_show_certificate(struct inquiry *q, struct fault *f);

#endif
