/* evidence - a proof that was found, as the row of `validation` that it becomes. */
#ifndef VALIDATION_EVIDENCE_H
#define VALIDATION_EVIDENCE_H

#include "search.h"

/* Whose it is, and for what, is for the caller to add. In `a`, with all that it points at. */
Evidence *evidence_of(struct arena *a, const struct dcv_method *method,
                      const struct search_proof *proof);

#endif
