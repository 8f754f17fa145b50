/* trip_profile - the profiles of policy/profiles, and what trips.h changes in one. */
#ifndef LINTS_TRIP_PROFILE_H
#define LINTS_TRIP_PROFILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/json.h"
#include "product.pb-c.h"

enum { TRIP_PURPOSES = 16 };

static const Profile *trip_profile(struct arena *a, const char *name)
{
    enum { PROFILE_MAX = 64 * 1024 };
    const char *path = arena_format(a, "policy/profiles/%s.json", name);
    FILE *file = fopen(path, "re");
    char *text = arena_alloc(a, PROFILE_MAX);
    size_t size = file ? fread(text, 1, PROFILE_MAX, file) : 0;
    struct fault f = { 0 };
    const Profile *out =
        (const Profile *)message_from_json(a, &profile__descriptor, text, size, &f);

    if (file)
        fclose(file);
    if (!out) {
        fprintf(stderr, "trip: %s: %s %s\n", path, f.field, f.detail);
        abort();
    }
    return out;
}

/* ---- changes */

/* Is that the next word? It is taken. */
static bool trip_after(const char **text, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(*text, word, length) != 0 || ((*text)[length] && (*text)[length] != ' '))
        return false;
    *text += length + ((*text)[length] == ' ');
    return true;
}

static void trip_profile_allow(struct arena *a, Profile *p, const char *lint)
{
    char **checks = arena_array(a, char *, p->n_checks);
    size_t count = 0;

    for (size_t i = 0; i < p->n_checks; i++)
        if (strcmp(p->checks[i], lint) != 0)
            checks[count++] = p->checks[i];
    p->checks = checks;
    p->n_checks = count;
}

static void trip_profile_change(struct arena *a, Profile *p, char *text)
{
    const char *rest = text;

    if (trip_after(&rest, "no ocsp_url"))
        p->ocsp_url = NULL;
    else if (trip_after(&rest, "no ca_issuers_url"))
        p->ca_issuers_url = NULL;
    else if (trip_after(&rest, "no crl_url"))
        p->crl_url = NULL;
    else if (trip_after(&rest, "ski"))
        p->include_subject_key_identifier = strcmp(rest, "yes") == 0;
    else if (trip_after(&rest, "policies"))
        p->n_policy_oids = strtoul(rest, NULL, 10);
    else if (trip_after(&rest, "allow"))
        trip_profile_allow(a, p, rest);
    else if (trip_after(&rest, "eku")) {
        p->ext_key_usage = arena_array(a, char *, TRIP_PURPOSES);
        p->n_ext_key_usage = 0;
        for (char *word, *at = text + (rest - text); (word = strtok_r(at, " ", &at));)
            p->ext_key_usage[p->n_ext_key_usage++] = word;
    } else {
        fprintf(stderr, "trip: no such change of a profile: %s\n", text);
        abort();
    }
}

#endif
