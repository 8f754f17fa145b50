#include "evidence.h"

#include "validation.h"

Evidence *evidence_of(struct arena *a, const struct dcv_method *method,
                      const struct search_proof *proof)
{
    Evidence *e = arena_new(a, Evidence);

    evidence__init(e);
    e->kind = arena_strdup(a, method->kind);
    e->identifier = arena_strdup(a, proof->identifier);
    e->method = method->id;
    e->br_method = arena_strdup(a, method->section);
    e->completed_at = instant_of(a, proof->at);
    e->evidence = arena_strdup(a, proof->proof);
    e->corroboration = arena_strdup(a, proof->corroboration);
    return e;
}
