/* authority - the certification authorities of this house, from the database, kept in memory. */
#ifndef LEDGER_AUTHORITY_H
#define LEDGER_AUTHORITY_H

#include "base/text.h"
#include "certificate.pb-c.h"
#include "store/store.h"

/* What is found lives as long as the process. NULL when unknown, after asking the database again
 * (once a second at the most), which takes a thread with a store_mine(); others never wait. */
const Authority *authority_find(const char *id);
const Authority *authority_find_label(const char *key_label);

/* The leaf (with this subject common name), its issuers and the root, as links with PEM in CRLF
 * lines. `f` is set when an issuer is unknown. */
bool authority_chain(struct arena *a, const char *common_name, struct bytes leaf, const char *ca_id,
                     ChainLink ***links, size_t *count, struct fault *f);

#endif
