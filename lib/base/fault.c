#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum again { FINAL, RETRY };

static const struct row {
    const char *name, *code;
    int status;
    enum again again;
} rows[] = {
#define FAULT(name, status, code, again) [FAULT_##name] = { #name, code, status, again },
#include "base/faults.def"
#undef FAULT
};

static const struct row *row_of(enum fault_code code)
{
    return &rows[fault_code_from_wire((int)code)];
}

/* Formatted aside first: an argument may point into `f`, when one fault is put in other words. */
bool fault_set(struct fault *f, enum fault_code code, const char *field, const char *fmt, ...)
{
    struct fault said = { .code = code };
    va_list args;

    va_start(args, fmt);
    vsnprintf(said.detail, sizeof said.detail, fmt, args);
    va_end(args);
    snprintf(said.field, sizeof said.field, "%s", field ? field : "");
    *f = said;
    return false;
}

int fault_http_status(enum fault_code code)
{
    return row_of(code)->status;
}

const char *fault_api_code(enum fault_code code)
{
    return row_of(code)->code;
}

const char *fault_name(enum fault_code code)
{
    return row_of(code)->name;
}

bool fault_retryable(enum fault_code code)
{
    return row_of(code)->again == RETRY;
}

bool fault_is_private(enum fault_code code)
{
    return row_of(code)->status >= 500;
}

enum fault_code fault_code_from_wire(int number)
{
    return number >= 0 && number < FAULT_COUNT ? (enum fault_code)number : FAULT_INTERNAL;
}
