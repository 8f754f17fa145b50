#include "ledger/policy_digest.h"

#include <string.h>

#include "message/json.h"

static void line(struct digest *d, const char *kind, const char *text)
{
    digest_add(d, BYTES_OF(kind));
    digest_add(d, BYTES_OF(" "));
    digest_add(d, BYTES_OF(text));
    digest_add(d, BYTES_OF("\n"));
}

static void rule_line(struct digest *d, const Rule *rule)
{
    struct arena a;
    struct text t;
    arena_init(&a);
    text_init(&t, &a);
    message_to_json(&rule->base, &t);
    line(d, "rule", t.data);
    arena_free(&a);
}

void policy_digest(const struct policy_lines *p, uint8_t out[SHA256_SIZE])
{
    struct digest *d = digest_new();
    for (size_t i = 0; i < p->rule_count; i++)
        rule_line(d, p->rules[i]);
    for (size_t i = 0; i < p->document_count; i++)
        line(d, p->documents[i]->kind, p->documents[i]->document);
    digest_end(d, out);
    digest_free(d);
}
