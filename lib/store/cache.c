#include "store/cache.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "pki/digest.h"

enum { WAIT_MS = 100, DOWN_MS = 1000, PORT = 6379 };

struct cache {
    char *path;                   /* of a socket; NULL: host and port */
    char *host, *user, *password; /* user and password may be NULL */
    int port;
    redisContext *redis; /* NULL: not connected */
    bool was_up;         /* the first failure is worth a line in the log */
    struct tick down_until;
    char script_hash[2 * SHA1_SIZE + 1];
};

AUTO_FREE(redisReply, freeReplyObject);

/* The bucket is a hash of tokens and the time they were counted, in Redis's own microseconds, so
 * that the clocks of the callers do not matter. A full bucket need not be kept. */
static const char lease_script[] =
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000000 + time[2]\n"
    "local rate, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')\n"
    "local tokens = burst\n"
    "if kept[1] then\n"
    "  local gained = math.max(0, now - kept[2]) * rate / 1000000\n"
    "  tokens = math.min(burst, kept[1] + gained)\n"
    "end\n"
    "local granted = math.min(want, math.floor(tokens))\n"
    "redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens - granted),\n"
    "           'at', string.format('%.0f', now))\n"
    "redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)\n"
    "return granted\n";

/* "[user]:password@" in front of the host. */
static const char *read_login(struct cache *c, const char *text)
{
    const char *at = strrchr(text, '@'),
               *colon = at ? memchr(text, ':', (size_t)(at - text)) : NULL;

    if (!colon)
        return at ? NULL : text;
    if (colon > text)
        c->user = strndup(text, (size_t)(colon - text));
    c->password = strndup(colon + 1, (size_t)(at - colon - 1));
    return at + 1;
}

static bool read_host(struct cache *c, const char *text)
{
    size_t length = strcspn(text, ":/");
    int64_t port = PORT;

    if (text[length] == ':' && (!int64_read(text + length + 1, &port) || port < 1 || port > 65535))
        return false;
    c->host = strndup(text, length);
    c->port = (int)port;
    return length > 0 && text[length] != '/';
}

static bool read_url(struct cache *c, const char *url)
{
    static const char tcp[] = "redis://", local[] = "unix://";
    const char *rest;

    if (!strncmp(url, local, strlen(local)) && url[strlen(local)] == '/') {
        c->path = strndup(url + strlen(local), strlen(url) - strlen(local));
        return true;
    }
    if (strncmp(url, tcp, strlen(tcp)) != 0)
        return false;
    rest = read_login(c, url + strlen(tcp));
    return rest && read_host(c, rest);
}

static void hash_script(struct cache *c)
{
    uint8_t sum[SHA1_SIZE];

    digest_sha1(BYTES_OF(lease_script), sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(c->script_hash + 2 * i, 3, "%02x", sum[i]);
}

struct cache *cache_new(struct secret url, struct fault *f)
{
    struct cache *c = calloc(1, sizeof *c);

    c->was_up = true;
    hash_script(c);
    if (url.text && read_url(c, url.text))
        return c;
    cache_free(c);
    fault_set(f, FAULT_INVALID, NULL, "is neither redis://host:port nor unix:///path");
    return NULL;
}

static void disconnect(struct cache *c)
{
    if (c->redis)
        redisFree(c->redis);
    c->redis = NULL;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    disconnect(c);
    free(c->path);
    free(c->host);
    free(c->user);
    free(c->password);
    free(c);
}

static bool down(struct cache *c)
{
    bool silent = c->redis && !c->redis->err;

    if (c->was_up)
        log_warn("cache lost", LOG_TEXT("detail", silent     ? "it refused the password"
                                                  : c->redis ? c->redis->errstr
                                                             : "no memory"));
    c->was_up = false;
    disconnect(c);
    c->down_until = tick_after(milliseconds(DOWN_MS));
    return false;
}

static bool reply_is_good(const redisReply *reply)
{
    return reply && reply->type != REDIS_REPLY_ERROR;
}

static bool login(struct cache *c)
{
    AUTO(redisReply) reply = NULL;

    if (!c->password)
        return true;
    reply = c->user ? redisCommand(c->redis, "AUTH %s %s", c->user, c->password)
                    : redisCommand(c->redis, "AUTH %s", c->password);
    return reply_is_good(reply);
}

static bool connected(struct cache *c)
{
    struct timeval wait = { .tv_usec = WAIT_MS * 1000L };

    if (c->redis)
        return true;
    if (tick_left(c->down_until).us)
        return false;
    c->redis = c->path ? redisConnectUnixWithTimeout(c->path, wait)
                       : redisConnectWithTimeout(c->host, c->port, wait);
    if (!c->redis || c->redis->err || redisSetTimeout(c->redis, wait) != REDIS_OK || !login(c))
        return down(c);
    c->was_up = true;
    return true;
}

/* NULL: no answer, and the cache is down from now on. An error as the answer is an answer. */
static redisReply *command_sized(struct cache *c, int count, const char **words,
                                 const size_t *sizes)
{
    redisReply *reply = NULL;

    if (!connected(c))
        return NULL;
    reply = redisCommandArgv(c->redis, count, words, sizes);
    if (!reply)
        down(c);
    return reply;
}

static redisReply *command(struct cache *c, int count, const char **words)
{
    return command_sized(c, count, words, NULL);
}

bool cache_ping(struct cache *c)
{
    const char *words[] = { "PING" };
    AUTO(redisReply) reply = command(c, 1, words);

    return reply_is_good(reply);
}

/* By its hash; with its text when Redis does not know it (any more). */
static redisReply *evaluate(struct cache *c, const char **words, int count)
{
    redisReply *reply;

    words[0] = "EVALSHA";
    words[1] = c->script_hash;
    reply = command(c, count, words);
    if (!reply || reply->type != REDIS_REPLY_ERROR || strncmp(reply->str, "NOSCRIPT", 8) != 0)
        return reply;
    freeReplyObject(reply);
    words[0] = "EVAL";
    words[1] = lease_script;
    return command(c, count, words);
}

bool cache_lease(struct cache *c, const char *bucket, double rate, int burst, int want,
                 int *granted)
{
    char numbers[3][32];
    const char *words[] = { NULL, NULL, "1", bucket, numbers[0], numbers[1], numbers[2] };
    AUTO(redisReply) reply = NULL;

    snprintf(numbers[0], sizeof numbers[0], "%.6f", rate);
    snprintf(numbers[1], sizeof numbers[1], "%d", burst);
    snprintf(numbers[2], sizeof numbers[2], "%d", want);
    reply = evaluate(c, words, 7);
    if (!reply || reply->type != REDIS_REPLY_INTEGER)
        return false;
    *granted = (int)reply->integer;
    return true;
}

bool cache_put(struct cache *c, const char *key, struct bytes value, struct duration life)
{
    char ms[32];
    const char *words[] = { "SET", key, (const char *)value.data, "PX", ms };
    size_t sizes[] = { 3, strlen(key), value.size, 2, 0 };
    AUTO(redisReply) reply = NULL;

    sizes[4] = (size_t)snprintf(ms, sizeof ms, "%lld", (long long)(life.us / 1000));
    reply = command_sized(c, 5, words, sizes);
    return reply_is_good(reply);
}

bool cache_get(struct cache *c, struct arena *a, const char *key, struct bytes *out)
{
    const char *words[] = { "GET", key };
    AUTO(redisReply) reply = command(c, 2, words);

    if (!reply || reply->type != REDIS_REPLY_STRING)
        return false;
    *out = (struct bytes){ arena_copy(a, reply->str, reply->len), reply->len };
    return true;
}
