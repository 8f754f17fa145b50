#include "mailer.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing/patience.h"

enum { HEARD_MAX = 8192 };

/* A server that hears everything, and says to each command what its script has for it. */
struct script {
    const char *greeting, *mail, *rcpt, *data, *end; /* NULL: as usual; "" closes the connection */
};

/* A server that a mail has left may still hear its good-bye. */
static pthread_mutex_t talk_lock = PTHREAD_MUTEX_INITIALIZER;
static struct script script;
static char heard[HEARD_MAX];

static int listener;
static char url[64];

static const struct reply {
    const char *command;
    size_t offset;
    const char *usual;
} replies[] = {
    { "MAIL", offsetof(struct script, mail), "250 fine\r\n" },
    { "RCPT", offsetof(struct script, rcpt), "250 fine\r\n" },
    { "DATA", offsetof(struct script, data), "354 go on\r\n" },
    { ".\r\n", offsetof(struct script, end), "250 kept\r\n" },
};

static const char *reply_to(const char *line, bool in_data)
{
    const char *special;
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        if ((*replies[i].command == '.') != in_data ||
            strncasecmp(line, replies[i].command, strlen(replies[i].command)) != 0)
            continue;
        memcpy(&special, (const char *)&script + replies[i].offset, sizeof special);
        return special ? special : replies[i].usual;
    }
    return in_data ? NULL : "250 fine\r\n";
}

static bool say(int fd, const char *text)
{
    return *text && dprintf(fd, "%s", text) > 0;
}

static void talk(int fd, FILE *peer)
{
    char line[1024];
    pthread_mutex_lock(&talk_lock);
    const char *greeting = script.greeting ? script.greeting : "220 here\r\n";
    pthread_mutex_unlock(&talk_lock);
    bool in_data = false, on = say(fd, greeting);
    while (on && fgets(line, sizeof line, peer)) {
        pthread_mutex_lock(&talk_lock);
        const char *reply = reply_to(line, in_data);
        strncat(heard, line, HEARD_MAX - strlen(heard) - 1);
        pthread_mutex_unlock(&talk_lock);
        if (!reply)
            continue;
        on = say(fd, reply);
        in_data = strncmp(reply, "354", 3) == 0;
    }
}

static void *serve(void *unused)
{
    (void)unused;
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
        FILE *peer = fdopen(fd, "r");
        talk(fd, peer);
        fclose(peer);
    }
    return NULL;
}

static void play(const struct script *how)
{
    pthread_mutex_lock(&talk_lock);
    script = *how;
    heard[0] = '\0';
    pthread_mutex_unlock(&talk_lock);
}

/* How often it was said so far. */
static int times_heard(const char *words)
{
    int count = 0;
    pthread_mutex_lock(&talk_lock);
    for (const char *at = heard; (at = strstr(at, words)); at++)
        count++;
    pthread_mutex_unlock(&talk_lock);
    return count;
}

/* ---- one mail */

struct sent {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
    struct mail_result result;
};

static void on_result(const struct mail_result *result, void *context)
{
    struct sent *s = context;
    pthread_mutex_lock(&s->lock);
    s->result = *result;
    s->done = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static struct mail_result send_by(struct mailer *m, const char *text)
{
    struct sent s = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, { 0 } };
    mailer_send(m, "admin@example.com", BYTES_OF(text), on_result, &s);
    pthread_mutex_lock(&s.lock);
    while (!s.done)
        pthread_cond_wait(&s.changed, &s.lock);
    pthread_mutex_unlock(&s.lock);
    return s.result;
}

static struct mailer *mailer(const char *to, bool plain)
{
    struct fault f = { 0 };
    struct mailer_options o = { .url = to,
                                .from = "ca@ca.example",
                                .user = "",
                                .ca_file = "",
                                .plain = plain,
                                .timeout = patience(),
                                .connections = 1 };
    struct mailer *m = mailer_start(&o, &f);
    if (!m)
        fail_msg("%s", f.detail);
    return m;
}

static struct mail_result send_one(const struct script *how, bool plain)
{
    play(how);
    struct mailer *m = mailer(url, plain);
    struct mail_result r = send_by(m, "Subject: x\r\n\r\nhello\r\n.hidden\r\n");
    mailer_stop(m);
    return r;
}

static const struct script good = { 0 };

// clang-format off
/* What the relay says, what becomes of the mail, and what is said of it. */
static const struct verdict {
    struct script script;
    enum mail_outcome outcome;
    int code;
    const char *reason;
} verdicts[] = {
    { { 0 },                                           MAIL_SENT,    250, "" },
    { { .rcpt = "550 5.1.1 nobody\xff\r\n" },    MAIL_REFUSED, 550, "550 5.1.1 nobody?" },
    { { .rcpt = "451 4.3.0 later\r\n" },         MAIL_FAILED,  451, "451 4.3.0 later" },
    { { .data = "554 5.6.0 no thanks\r\n" },     MAIL_REFUSED, 554, "554 5.6.0 no thanks" },
    { { .data = "451 4.3.0 not now\r\n" },       MAIL_FAILED,  451, "451 4.3.0 not now" },
    { { .end = "554 5.6.0 spam\r\n" },           MAIL_REFUSED, 554, "554 5.6.0 spam" },
    { { .end = "452 4.3.1 full\r\n" },           MAIL_FAILED,  452, "452 4.3.1 full" },
    { { .end = "" },                             MAIL_FAILED,  0,   "" },
    /* About us, not about the recipient: somebody will mend it. */
    { { .greeting = "554 not you\r\n" },         MAIL_FAILED,  554, "554 not you" },
    { { .greeting = "" },                        MAIL_FAILED,  0,   "" },
    { { .mail = "550 5.7.1 sender\r\n" },        MAIL_FAILED,  550, "550 5.7.1 sender" },
    { { .mail = "530 5.7.0 login\r\n" },         MAIL_FAILED,  530, "530 5.7.0 login" },
};
// clang-format on

static void what_is_for_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        const struct verdict *v = &verdicts[i];
        struct mail_result r = send_one(&v->script, true);
        if (r.outcome != v->outcome || (v->code && r.code != v->code) ||
            !strstr(r.reason, v->reason))
            fail_msg("case %zu: %d, %d, %s", i, (int)r.outcome, r.code, r.reason);
    }
}

static void what_goes_out(void **state)
{
    (void)state;
    assert_int_equal(send_one(&good, true).outcome, MAIL_SENT);
    assert_int_equal(times_heard("MAIL FROM:<ca@ca.example>"), 1);
    assert_int_equal(times_heard("RCPT TO:<admin@example.com>\r\n"), 1);
    assert_int_equal(times_heard("\r\n\r\nhello\r\n..hidden\r\n.\r\n"), 1);
}

/* Neither address nor mail is told to a relay that speaks no TLS. */
static void nothing_in_the_clear(void **state)
{
    (void)state;
    assert_int_equal(send_one(&good, false).outcome, MAIL_FAILED);
    assert_int_equal(times_heard("MAIL"), 0);
    assert_int_equal(times_heard("hello"), 0);
}

static void one_connection_for_many(void **state)
{
    (void)state;
    play(&good);
    struct mailer *m = mailer(url, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_by(m, "Subject: x\r\n\r\n").outcome, MAIL_SENT);
    mailer_stop(m);
    assert_int_equal(times_heard("EHLO"), 1);
}

/* What an answer is about is known by what went out, on a connection that has had other mails as well. */
static void each_mail_is_judged_by_itself(void **state)
{
    (void)state;
    play(&good);
    struct mailer *m = mailer(url, true);
    assert_int_equal(send_by(m, "Subject: x\r\n\r\n").outcome, MAIL_SENT);
    play(&(struct script){ .mail = "550 5.7.1 sender\r\n" });
    assert_int_equal(send_by(m, "Subject: x\r\n\r\n").outcome, MAIL_FAILED);
    play(&good);
    assert_int_equal(send_by(m, "Subject: x\r\n\r\n").outcome, MAIL_SENT);
    play(&(struct script){ .rcpt = "550 5.1.1 nobody\r\n" });
    assert_int_equal(send_by(m, "Subject: x\r\n\r\n").outcome, MAIL_REFUSED);
    play(&good);
    assert_int_equal(send_by(m, "Subject: x\r\n\r\n").outcome, MAIL_SENT);
    mailer_stop(m);
}

static void without_a_relay(void **state)
{
    (void)state;
    struct mailer *m = mailer("", true);
    struct mail_result r = send_by(m, "Subject: x\r\n\r\n");
    assert_int_equal(r.outcome, MAIL_FAILED);
    assert_string_equal(r.reason, "CHANCERY_SMTP_URL is not set");
    mailer_stop(m);
}

/* The relay says nothing: whoever waits for it is told at once when the mailer is stopped. */
static void stopped_while_it_waits(void **state)
{
    struct sent s = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, { 0 } };
    struct sent next = s;
    (void)state;
    play(&(struct script){ .mail = "250-not all of it\r\n" });
    struct mailer *m = mailer(url, true);
    mailer_send(m, "admin@example.com", BYTES_OF("a"), on_result, &s);
    mailer_send(m, "admin@example.com", BYTES_OF("b"), on_result, &next);
    mailer_stop(m);
    assert_true(s.done && next.done);
    assert_int_equal(s.result.outcome, MAIL_STOPPED);
    assert_int_equal(next.result.outcome, MAIL_STOPPED);
}

/* ---- up and down */

static pthread_t server;

static int start(void **state)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    (void)state;
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1); /* leads nowhere: nobody may use it */
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) != 0 ||
        listen(listener, 8) != 0 || getsockname(listener, (struct sockaddr *)&at, &size) != 0)
        return -1;
    snprintf(url, sizeof url, "smtp://127.0.0.1:%d", ntohs(at.sin_port));
    return pthread_create(&server, NULL, serve, NULL);
}

static int stop(void **state)
{
    (void)state;
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_for_good),
        cmocka_unit_test(what_goes_out),
        cmocka_unit_test(nothing_in_the_clear),
        cmocka_unit_test(one_connection_for_many),
        cmocka_unit_test(each_mail_is_judged_by_itself),
        cmocka_unit_test(without_a_relay),
        cmocka_unit_test(stopped_while_it_waits),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
