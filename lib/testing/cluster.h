/* cluster - a private PostgreSQL that lives as long as this process. */
#ifndef TESTING_CLUSTER_H
#define TESTING_CLUSTER_H

/* Its administrator's connection string, in keywords; ends the program if it does not start. */
const char *cluster_start(void);

#endif
