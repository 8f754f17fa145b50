/* One hop: curl is told where to connect, what it may read, and when to give up. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "look/cause.h"
#include "look/fetching.h"
#include "look/rdata.h"
#include "net/must.h"

enum { HEADERS_MAX = 16384 };

/* ---- what comes */

/* An answer that is not what we look for ends with its headers: its body is not read. */
static size_t header_seen(const char *line, size_t one, size_t size, void *data)
{
    struct fetch *f = data;

    (void)one;
    f->header_size += size;
    if (f->header_size > HEADERS_MAX)
        return 0;
    if (!f->status)
        fetch_hop(f)->status = f->status = transfer_answered(&f->transfer, line, size);
    return f->status < 300 ? size : 0;
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

/* A file is asked for as it is: without a word any coding would do (RFC 9110 12.5.3). What comes in a
 * coding all the same, as from stores that keep one form only, is decoded on its way to body_seen(), which
 * reads no more of it than of any other file. */
static void set_request(struct fetch *f)
{
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_URL, f->url.text));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_USERAGENT, "chancery-validation"));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_ACCEPT_ENCODING, "identity"));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
}

/* Every URL goes to the address that was checked; curl has nothing to look up. An old connection
 * may lead to where the name has pointed before. */
static void set_place(struct fetch *f, const char *address, sa_family_t family)
{
    char to[FETCH_ADDRESS_SIZE + 8];

    snprintf(to, sizeof to, family == AF_INET6 ? "::[%s]:" : "::%s:", address);
    transfer_connect_to(&f->transfer, to);
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_FRESH_CONNECT, 1L));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_FORBID_REUSE, 1L));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_SSL_VERIFYPEER, 0L));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_SSL_VERIFYHOST, 0L));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_SSL_SESSIONID_CACHE, 0L));
}

static void set_answer(struct fetch *f)
{
    text_init(&f->body, &f->arena);
    f->status = 0;
    f->header_size = 0;
    f->cut = false;
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_HEADERFUNCTION, header_seen));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_HEADERDATA, f));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_WRITEFUNCTION, body_seen));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_WRITEDATA, f));
}

/* An address has its share of the time when there are others to be tried after it. */
static void set_limits(struct fetch *f, long left_ms)
{
    long others = (long)(f->address_count - f->address_next);
    long connect = left_ms / (others + 1), hop = others ? left_ms / 2 : left_ms;

    must(curl_easy_setopt(f->transfer.easy, CURLOPT_TIMEOUT_MS,
                          hop < f->hop_ms ? hop + 1 : f->hop_ms));
    must(curl_easy_setopt(f->transfer.easy, CURLOPT_CONNECTTIMEOUT_MS,
                          connect < f->connect_ms ? connect + 1 : f->connect_ms));
}

static const struct sockaddr_storage *address_of(const struct fetch *f)
{
    return &f->addresses[f->address_next - 1];
}

/* The next address of a hop is chosen when the one before gave no connection. */
static void tried_add(struct fetch_hop *hop)
{
    if (hop->address[0] && hop->tried_count < FETCH_TRIED_MAX)
        memcpy(hop->tried[hop->tried_count++], hop->address, sizeof hop->address);
}

void fetch_transfer_address(struct fetch *f)
{
    const struct sockaddr_storage *to = &f->addresses[f->address_next++];
    const void *bytes =
        to->ss_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)to)->sin6_addr
            : &((const struct sockaddr_in *)(const void *)to)->sin_addr;

    tried_add(fetch_hop(f));
    inet_ntop(to->ss_family, bytes, fetch_hop(f)->address, FETCH_ADDRESS_SIZE);
}

void fetch_transfer_late(struct fetch *f)
{
    const char *slow = fetch_lookup_slow(f);

    if (slow)
        fetch_settle(f, FETCH_FAILED,
                     "there was no time left to ask: name servers did not answer for %s", slow);
    else
        fetch_settle(f, FETCH_FAILED, "%s: not asked in time, too many requests were under way",
                     fetch_hop(f)->address);
}

void fetch_transfer_begin(struct transfer *t)
{
    struct fetch *f = fetch_of(t);

    set_request(f);
    set_place(f, fetch_hop(f)->address, address_of(f)->ss_family);
    set_answer(f);
    set_limits(f, (long)(tick_left(f->request.deadline).us / 1000));
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
    if (curl_easy_header(f->transfer.easy, "Location", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
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

/* The system's number tells of connections alone. */
static const char *why_of(struct fetch *f, CURLcode code)
{
    long number = 0;

    must(curl_easy_getinfo(f->transfer.easy, CURLINFO_OS_ERRNO, &number));
    return code == CURLE_COULDNT_CONNECT ? cause_connect((int)number) : "";
}

/* In a coding that nobody here knows, or not in the one that it is said to be in. It is the server's word:
 * shown as other words of strangers are. */
static enum fetch_next undecoded(struct fetch *f)
{
    struct curl_header *header = NULL;
    char shown[RDATA_SEEN_SIZE];
    const char *coding = "?";

    if (curl_easy_header(f->transfer.easy, "Content-Encoding", 0, CURLH_HEADER, -1, &header) ==
            CURLHE_OK ||
        curl_easy_header(f->transfer.easy, "Transfer-Encoding", 0, CURLH_HEADER, -1, &header) ==
            CURLHE_OK)
        coding = header->value;
    rdata_show_seen((const uint8_t *)coding, strlen(coding), shown);
    fetch_settle(f, FETCH_REFUSED,
                 "%s sent the file in a coding that cannot be read (%s): send it as it is",
                 fetch_hop(f)->address, shown);
    return FETCH_OVER;
}

static enum fetch_next failed(struct fetch *f, CURLcode code)
{
    const char *why = why_of(f, code);

    if (transfer_refused(&f->transfer))
        return over(f, FETCH_REFUSED, f->transfer.watch.refused.detail);
    if (code == CURLE_BAD_CONTENT_ENCODING)
        return undecoded(f);
    fetch_settle(f, FETCH_FAILED, "%s: %s%s%s", fetch_hop(f)->address,
                 cause_transfer((int)code, f->transfer.error), *why ? ": " : "", why);
    return FETCH_OVER;
}

/* Was nobody there at this address? Then another may do. */
static bool unreached(const struct fetch *f, CURLcode code)
{
    return (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) &&
           f->header_size == 0 && f->address_next < f->address_count;
}

void fetch_transfer_judge(struct transfer *t, CURLcode code)
{
    struct fetch *f = fetch_of(t);
    bool complete = code == CURLE_OK || (code == CURLE_WRITE_ERROR && (f->cut || f->status >= 300));

    if (f->status && complete)
        f->next = answered(f);
    else
        f->next = unreached(f, code) ? FETCH_NEXT_ADDRESS : failed(f, code);
}
