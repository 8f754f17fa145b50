/* rsa - the moduli that RSA_generate_key_ex() of OpenSSL 0.9.8 made of weak numbers. */
#ifndef WEAK_RSA_H
#define WEAK_RSA_H

#include "candidate.h"

struct rsa_work {
    const struct weak_machine *machine;
    enum weak_file file;
    unsigned bits; /* 2048, 3072 or 4096 */
    /* Gives the next process id of which a key is wanted; false if there is none. */
    bool (*next)(void *data, unsigned *pid);
    /* `modulus` is big-endian, of `size` bytes. */
    void (*found)(void *data, unsigned pid, const uint8_t *modulus, size_t size);
    void *data;
};

/* Until no process id is left. Keys are found in no certain order. */
void rsa_run(const struct rsa_work *work);

#endif
