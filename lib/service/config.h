/* config - settings from the environment, read into structs as their tables say.
 *
 * The setting NAME comes from CHANCERY_NAME, or from the file that CHANCERY_NAME_FILE names (white
 * space around it is cut off; the file of a secret is refused when others may read it,
 * base/secret_file.h). An empty variable counts as absent. All that is wrong is named at
 * once, and so is every CHANCERY_ variable that no table knows.
 *
 *     static const struct config_item settings[] = {
 *         CONFIG(struct gateway, workers, "WORKERS", "16", "threads that answer", "1", "256"),
 *         CONFIG(struct gateway, listen,  "LISTEN",  "127.0.0.1:8080", "address of the API"),
 *         { 0 },
 *     };
 */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

/* bool: yes, no, true, false. struct duration: "90s", "15m", "250ms". */
enum config_type { CONFIG_TEXT, CONFIG_INT, CONFIG_BOOL, CONFIG_DURATION, CONFIG_SECRET };

struct config_item {
    const char *name;     /* without CHANCERY_ */
    const char *fallback; /* as it would be written; NULL: must be set; "" allows none */
    const char *help;
    const char *least, *most;         /* as they would be written; for int and duration, or NULL */
    const struct config_check *check; /* of a text, beyond its type; or NULL */
    const char *without; /* what does not work while it is empty: --check-config says it; or NULL */
    size_t offset;
    enum config_type type;
};

struct config_check {
    bool (*good)(const char *text);
    const char *form; /* "must be ..." */
};
extern const struct config_check config_address, config_log_level;

/* The member's C type picks the parser; a type without one does not compile. After the member:
 * name, fallback, help and, if wanted, least and most, or .check. */
// clang-format off
#define CONFIG_TYPE(struct_, member_)                                                              \
    _Generic(((struct_ *)0)->member_,                                                              \
        const char *: CONFIG_TEXT, int: CONFIG_INT, bool: CONFIG_BOOL,                             \
        struct duration: CONFIG_DURATION, struct secret: CONFIG_SECRET)
#define CONFIG(struct_, member_, ...)                                                              \
    { __VA_ARGS__, .offset = offsetof(struct_, member_), .type = CONFIG_TYPE(struct_, member_) }
// clang-format on

/* A bound that is a number of the code, as it would be written. */
#define CONFIG_BOUND(number)  CONFIG_BOUND_(number)
#define CONFIG_BOUND_(number) #number

/* One table and the struct that it fills. Lists of tables end with a row whose `items` is NULL. */
struct config_table {
    const struct config_item *items;
    void *into;
    bool spare; /* of other services: neither read nor shown, and nobody's mistake when it is set */
};

/* Reads everything; texts live in `a`. False when a setting is bad or missing: `bad` then has one
 * line for each. `unknown` gets one line for each CHANCERY_ variable without a row; those that
 * start with CHANCERY_TEST_ and those that Kubernetes sets for a service are passed over. */
bool config_load(const struct config_table *tables, struct arena *a, struct text *bad,
                 struct text *unknown);

/* A line for each setting that is empty and of which its row says what does not work then. */
void config_without(const struct config_table *tables, struct text *out);

/* The settings with type, range, default and meaning, as text or as a table in Markdown. */
void config_help(const struct config_table *tables, bool markdown, struct text *out);

/* What a service's main() begins with: reads the settings and obeys --help, --settings (Markdown)
 * and --check-config. One of `tables` must be the common one. What is wrong goes to standard error.
 */
enum config_outcome { CONFIG_RUN, CONFIG_DONE, CONFIG_REFUSED };
enum config_outcome config_start(const char *service, int argc, char **argv,
                                 const struct config_table *tables, struct arena *a);

/* What every service has, and what those have that use a store: three tables for one struct. */
struct config_shared {
    /* config_database */
    struct secret database; /* libpq connection string or URI */
    bool prepare;
    struct duration database_timeout;
    /* config_redis */
    struct secret redis; /* URI, or "": without */
    /* config_common: the bus, and the process itself */
    const char *bus_bind;  /* "tcp://0.0.0.0:7003", or "": serves nothing */
    const char *bus_peers; /* "issuer=tcp://issuer:7003 validation=tcp://..." */
    const char *bus_keys;
    int bus_workers;
    const char *policy; /* folder; trust.json and roles.json are in it */
    const char *admin;  /* where /livez, /readyz and /metrics are */
    const char *log_level;
    struct duration drain, drain_delay;
    bool strict; /* unknown settings are refused, else only named */
};
extern const struct config_item config_database[], config_redis[], config_common[];

#endif
