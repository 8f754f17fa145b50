/* What a stranger's web server sends: where its Location leads is inside the rules, and its body is
 * found to hold what it holds. The reader is included whole: what it takes for a scheme is asked of it,
 * too. The input: a Location, a new line, a body. */
#include "lib/look/redirect.c" // NOLINT(bugprone-suspicious-include)

#include <assert.h>
#include <stdlib.h>

#include "look/value.h"

#define BASE  "https://www.example.com/.well-known/pki-validation/fileauth.txt"
#define HOST  "www.example.com"
#define VALUE "0123456789abcdefghijklmnopqrstuv"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct web_rules rules = {
    .statuses = { 301, 302, 307, 308 }, .ports = { 80, 443 }, .redirects = 5, .bytes = 5000
};

static void check_location(const char *location)
{
    static const struct guard guard = { .http = true };
    struct guarded_url once = { 0 }, again = { 0 };
    struct fault f = { 0 };

    if (!redirect_resolve(&rules, &guard, BASE, location, &once, &f)) {
        assert(f.code == FAULT_INVALID && f.detail[0]);
        return;
    }
    assert(strncmp(once.text, "http://", 7) == 0 || strncmp(once.text, "https://", 8) == 0);
    assert(once.port == 80 || once.port == 443);
    assert(!strpbrk(once.host, "@%\\ /[]"));
    assert(web_url(&rules, &guard, once.text, &again, &f));
    assert(strcmp(once.text, again.text) == 0 && strcmp(once.host, again.host) == 0);
    /* Where no other host is named, it is the same. */
    if (!has_scheme(location) && strncmp(location, "//", 2) != 0)
        assert(strcmp(once.host, HOST) == 0 && once.port == 443);
}

static void check_body(struct bytes body)
{
    static const char marks[] = { ' ', '\t', '\r', '\n', '\v', '\f', '"', '\'', ',', ';' };
    size_t length = strlen(VALUE);
    bool there = false;

    for (size_t i = 0; i + length <= body.size; i++)
        there = there ||
                (memcmp(body.data + i, VALUE, length) == 0 &&
                 (i == 0 || memchr(marks, body.data[i - 1], sizeof marks)) &&
                 (i + length == body.size || memchr(marks, body.data[i + length], sizeof marks)));
    assert(value_stands(body, VALUE) == there);
    assert(!value_stands(body, "") && !value_stands(body, "0123"));
}

static void check_rules(char *text)
{
    WebRules texts = WEB_RULES__INIT;
    struct web_rules read;

    texts.statuses = texts.ports = texts.redirects = texts.bytes = text;
    assert(!web_rules_read(&texts, &read)); /* no number is all of them */
    texts.ports = "80";
    texts.redirects = "5";
    texts.bytes = "5000";
    if (web_rules_read(&texts, &read))
        for (size_t i = 0; read.statuses[i]; i++)
            assert(i < WEB_STATUSES_MAX - 1 && web_follows(&read, (int)read.statuses[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t length = line ? (size_t)(line - data) : size;
    char *location = malloc(length + 1);

    assert(location);
    if (length)
        memcpy(location, data, length);
    location[length] = '\0';
    check_location(location);
    check_rules(location);
    if (line)
        check_body((struct bytes){ line + 1, size - length - 1 });
    free(location);
    return 0;
}
