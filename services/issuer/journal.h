/* journal - what this issuer is about to sign and has signed, in a file of its own beside the database.
 *
 * Nobody reads it in daily life. After a restored backup the database has forgotten the last hours, and
 * certificates exist that it does not know: `chancery quarantine FILE` finds them here. Lines are
 *
 *   intent US ISSUANCE ORDER CA SERIAL TBS_SHA256     before the bytes are given to the token
 *   signature US ISSUANCE SIGNATURE                   when it has signed
 *
 * with US in microseconds of Unix time and bytes in hexadecimal. Lines are written at once and reach the
 * disk within a second. A file that cannot be written makes the issuer unready; it goes on issuing.
 */
#ifndef ISSUER_JOURNAL_H
#define ISSUER_JOURNAL_H

#include "attempt.h"

struct journal;

/* Appends to the file; makes it, for the owner alone, if it is not there. NULL with FAULT_INVALID when
 * it cannot be opened. */
struct journal *journal_open(const char *path, struct fault *f);
void journal_close(struct journal *j); /* NULL allowed */

/* Of the attempts in a step: those about to be signed, or those with a signature. Any thread. */
void journal_intents(struct journal *j, const struct attempt *attempts, size_t count,
                     struct instant now);
void journal_signatures(struct journal *j, const struct attempt *attempts, size_t count,
                        struct instant now);

/* Whether the last write and the last sync went well. For readiness; `f` says what went wrong. */
bool journal_good(const struct journal *j, struct fault *f);

#endif
