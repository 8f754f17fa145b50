/* script - plain SQL text as an administrator types it: migrations, roles, scratch databases.
 * No deadline but libpq's connect_timeout; never on a path that serves requests.
 */
#ifndef STORE_SCRIPT_H
#define STORE_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/text.h"

struct script;

/* NULL: FAULT_UNAVAILABLE. Close with script_close(), NULL allowed. */
struct script *script_open(struct secret url, struct fault *f);
void script_close(struct script *s);

/* Any number of statements; several at once are one transaction unless they say otherwise. */
bool script_run(struct script *s, const char *text, struct fault *f);

/* One statement with text parameters $1, $2, ...; `*first` (may be NULL) is the first column of the
 * first row, in `a`; NULL if there is no row. */
bool script_ask(struct script *s, struct arena *a, const char *text, const char *const *params,
                int count, const char **first, struct fault *f);

/* Gives a role its password. Only its SCRAM-SHA-256 verifier is sent, so that no log has it. */
bool script_password(struct script *s, struct arena *a, const char *role, struct secret password,
                     struct fault *f);

/* `name` as an SQL identifier, `value` as an SQL literal; for statements without parameters. */
char *script_identifier(struct arena *a, const char *name);
char *script_literal(struct arena *a, const char *value);

#endif
