/* scratch_token - a SoftHSM token for one test, in a folder of its own. */
#ifndef TESTING_SCRATCH_TOKEN_H
#define TESTING_SCRATCH_TOKEN_H

#define SCRATCH_TOKEN_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define SCRATCH_TOKEN_PIN    "1234-scratch"

/* Makes the folder and points SOFTHSM2_CONF of this process at it. Aborts when it cannot. Returns
 * the folder, which the test may use for more. */
const char *scratch_token_dir(void);

/* Makes a token with this label there; labels begin with "test". May be called again for more. */
void scratch_token_make(const char *label);

/* Removes the folder with all in it. */
void scratch_token_remove(void);

#endif
