/* policy_digest - what is signed of a policy version: the hash of its canonical text, a line for each rule
 * (by id), each product and each profile (by name). Whoever loads one and whoever reads the rows again
 * compute the same.
 */
#ifndef LEDGER_POLICY_DIGEST_H
#define LEDGER_POLICY_DIGEST_H

#include "pki/digest.h"
#include "product.pb-c.h"

struct policy_lines {
    const Rule *const *rules; /* by id */
    size_t rule_count;
    const PolicyDocument *const *products, *const *profiles; /* by name, with their texts */
    size_t product_count, profile_count;
};

void policy_digest(const struct policy_lines *p, uint8_t out[SHA256_SIZE]);

#endif
