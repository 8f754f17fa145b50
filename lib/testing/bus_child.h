/* bus_child - an issuer in a process of its own, to be killed and stopped: the test program itself,
 * started once more. */
#ifndef TESTING_BUS_CHILD_H
#define TESTING_BUS_CHILD_H

#include <sys/types.h>

#include "testing/bus_rig.h"

struct bus_child {
    pid_t pid;
    int orders; /* what is written here: 's' stop, 'r' answer what is held; closed: end */
    char endpoint[128];
};

/* First in main(): does the child's work and ends the program if it was started as a child. */
void bus_child_main(int argc, char **argv);

/* Serves at `bind` when this returns. */
struct bus_child bus_child_start(const struct bus_rig *rig, const char *bind);
void bus_child_order(const struct bus_child *c, char order);
/* Kills it, if it is there. */
void bus_child_kill(struct bus_child *c);
/* Waits until it has ended by itself, and returns its exit status. */
int bus_child_wait(struct bus_child *c);

#endif
