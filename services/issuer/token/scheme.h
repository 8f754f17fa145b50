/* scheme - how a token makes a signature: which mechanism, and what it wants as input. */
#ifndef TOKEN_SCHEME_H
#define TOKEN_SCHEME_H

#include <p11-kit-1/p11-kit/pkcs11.h>
#include <stdbool.h>

#include "base/text.h"
#include "token/token.h"

/* The set of rows of the scheme table that a token's mechanisms allow. */
unsigned schemes_among(const CK_MECHANISM_TYPE *list, CK_ULONG count);

/* What goes into C_SignInit and C_Sign. */
struct scheme_input {
    CK_MECHANISM mechanism;
    struct bytes data; /* points into `room` or to the data itself */
    uint8_t room[96];
};

/* The best scheme among `schemes`; false when none can do it. */
bool scheme_prepare(unsigned schemes, CK_KEY_TYPE type, enum token_hash hash, struct bytes data,
                    struct scheme_input *out);

/* ECDSA as PKCS#11 gives it, r and s side by side, becomes ECDSA-Sig-Value (RFC 3279 2.2.3). */
void scheme_ecdsa_der(struct text *t, struct bytes raw);

#endif
