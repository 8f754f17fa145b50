/* service - what every service of the suite is: settings, a bus, lanes of jobs, health, and a
 * drain.
 *
 * main.c of a service is a table of contents: its settings, what it serves, its lanes, and the
 * functions called on the way up and down.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "bus/bus.h"
#include "ledger/lane.h"
#include "service/config.h"
#include "service/health.h"
#include "store/store.h"

/* Migrations (numbers of db/migrations) that this code runs on: from the newest that it needs to some that are not
 * written yet, since a migration only adds, and the release before runs on the schema of the one after it. */
enum { SCHEMA_OLDEST = 33, SCHEMA_NEWEST = 40 };

/* What a service keeps things in: it has the settings of these, and is ready when they are. None: it has
 * the bus alone. Lanes and store_mine() need the database. */
enum service_store { SERVICE_DATABASE = 1, SERVICE_REDIS = 2 };

struct service;

struct service_run {
    const struct service *service;
    struct config_shared shared;
    struct store_options store; /* of this service's own role; empty without a database */
    struct bus *bus;            /* from up to down the same */
    struct bus_peer peers[BUS_SERVICES_MAX + 1]; /* whom it calls; ends with an empty row */
    struct lanes *lanes;                         /* NULL when the service has none */
    char owner[128];                             /* "issuer/host/pid" */
    struct arena arena;                          /* lives as long as the process */
};

/* Something else than to run: "chancery-issuer lints [--json]". */
struct service_command {
    const char *name, *arguments, *help;
    int (*run)(struct service_run *run, int argc,
               char **argv); /* the exit status; argv[0]: the name */
};

struct service {
    const char *name;
    const char *const
        *key; /* whose keys it has on the bus, known once `start` is over; NULL: its name's */
    unsigned stores;                    /* of enum service_store */
    const struct config_item *settings; /* its own; CONFIG rows of `config` */
    void *config;
    const struct lane *lanes;
    const int *lane_workers;                        /* a setting; NULL: 2 */
    ProtobufCService *serves[BUS_SERVICES_MAX - 1]; /* beside Jobs */
    const struct health_check *checks;              /* beside those of its stores and bus peers */
    const char *const
        *needs; /* services that it must have met before it is ready; ends with NULL */

    const struct service_command *commands; /* ends with a row without a name; NULL: none */

    /* Each may be NULL. In this order: */
    bool (*start)(struct service_run *run, struct fault *f); /* settings are read, nothing runs */
    bool (*open)(struct service_run *run, struct fault *f);  /* bus and lanes run: let work in */
    void (*drain)(struct service_run *run);                  /* no new work from outside */
    void (*stop)(struct service_run *run); /* bus and lanes have stopped: calls fail */
};

/* Runs until SIGTERM or SIGINT; the exit status. */
int service_main(const struct service *service, int argc, char **argv);

#endif
