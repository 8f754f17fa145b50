#include "role.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "message/json.h"

enum { FILE_MAX = 256 * 1024 };

AUTO_FREE(FILE, fclose);

/* One bit for each permission of the file's list, in its order. */
struct permission_set {
    int id;
    uint64_t bits[PERMISSIONS_MAX / 64];
};

struct roles {
    struct arena arena;
    const Roles *file;
    struct permission_set *roles, *key_roles;
};

/* "order:create" fits itself, "order:*", "*:create" and "*". */
static bool fits(const char *pattern, const char *permission)
{
    const char *verb = strchr(permission, ':');
    size_t noun = verb ? (size_t)(verb - permission) : strlen(permission);
    if (strcmp(pattern, "*") == 0 || strcmp(pattern, permission) == 0)
        return true;
    if (strncmp(pattern, "*:", 2) == 0)
        return verb && strcmp(pattern + 1, verb) == 0;
    return strncmp(pattern, permission, noun) == 0 && strcmp(pattern + noun, ":*") == 0;
}

static bool mark(const Roles *file, const char *pattern, struct permission_set *out)
{
    bool found = false;
    for (size_t i = 0; i < file->n_permissions; i++) {
        if (!fits(pattern, file->permissions[i]))
            continue;
        out->bits[i / 64] |= UINT64_C(1) << i % 64;
        found = true;
    }
    return found;
}

static struct permission_set *mark_all(struct roles *r, Role *const *roles, size_t count,
                                       struct fault *f)
{
    struct permission_set *out = arena_array(&r->arena, struct permission_set, count + 1);
    for (size_t i = 0; i < count; i++) {
        out[i].id = roles[i]->id;
        for (size_t j = 0; j < roles[i]->n_permissions; j++)
            if (!mark(r->file, roles[i]->permissions[j], &out[i])) {
                fault_set(f, FAULT_INVALID, "roles", "%s has unknown permission %s", roles[i]->name,
                          roles[i]->permissions[j]);
                return NULL;
            }
    }
    return out;
}

static bool fill(struct roles *r, const char *json, size_t size, struct fault *f)
{
    r->file = (const Roles *)message_from_json(&r->arena, &roles__descriptor, json, size, f);
    if (!r->file)
        return false;
    if (r->file->n_permissions > PERMISSIONS_MAX)
        return fault_set(f, FAULT_INVALID, "permissions", "are more than %d", PERMISSIONS_MAX);
    r->roles = mark_all(r, r->file->roles, r->file->n_roles, f);
    r->key_roles = r->roles ? mark_all(r, r->file->key_roles, r->file->n_key_roles, f) : NULL;
    return r->key_roles != NULL;
}

struct roles *roles_parse(const char *json, size_t size, struct fault *f)
{
    struct roles *r = calloc(1, sizeof *r);
    arena_init(&r->arena);
    if (fill(r, json, size, f))
        return r;
    roles_free(r);
    return NULL;
}

struct roles *roles_load(const char *path, struct fault *f)
{
    static const size_t most = FILE_MAX;
    AUTO(FILE) file = fopen(path, "re");
    struct arena a;
    if (!file) {
        fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    arena_init(&a);
    char *json = arena_alloc(&a, most);
    struct roles *r = roles_parse(json, fread(json, 1, most, file), f);
    arena_free(&a);
    return r;
}

void roles_free(struct roles *r)
{
    if (!r)
        return;
    arena_free(&r->arena);
    free(r);
}

static bool is_any(const char *permission)
{
    return strcmp(permission, "any") == 0;
}

static size_t permission_index(const struct roles *r, const char *permission)
{
    size_t i = 0;
    while (i < r->file->n_permissions && strcmp(r->file->permissions[i], permission) != 0)
        i++;
    return i;
}

bool roles_know(const struct roles *r, const char *permission)
{
    return is_any(permission) || permission_index(r, permission) < r->file->n_permissions;
}

static const struct permission_set *allowed_of(const struct permission_set *list, size_t count,
                                               int id)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].id == id)
            return &list[i];
    return NULL;
}

bool roles_allow(const struct roles *r, int role, int key_role, const char *permission)
{
    const struct permission_set *own = allowed_of(r->roles, r->file->n_roles, role);
    const struct permission_set *key = allowed_of(r->key_roles, r->file->n_key_roles, key_role);
    size_t i = permission_index(r, permission);
    if (!own || !key)
        return false;
    if (is_any(permission))
        return true;
    return i < r->file->n_permissions &&
           own->bits[i / 64] & key->bits[i / 64] & UINT64_C(1) << i % 64;
}

bool roles_within(const struct roles *r, int role, int key_role, int most_role, int most_key_role)
{
    static const struct permission_set nothing = { 0 };
    const struct permission_set *own = allowed_of(r->roles, r->file->n_roles, role);
    const struct permission_set *key = allowed_of(r->key_roles, r->file->n_key_roles, key_role);
    const struct permission_set *most = allowed_of(r->roles, r->file->n_roles, most_role);
    const struct permission_set *most_key =
        allowed_of(r->key_roles, r->file->n_key_roles, most_key_role);
    if (!own || !key)
        return false;
    most = most ? most : &nothing;
    most_key = most_key ? most_key : &nothing;
    for (size_t i = 0; i < PERMISSIONS_MAX / 64; i++)
        if (own->bits[i] & key->bits[i] & ~(most->bits[i] & most_key->bits[i]))
            return false;
    return true;
}

const Roles *roles_file(const struct roles *r)
{
    return r->file;
}

static const Role *find(Role *const *list, size_t count, int id)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->id == id)
            return list[i];
    return NULL;
}

const Role *roles_find(const struct roles *r, int role)
{
    return find(r->file->roles, r->file->n_roles, role);
}

const Role *roles_find_key_role(const struct roles *r, int role)
{
    return find(r->file->key_roles, r->file->n_key_roles, role);
}

static const char *ids(struct arena *a, Role *const *list, size_t count)
{
    struct text out;
    text_init(&out, a);
    for (size_t i = 0; i < count; i++)
        text_format(&out, "%s%d", i ? ", " : "", list[i]->id);
    return out.data;
}

const char *roles_ids(const struct roles *r, struct arena *a)
{
    return ids(a, r->file->roles, r->file->n_roles);
}

const char *roles_key_ids(const struct roles *r, struct arena *a)
{
    return ids(a, r->file->key_roles, r->file->n_key_roles);
}
