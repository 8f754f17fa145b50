/* fault - what went wrong, in a form that crosses the bus and that the gateway turns into an
 *         answer.
 *
 * A function that can fail returns bool and takes a struct fault * last. fault_set() returns false,
 * so that failing is one line:   return fault_set(f, FAULT_CSR, "certificate.csr", "is truncated");
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdarg.h>
#include <stdbool.h>

enum fault_code {
#define FAULT(name, status, code, again) FAULT_##name,
#include "base/faults.def"
#undef FAULT
    FAULT_COUNT
};

struct fault {
    enum fault_code code;
    char field[96];   /* dotted path of the member that is wrong, as the client wrote it; else "" */
    char detail[512]; /* for people; of INTERNAL, UNAVAILABLE and TIMEOUT it goes to the log only */
};

/* Fills in `f` and returns false. `field` may be NULL. */
bool fault_set(struct fault *f, enum fault_code code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

int fault_http_status(enum fault_code code);      /* 200 to 599 */
const char *fault_api_code(enum fault_code code); /* "not_found|order" */
const char *fault_name(enum fault_code code);     /* "NO_ORDER", for logs */
bool fault_retryable(enum fault_code code);
bool fault_is_private(enum fault_code code); /* true: `detail` must not leave the house */

/* A code as received from a peer: an unknown number becomes FAULT_INTERNAL. */
enum fault_code fault_code_from_wire(int number);

#endif
