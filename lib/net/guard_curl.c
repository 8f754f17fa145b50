/* curl's transfers under guard. */
#include "net/guard.h"
#include "net/must.h"

/* Called for each address that curl is about to try; without a socket it goes on to the next. */
static curl_socket_t socket_open(void *data, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct guard_watch *w = data;

    if (purpose != CURLSOCKTYPE_IPCXN || !guard_address(w->guard, &to->addr, &w->refused))
        return CURL_SOCKET_BAD;
    w->opened = true;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void guard_curl(struct guard_watch *w, CURL *transfer)
{
    const char *schemes = w->guard->http ? "https,http" : "https";

    must(curl_easy_setopt(transfer, CURLOPT_OPENSOCKETFUNCTION, socket_open));
    must(curl_easy_setopt(transfer, CURLOPT_OPENSOCKETDATA, w));
    must(curl_easy_setopt(transfer, CURLOPT_PROTOCOLS_STR, schemes));
    must(curl_easy_setopt(transfer, CURLOPT_REDIR_PROTOCOLS_STR, schemes));
    must(curl_easy_setopt(transfer, CURLOPT_FOLLOWLOCATION, 0L));
    must(curl_easy_setopt(transfer, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L));
    /* "" and not NULL: else curl takes a proxy from the environment, and the proxy resolves. */
    must(curl_easy_setopt(transfer, CURLOPT_PROXY, ""));
}
