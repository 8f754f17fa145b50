#include "net/retry_after.h"

#include "base/text.h"
#include "net/http_date.h"

bool retry_after_read(const char *text, struct instant now, struct duration longest,
                      struct instant *out)
{
    struct instant latest = instant_add(now, longest);
    int64_t wait;

    if (int64_read(text, &wait) && wait >= 0)
        *out = wait < longest.us / 1000000 ? instant_add(now, seconds(wait)) : latest;
    else if (!http_date_read(text, out))
        return false;
    if (instant_before(latest, *out))
        *out = latest;
    return true;
}
