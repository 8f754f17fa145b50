#include "bus/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "message/json.h"

enum { TRUST_SIZE_MAX = 256 * 1024 };

AUTO_FREE(FILE, fclose);

static bool read_file(struct arena *a, const char *path, struct bytes *out, struct fault *f)
{
    AUTO(FILE) file = fopen(path, "re");
    char *data = arena_alloc(a, TRUST_SIZE_MAX);

    if (!file)
        return fault_set(f, FAULT_INVALID, "trust", "%s: %s", path, strerror(errno));
    size_t size = fread(data, 1, TRUST_SIZE_MAX, file);
    if (ferror(file) || size == TRUST_SIZE_MAX)
        return fault_set(f, FAULT_INVALID, "trust", "%s cannot be read, or is too large", path);
    *out = (struct bytes){ (const uint8_t *)data, size };
    return true;
}

const TrustPolicy *trust_read(struct arena *a, const char *path, struct fault *f)
{
    struct bytes json = { 0 };

    if (!read_file(a, path, &json, f))
        return NULL;
    ProtobufCMessage *policy =
        message_from_json(a, &trust_policy__descriptor, (const char *)json.data, json.size, f);
    if (!policy)
        fault_set(f, FAULT_INVALID, "trust", "%s: %s %s", path, f->field, f->detail);
    return (const TrustPolicy *)policy;
}

/* Is it "BLOCK.METHOD"? */
static bool names_method(const char *rule, const char *block, const char *method)
{
    size_t length = strlen(block);

    return strncmp(rule, block, length) == 0 && rule[length] == '.' &&
           strcmp(rule + length + 1, method) == 0;
}

static bool names_caller(const TrustRule *rule, const char *caller)
{
    for (size_t i = 0; i < rule->n_callers; i++) {
        if (strcmp(rule->callers[i], caller) == 0)
            return true;
    }
    return false;
}

bool trust_allows(const TrustPolicy *trust, const char *service, const char *block,
                  const char *method, const char *caller)
{
    for (size_t i = 0; i < trust->n_rules; i++) {
        const TrustRule *rule = trust->rules[i];

        if (strcmp(rule->service, service) == 0 && names_method(rule->method, block, method) &&
            names_caller(rule, caller))
            return true;
    }
    return false;
}
