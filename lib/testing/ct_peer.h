/* ct_peer - logs of certificates (RFC 6962) under a private CA for one test program: tests/peers/ct_log.c, which says how they
 * can be told to behave.
 */
#ifndef TESTING_CT_PEER_H
#define TESTING_CT_PEER_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"
#include "pki/digest.h"

struct ct_peer {
    pid_t pid;
    char url[96]; /* "https://127.1.2.3:34567/" */
    const char *ca_file;
    struct bytes key; /* SubjectPublicKeyInfo */
    uint8_t id[SHA256_SIZE];
};

/* What the logs of one program have in common. */
struct ct_peers {
    char folder[64]; /* of its own, removed at the end */
    char ca_file[96], roots_file[96];
    const char *address;
};

/* `roots`: DER of the one certificate that chains lead to. */
bool ct_peers_open(struct ct_peers *all, const char *address, struct bytes root, struct fault *f);
void ct_peers_close(struct ct_peers *all);

/* Its key lives in the arena. */
bool ct_peer_start(struct ct_peer *p, const struct ct_peers *all, struct arena *a, const char *name,
                   struct fault *f);
void ct_peer_stop(struct ct_peer *p);

/* "held", "status/503" and so on; false: it does not answer. */
bool ct_peer_behave(const struct ct_peer *p, const char *manner);
/* "asked", "held" or "entries"; -1: it does not answer. */
int64_t ct_peer_number(const struct ct_peer *p, const char *of);

#endif
