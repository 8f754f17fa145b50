/* examination - what the steps of an intake share; each is a file of its own. */
#ifndef API_EXAMINATION_H
#define API_EXAMINATION_H

#include "api/accounts.h"
#include "api/intake.h"
#include "ledger/policy.h"

struct examination {
    struct call *call;
    const OrderRequest *in;
    const struct policy *policy;
    struct account_settings account;
    struct instant now;
    struct intake *out;
    OrderIntake *row;
};

/* Both for the steps: a fault at a member as the client wrote it; is the text in the list? */
bool examination_refuse(struct examination *e, enum fault_code code, const char *field,
                        const char *text);
bool examination_listed(char *const *list, size_t count, const char *text);

/* The steps. The product comes first: the others are about it. */
bool intake_product(struct examination *e);
bool intake_validity(struct examination *e);
bool intake_names(struct examination *e);
bool intake_dcv(struct examination *e);
bool intake_csr(struct examination *e);
bool intake_hash(struct examination *e);
bool intake_authority(struct examination *e);
bool intake_profile_option(struct examination *e);

/* Of several members one counts: the date before the days, the days before the years (services API 3.1). */
Validity intake_validity_form(struct arena *a, const Validity *in);

/* The order's validity in whichever form it came; `field` is where a fault points. */
Validity intake_validity_asked(struct arena *a, const OrderRequest *in, const char **field);

#endif
