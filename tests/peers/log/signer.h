/* signer - a log's own key, and one that is not its own. */
#ifndef PEERS_LOG_SIGNER_H
#define PEERS_LOG_SIGNER_H

#include "tests/peers/log/bytes.h"

/* Once, at first: P-256, PEM, made where there is none. False: it can be neither read nor made. */
bool signer_open(const char *path);

struct bytes signer_spki(void); /* SubjectPublicKeyInfo */
struct bytes signer_id(void);   /* SHA-256 of it */

/* As a DigitallySigned: SHA-256, ECDSA. Any thread. */
struct bytes signer_sign(struct arena *a, bool foreign, struct bytes what);

#endif
