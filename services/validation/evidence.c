#include "evidence.h"

#include "pki/name.h"
#include "validation.h"

/* The names that it was looked for, and for which it may speak: those of its domain that lie within the place
 * where it was found. A domain that was asked for by itself is the one. */
static char *names_of(struct arena *a, const struct search_domain *domain, const char *identifier)
{
    const LookName *place = domain->place;
    struct text names;

    text_init(&names, a);
    for (size_t i = 0; i < place->n_fqdns; i++)
        if (name_is_within(place->fqdns[i], identifier))
            text_format(&names, "%s%s", names.length ? "," : "", place->fqdns[i]);
    return names.length ? names.data : arena_strdup(a, identifier);
}

Evidence *evidence_of(struct arena *a, const struct dcv_method *method,
                      const struct search_domain *domain, const struct search_proof *proof)
{
    Evidence *e = arena_new(a, Evidence);

    evidence__init(e);
    e->kind = arena_strdup(a, method->kind);
    e->identifier = arena_strdup(a, proof->identifier);
    e->method = method->id;
    e->br_method = arena_strdup(a, method->section);
    e->completed_at = instant_of(a, proof->at);
    e->evidence = arena_strdup(a, proof->proof);
    e->dns_names = names_of(a, domain, proof->identifier);
    e->corroboration = arena_strdup(a, proof->corroboration);
    return e;
}
