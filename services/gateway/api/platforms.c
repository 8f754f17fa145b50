#include "api/platforms.h"

#include <stdbool.h>

// clang-format off
const struct platform platforms[] = {
    { PLATFORM_OTHER, "OTHER", NULL, "https://docs.openssl.org/3.0/man1/openssl-req/", "default" },
    { 2, "Apache",
      "https://httpd.apache.org/docs/2.4/ssl/ssl_howto.html",
      "https://httpd.apache.org/docs/2.4/ssl/ssl_faq.html", "apache" },
    { 29, "PEM bundle", NULL, "https://docs.openssl.org/3.0/man1/openssl-req/", "pem_all" },
    { 45, "nginx",
      "https://nginx.org/en/docs/http/configuring_https_servers.html",
      "https://docs.openssl.org/3.0/man1/openssl-req/", "pem_noroot" },
    { 0 },
};
// clang-format on

const struct platform *platform_find(int64_t id)
{
    for (const struct platform *p = platforms; p->name; p++)
        if (p->id == id)
            return p;
    return &platforms[0];
}

static char *copy(struct arena *a, const char *text)
{
    return text ? arena_strdup(a, text) : NULL;
}

void platform_complete(struct arena *a, ServerPlatform *out)
{
    const struct platform *p = platform_find(out->id);
    out->name = copy(a, p->name);
    out->install_url = copy(a, p->install_url);
    out->csr_url = copy(a, p->csr_url);
}

ServerPlatform **platform_list(struct arena *a, size_t *count)
{
    ServerPlatform **list = arena_array(a, ServerPlatform *, sizeof platforms / sizeof *platforms);
    *count = 0;
    for (const struct platform *p = platforms; p->name; p++) {
        ServerPlatform *row = list[(*count)++] = arena_new(a, ServerPlatform);
        server_platform__init(row);
        row->has_id = true;
        row->id = p->id;
        platform_complete(a, row);
    }
    return list;
}
