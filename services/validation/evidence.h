/* evidence - a proof that was found, as the row of `validation` that it becomes. */
#ifndef VALIDATION_EVIDENCE_H
#define VALIDATION_EVIDENCE_H

#include "search.h"

/* `proof` is one of those of `domain`. Whose it is is for the caller to add. In `a`, with all that it points at. */
Evidence *evidence_of(struct arena *a, const struct dcv_method *method,
                      const struct search_domain *domain, const struct search_proof *proof);

#endif
