/* policy_digest - what is signed of a policy version: the hash of its canonical text, a line for each rule
 * (by id), then one for each document (by kind and name), also of a kind that this program does not know.
 * Whoever loads one and whoever reads the rows again compute the same.
 */
#ifndef LEDGER_POLICY_DIGEST_H
#define LEDGER_POLICY_DIGEST_H

#include "pki/digest.h"
#include "product.pb-c.h"

struct policy_lines {
    const Rule *const *rules; /* by id */
    size_t rule_count;
    const PolicyDocument *const *documents; /* by kind, then name, with their texts */
    size_t document_count;
};

void policy_digest(const struct policy_lines *p, uint8_t out[SHA256_SIZE]);

#endif
