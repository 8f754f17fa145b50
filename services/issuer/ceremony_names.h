/* ceremony_names - the authorities get their names before they get their keys: what a script leaves open is
 * filled in, and what nobody may be called in earnest is refused.
 *
 * Marks in the script's country, organization and common names: {country}, {organization}, {name}.
 * Each stands for a setting, and none of these has a default: a name stands in certificates that clients
 * keep for twenty years, and no later command changes it.
 */
#ifndef CEREMONY_NAMES_H
#define CEREMONY_NAMES_H

#include "base/arena.h"
#include "base/fault.h"
#include "ceremony.pb-c.h"

/* Part of the organization of what is only for show: its hosts may be examples, its country XX. */
#define CEREMONY_DEMONSTRATION "do not trust"

struct ceremony_names {
    const char *name;         /* CHANCERY_CA_NAME: what common names begin with */
    const char *organization; /* CHANCERY_CA_ORGANIZATION */
    const char *country;      /* CHANCERY_CA_COUNTRY: ISO 3166-1, two letters */
    const char *status; /* CHANCERY_STATUS_HOST: host and port of the addresses in certificates */
};

/* Fills `script` in, with texts in the arena. False with the setting or member that must be set or
 * changed, and what to set it to. */
bool ceremony_name(Ceremony *script, const struct ceremony_names *names, struct arena *a,
                   struct fault *f);

#endif
