/* database - a scratch database for a test, with the schema of a folder of migrations.
 *
 * The cluster is the one that CHANCERY_TEST_DATABASE names (keywords, "host=/run/x user=admin", a
 * superuser, trusted), as set by tests/with_database around a whole run; else a private one is
 * started, reachable by a socket only and without fsync, and it ends with the process, however that
 * ends. The migrations run once a cluster, as chancery_owner, into a template; a scratch database
 * is a copy of it. Its now() is shifted as clock_now() is. Whatever fails ends the program with a message: there is no test without it.
 */
#ifndef TESTING_DATABASE_H
#define TESTING_DATABASE_H

struct database;

/* The administrator's connection string of the cluster, which is started if need be. */
const char *database_cluster(void);

/* `migrations` is a folder ("db/migrations"), or NULL for an empty database. */
struct database *database_new(const char *migrations);

/* Connections of others are cut. NULL allowed. */
void database_free(struct database *d);

/* How `role` connects: "gateway" stands for chancery_gateway, NULL for the administrator. Valid
 * until database_free(). */
const char *database_url(struct database *d, const char *role);

#endif
