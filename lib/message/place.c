#include "message/place.h"

#include <stdio.h>
#include <string.h>

void place_text(const struct place *p, char *out, size_t size)
{
    *out = '\0';
    if (!p)
        return;
    place_text(p->outer, out, size);
    size_t used = strlen(out);
    if (p->name)
        snprintf(out + used, size - used, "%s%s", used ? "." : "", p->name);
    else
        snprintf(out + used, size - used, "[%zu]", p->index);
}
