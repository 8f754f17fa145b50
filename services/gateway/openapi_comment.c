#include "openapi_comment.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *of, *text;
} comments[] = {
#define DESCRIPTION(of, text) { of, text },
#include "descriptions.def"
#undef DESCRIPTION
};

static bool is_of(const char *of, const char *owner, const char *name)
{
    size_t length = strlen(owner);
    if (strncmp(of, owner, length) != 0)
        return false;
    return name ? of[length] == '.' && strcmp(of + length + 1, name) == 0 : of[length] == '\0';
}

const char *openapi_comment(const char *owner, const char *name)
{
    for (size_t i = 0; i < sizeof comments / sizeof *comments; i++)
        if (is_of(comments[i].of, owner, name))
            return comments[i].text;
    return NULL;
}
