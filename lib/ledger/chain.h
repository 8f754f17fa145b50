/* chain - what a seal of the audit log is computed from: the hash of the seal before, the canonical
 * text of each row, and its own columns. Sealer and verifier have this from here; how a row is
 * written out each says for itself.
 */
#ifndef LEDGER_CHAIN_H
#define LEDGER_CHAIN_H

#include "audit.pb-c.h"
#include "pki/digest.h"

enum { CHAIN_TEXT_SIZE = 160 };

/* "seal ID FROM TILL COUNT MICROSECONDS\n": what is hashed of the seal itself, after its rows. */
const char *chain_text(const AuditSeal *seal, char out[CHAIN_TEXT_SIZE]);

void chain_begin(struct digest *d, const uint8_t previous[SHA256_SIZE]);
void chain_row(struct digest *d, const AuditLine *row);
void chain_end(struct digest *d, const AuditSeal *seal, uint8_t hash[SHA256_SIZE]);

#endif
