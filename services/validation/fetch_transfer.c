/* One hop: curl is told where to connect, what it may read, and when to give up. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetching.h"
#include "net/must.h"

enum { CONNECT_MS = 2000, HOP_MS = 5000, HEADERS_MAX = 16384 };

/* ---- what comes */

/* A header of an answer; an empty line ends them, and those of a 1xx are not the answer yet. Of an
 * answer that is not what we look for the body is not read: it ends here. */
static size_t header_seen(const char *line, size_t one, size_t size, void *data)
{
    struct fetch *f = data;
    long status = 0;

    (void)one;
    f->header_size += size;
    if (f->header_size > HEADERS_MAX)
        return 0;
    if (f->status || !size || (line[0] != '\r' && line[0] != '\n'))
        return size;
    must(curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status));
    if (status < 200)
        return size;
    f->status = fetch_hop(f)->status = (int)status;
    return status < 300 ? size : 0;
}

static size_t body_seen(const char *bytes, size_t one, size_t size, void *data)
{
    struct fetch *f = data;
    size_t room = (size_t)f->request.rules.bytes - f->body.length;

    (void)one;
    text_add_bytes(&f->body, bytes, size < room ? size : room);
    f->cut = size > room;
    return f->cut ? 0 : size;
}

/* ---- what is asked */

static void set_request(struct fetch *f)
{
    must(curl_easy_setopt(f->easy, CURLOPT_URL, f->url.text));
    must(curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    must(curl_easy_setopt(f->easy, CURLOPT_USERAGENT, "chancery-validation"));
    must(curl_easy_setopt(f->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
}

/* Every URL goes to the address that was checked; curl has nothing to look up. An old connection
 * may lead to where the name has pointed before. */
static void set_place(struct fetch *f, const char *address, sa_family_t family)
{
    char to[FETCH_ADDRESS_SIZE + 8];

    snprintf(to, sizeof to, family == AF_INET6 ? "::[%s]:" : "::%s:", address);
    f->connect_to = must_have(curl_slist_append(NULL, to));
    must(curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->connect_to));
    must(curl_easy_setopt(f->easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L));
    must(curl_easy_setopt(f->easy, CURLOPT_FRESH_CONNECT, 1L));
    must(curl_easy_setopt(f->easy, CURLOPT_FORBID_REUSE, 1L));
    must(curl_easy_setopt(f->easy, CURLOPT_SSL_VERIFYPEER, 0L));
    must(curl_easy_setopt(f->easy, CURLOPT_SSL_VERIFYHOST, 0L));
    must(curl_easy_setopt(f->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L));
}

static void set_answer(struct fetch *f)
{
    text_init(&f->body, &f->arena);
    f->status = 0;
    f->header_size = 0;
    f->cut = false;
    f->error[0] = '\0';
    must(curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f));
    must(curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->error));
    must(curl_easy_setopt(f->easy, CURLOPT_HEADERFUNCTION, header_seen));
    must(curl_easy_setopt(f->easy, CURLOPT_HEADERDATA, f));
    must(curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, body_seen));
    must(curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f));
}

static void set_limits(struct fetch *f, long left_ms)
{
    must(curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, left_ms < HOP_MS ? left_ms : (long)HOP_MS));
    must(curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS));
    must(curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L));
}

static const char *address_text(const struct sockaddr_storage *from, char out[FETCH_ADDRESS_SIZE])
{
    const void *bytes =
        from->ss_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr
            : &((const struct sockaddr_in *)(const void *)from)->sin_addr;

    return inet_ntop(from->ss_family, bytes, out, FETCH_ADDRESS_SIZE);
}

bool fetch_transfer_begin(struct fetch *f, CURLM *multi)
{
    const struct sockaddr_storage *to = &f->addresses[f->address_next++];
    long left_ms = (long)(tick_left(f->request.deadline).us / 1000);

    if (left_ms <= 0) {
        fetch_settle(f, FETCH_FAILED, "there was no time left to ask");
        return false;
    }
    f->easy = must_have(curl_easy_init());
    f->watch = (struct guard_watch){ .guard = f->guard };
    guard_curl(&f->watch, f->easy);
    set_request(f);
    set_place(f, address_text(to, fetch_hop(f)->address), to->ss_family);
    set_answer(f);
    set_limits(f, left_ms);
    if (curl_multi_add_handle(multi, f->easy) != CURLM_OK)
        abort();
    return true;
}

void fetch_transfer_end(struct fetch *f, CURLM *multi)
{
    curl_multi_remove_handle(multi, f->easy);
    curl_easy_cleanup(f->easy);
    curl_slist_free_all(f->connect_to);
    f->easy = NULL;
    f->connect_to = NULL;
}

/* ---- what came of it */

static enum fetch_next over(struct fetch *f, enum fetch_state state, const char *reason)
{
    fetch_settle(f, state, "%s", reason);
    return FETCH_OVER;
}

/* "Using the Location HTTP header field as the final value" (BR 3.2.2.4.18): with two of them no
 * reader knows which. */
static enum fetch_next redirected(struct fetch *f)
{
    struct curl_header *header;
    struct guarded_url next;
    struct fault fault = { 0 };

    if ((int64_t)f->answer.hop_count > f->request.rules.redirects)
        return over(f, FETCH_REFUSED, "redirects too often");
    if (curl_easy_header(f->easy, "Location", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return over(f, FETCH_REFUSED, "is redirected, but to nowhere: there is no Location");
    if (header->amount > 1)
        return over(f, FETCH_REFUSED, "is redirected, but with more than one Location");
    if (!redirect_resolve(&f->request.rules, f->guard, f->url.text, header->value, &next, &fault)) {
        fetch_settle(f, FETCH_REFUSED,
                     "is redirected (%d) to an address that may not be asked: it %s", f->status,
                     fault.detail);
        return FETCH_OVER;
    }
    f->url = next;
    return FETCH_NEXT_HOP;
}

static enum fetch_next answered(struct fetch *f)
{
    if (web_follows(&f->request.rules, f->status))
        return redirected(f);
    f->answer.state = FETCH_ANSWERED;
    f->answer.body = (struct bytes){ (const uint8_t *)f->body.data, f->body.length };
    f->answer.cut = f->cut;
    return FETCH_OVER;
}

// clang-format off
static const struct {
    CURLcode code;
    const char *text;
} failures[] = {
    { CURLE_OPERATION_TIMEDOUT, "did not answer in time" },
    { CURLE_PARTIAL_FILE,       "broke off its answer" },
    { CURLE_RECV_ERROR,         "broke off its answer" },
    { CURLE_GOT_NOTHING,        "closed the connection without an answer" },
    { CURLE_WRITE_ERROR,        "sent too many headers" },
    { CURLE_OUT_OF_MEMORY,      "sent too many headers" }, /* or one longer than curl takes */
};
// clang-format on

static enum fetch_next failed(struct fetch *f, CURLcode code)
{
    const char *why = f->error[0] ? f->error : curl_easy_strerror(code), *os = NULL;
    long number = 0;

    if (f->watch.refused.code != FAULT_NONE && !f->watch.opened)
        return over(f, FETCH_REFUSED, f->watch.refused.detail);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            why = failures[i].text;
    must(curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &number));
    if (code == CURLE_COULDNT_CONNECT) {
        why = "no connection";
        os = number ? strerrordesc_np((int)number) : NULL;
    }
    fetch_settle(f, FETCH_FAILED, "%s: %.120s%s%.60s", fetch_hop(f)->address, why, os ? ": " : "",
                 os ? os : "");
    return FETCH_OVER;
}

/* Was nobody there at this address? Then another may do. */
static bool unreached(const struct fetch *f, CURLcode code)
{
    return (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) &&
           f->header_size == 0 && f->address_next < f->address_count;
}

enum fetch_next fetch_transfer_judge(struct fetch *f, CURLcode code)
{
    bool complete = code == CURLE_OK || (code == CURLE_WRITE_ERROR && (f->cut || f->status >= 300));

    if (f->status && complete)
        return answered(f);
    if (unreached(f, code))
        return FETCH_NEXT_ADDRESS;
    return failed(f, code);
}
