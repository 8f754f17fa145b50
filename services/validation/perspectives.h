/* perspectives - the other points of view that there are: who, where, and how they are asked. What a
 * perspective says of itself is only compared: who it is says the key that it answers with, and where it is
 * says the setting.
 */
#ifndef VALIDATION_PERSPECTIVES_H
#define VALIDATION_PERSPECTIVES_H

#include "base/fault.h"
#include "bus/bus.h"
#include "perspective.pb-c.h"
#include "place.h"

enum { PERSPECTIVES_MAX = 16, PERSPECTIVE_ID_SIZE = 18, REGION_SIZE = 8 };

/* What stands before the name of a perspective where it is a service: in BUS_PEERS, and as its keys' name. */
#define PERSPECTIVE_SERVICE "perspective-"

struct perspective {
    char id[PERSPECTIVE_ID_SIZE];           /* "fra": a-z, 0-9 and '-' */
    char service[PERSPECTIVE_ID_SIZE + 12]; /* "perspective-fra" */
    char region[REGION_SIZE];               /* service region of an RIR: "RIPE" */
    struct place place;
};

struct perspectives {
    struct place primary; /* where this process stands */
    struct perspective all[PERSPECTIVES_MAX];
    size_t count;

    /* How one is asked. From any thread. */
    ProtobufCService *(*client)(void *context, const struct perspective *p);
    void *context;
};

/* Of a setting: "fra=RIPE,50.11,8.68 iad=ARIN,38.95,-77.45". "" has none. What is wrong is a fault that
 * names the setting PERSPECTIVES. */
bool perspectives_read(const char *text, struct perspectives *out, struct fault *f);

/* Has each a row in `peers` (which ends with one without a service) and, in the folder of keys, one that no other
 * has? Else a fault that names what is wrong. */
bool perspectives_met(const struct perspectives *all, const struct bus_peer *peers,
                      const char *keys, struct fault *f);

/* Is it one that the setting PERSPECTIVE may name? */
bool perspective_id_fits(const char *id);

#endif
