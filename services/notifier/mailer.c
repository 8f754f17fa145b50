#include "mailer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "net/must.h"

enum { CONNECT_TIMEOUT_MS = 10000, CONNECTIONS_MAX = 16 };

/* One mail; lives in its own arena. */
struct mail {
    TAILQ_ENTRY(mail) entry;
    struct arena arena;
    const char *to;
    struct bytes text;
    void (*done)(const struct mail_result *, void *);
    void *context;
};

TAILQ_HEAD(mail_list, mail);

struct mailer {
    struct mailer_options options;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct mail_list waiting;
    atomic_bool stopping;
    pthread_t threads[CONNECTIONS_MAX];
    int count;
};

/* What the relay has been told last: what it answers is about that. */
enum progress { ABOUT_US, ABOUT_SENDER, ABOUT_RECIPIENT, ABOUT_MAIL };

/* A connection and the mail that is on it. */
struct line {
    struct mailer *mailer;
    CURL *easy;
    const struct mail *mail;
    size_t read; /* bytes of the mail so far */
    enum progress progress;
    char error[CURL_ERROR_SIZE], said[CURL_ERROR_SIZE];
};

/* ---- one mail */

static size_t text_read(char *out, size_t one, size_t room, void *data)
{
    struct line *l = data;
    size_t left = l->mail->text.size - l->read, size = one * room < left ? one * room : left;
    memcpy(out, l->mail->text.data + l->read, size);
    l->read += size;
    return size;
}

/* Each line that the relay says. The last one that refuses is kept, as far as it can be printed: what
 * comes after it is the farewell. */
static size_t line_said(const char *text, size_t one, size_t size, void *data)
{
    struct line *l = data;
    size_t length = 0;
    if (size * one == 0 || !strchr("45", text[0]))
        return size * one;
    for (size_t i = 0; i < size * one && length + 1 < sizeof l->said; i++)
        if (text[i] != '\r' && text[i] != '\n')
            l->said[length++] = text[i];
    for (size_t i = 0; i < length; i++)
        if (l->said[i] < ' ' || l->said[i] > '~')
            l->said[i] = '?';
    l->said[length] = '\0';
    return size * one;
}

/* The commands of a mail (RFC 5321 4.1.1), as they go out. What goes out besides is data, or the farewell
 * after an answer. */
static int command_sent(CURL *easy, curl_infotype type, char *text, size_t size, void *data)
{
    static const struct {
        const char *verb;
        enum progress progress;
    } commands[] = { { "MAIL", ABOUT_SENDER },
                     { "RCPT", ABOUT_RECIPIENT },
                     { "DATA", ABOUT_MAIL } };
    struct line *l = data;
    (void)easy;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (type == CURLINFO_HEADER_OUT && size > 4 && memcmp(text, commands[i].verb, 4) == 0)
            l->progress = commands[i].progress;
    return 0;
}

static int keep_on(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct line *l = data;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&l->mailer->stopping); /* not 0: curl gives up */
}

/* CAINFO takes the place of the system's file of roots; its folder (CAPATH) stays. */
static void set_trust(struct line *l)
{
    const struct mailer_options *o = &l->mailer->options;
    must(curl_easy_setopt(l->easy, CURLOPT_USE_SSL,
                          (long)(o->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL)));
    must(curl_easy_setopt(l->easy, CURLOPT_SSL_VERIFYPEER, 1L));
    must(curl_easy_setopt(l->easy, CURLOPT_SSL_VERIFYHOST, 2L));
    must(curl_easy_setopt(l->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    if (o->ca_file && *o->ca_file)
        must(curl_easy_setopt(l->easy, CURLOPT_CAINFO, o->ca_file));
    if (o->user && *o->user) {
        must(curl_easy_setopt(l->easy, CURLOPT_USERNAME, o->user));
        must(curl_easy_setopt(l->easy, CURLOPT_PASSWORD, o->password.text));
    }
}

static void set_limits(struct line *l)
{
    long timeout = (long)(l->mailer->options.timeout.us / 1000);
    long connect = timeout < CONNECT_TIMEOUT_MS ? timeout : CONNECT_TIMEOUT_MS;
    must(curl_easy_setopt(l->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps"));
    must(curl_easy_setopt(l->easy, CURLOPT_TIMEOUT_MS, timeout));
    must(curl_easy_setopt(l->easy, CURLOPT_CONNECTTIMEOUT_MS, connect));
    must(curl_easy_setopt(l->easy, CURLOPT_NOSIGNAL, 1L));
    must(curl_easy_setopt(l->easy, CURLOPT_NOPROGRESS, 0L));
    must(curl_easy_setopt(l->easy, CURLOPT_XFERINFOFUNCTION, keep_on));
    must(curl_easy_setopt(l->easy, CURLOPT_XFERINFODATA, l));
}

/* What is the same for all mails of a connection. */
static void line_open(struct line *l)
{
    l->easy = curl_easy_init();
    must(curl_easy_setopt(l->easy, CURLOPT_URL, l->mailer->options.url));
    must(curl_easy_setopt(l->easy, CURLOPT_MAIL_FROM, l->mailer->options.from));
    must(curl_easy_setopt(l->easy, CURLOPT_UPLOAD, 1L));
    must(curl_easy_setopt(l->easy, CURLOPT_READFUNCTION, text_read));
    must(curl_easy_setopt(l->easy, CURLOPT_READDATA, l));
    must(curl_easy_setopt(l->easy, CURLOPT_HEADERFUNCTION, line_said));
    must(curl_easy_setopt(l->easy, CURLOPT_HEADERDATA, l));
    must(curl_easy_setopt(l->easy, CURLOPT_ERRORBUFFER, l->error));
    must(curl_easy_setopt(l->easy, CURLOPT_DEBUGFUNCTION, command_sent));
    must(curl_easy_setopt(l->easy, CURLOPT_DEBUGDATA, l));
    must(curl_easy_setopt(l->easy, CURLOPT_VERBOSE, 1L)); /* for the function: nothing is printed */
    /* "" and not NULL: else curl takes a proxy from the environment, and mails go through that. */
    must(curl_easy_setopt(l->easy, CURLOPT_PROXY, ""));
    set_trust(l);
    set_limits(l);
}

/* 5yz is for good (RFC 5321 4.2.1), but only where it speaks of this recipient or of this mail:
 * what a relay says to its greeting, to TLS, AUTH and MAIL is about our settings. */
static bool refused_for_good(const struct line *l, long status)
{
    return status / 100 == 5 && l->progress >= ABOUT_RECIPIENT;
}

static void judge(const struct line *l, CURLcode code, struct mail_result *out)
{
    long status = 0;
    const char *why = l->error[0] ? l->error : curl_easy_strerror(code);
    must(curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &status));
    *out = (struct mail_result){ .code = (int)status };
    if (code == CURLE_OK)
        out->outcome = MAIL_SENT;
    else if (atomic_load(&l->mailer->stopping))
        out->outcome = MAIL_STOPPED;
    else
        out->outcome = refused_for_good(l, status) ? MAIL_REFUSED : MAIL_FAILED;
    if (code != CURLE_OK)
        snprintf(out->reason, sizeof out->reason, "%.80s%s%.100s", why, l->said[0] ? ": " : "",
                 l->said);
}

static void mail_perform(struct line *l, const struct mail *mail, struct mail_result *out)
{
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    l->mail = mail;
    l->read = 0;
    l->progress = ABOUT_US;
    l->error[0] = l->said[0] = '\0';
    must(curl_easy_setopt(l->easy, CURLOPT_MAIL_RCPT, to));
    judge(l, curl_easy_perform(l->easy), out);
    must(curl_easy_setopt(l->easy, CURLOPT_MAIL_RCPT, NULL));
    curl_slist_free_all(to);
}

static void mail_done(struct mail *mail, const struct mail_result *result)
{
    mail->done(result, mail->context);
    arena_free(&mail->arena);
    free(mail);
}

/* ---- the threads */

static struct mail *take(struct mailer *m)
{
    struct mail *mail;
    pthread_mutex_lock(&m->lock);
    while (!(mail = TAILQ_FIRST(&m->waiting)) && !atomic_load(&m->stopping))
        pthread_cond_wait(&m->filled, &m->lock);
    if (mail)
        TAILQ_REMOVE(&m->waiting, mail, entry);
    pthread_mutex_unlock(&m->lock);
    return mail;
}

static void *run(void *data)
{
    struct line l = { .mailer = data };
    static const struct mail_result stopped = { .outcome = MAIL_STOPPED };
    struct mail_result result;
    pthread_setname_np(pthread_self(), "mailer");
    line_open(&l);
    for (struct mail *mail; (mail = take(l.mailer));) {
        result = stopped;
        if (!atomic_load(&l.mailer->stopping))
            mail_perform(&l, mail, &result);
        mail_done(mail, &result);
    }
    curl_easy_cleanup(l.easy);
    return NULL;
}

/* Signals are for the main thread. */
static bool threads_start(struct mailer *m)
{
    sigset_t all, before;
    int most = m->options.connections < CONNECTIONS_MAX ? m->options.connections : CONNECTIONS_MAX;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (m->count < most && pthread_create(&m->threads[m->count], NULL, run, m) == 0)
        m->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return m->count == most;
}

static bool has_relay(const struct mailer *m)
{
    return m->options.url && *m->options.url;
}

struct mailer *mailer_start(const struct mailer_options *options, struct fault *f)
{
    struct mailer *m = calloc(1, sizeof *m);
    m->options = *options;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->filled, NULL);
    TAILQ_INIT(&m->waiting);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    if (options->ca_file && *options->ca_file && access(options->ca_file, R_OK) != 0)
        fault_set(f, FAULT_INVALID, "CHANCERY_SMTP_CA", "%s cannot be read", options->ca_file);
    else if (!has_relay(m) || threads_start(m))
        return m;
    else
        fault_set(f, FAULT_INTERNAL, NULL, "no thread for the mailer");
    mailer_stop(m);
    return NULL;
}

void mailer_send(struct mailer *m, const char *to, struct bytes text,
                 void (*done)(const struct mail_result *result, void *context), void *context)
{
    if (!has_relay(m)) {
        done(&(struct mail_result){ .outcome = MAIL_FAILED,
                                    .reason = "CHANCERY_SMTP_URL is not set" },
             context);
        return;
    }
    struct mail *mail = calloc(1, sizeof *mail);
    arena_init(&mail->arena);
    mail->to = arena_strdup(&mail->arena, to);
    mail->text = (struct bytes){ arena_copy(&mail->arena, text.data, text.size), text.size };
    mail->done = done;
    mail->context = context;
    pthread_mutex_lock(&m->lock);
    TAILQ_INSERT_TAIL(&m->waiting, mail, entry);
    pthread_cond_signal(&m->filled);
    pthread_mutex_unlock(&m->lock);
}

void mailer_stop(struct mailer *m)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    atomic_store(&m->stopping, true);
    pthread_cond_broadcast(&m->filled);
    pthread_mutex_unlock(&m->lock);
    for (int i = 0; i < m->count; i++)
        pthread_join(m->threads[i], NULL);
    pthread_cond_destroy(&m->filled);
    pthread_mutex_destroy(&m->lock);
    free(m);
    curl_global_cleanup();
}
