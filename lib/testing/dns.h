/* dns - a world of DNS for one test program: tools/dns-rig as functions.
 *
 * Programs are started from the top of the tree, as `make` does. Each test program takes an address
 * of its own (127.77.N.53), so that several run side by side; one that is started twice waits until
 * the other has ended.
 */
#ifndef TESTING_DNS_H
#define TESTING_DNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/fault.h"

struct dns_rig {
    char folder[64]; /* of its own, removed at the stop */
    char anchor[96]; /* file: trust anchor of its root */
    char hints[96];  /* file: where its root is served */
    int alive;       /* open as long as the test runs */
    int taken;       /* the lock on its address */
    pid_t keeper;    /* who stops the name servers when it does not any more */
};

/* Ready for questions when it returns; false with the reason when a name server cannot run here. It
 * ends with the test program, whatever ends that. */
bool dns_rig_start(struct dns_rig *rig, const char *address, struct fault *f);
void dns_rig_stop(struct dns_rig *rig);

/* What the name servers answer from the moment the call returns. `set` replaces all records of the
 * type, `add` keeps them, `del` takes every record of the name away. */
bool dns_rig_set(struct dns_rig *rig, const char *name, const char *type, const char *value,
                 struct fault *f);
bool dns_rig_add(struct dns_rig *rig, const char *name, const char *type, const char *value,
                 struct fault *f);
bool dns_rig_del(struct dns_rig *rig, const char *name, struct fault *f);
bool dns_rig_set_txt(struct dns_rig *rig, const char *name, const char *text, struct fault *f);
bool dns_rig_set_cname(struct dns_rig *rig, const char *name, const char *target, struct fault *f);

/* Many at once: lines "NAME TYPE VALUE". */
bool dns_rig_load(struct dns_rig *rig, const char *lines, struct fault *f);

#endif
