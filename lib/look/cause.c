#include "look/cause.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>

#include "base/log.h"

struct by_number {
    int number;
    const char *words;
};

struct by_part {
    const char *part; /* of a text: names, which are the customer's, have no spaces in them */
    const char *words;
};

enum { DNSSEC_SIZE = 400 };

#define NEVER_MADE "the look-up could not be made: the fault is ours"
#define NOT_RIGHT  "the answer cannot be right"
#define NO_TLS     "the TLS handshake failed"

// clang-format off
static const struct by_number lookups[] = {
    { UB_SYNTAX,                 "not a name that DNS allows" },
    { 0, NULL },
};

/* RFC 4035 5.3 and 5.4; the first that fits. */
static const struct by_part dnssec[] = {
    { "signature expired",       "a signature has expired" },
    { "before inception",        "a signature is not valid yet" },
    { "crypto failed",           "a signature is not of what it stands with" },
    { "unknown keys",            "a signature is by a key that the zone does not publish" },
    { "keys have a DS",          "the parent zone's DS is of none of the zone's keys" },
    { "DS hash mismatch",        "the parent zone's DS is of none of the zone's keys" },
    { "no DNSKEY",               "the zone's keys (DNSKEY) are not there" },
    { "missing DNSKEY",          "the zone's keys (DNSKEY) are not there" },
    { "no signatures",           "the zone is signed, and the answer is not" },
    { "signatures missing",      "the zone is signed, and the answer is not" },
    { "no NSEC",                 "nothing proves what is not there (NSEC)" },
    { "proof failed",            "nothing proves what is not there (NSEC)" },
    { NULL, NULL },
};

static const struct by_number connects[] = {
    { ECONNREFUSED,              "refused" },
    { ECONNRESET,                "broken off" },
    { EHOSTUNREACH,              "there is no way there" },
    { ENETUNREACH,               "there is no way there" },
    { ETIMEDOUT,                 "nobody answers" },
    { 0, NULL },
};

static const struct by_number transfers[] = {
    { CURLE_OPERATION_TIMEDOUT,  "did not answer in time" },
    { CURLE_PARTIAL_FILE,        "broke off its answer" },
    { CURLE_RECV_ERROR,          "broke off its answer" },
    { CURLE_SEND_ERROR,          "broke off the connection" },
    { CURLE_GOT_NOTHING,         "closed the connection without an answer" },
    { CURLE_WRITE_ERROR,         "sent too many headers" },
    { CURLE_OUT_OF_MEMORY,       "sent too many headers" }, /* or one longer than curl takes */
    { CURLE_COULDNT_CONNECT,     "no connection" },
    { CURLE_WEIRD_SERVER_REPLY,  "gave an answer that is not HTTP" },
    { CURLE_UNSUPPORTED_PROTOCOL, "gave an answer that is not HTTP" },
    { CURLE_SSL_CONNECT_ERROR,   NO_TLS },
    { CURLE_SSL_CIPHER,          NO_TLS },
    { CURLE_SSL_CERTPROBLEM,     NO_TLS },
    { CURLE_PEER_FAILED_VERIFICATION, NO_TLS },
    { 0, NULL },
};

/* What is told of a handshake more (RFC 8446 6.2). */
static const struct by_part handshakes[] = {
    { "wrong version number",    NO_TLS ": the answer is not TLS" },
    { "packet length too long",  NO_TLS ": the answer is not TLS" },
    { "http request",            NO_TLS ": the answer is not TLS" },
    { "unsupported protocol",    NO_TLS ": no version of TLS in common, 1.2 or later" },
    { "protocol version",        NO_TLS ": no version of TLS in common, 1.2 or later" },
    { "handshake failure",       NO_TLS ": the server wants nothing of what was offered" },
    { "unrecognized name",       NO_TLS ": the server does not know the name" },
    { "key too small",           NO_TLS ": the server's key is too small" },
    { NULL, NULL },
};
// clang-format on

static const char *by_number(const struct by_number *rows, int number, const char *otherwise)
{
    for (; rows->words; rows++)
        if (rows->number == number)
            return rows->words;
    return otherwise;
}

static const char *by_part(const struct by_part *rows, const char *text, const char *otherwise)
{
    for (; rows->words; rows++)
        if (strcasestr(text, rows->part))
            return rows->words;
    return otherwise;
}

const char *cause_lookup(int error)
{
    log_debug("a look-up was not made", LOG_TEXT("text", ub_strerror(error)));
    return by_number(lookups, error, NEVER_MADE);
}

/* "... from 192.0.2.53 for key example.org. while ...": the zone where it went wrong. */
static int zone_of(const char *text, const char **zone)
{
    static const char mark[] = " for key ";
    const char *at = strstr(text, mark);

    *zone = at ? at + strlen(mark) : "";
    return (int)strcspn(*zone, " ");
}

const char *cause_dnssec(const char *text)
{
    static _Thread_local char words[DNSSEC_SIZE];
    const char *zone;
    int length;

    if (!text)
        return NOT_RIGHT;
    log_debug("an answer is not right", LOG_TEXT("text", text));
    length = zone_of(text, &zone);
    if (length > 1 && zone[length - 1] == '.')
        length--;
    snprintf(words, sizeof words, "%s%s%.*s%s", by_part(dnssec, text, NOT_RIGHT),
             length ? " (zone " : "", length, zone, length ? ")" : "");
    return words;
}

const char *cause_connect(int error)
{
    return by_number(connects, error, "");
}

const char *cause_transfer(int code, const char *text)
{
    const char *words = by_number(transfers, code, "gave no usable answer");

    log_debug("a transfer failed", LOG_INT("code", code), LOG_TEXT("text", text));
    return strcmp(words, NO_TLS) == 0 ? by_part(handshakes, text, NO_TLS) : words;
}
