#include "ledger/chain.h"

#include <stdio.h>
#include <string.h>

#include "common.pb-c.h"

const char *chain_text(const AuditSeal *seal, char out[CHAIN_TEXT_SIZE])
{
    snprintf(out, CHAIN_TEXT_SIZE, "seal %lld %s %s %lld %lld\n", (long long)seal->id,
             seal->from_horizon, seal->horizon, (long long)seal->count,
             (long long)seal->sealed_at->us);
    return out;
}

void chain_begin(struct digest *d, const uint8_t previous[SHA256_SIZE])
{
    digest_add(d, (struct bytes){ previous, SHA256_SIZE });
}

void chain_row(struct digest *d, const AuditLine *row)
{
    digest_add(d, BYTES_OF(row->line));
}

void chain_end(struct digest *d, const AuditSeal *seal, uint8_t hash[SHA256_SIZE])
{
    char text[CHAIN_TEXT_SIZE];
    digest_add(d, BYTES_OF(chain_text(seal, text)));
    digest_end(d, hash);
}
