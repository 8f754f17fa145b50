/* token - the keys of the certificate authority behind PKCS#11, and everything that signs with
 * them.
 *
 * Calls into the PKCS#11 module happen on signing threads only, each with a session of its own. A
 * caller waits with a deadline, so a module that hangs costs its caller an UNAVAILABLE and never
 * the process: the thread is given up and replaced, up to a bound. A lost session, a lost login or
 * a token that went and came back is repaired by the next call. After several failures of the
 * device in a row calls fail at once for a while (token_ready() tells). A refused PIN is never
 * tried again, since tokens lock themselves after a few wrong ones.
 *
 * Nobody may wait for a token with a transaction open: the calls that wait assert it.
 *
 * All functions but token_open and token_close may be called from any thread at any time.
 */
#ifndef TOKEN_TOKEN_H
#define TOKEN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/text.h"

struct token;
struct token_key; /* lives as long as its token */

enum token_hash { TOKEN_SHA256, TOKEN_SHA384, TOKEN_SHA512 };

struct token_options {
    const char *module; /* path of the PKCS#11 library */
    const char *label;  /* of the token, as CK_TOKEN_INFO has it without the padding */
    struct secret pin;
    int sessions; /* signing threads; 0: 2 */
    bool
        session_copy; /* sign with a copy of the key in the session: faster on SoftHSM only. Keys that
                          are made without it have no copies, ever, and sign themselves */
    struct duration patience; /* a thread that is longer inside the module is given up; 0: 5 s */
    int failures;             /* of the device in a row until calls fail at once; 0: 5 */
    struct duration rest;     /* how long they do; 0: 5 s */

    /* Called on a signing thread each time that the token is ready and was not before, the first
     * time included; must not block. May be NULL. Not called once token_close has returned. */
    void (*became_ready)(void *context);
    void *context;
};

/* Copies the options. The module is loaded by the first call that needs it, so a token that is
 * missing now may come later; token_connect() tells. */
struct token *token_open(const struct token_options *options);

/* Ends the threads and the module's work (C_Finalize). Call at the end of main, before libcrypto's
 * own exit handlers run. NULL allowed. What hangs inside the module is left behind. */
void token_close(struct token *token);

/* Loads the module, finds the token, logs in. */
bool token_connect(struct token *token, struct tick deadline, struct fault *f);

/* Whether work for the token makes sense now: connected, logged in, not failing. Never blocks. When
 * it is down or was idle for long the token is looked after in the background, so asking now and
 * then is what brings it back; became_ready tells when it is. `why` is filled in when false, and may
 * be NULL. */
bool token_ready(struct token *token, struct fault *why);

/* The private key with this CKA_LABEL and its public half. NOT_FOUND when there is none, CONFLICT
 * when there are several. Found once, then remembered. */
bool token_find_key(struct token *token, const char *label, struct tick deadline,
                    const struct token_key **key, struct fault *f);

/* Generates a key inside the token: sensitive, never extractable, for signing only. `kind` is one
 * of p256 p384 rsa2048 rsa3072 rsa4096. CONFLICT when the label is taken. */
bool token_make_key(struct token *token, const char *label, const char *kind, struct tick deadline,
                    const struct token_key **key, struct fault *f);

const char *token_key_label(const struct token_key *key);
const char *token_key_kind(const struct token_key *key);    /* as for token_make_key */
struct bytes token_key_public(const struct token_key *key); /* SubjectPublicKeyInfo, DER */

/* One signature that is asked for. */
struct token_signing {
    const struct token_key *key;
    enum token_hash hash;
    struct bytes data;          /* what is signed; hashed here */
    struct instant sign_before; /* CONFLICT when business time has passed it; 0: no limit */
    struct bytes signature; /* out: in the arena. ECDSA as DER (ECDSA-Sig-Value), RSA as PKCS #1 */
    struct fault fault;     /* out: NONE when signed */
};

/* Has all of them signed, spread over the threads; true when each was. Otherwise those that were not
 * have a fault of their own. */
bool token_sign_all(struct token *token, struct token_signing *all, size_t count,
                    struct tick deadline, struct arena *a);

bool token_sign(struct token *token, const struct token_key *key, enum token_hash hash,
                struct bytes data, struct tick deadline, struct arena *a, struct bytes *signature,
                struct fault *f);

#endif
