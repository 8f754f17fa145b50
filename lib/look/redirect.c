#include "look/redirect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

AUTO_FREE(CURLU, curl_url_cleanup);

/* ---- rules */

/* "301 302": whole numbers with single spaces between. */
static bool read_numbers(const char *text, int64_t *out, size_t most, int64_t least, int64_t last)
{
    char number[8];

    for (size_t count = 0; text; count++) {
        size_t length = strcspn(text, " ");

        if (count == most || length >= sizeof number)
            return false;
        snprintf(number, sizeof number, "%.*s", (int)length, text);
        if (!int64_read(number, &out[count]) || out[count] < least || out[count] > last)
            return false;
        if (!text[length])
            return true;
        text += length + 1;
    }
    return false;
}

bool web_rules_read(const WebRules *texts, struct web_rules *out)
{
    *out = (struct web_rules){ 0 };
    return texts && read_numbers(texts->statuses, out->statuses, WEB_STATUSES_MAX - 1, 300, 399) &&
           read_numbers(texts->ports, out->ports, WEB_PORTS_MAX - 1, 1, 65535) &&
           read_numbers(texts->redirects, &out->redirects, 1, 0, WEB_REDIRECTS_MAX) &&
           read_numbers(texts->bytes, &out->bytes, 1, 1, WEB_BODY_MAX);
}

static bool listed(const int64_t *list, int64_t number)
{
    for (; *list; list++)
        if (*list == number)
            return true;
    return false;
}

bool web_follows(const struct web_rules *rules, int status)
{
    return listed(rules->statuses, status);
}

/* ---- addresses */

bool web_url(const struct web_rules *rules, const struct guard *g, const char *url,
             struct guarded_url *out, struct fault *f)
{
    return guard_url(g, url, out, f) &&
           (listed(rules->ports, out->port) ||
            fault_set(f, FAULT_INVALID, NULL, "must not use port %u", out->port));
}

/* RFC 3986 section 3.1. */
static bool has_scheme(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";

    return strspn(text, letters) > 0 && text[strspn(text, more)] == ':';
}

/* As in guard_url(): what is no character of a URL, each reader repairs in his own way. */
static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x21 || *text > 0x7e || *text == '\\')
            return false;
    return true;
}

/* A path or a query below the host that `base` names; a fragment is not sent, so it leads nowhere
 * else. */
static bool resolve_path(const char *base, const char *location, char out[GUARD_URL_SIZE])
{
    AUTO(CURLU) u = curl_url();
    char path[GUARD_URL_SIZE], *text = NULL;

    snprintf(path, sizeof path, "%.*s", (int)strcspn(location, "#"), location);
    bool fits = curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
                (!path[0] || curl_url_set(u, CURLUPART_URL, path, 0) == CURLUE_OK) &&
                curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK &&
                strlen(text) < GUARD_URL_SIZE;
    if (fits)
        snprintf(out, GUARD_URL_SIZE, "%s", text);
    curl_free(text);
    return fits;
}

bool redirect_resolve(const struct web_rules *rules, const struct guard *g, const char *base,
                      const char *location, struct guarded_url *out, struct fault *f)
{
    char url[GUARD_URL_SIZE] = "";
    size_t length = strlen(location);

    if (!length || length + sizeof "https:" > GUARD_URL_SIZE || !is_printable(location))
        return fault_set(f, FAULT_INVALID, NULL, "has no well-formed Location");
    if (has_scheme(location)) {
        memcpy(url, location, length + 1);
    } else if (strncmp(location, "//", 2) == 0) {
        size_t scheme = strcspn(base, ":") + 1;

        memcpy(url, base, scheme);
        memcpy(url + scheme, location, length + 1);
    } else if (!resolve_path(base, location, url)) {
        return fault_set(f, FAULT_INVALID, NULL, "has no well-formed Location");
    }
    return web_url(rules, g, url, out, f);
}
