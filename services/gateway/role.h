/* role - who may do what: policy/roles.json, read once. */
#ifndef GATEWAY_ROLE_H
#define GATEWAY_ROLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "role.pb-c.h"

enum { PERMISSIONS_MAX = 128 };

struct roles;

/* Fails when the file names a permission that its own list does not have. */
struct roles *roles_load(const char *path, struct fault *f);
struct roles *roles_parse(const char *json, size_t size, struct fault *f);
void roles_free(struct roles *r); /* NULL allowed */

bool roles_know(const struct roles *r, const char *permission);

/* The user's role and the role to which the key is restricted must both allow it. "any" is allowed
 * to everybody whose roles exist. */
bool roles_allow(const struct roles *r, int role, int key_role, const char *permission);

/* Is there nothing that the first pair allows and the second does not? False where one of the first
 * does not exist. */
bool roles_within(const struct roles *r, int role, int key_role, int most_role, int most_key_role);

/* All there are, with their names. */
const Roles *roles_file(const struct roles *r);
const Role *roles_find(const struct roles *r, int role);          /* NULL: unknown */
const Role *roles_find_key_role(const struct roles *r, int role); /* likewise */

/* "1, 2, 5": the ids there are, for who gave another one. */
const char *roles_ids(const struct roles *r, struct arena *a);
const char *roles_key_ids(const struct roles *r, struct arena *a);

#endif
