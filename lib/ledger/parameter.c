#include "ledger/parameter.h"

#include <string.h>

const struct parameter parameters[] = {
#define PARAMETER(name, key, form, reader, test) { name, KEY_##key, FORM_##form, reader, test },
#include "ledger/parameters.def"
#undef PARAMETER
    { 0 },
};

/* "reuse.dcv." and "reuse.dcv" are two. */
static bool is_named(const struct parameter *p, const char *name)
{
    size_t length = strlen(p->name);
    return p->key == KEY_NONE ? strcmp(p->name, name) == 0 : strncmp(p->name, name, length) == 0;
}

const struct parameter *parameter_find(const char *name)
{
    for (const struct parameter *p = parameters; p->name; p++)
        if (is_named(p, name))
            return p;
    return NULL;
}

const char *parameter_key(const struct parameter *p, const char *name)
{
    return name + strlen(p->name);
}

bool parameter_forbids(const struct parameter *p)
{
    return p->form == FORM_BAN || p->form == FORM_REFUSAL;
}
