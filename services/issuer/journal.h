/* journal - what this issuer is about to sign and has signed, in a file of its own beside the database.
 *
 * Nobody reads it in daily life. After a restored backup the database has forgotten the last hours, and
 * certificates exist that it does not know: `chancery quarantine FILE` finds them here. Lines are
 *
 *   intent US ISSUANCE REQUEST CA SERIAL TBS_SHA256 ACCOUNT NAME,NAME   before the token gets the bytes
 *   signature US ISSUANCE SIGNATURE CERTIFICATE                       when it has signed
 *
 *   precert_intent, precert_signature                                  the same of a precertificate
 *
 * with US in microseconds of Unix time and bytes in hexadecimal, the certificate in DER: whose it is,
 * for which names, and all that revoking it or giving it to its owner takes. Lines are written at once
 * and reach the disk within a second. When the file has grown to a size it becomes FILE.000001 and so
 * on, in order, and a new one is begun; nobody removes them but an operator.
 *
 * A file that cannot be written makes the issuer unready until it was opened anew and synced; it goes on
 * issuing. A line that was cut off is ended before the next begins.
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

/* Whether everything since it was opened, or opened anew, was written and synced. For readiness; `f`
 * says what went wrong. */
bool journal_good(const struct journal *j, struct fault *f);

/* What happens each second: opens the file anew after an error, turns to a new one when it is large,
 * syncs. For tests, as is another size than 64 MiB. */
void journal_sync(struct journal *j);
void journal_turn_at(struct journal *j, int64_t size);

#endif
