#include "base/mail_address.h"

#include <stddef.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253, LABEL_MAX = 63 };

/* Parts of `allowed` with single dots between them; how many, 0 when it is something else. */
static int parts_count(const char *text, size_t length, const char *allowed, size_t most)
{
    int count = 0;
    for (const char *end = text + length;; text++, count++) {
        size_t part = strspn(text, allowed);
        if (part == 0 || part > most)
            return 0;
        text += part;
        if (text == end)
            return count + 1;
        if (*text != '.')
            return 0;
    }
}

/* RFC 1123 2.1: no label begins or ends with a hyphen. */
static bool hyphens_inside(const char *domain)
{
    size_t length = strlen(domain);
    return domain[0] != '-' && domain[length - 1] != '-' && !strstr(domain, ".-") &&
           !strstr(domain, "-.");
}

bool mail_address_valid(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || at - text > LOCAL_MAX)
        return false;
    const char *domain = at + 1;
    return parts_count(text, (size_t)(at - text), LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~", LOCAL_MAX) >
               0 &&
           strlen(domain) <= DOMAIN_MAX &&
           parts_count(domain, strlen(domain), LETTERS DIGITS "-", LABEL_MAX) > 1 &&
           hyphens_inside(domain);
}
